import { formatMessage } from '../core/errors.ts';
import type {
  DatasetNode,
  GraphIssue,
  GraphIssueKind,
  LineageGraph,
  StepNode,
} from '../core/lineage/graph.ts';
import { datasetLabel } from '../core/lineage/graphIssues.ts';
import type { StepCounts } from '../core/lineage/step.ts';
import type { SampleTrace, TraceEdge, TraceNode } from '../core/lineage/trace.ts';
import type { FieldChange } from '../core/lineage/fieldDiff.ts';
import type { Lineage } from '../platform/lineageReader.node.ts';
import { changeKey, type TracedSample } from '../platform/sampleTrace.node.ts';
import { problemJson, type ProblemJson } from './json.ts';

/**
 * What `provenance trace FILE:LINE --json` prints. Datasets and steps are named by their ids. Lists are complete. Members
 * may be added; what changes otherwise gets another `version`.
 */
export interface TraceJson {
  readonly version: 1;
  /** As it was given. */
  readonly path: string;
  readonly line: number;
  /** Of the sample. */
  readonly digest: string;
  /** The way back to the sources. */
  readonly back: WayJson;
  /** The way on, to all that was made of it. */
  readonly forward: WayJson;
  /** Other datasets that hold the same sample; no recorded step leads there. */
  readonly elsewhere: readonly PlaceJson[];
  /** All datasets and steps that the above names. */
  readonly datasets: readonly LineageDatasetJson[];
  readonly steps: readonly LineageStepJson[];
  /** What is wrong with the evidence. */
  readonly problems: readonly ProblemJson[];
}

export interface WayJson {
  /** The starts first. */
  readonly places: readonly PlaceJson[];
  readonly starts: number;
  readonly crossings: readonly CrossingJson[];
  readonly issues: readonly IssueJson[];
}

/** A sample in a dataset. */
export interface PlaceJson {
  /** Id of a dataset. */
  readonly dataset: string;
  readonly digest: string;
  /** Its first positions there, from 1, in the signed order (malformed and blank lines are not counted). */
  readonly positions: readonly number[];
  /** How often it stands there. */
  readonly copies: number;
  /** Where a way back ends. */
  readonly end?: 'source' | 'added' | 'unknown';
}

/** What a step made of a sample. */
export interface CrossingJson {
  /** Id of a step. */
  readonly step: string;
  /** Indices of places, before and after the step; no `to` where it dropped the sample. */
  readonly from: number;
  readonly to?: number;
  readonly how: TraceEdge['how'];
  /** Member by member, where the sample was changed and both files are here. */
  readonly changes?: readonly FieldChange[];
}

export interface LineageDatasetJson {
  /** SHA-256 of its bytes, or `claimed:` and a URI. */
  readonly id: string;
  readonly name: string;
  readonly presence: DatasetNode['presence'];
  /** Where a file with these bytes is, or was. */
  readonly path?: string;
  readonly samples?: { readonly count: number; readonly root: string };
}

export interface LineageStepJson {
  readonly id: string;
  readonly kind: string;
  readonly signer: string;
  readonly standing: StepNode['standing'];
  readonly time?: string;
  /** Ids of datasets. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
  readonly tool: StepNode['step']['tool'];
  readonly counts?: StepCounts;
}

export interface IssueJson {
  readonly kind: GraphIssueKind;
  readonly datasets: readonly string[];
  readonly steps: readonly string[];
  readonly message: string;
}

export function traceJson(
  sample: Pick<TraceJson, 'path' | 'line' | 'digest'>,
  traced: TracedSample,
  { graph, problems }: Pick<Lineage, 'graph' | 'problems'>,
): TraceJson {
  const { back, forward, elsewhere, changes } = traced;
  const steps = stepsOfTrace(traced, graph);
  const datasets = new Set([
    ...[...back.nodes, ...forward.nodes, ...elsewhere].map(({ dataset }) => dataset),
    ...steps.flatMap(({ inputs, output }) => [...inputs, output]),
  ]);
  return {
    version: 1,
    ...sample,
    back: wayJson(back, changes),
    forward: wayJson(forward, changes),
    elsewhere: elsewhere.map(placeJson),
    datasets: [...datasets].flatMap((id) => {
      const node = graph.datasets.get(id);
      return node ? [datasetNodeJson(node)] : [];
    }),
    steps: steps.map(stepNodeJson),
    problems: problems.map(problemJson),
  };
}

/** The steps that a trace passes. */
export function stepsOfTrace(
  { back, forward }: Pick<TracedSample, 'back' | 'forward'>,
  { steps }: Pick<LineageGraph, 'steps'>,
): StepNode[] {
  const ids = new Set([...back.edges, ...forward.edges].map(({ step }) => step));
  return [...ids].flatMap((id) => steps.get(id) ?? []);
}

function wayJson({ nodes, starts, edges, issues }: SampleTrace, changes: TracedSample['changes']): WayJson {
  return {
    places: nodes.map(placeJson),
    starts,
    crossings: edges.map(({ step, from, to, how }) => {
      const changed =
        to === undefined ? undefined : changes[changeKey(step, nodes[from]!.digest, nodes[to]!.digest)];
      return { step, from, ...(to !== undefined && { to }), how, ...(changed && { changes: changed }) };
    }),
    issues: issues.map(issueJson),
  };
}

function placeJson({ dataset, digest, rows, copies, end }: TraceNode): PlaceJson {
  return { dataset, digest, positions: rows.map((row) => row + 1), copies, ...(end && { end }) };
}

export function datasetNodeJson(node: DatasetNode): LineageDatasetJson {
  const { id, presence, path, samples } = node;
  return {
    id,
    name: datasetLabel(node),
    presence,
    ...(path !== undefined && { path }),
    ...(samples && { samples: { count: samples.count, root: samples.root } }),
  };
}

export function stepNodeJson({ id, step, signer, standing, inputs, output }: StepNode): LineageStepJson {
  const { kind, finishedOn, parameters, command, tool, counts } = step;
  return {
    id,
    kind,
    signer,
    standing,
    ...(finishedOn !== undefined && { time: finishedOn }),
    inputs,
    output,
    parameters,
    ...(command && { command }),
    tool,
    ...(counts && { counts }),
  };
}

export function issueJson({ kind, datasets, steps, template, args }: GraphIssue): IssueJson {
  return { kind, datasets, steps, message: formatMessage(template, args) };
}
