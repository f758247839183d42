import { DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';
import type { DerivationMap } from './derivationMap.ts';

/** No pair. */
export const NO_PAIR = -1;

/**
 * The pairs of several derivation maps as one graph from samples to what was made of them. A sample that was made is
 * known by the first pair that makes it.
 */
export class PairGraph {
  /** How many pairs there are. */
  readonly size: number;
  /** 32 bytes a pair. */
  readonly inputs: Uint8Array;
  readonly outputs: Uint8Array;
  /** By pair: the place of its map in what the graph was made of. */
  readonly mapOf: Uint32Array;
  private readonly byInput: DigestTable;
  private readonly byOutput: DigestTable;

  constructor(maps: readonly DerivationMap[]) {
    this.size = maps.reduce((sum, { pairs }) => sum + pairs, 0);
    this.inputs = new Uint8Array(this.size * DIGEST_LENGTH);
    this.outputs = new Uint8Array(this.size * DIGEST_LENGTH);
    this.mapOf = new Uint32Array(this.size);
    let at = 0;
    maps.forEach(({ inputDigests, outputDigests, pairs }, index) => {
      this.inputs.set(inputDigests, at * DIGEST_LENGTH);
      this.outputs.set(outputDigests, at * DIGEST_LENGTH);
      this.mapOf.fill(index, at, at + pairs);
      at += pairs;
    });
    this.byInput = new DigestTable(this.inputs);
    this.byOutput = new DigestTable(this.outputs);
  }

  /** The pair by which the sample with the digest at `index` of the packed `digests` is known; {@link NO_PAIR} if none makes it. */
  made(digests: Uint8Array, index: number): number {
    return this.byOutput.first(digests, index);
  }

  /** The first pair that is made of this sample, or {@link NO_PAIR}; {@link next} gives the others. */
  firstOf(digests: Uint8Array, index: number): number {
    return this.byInput.first(digests, index);
  }

  next(pair: number): number {
    return this.byInput.next(pair);
  }

  /** The first pair of each sample that something is made of. */
  *sources(): Generator<number> {
    for (let pair = 0; pair < this.size; pair++) if (this.firstOf(this.inputs, pair) === pair) yield pair;
  }
}
