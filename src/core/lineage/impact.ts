import { fromHex, toHex } from '../bytes/hex.ts';
import { ProvenanceError, throwIfCancelled, type CancelSignal } from '../errors.ts';
import { DIGEST_LENGTH, digestAt, DigestTable } from '../sample/digest.ts';
import type { Standing } from '../trust/status.ts';
import type { SampleEvidence } from './followSample.ts';
import type { DatasetNode, GraphIssue, LineageGraph, StepNode } from './graph.ts';
import type { LineageIndex } from './lineageIndex.ts';
import { NO_PAIR, PairGraph } from './pairGraph.ts';

/** What an impact is traced from. Digests are hex. */
export type ImpactSource =
  | { readonly kind: 'sample'; readonly digest: string; readonly name?: string }
  | { readonly kind: 'dataset'; readonly sha256: string; readonly name?: string }
  | { readonly kind: 'step'; readonly envelopeDigest: string; readonly name?: string };

/** Everything that was made of the sources, and what could not be looked into. */
export interface ImpactData {
  /** What others were made of before what was made of it. */
  readonly datasets: readonly ImpactedDataset[];
  readonly issues: readonly GraphIssue[];
}

/** A dataset that holds samples of the sources, or samples that were made of them. */
export interface ImpactedDataset {
  readonly dataset: DatasetNode;
  /** The step through which it is affected, where one is known. */
  readonly via?: string;
  readonly step?: { readonly kind: string; readonly signer: string; readonly standing: Standing };
  /** The affected dataset before that step. */
  readonly from?: string;
  readonly samples: readonly ImpactedSample[];
  /** How many there are; {@link samples} is cut at {@link MAX_LISTED_SAMPLES}. */
  readonly count: number;
}

export const MAX_LISTED_SAMPLES = 10_000;

/** Rows that are listed of a sample that stands in many. */
export const MAX_LISTED_ROWS = 1000;

export interface ImpactedSample {
  readonly digest: string;
  /** Rows (from 1) that hold it: lines of the signed order; the first {@link MAX_LISTED_ROWS}. */
  readonly rows: readonly number[];
  /** Index of what it comes from in the request. */
  readonly source: number;
  /** Whether it is the same sample, or was changed on the way. */
  readonly changed: boolean;
}

/**
 * Finds all that was made of samples, datasets and steps (docs/formats.md, "Flagged upstream"), in every dataset whose
 * samples the evidence knows. Linear in the pairs of the maps and in the samples of all datasets.
 *
 * @throws ProvenanceError `cancelled`: what cannot be read is an issue
 */
export async function traceImpact(
  sources: readonly ImpactSource[],
  graph: LineageGraph,
  index: LineageIndex,
  evidence: SampleEvidence,
  signal?: CancelSignal,
): Promise<ImpactData> {
  const tracing = new ImpactTracing(graph, evidence, signal);
  const affected = await tracing.follow(sources);
  const found = new Map<string, Found>();
  for (const dataset of graph.datasets.values()) {
    throwIfCancelled(signal);
    const samples = await tracing.samplesIn(dataset, affected);
    if (samples && samples.count > 0) found.set(dataset.id, { dataset, ...samples });
  }
  return { datasets: withWays(found, index), issues: tracing.issues };
}

type Found = Pick<ImpactedDataset, 'dataset' | 'samples' | 'count'>;

/** Where a sample comes from, and whether it was changed on the way. */
interface Affected {
  find(digests: Uint8Array, row: number): { source: number; changed: boolean } | undefined;
}

class ImpactTracing {
  readonly issues: GraphIssue[] = [];

  constructor(
    private readonly graph: LineageGraph,
    private readonly evidence: SampleEvidence,
    private readonly signal: CancelSignal | undefined,
  ) {}

  /** Follows all maps from the sources on. */
  async follow(sources: readonly ImpactSource[]): Promise<Affected> {
    const starts = await this.startsOf(sources);
    const pairs = new PairGraph(await this.maps());
    /** By sample, its source plus 1; 0 where it was not reached. */
    const reached = new Uint32Array(pairs.size);
    const queue: number[] = [];
    const visit = (first: number, source: number) => {
      for (let pair = first; pair !== NO_PAIR; pair = pairs.next(pair)) {
        const sample = pairs.made(pairs.outputs, pair);
        if (reached[sample]! > 0) continue;
        reached[sample] = source + 1;
        queue.push(sample);
      }
    };
    for (const pair of pairs.sources()) {
      const source = starts(pairs.inputs, pair);
      if (source !== undefined) visit(pair, source);
    }
    for (let next = 0; next < queue.length; next++) {
      const sample = queue[next]!;
      visit(pairs.firstOf(pairs.outputs, sample), reached[sample]! - 1);
    }
    return {
      find: (digests, row) => {
        const start = starts(digests, row);
        if (start !== undefined) return { source: start, changed: false };
        const sample = pairs.made(digests, row);
        if (sample === NO_PAIR || reached[sample] === 0) return undefined;
        return { source: reached[sample]! - 1, changed: true };
      },
    };
  }

  /** The affected samples of a dataset; undefined where its samples are not known. */
  async samplesIn(
    dataset: DatasetNode,
    affected: Affected,
  ): Promise<Pick<ImpactedDataset, 'samples' | 'count'> | undefined> {
    const leaves = await this.leavesOf(dataset);
    if (!leaves) return undefined;
    const samples = new Map<string, { source: number; changed: boolean; rows: number[] }>();
    const others = new Set<string>();
    const rowCount = leaves.length / DIGEST_LENGTH;
    for (let row = 0; row < rowCount; row++) {
      const found = affected.find(leaves, row);
      if (!found) continue;
      const digest = toHex(digestAt(leaves, row));
      const known = samples.get(digest);
      if (known) {
        if (known.rows.length < MAX_LISTED_ROWS) known.rows.push(row + 1);
      } else if (samples.size < MAX_LISTED_SAMPLES) {
        samples.set(digest, { ...found, rows: [row + 1] });
      } else {
        others.add(digest);
      }
    }
    return {
      samples: Array.from(samples, ([digest, sample]) => ({ digest, ...sample })),
      count: samples.size + others.size,
    };
  }

