import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { fieldDiff, type FieldChange } from '../core/lineage/fieldDiff.ts';
import { datasetsHolding, followSample, sampleIn } from '../core/lineage/followSample.ts';
import type { GraphIssue, LineageGraph } from '../core/lineage/graph.ts';
import type { SampleTrace, TraceNode } from '../core/lineage/trace.ts';
import { parseJsonValue, type JsonValue } from '../core/sample/jsonValue.ts';
import type { SampleReference } from '../protocol/lineageWorker.ts';
import type { DigestCache } from './digestCache.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import type { Lineage } from './lineageReader.node.ts';
import type { PresentFiles } from './presentFiles.node.ts';
import { SampleFinder } from './findSample.node.ts';

/** How many changes of a sample are shown member by member. */
const MAX_SHOWN_CHANGES = 50;

export interface TraceContext {
  readonly files: PresentFiles;
  readonly pool?: DigestPool | undefined;
  readonly cache?: DigestCache | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** The way of a sample through a graph, in both directions. */
export interface TracedSample {
  readonly back: SampleTrace;
  readonly forward: SampleTrace;
  /** By `STEP-ID FROM-DIGEST TO-DIGEST`. */
  readonly changes: Readonly<Record<string, readonly FieldChange[]>>;
  readonly elsewhere: readonly TraceNode[];
}

/**
 * Follows a sample back to its sources and on to all that was made of it, and compares its texts where a step changed it
 * and both files are here.
 * @throws ProvenanceError `cancelled`
 */
export async function traceSample(
  lineage: Pick<Lineage, 'graph' | 'index' | 'evidence'>,
  sample: SampleReference,
  context: TraceContext,
): Promise<TracedSample> {
  const { graph, index, evidence } = lineage;
  const { digest } = sample;
  const { signal } = context;
  const holding = await datasetsHolding(digest, graph, evidence, signal);
  const starts = await startsOf(lineage, holding.found, sample, context);
  const follow = (direction: SampleTrace['direction']) => {
    const places = starts[direction].map((dataset) => ({ dataset, digest }));
    return followSample(direction, places, graph, index, evidence, signal);
  };
  const [back, forward] = [await follow('back'), await follow('forward')];
  const passed = new Set([...back.nodes, ...forward.nodes].map(({ dataset }) => dataset));
  return {
    back,
    forward:
      holding.skipped === 0
        ? forward
        : { ...forward, issues: [...forward.issues, unsearched(holding.skipped)] },
    changes: await changesOf(graph, [back, forward], context),
    elsewhere: holding.found.filter(({ dataset }) => !passed.has(dataset)),
  };
}

/**
 * Where a sample is (docs/formats.md, "Lineage"): in its file as it is, if evidence knows these bytes; else in those
 * states of the file that its own evidence knows and that hold the sample; else in whatever dataset holds it. Forward,
 * the file's other states count as well: what was made of them was made of this sample.
 */
async function startsOf(
  { graph: { datasets }, evidence }: Pick<Lineage, 'graph' | 'evidence'>,
  holding: readonly TraceNode[],
  { path, sha256, digest }: SampleReference,
  { files, signal }: TraceContext,
): Promise<Record<SampleTrace['direction'], readonly string[]>> {
  const states: string[] = [];
  for (const { id, paths, samples } of datasets.values()) {
    if (path === undefined || !paths.includes(path) || !samples) continue;
    const place = await sampleIn({ dataset: id, digest }, samples, evidence);
    if (place && place.copies > 0) states.push(id);
  }
  const bytes = sha256 ?? (path === undefined ? undefined : await files.sha256(path, signal));
  const current = bytes === undefined ? undefined : datasets.get(bytes);
  if (current) {
    const place =
      current.samples && (await sampleIn({ dataset: current.id, digest }, current.samples, evidence));
    // A text that is edited has other samples than its file; where the leaves are missing, nothing says so.
    if (!place || place.copies > 0) {
      return { back: [current.id], forward: [...new Set([current.id, ...states])] };
    }
  }
  const known = states.length > 0 ? states : holding.map(({ dataset }) => dataset);
  return { back: known, forward: known };
}

function unsearched(count: number): GraphIssue {
  return {
    kind: 'too-large',
    datasets: [],
    steps: [],
    template:
      'The {count} largest datasets were not searched for copies of this sample that no step explains.',
    args: { count },
  };
}

async function changesOf(
  { datasets }: LineageGraph,
  traces: readonly SampleTrace[],
  { pool, cache, signal }: TraceContext,
): Promise<Record<string, readonly FieldChange[]>> {
  const changes: Record<string, readonly FieldChange[]> = {};
  const texts = new SampleFinder({ pool, cache, signal });
  const pathOf = (id: string) => {
    const node = datasets.get(id);
    return node?.presence === 'present' ? node.path : undefined;
  };
  const read = async (node: TraceNode): Promise<JsonValue | undefined> => {
    const path = pathOf(node.dataset);
    const found = path === undefined ? undefined : await texts.find(path, node.digest, node.rows);
    return found && parseJsonValue(found.text);
  };
  try {
    let shown = 0;
    for (const { nodes, edges } of traces) {
      for (const { step, from, to, how } of edges) {
        if (to === undefined || how === 'unchanged' || how === 'dropped') continue;
        const key = changeKey(step, nodes[from]!.digest, nodes[to]!.digest);
        if (key in changes || shown === MAX_SHOWN_CHANGES) continue;
        throwIfCancelled(signal);
        const [before, after] = [await read(nodes[from]!), await read(nodes[to]!)];
        if (before === undefined || after === undefined) continue;
        changes[key] = fieldDiff(before, after);
        shown++;
      }
    }
  } finally {
    await texts.close();
  }
  return changes;
}

/** How `changes` name what a step did to a sample. */
export function changeKey(step: string, from: string, to: string): string {
  return `${step} ${from} ${to}`;
}
