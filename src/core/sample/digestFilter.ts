import { DIGEST_LENGTH } from './digest.ts';

/** So many places for each digest: of the others, one in as many is taken for one of them. */
const PLACES_PER_DIGEST = 128;
const MIN_BITS = 10;
/** What the first three bytes of a digest give. */
const MAX_BITS = 24;

/**
 * Says quickly of most digests that they are not among some, by their first three bytes: asked before a table, where most
 * are not in it. Digests that someone made to share these bytes cost no more than asking the table does.
 */
export class DigestFilter {
  /** A bit a place. */
  private readonly places: Uint8Array;
  private readonly mask: number;

  /** @param digests 32 bytes each */
  constructor(digests: Uint8Array) {
    const count = Math.floor(digests.length / DIGEST_LENGTH);
    const bits = Math.ceil(Math.log2(Math.max(1, count) * PLACES_PER_DIGEST));
    this.mask = (1 << Math.min(MAX_BITS, Math.max(MIN_BITS, bits))) - 1;
    this.places = new Uint8Array((this.mask + 1) >>> 3);
    for (let i = 0; i < count; i++) {
      const place = this.placeOf(digests, i);
      this.places[place >>> 3]! |= 1 << (place & 7);
    }
  }

  /** Whether digest `index` of the packed `digests` may be among them. */
  mayHave(digests: Uint8Array, index: number): boolean {
    const place = this.placeOf(digests, index);
    return (this.places[place >>> 3]! & (1 << (place & 7))) !== 0;
  }

  private placeOf(digests: Uint8Array, index: number): number {
    const at = index * DIGEST_LENGTH;
    return ((digests[at]! << 16) | (digests[at + 1]! << 8) | digests[at + 2]!) & this.mask;
  }
}
