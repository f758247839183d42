import { isSha256Hex } from '../../bytes/hex.ts';
import { isUri } from '../claims/claimedPath.ts';
import { unknownDataset, type DatasetNode, type StepNode } from '../graph.ts';
import { DATASET_FACET, STEP_FACET } from '../openLineageFacets.ts';
import type { ExportedGraph } from './exportedGraph.ts';
import { runId, stepIri } from './identifiers.ts';
import { visibleJson } from './jsonText.ts';

const PRODUCER = 'urn:dataset-provenance:export:v1';
const EVENT_SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
const FACETS = 'https://openlineage.io/spec/facets';
/** docs/interoperability.md, "OpenLineage", describes them. */
const OWN_FACETS = 'urn:dataset-provenance:openlineage-facets:v1#/$defs';

type Facet = Readonly<Record<string, unknown>>;

/**
 * The steps of a graph as OpenLineage 2-0-2 events (https://openlineage.io/spec/2-0-2/OpenLineage.json): an array with one
 * `COMPLETE` event a step, the steps in the order of the graph.
 *
 * @param exportedAt RFC 3339: the `eventTime` of steps that do not say when they ended, and are marked so in our facet
 */
export function toOpenLineage(graph: ExportedGraph, exportedAt: string): string {
  const datasets = new Map(graph.datasets.map((node) => [node.id, node]));
  const steps = new Map(graph.steps.map((step) => [stepIri(step), step]));
  return visibleJson([...steps.values()].map((step) => event(step, graph, datasets, exportedAt)));
}

function event(
  node: StepNode,
  graph: ExportedGraph,
  datasets: ReadonlyMap<string, DatasetNode>,
  exportedAt: string,
): Facet {
  const { step, inputs, output } = node;
  const signed = node.statement === undefined ? undefined : graph.statements[node.statement];
  const time = step.finishedOn ?? signed?.time ?? step.startedOn;
  const named = (id: string) => dataset(datasets.get(id) ?? unknownDataset(id));
  return {
    eventType: 'COMPLETE',
    eventTime: time ?? exportedAt,
    producer: PRODUCER,
    schemaURL: EVENT_SCHEMA,
    run: {
      runId: runId(node),
      facets: {
        [STEP_FACET]: facet(`${OWN_FACETS}/StepRunFacet`, {
          id: node.id,
          kind: step.kind,
          standing: node.standing,
          ...(signed ? { envelope: signed.envelopeDigest, keyId: signed.keyId } : { claimedBy: node.signer }),
          ...(signed?.principal !== undefined && { principal: signed.principal }),
          ...(signed?.time !== undefined && { signedAt: signed.time }),
          ...(time === undefined && { timeIsUnknown: true }),
          ...(step.startedOn !== undefined && { startedOn: step.startedOn }),
          ...(step.counts && { counts: step.counts }),
          ...(step.map && { map: step.map }),
          ...(step.command && { command: step.command }),
          ...(Object.keys(step.parameters).length > 0 && { parameters: step.parameters }),
        }),
      },
    },
    job: job(node, datasets.get(output)),
    inputs: inputs.map(named),
    outputs: [named(output)],
  };
}

/** What a job is to OpenLineage: the same at each run. Of ours, the kind of step and the name of what it makes. */
function job({ standing, step }: StepNode, output: DatasetNode | undefined): Facet {
  const made = output ? label(output) : step.output.name;
  const description =
    standing === 'claimed' ? `${step.kind}: ${made} (claimed, not signed)` : `${step.kind}: ${made}`;
  return {
    namespace: standing === 'claimed' ? 'dataset-provenance:claimed' : 'dataset-provenance',
    name: `${step.kind} ${made}`,
    facets: {
      documentation: facet(`${FACETS}/1-0-0/DocumentationJobFacet.json#/$defs/DocumentationJobFacet`, {
        description,
      }),
      jobType: facet(`${FACETS}/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet`, {
        processingType: 'BATCH',
        integration: 'DATASET_PROVENANCE',
        jobType: 'STEP',
      }),
    },
  };
}

function dataset(node: DatasetNode): Facet {
  const isKnown = isSha256Hex(node.id);
  return {
    ...datasetName(node),
    facets: {
      ...(isKnown && {
        version: facet(`${FACETS}/1-0-0/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet`, {
          datasetVersion: `sha256:${node.id}`,
        }),
      }),
      [DATASET_FACET]: facet(`${OWN_FACETS}/DatasetDatasetFacet`, {
        ...(isKnown && { sha256: node.id }),
        names: node.names,
        presence: node.presence,
        ...(node.samples && { samples: node.samples }),
      }),
    },
  };
}

/**
 * A dataset's name by OpenLineage's conventions (https://openlineage.io/docs/spec/naming): its path in the namespace `file`,
 * so that it is the same dataset as in the events of other tools; of a claimed URI its scheme and authority, and the rest.
 */
function datasetName(node: DatasetNode): { readonly namespace: string; readonly name: string } {
  const { id, path } = node;
  if (path !== undefined) return { namespace: 'file', name: path };
  if (!id.startsWith('claimed:'))
    return { namespace: 'dataset-provenance', name: `${label(node)}@sha256:${id}` };
  const claimed = id.slice('claimed:'.length);
  const [, namespace, name] = /^([^/]+:\/\/[^/]*)\/(.+)$/s.exec(claimed) ?? [];
  if (isUri(claimed) && namespace !== undefined && name !== undefined) return { namespace, name };
  return { namespace: 'dataset-provenance:claimed', name: claimed };
}

function label({ path, names, id }: DatasetNode): string {
  return path?.slice(path.lastIndexOf('/') + 1) ?? names.at(-1) ?? id;
}

function facet(schema: string, members: Facet): Facet {
  return { _producer: PRODUCER, _schemaURL: schema, ...members };
}
