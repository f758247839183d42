import { toHex } from '../bytes/hex.ts';
import { SEVERITIES, type Category, type Pairing, type Severity } from '../evidence/predicates.ts';
import { digestAt, type DigestTable } from '../sample/digest.ts';
import type { ReviewState } from '../trust/reviews.ts';
import type { ReviewTable } from '../trust/reviewTable.ts';
import type { DerivationMap } from './derivationMap.ts';
import { NO_PAIR, PairGraph } from './pairGraph.ts';

/** A sample that was made, step by step, of something flagged (docs/formats.md, "Flagged upstream"). */
export interface Upstream {
  /** Of the flag. */
  readonly category: Category;
  readonly severity: Severity;
  /** Whether the flag and every step on the way are signed by trusted signers. */
  readonly trusted: boolean;
  /** From the flagged sample, dataset or step down to this sample. */
  readonly way: UpstreamWay;
}

export interface UpstreamWay {
  readonly flagged: 'sample' | 'dataset' | 'step';
  /** Index of the review (or advisory) into the statements of the scope. */
  readonly review: number;
  /** What the review calls it, such as `train.jsonl#12`. Untrusted. */
  readonly name: string;
  /** Digest (hex) of the flagged sample, dataset (its bytes) or step (its envelope). */
  readonly digest: string;
  /**
   * The steps that were passed, the first one first, a flagged step itself included: index into the statements of the
   * scope, and how the sample was paired there.
   */
  readonly steps: readonly { readonly statement: number; readonly pairing?: Pairing }[];
}

/** A step whose derivation map is followed. */
export interface MappedStep {
  /** Index into the statements of the scope. */
  readonly statement: number;
  readonly trusted: boolean;
  readonly pairing: Pairing;
  readonly map: DerivationMap;
}

/** A flagged dataset, or what a flagged step made: all its samples are flagged upstream. */
export interface FlaggedDataset {
  readonly flagged: 'dataset' | 'step';
  /** Of the dataset's bytes, or of the step's envelope, hex. */
  readonly digest: string;
  /** What the review calls it. */
  readonly name: string;
  readonly state: ReviewState;
  /** Whether who says which samples it has is trusted. */
  readonly trusted: boolean;
  /** Index of the flagged step. */
  readonly step?: number;
  /** Finds its samples by digest. */
  readonly table: DigestTable;
}

/** The weights of ways, the heaviest first: by severity, then by whether all of it is trusted. */
const WEIGHTS = [...SEVERITIES]
  .reverse()
  .flatMap((severity) => [true, false].map((trusted) => ({ severity, trusted })));

/**
 * All samples that are made of something flagged, found by digest, with the way each came: of several ways the one from
 * the gravest flag, of these a trusted one, of these the shortest that goes on from the way of the sample before.
 *
 * Time and memory are linear in the pairs of the maps, whatever their steps say: each sample is reached once.
 */
export class Taint {
  /** The gravest first. */
  private readonly datasets: readonly {
    readonly table: DigestTable;
    readonly weight: number;
    readonly upstream: Upstream;
  }[];
  private readonly pairs: PairGraph;
  /** By sample: index into {@link WEIGHTS}, plus 1; 0 where it was not reached. */
  private readonly weight: Uint8Array;
  /** By reached sample: the pair by which it was reached, and how many steps from the start. */
  private readonly via: Int32Array;
  private readonly depth: Uint32Array;
  /** By reached sample, where its way starts with this pair: the flagged dataset's index, plus 2; 1 for a flagged sample. */
  private readonly start: Uint32Array;
  private readonly made = new Map<number, Upstream>();
  /** How many samples the maps lead to, flagged ones themselves included. */
  readonly reached: number;

  constructor(
    private readonly flags: ReviewTable,
    private readonly steps: readonly MappedStep[],
    datasets: readonly FlaggedDataset[],
  ) {
    this.datasets = datasets
      .map((dataset) => {
        const upstream = upstreamOf(dataset);
        return { table: dataset.table, weight: weightOf(upstream), upstream };
      })
      .sort((a, b) => a.weight - b.weight);
    this.pairs = new PairGraph(steps.map(({ map }) => map));
    const { size } = this.pairs;
    this.weight = new Uint8Array(size);
    this.via = new Int32Array(size).fill(NO_PAIR);
    this.depth = new Uint32Array(size);
    this.start = new Uint32Array(size);
    this.reached = this.spread();
  }

  /** How the sample with the digest at `index` of the packed `digests` came from something flagged, if it did. */
  find(digests: Uint8Array, index: number): Upstream | undefined {
    const sample = this.pairs.made(digests, index);
    const weight = sample === NO_PAIR ? 0 : this.weight[sample]!;
    for (const dataset of this.datasets) {
      // Of ways of one weight, none is shorter than to be part of the dataset.
      if (weight > 0 && dataset.weight > weight) break;
      if (dataset.table.has(digests, index)) return dataset.upstream;
    }
    return weight > 0 ? this.wayTo(sample) : undefined;
  }

