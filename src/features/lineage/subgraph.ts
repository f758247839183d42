import type { DatasetNode, StepNode } from '../../core/lineage/graph.ts';
import type { GraphData } from '../../protocol/lineageWorker.ts';

/** The part of a graph that is drawn. */
export interface Subgraph {
  readonly datasets: readonly DatasetNode[];
  readonly steps: readonly StepNode[];
  /** Where it goes on: how many datasets or steps come before or after a node that is drawn. */
  readonly more: readonly Continuation[];
  /** Whether some were left out because there are too many. */
  readonly cut: boolean;
}

export interface Continuation {
  /** Id of the drawn dataset or step. */
  readonly node: string;
  readonly side: 'before' | 'after';
  readonly count: number;
  /** Id of a dataset whose own surroundings show it. */
  readonly at: string;
}

/** A graph by its ids, with its lines in both directions. */
export class GraphIndex {
  readonly datasets: ReadonlyMap<string, DatasetNode>;
  readonly steps: ReadonlyMap<string, StepNode>;
  private readonly makers = new Map<string, string[]>();
  private readonly users = new Map<string, string[]>();

  constructor(graph: Pick<GraphData, 'datasets' | 'steps'>) {
    this.datasets = new Map(graph.datasets.map((dataset) => [dataset.id, dataset]));
    this.steps = new Map(graph.steps.map((step) => [step.id, step]));
    for (const { id, inputs, output } of graph.steps) {
      add(this.makers, output, id);
      for (const input of new Set(inputs)) add(this.users, input, id);
    }
  }

  /** Ids of what comes directly before or after a dataset or step. */
  next(id: string, side: 'before' | 'after'): readonly string[] {
    const step = this.steps.get(id);
    if (!step) return (side === 'before' ? this.makers : this.users).get(id) ?? [];
    const ids = side === 'before' ? [...new Set(step.inputs)] : [step.output];
    return ids.filter((dataset) => this.datasets.has(dataset));
  }

  get size(): number {
    return this.datasets.size + this.steps.size;
  }
}

/**
 * Everything that leads to a dataset and everything that was made of it, the nearest first, up to a number of datasets
 * and steps. What else went into a step that is on the way stands beside it, but its own history does not.
 */
export function surroundings(graph: GraphIndex, dataset: string, limit: number): Subgraph {
  const drawn = new Set([dataset]);
  const bySides = (['before', 'after'] as const).map((side) => ({
    side,
    seen: new Set([dataset]),
    ends: [dataset],
  }));
  let full = false;
  // Both sides in turn, so that neither takes all the room.
  while (!full && bySides.some(({ ends }) => ends.length > 0)) {
    for (const way of bySides) {
      const found: string[] = [];
      for (const end of way.ends) {
        for (const id of graph.next(end, way.side)) {
          if (way.seen.has(id)) continue;
          if (!drawn.has(id) && drawn.size >= limit) {
            full = true;
            continue;
          }
          way.seen.add(id);
          drawn.add(id);
          found.push(id);
        }
      }
      way.ends = found;
    }
  }
  for (const id of [...drawn]) {
    if (!graph.steps.has(id)) continue;
    for (const input of graph.next(id, 'before')) if (drawn.size < limit) drawn.add(input);
  }
  const [before, after] = bySides.map(({ seen }) => seen);
  return part(graph, drawn, full, (id, side) => {
    if (graph.steps.has(id)) return true;
    // Of a dataset on the way back only its makers matter, not who else uses it; and the reverse.
    return side === 'before' ? before?.has(id) === true || after?.has(id) !== true : after?.has(id) === true;
  });
}

/** The whole graph; of one that is too large, what is nearest to a dataset, in whatever direction. */
export function wholeGraph(graph: GraphIndex, near: string | undefined, limit: number): Subgraph {
  if (graph.size <= limit) return part(graph, new Set(nodesOf(graph)), false, () => true);
  const drawn = new Set<string>();
  const queue: string[] = [];
  const visit = (id: string) => {
    if (drawn.size >= limit || drawn.has(id)) return;
    drawn.add(id);
    queue.push(id);
  };
  const starts = near !== undefined && graph.datasets.has(near) ? [near] : [];
  for (const start of [...starts, ...graph.datasets.keys()]) {
    if (drawn.size >= limit) break;
    visit(start);
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      for (const side of ['before', 'after'] as const) graph.next(id, side).forEach(visit);
    }
  }
  return part(graph, drawn, true, () => true);
}

function* nodesOf(graph: GraphIndex): Iterable<string> {
  yield* graph.datasets.keys();
  yield* graph.steps.keys();
}

function part(
  graph: GraphIndex,
  drawn: ReadonlySet<string>,
  cut: boolean,
  matters: (id: string, side: 'before' | 'after') => boolean,
): Subgraph {
  const more: Continuation[] = [];
  for (const id of drawn) {
    for (const side of ['before', 'after'] as const) {
      if (!matters(id, side)) continue;
      const missing = graph.next(id, side).filter((next) => !drawn.has(next));
      const [first] = missing;
      if (first === undefined) continue;
      more.push({ node: id, side, count: missing.length, at: graph.steps.has(id) ? first : id });
    }
  }
  return {
    datasets: [...graph.datasets.values()].filter(({ id }) => drawn.has(id)),
    steps: [...graph.steps.values()].filter(({ id }) => drawn.has(id)),
    more,
    cut,
  };
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
