import { formatMessage } from '../../errors.ts';
import type { DatasetNode, StepNode } from '../graph.ts';
import type { ExportedGraph, ExportedStatement } from './exportedGraph.ts';
import { visibleJson } from './jsonText.ts';

/** Of what {@link toLineageJson} writes. A member is only ever added without a new version. */
export const LINEAGE_FORMAT = 'urn:dataset-provenance:lineage:v1';

/** The graph as JSON for scripts: docs/formats.md, "Lineage as JSON". */
export function toLineageJson(graph: ExportedGraph): string {
  return visibleJson({
    format: LINEAGE_FORMAT,
    datasets: graph.datasets.map((node) => dataset(node, graph)),
    steps: graph.steps.map((node) => step(node, graph)),
    issues: graph.issues.map(({ kind, datasets, steps, template, args }) => ({
      kind,
      message: formatMessage(template, args),
      datasets,
      steps,
    })),
  });
}

function dataset({ statements, ...node }: DatasetNode, graph: ExportedGraph): object {
  const vouchers = statements.flatMap((index) => graph.statements[index] ?? []);
  return {
    ...node,
    ...(vouchers.length > 0 && { vouchedBy: vouchers.map(signature) }),
  };
}

function step(
  { id, statement, standing, signer, step: says, inputs, output }: StepNode,
  graph: ExportedGraph,
): object {
  const signed = statement === undefined ? undefined : graph.statements[statement];
  const { kind, parameters, command, materials, tool, environment, counts, map, invocationId } = says;
  return {
    id,
    standing,
    ...(signed ? { signedBy: signature(signed) } : { claimedBy: signer }),
    kind,
    inputs,
    output,
    ...(counts && { counts }),
    ...(map && { map }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(command && { command }),
    ...(materials.length > 0 && { materials }),
    tool,
    ...(environment && { environment }),
    ...(invocationId !== undefined && { invocationId }),
    ...(says.startedOn !== undefined && { startedOn: says.startedOn }),
    ...(says.finishedOn !== undefined && { finishedOn: says.finishedOn }),
  };
}

function signature({ envelopeDigest, standing, keyId, principal, time }: ExportedStatement): object {
  return {
    envelope: envelopeDigest,
    standing,
    keyId,
    ...(principal !== undefined && { principal }),
    ...(time !== undefined && { time }),
  };
}