  /** Follows all maps from all that is flagged, the gravest first. */
  private spread(): number {
    const { pairs } = this;
    const seeds = this.seeds();
    let reached = 0;
    WEIGHTS.forEach(({ trusted }, index) => {
      const weight = index + 1;
      // Samples by their distance from what is flagged.
      const levels: number[][] = [];
      const visit = (firstPair: number, distance: number, start: number) => {
        for (let pair = firstPair; pair !== NO_PAIR; pair = pairs.next(pair)) {
          if (trusted && !this.steps[pairs.mapOf[pair]!]!.trusted) continue;
          const sample = pairs.made(pairs.outputs, pair);
          if (this.weight[sample]! > 0) continue;
          this.weight[sample] = weight;
          this.via[sample] = pair;
          this.depth[sample] = distance + 1;
          this.start[sample] = start;
          (levels[distance + 1] ??= []).push(sample);
          reached++;
        }
      };
      for (const seed of seeds) {
        if (seed.weight === weight || (!trusted && seed.weight === weight - 1))
          visit(seed.pair, 0, seed.start);
      }
      // What was reached by trusted steps alone may be led on from by others.
      if (!trusted) {
        for (let sample = 0; sample < this.weight.length; sample++) {
          if (this.weight[sample] === weight - 1) (levels[this.depth[sample]!] ??= []).push(sample);
        }
      }
      for (let distance = 1; distance < levels.length; distance++) {
        for (const sample of levels[distance] ?? []) {
          visit(pairs.firstOf(pairs.outputs, sample), distance, 0);
        }
      }
    });
    return reached;
  }

  /** What the maps lead on from: flagged samples, and samples of flagged datasets; each by its first pair as an input. */
  private seeds(): { pair: number; start: number; weight: number }[] {
    const seeds: { pair: number; start: number; weight: number }[] = [];
    const { inputs } = this.pairs;
    for (const pair of this.pairs.sources()) {
      const state = this.flags.stateOf(inputs, pair);
      if (state?.state === 'flagged') seeds.push({ pair, start: 1, weight: weightOf(state) });
      this.datasets.forEach(({ table, weight }, index) => {
        if (table.has(inputs, pair)) seeds.push({ pair, start: index + 2, weight });
      });
    }
    return seeds;
  }

  private wayTo(sample: number): Upstream {
    const known = this.made.get(sample);
    if (known) return known;
    const { severity, trusted } = WEIGHTS[this.weight[sample]! - 1]!;
    const steps: { statement: number; pairing: Pairing }[] = [];
    let at = sample;
    for (;;) {
      const { statement, pairing } = this.steps[this.pairs.mapOf[this.via[at]!]!]!;
      steps.push({ statement, pairing });
      if (this.start[at]! > 0) break;
      at = this.pairs.made(this.pairs.inputs, this.via[at]!);
    }
    const source = this.sourceOf(this.start[at]!, this.via[at]!);
    const { way } = source;
    const upstream = {
      category: source.category,
      severity,
      trusted,
      way: { ...way, steps: [...way.steps, ...steps.reverse()] },
    };
    this.made.set(sample, upstream);
    return upstream;
  }

  /** What a way starts from, as it is before its first step. */
  private sourceOf(start: number, pair: number): Pick<Upstream, 'category' | 'way'> {
    if (start > 1) return this.datasets[start - 2]!.upstream;
    const { inputs } = this.pairs;
    const { category, deciding } = this.flags.stateOf(inputs, pair)!;
    return {
      category,
      way: {
        flagged: 'sample',
        review: deciding.statement,
        name: this.flags.nameOf(inputs, pair, deciding.statement),
        digest: toHex(digestAt(inputs, pair)),
        steps: [],
      },
    };
  }
}

/** That a sample is part of a flagged dataset, or of what a flagged step made. */
export function upstreamOf({
  flagged,
  digest,
  name,
  state,
  trusted,
  step,
}: Omit<FlaggedDataset, 'table'>): Upstream {
  const { category, severity, deciding } = state;
  const steps = step === undefined ? [] : [{ statement: step }];
  return {
    category,
    severity,
    trusted: trusted && state.trusted,
    way: { flagged, review: deciding.statement, name, digest, steps },
  };
}

/** Index into {@link WEIGHTS}, plus 1. */
function weightOf({ severity, trusted }: Pick<Upstream, 'severity' | 'trusted'>): number {
  return WEIGHTS.findIndex((weight) => weight.severity === severity && weight.trusted === trusted) + 1;
}
