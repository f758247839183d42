import { ProvenanceError } from '../../errors.ts';
import type { Standing } from '../../trust/status.ts';
import type { DatasetNode, GraphIssue, StepNode } from '../graph.ts';

/** A lineage graph that is to be written in a format of others, with the statements that its nodes name by index. */
export interface ExportedGraph {
  readonly datasets: readonly DatasetNode[];
  readonly steps: readonly StepNode[];
  readonly issues: readonly GraphIssue[];
  readonly statements: readonly ExportedStatement[];
}

/** A statement, as far as an export says who signed and when. */
export interface ExportedStatement {
  /** Hex. */
  readonly envelopeDigest: string;
  readonly standing: Standing;
  /** The key's OpenSSH fingerprint. */
  readonly keyId: string;
  /** Of a trusted signer. */
  readonly principal?: string;
  /** RFC 3339. */
  readonly time?: string;
}

/**
 * What leads to and from one dataset: everything that it was made of and that was made of it, and the other inputs of
 * those steps.
 *
 * @param dataset its absolute path, with `/`, or the id of a state of it. Of a path, the state that the file has, else all
 *   that are known
 * @throws ProvenanceError `not-found` where the graph does not know it
 */
export function partAround(graph: ExportedGraph, dataset: string): ExportedGraph {
  const starts = statesOf(graph, dataset);
  if (starts.length === 0) {
    throw new ProvenanceError(
      'not-found',
      'No evidence here knows {dataset}; sign it or record the step that made it, and export again.',
      { dataset },
    );
  }
  const steps = new Set([
    ...reached(
      graph.steps,
      starts,
      ({ output }) => [output],
      ({ inputs }) => inputs,
    ),
    ...reached(
      graph.steps,
      starts,
      ({ inputs }) => inputs,
      ({ output }) => [output],
    ),
  ]);
  const kept = graph.steps.filter((step) => steps.has(step));
  const datasets = new Set([...starts, ...kept.flatMap(({ inputs, output }) => [...inputs, output])]);
  return {
    datasets: graph.datasets.filter(({ id }) => datasets.has(id)),
    steps: kept,
    issues: graph.issues.filter(
      (issue) =>
        issue.datasets.some((id) => datasets.has(id)) ||
        issue.steps.some((id) => kept.some((step) => step.id === id)),
    ),
    statements: graph.statements,
  };
}

function statesOf({ datasets }: ExportedGraph, dataset: string): string[] {
  const states = datasets.filter(
    ({ id, path, paths }) => id === dataset || path === dataset || paths.includes(dataset),
  );
  const present = states.filter(
    ({ id, path, presence }) => id === dataset || (path === dataset && presence === 'present'),
  );
  return (present.length > 0 ? present : states).map(({ id }) => id);
}

/** The steps that are reached from datasets in one direction. */
function reached(
  steps: readonly StepNode[],
  starts: readonly string[],
  from: (step: StepNode) => readonly string[],
  to: (step: StepNode) => readonly string[],
): ReadonlySet<StepNode> {
  const next = new Map<string, StepNode[]>();
  for (const step of steps) {
    for (const id of from(step)) {
      const known = next.get(id);
      if (known) known.push(step);
      else next.set(id, [step]);
    }
  }
  const found = new Set<StepNode>();
  const seen = new Set(starts);
  const queue = [...starts];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const step of next.get(id) ?? []) {
      found.add(step);
      for (const dataset of to(step)) {
        if (seen.has(dataset)) continue;
        seen.add(dataset);
        queue.push(dataset);
      }
    }
  }
  return found;
}