  /** A function that says which source holds a digest as it is. */
  private async startsOf(
    sources: readonly ImpactSource[],
  ): Promise<(digests: Uint8Array, index: number) => number | undefined> {
    const single: { digest: Uint8Array; source: number }[] = [];
    const whole: { table: DigestTable; source: number }[] = [];
    for (const [source, each] of sources.entries()) {
      if (each.kind === 'sample') {
        single.push({ digest: fromHex(each.digest), source });
        continue;
      }
      for (const dataset of this.datasetsOf(each)) {
        const leaves = await this.leavesOf(dataset);
        if (leaves) whole.push({ table: new DigestTable(leaves), source });
      }
    }
    const packed = new Uint8Array(single.length * DIGEST_LENGTH);
    single.forEach(({ digest }, i) => {
      packed.set(digest, i * DIGEST_LENGTH);
    });
    const table = new DigestTable(packed);
    return (digests, index) => {
      const found = table.first(digests, index);
      if (found !== -1) return single[found]!.source;
      return whole.find((each) => each.table.has(digests, index))?.source;
    };
  }

  /** The dataset that a source names, or those that a step made. */
  private datasetsOf(source: Exclude<ImpactSource, { kind: 'sample' }>): DatasetNode[] {
    const { datasets, steps } = this.graph;
    const ids =
      source.kind === 'dataset'
        ? [source.sha256]
        : [...steps.values()].flatMap(({ id, output }) =>
            id.startsWith(`${source.envelopeDigest}/`) ? [output] : [],
          );
    const found = ids.flatMap((id) => datasets.get(id) ?? []);
    if (found.length === 0 || found.every(({ samples }) => !samples)) {
      const name = source.name ?? (source.kind === 'dataset' ? source.sha256 : source.envelopeDigest);
      this.issues.push({
        kind: 'leaves-missing',
        datasets: found.map(({ id }) => id),
        steps: [],
        template: 'No statement here says which samples {name} has, so what was made of them is not known.',
        args: { name: name.slice(0, 200) },
      });
    }
    return found;
  }

  private async maps() {
    const maps = [];
    const seen = new Set<string>();
    for (const step of this.graph.steps.values()) {
      const { map } = step.step;
      if (step.standing === 'claimed' || step.standing === 'unverifiable') continue;
      if (!map || map.pairs === 0 || seen.has(map.sha256)) continue;
      throwIfCancelled(this.signal);
      const found = await this.evidence.map(step);
      if (found instanceof ProvenanceError) {
        const kind = found.code === 'map-missing' ? 'map-missing' : 'invalid-map';
        this.issues.push(issueOf(kind, found, [step.output], [step.id]));
        continue;
      }
      seen.add(map.sha256);
      maps.push(found);
    }
    return maps;
  }

  private async leavesOf({ id, samples }: DatasetNode): Promise<Uint8Array | undefined> {
    if (!samples) return undefined;
    const leaves = await this.evidence.leaves(samples);
    if (!(leaves instanceof ProvenanceError)) return leaves.digests;
    const known = this.issues.some(
      ({ datasets, kind }) => kind === 'leaves-missing' && datasets.includes(id),
    );
    if (!known) this.issues.push(issueOf('leaves-missing', leaves, [id], []));
    return undefined;
  }
}

function issueOf(
  kind: GraphIssue['kind'],
  { template, args }: ProvenanceError,
  datasets: readonly string[],
  steps: readonly string[],
): GraphIssue {
  return { kind, datasets, steps, template, args };
}

/** Adds the step through which each is affected, and puts what others were made of before them. */
function withWays(found: ReadonlyMap<string, Found>, index: LineageIndex): ImpactedDataset[] {
  const impacted = new Map<string, ImpactedDataset>();
  for (const [id, each] of found) impacted.set(id, { ...each, ...wayTo(id, found, index) });
  const ordered: ImpactedDataset[] = [];
  const placed = new Set<string>();
  for (const start of impacted.values()) {
    const path: ImpactedDataset[] = [];
    // Steps may go round in a circle.
    const seen = new Set<string>();
    for (let at: ImpactedDataset | undefined = start; at && !placed.has(at.dataset.id);) {
      if (seen.has(at.dataset.id)) break;
      seen.add(at.dataset.id);
      path.push(at);
      at = at.from === undefined ? undefined : impacted.get(at.from);
    }
    for (const each of path.reverse()) {
      placed.add(each.dataset.id);
      ordered.push(each);
    }
  }
  return ordered;
}

function wayTo(
  id: string,
  found: ReadonlyMap<string, Found>,
  index: LineageIndex,
): Pick<ImpactedDataset, 'via' | 'from' | 'step'> {
  let best: { step: StepNode; from: string } | undefined;
  for (const step of index.producers(id)) {
    const from = step.inputs.find((input) => input !== id && found.has(input));
    if (from === undefined || step.standing === 'claimed') continue;
    if (!best || (step.standing === 'trusted' && best.step.standing !== 'trusted')) best = { step, from };
  }
  if (!best) return {};
  const { step, from } = best;
  const { signer, standing } = step;
  return {
    via: step.id,
    from,
    ...(standing !== 'claimed' && { step: { kind: step.step.kind, signer, standing } }),
  };
}
