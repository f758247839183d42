import type { DatasetNode, GraphIssue, LineageGraph, StepNode } from '../core/lineage/graph.ts';
import type { StatementInScope } from '../core/trust/scope.ts';
import type { GraphData, LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { toStatementData } from './datasetSessions.node.ts';
import type { Lineage } from './lineageReader.node.ts';
import type { LineageContext } from './lineageSessions.node.ts';
import { traceSample } from './sampleTrace.node.ts';

/** How long an answer waits for files that nobody has looked into yet, in milliseconds. */
const PATIENCE = 1500;

/** More datasets than this are not sent: nobody could draw them. */
export const MAX_SENT_DATASETS = 20_000;
/** Issues are listed up to so many of a kind. */
const MAX_SENT_ISSUES = 200;

export function lineageGraphHandlers(
  context: LineageContext,
): Pick<Handlers<LineageWorkerMethods>, 'graph' | 'trace'> {
  const { lineage, pool, cache } = context;
  return {
    async graph(scope, { signal }) {
      const read = await lineage.read(scope, { milliseconds: PATIENCE, signal });
      return graphData(read, shownPart(read.graph));
    },
    async trace({ sample, ...scope }, { signal }) {
      const read = await lineage.read(scope, { milliseconds: PATIENCE, signal });
      const traced = await traceSample(read, sample, { files: lineage.files, pool, cache, signal });
      const nodes = [...traced.back.nodes, ...traced.forward.nodes, ...traced.elsewhere];
      const edges = [...traced.back.edges, ...traced.forward.edges];
      const part = partOf(
        read.graph,
        new Set(nodes.map(({ dataset }) => dataset)),
        new Set(edges.map(({ step }) => step)),
      );
      return { graph: graphData(read, part), ...traced };
    },
  };
}

/** A graph, or a part of it, as it crosses threads: with the statements that it refers to, numbered anew. */
export function graphData(
  { statements, pending }: Pick<Lineage, 'statements' | 'pending'>,
  part: GraphPart,
): GraphData {
  const numbers = new Map<number, number>();
  const numberOf = (statement: number) => {
    const number = numbers.get(statement) ?? numbers.size;
    numbers.set(statement, number);
    return number;
  };
  const sentDatasets = part.datasets.map((node) => ({ ...node, statements: node.statements.map(numberOf) }));
  const sentSteps = part.steps.map((step) =>
    step.statement === undefined ? step : { ...step, statement: numberOf(step.statement) },
  );
  return {
    datasets: sentDatasets,
    steps: sentSteps,
    issues: part.issues,
    statements: [...numbers.keys()].map((index) => toStatementData(statements[index] as StatementInScope)),
    pending,
  };
}

/** Datasets and steps of a graph, with what is to be known of them. */
export interface GraphPart {
  readonly datasets: readonly DatasetNode[];
  readonly steps: readonly StepNode[];
  readonly issues: readonly GraphIssue[];
}

export function wholeGraph({ datasets, steps, issues }: LineageGraph): GraphPart {
  return { datasets: [...datasets.values()], steps: [...steps.values()], issues };
}

/** The part with these datasets and steps, and what the steps are between. */
function partOf(graph: LineageGraph, datasets: ReadonlySet<string>, steps: ReadonlySet<string>): GraphPart {
  const shownSteps = [...graph.steps.values()].filter(({ id }) => steps.has(id));
  const shown = new Set([...datasets, ...shownSteps.flatMap(({ inputs, output }) => [...inputs, output])]);
  return {
    datasets: [...graph.datasets.values()].filter(({ id }) => shown.has(id)),
    steps: shownSteps,
    issues: cappedIssues(graph.issues, (issue) =>
      issue.steps.length > 0
        ? issue.steps.some((step) => steps.has(step))
        : issue.datasets.some((dataset) => shown.has(dataset)),
    ),
  };
}

/** All of it, or the newest steps of it with what they are between. */
export function shownPart(graph: LineageGraph): GraphPart {
  const { datasets, steps, issues } = graph;
  if (datasets.size <= MAX_SENT_DATASETS) {
    return { ...wholeGraph(graph), issues: cappedIssues(issues, () => true) };
  }
  const shown = new Set<string>();
  const shownSteps = new Set<string>();
  for (const step of [...steps.values()].reverse()) {
    const needed = [step.output, ...step.inputs].filter((dataset) => !shown.has(dataset));
    if (shown.size + needed.length > MAX_SENT_DATASETS) continue;
    for (const dataset of needed) shown.add(dataset);
    shownSteps.add(step.id);
  }
  const part = partOf(graph, shown, shownSteps);
  const tooLarge: GraphIssue = {
    kind: 'too-large',
    datasets: [],
    steps: [],
    template:
      'There are {datasets} datasets and {steps} steps here; the newest {limit} datasets are shown. Follow a sample, or open a folder with less, to see the others.',
    args: { datasets: datasets.size, steps: steps.size, limit: MAX_SENT_DATASETS },
  };
  return { ...part, issues: [tooLarge, ...part.issues] };
}

function cappedIssues(issues: readonly GraphIssue[], isShown: (issue: GraphIssue) => boolean): GraphIssue[] {
  const counts = new Map<string, number>();
  return issues.filter((issue) => {
    const count = counts.get(issue.kind) ?? 0;
    if (count >= MAX_SENT_ISSUES || !isShown(issue)) return false;
    counts.set(issue.kind, count + 1);
    return true;
  });
}
