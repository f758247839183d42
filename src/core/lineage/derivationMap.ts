import { fromHex, isSha256Hex, toHex } from '../bytes/hex.ts';
import { ProvenanceError } from '../errors.ts';
import { DIGEST_LENGTH, digestAt, DigestTable } from '../sample/digest.ts';

/**
 * A derivation map says which changed sample was made of which (docs/formats.md, "Derivation map"): one line a pair,
 * `OUTPUT-DIGEST INPUT-DIGEST` in hex, sorted, each pair once. A sample may be made of several, and several of one.
 */
export interface DerivedPair {
  /** Sample digests, hex. */
  readonly output: string;
  readonly input: string;
}

/** Bytes of a line, and where its second digest begins. */
const LINE_BYTES = 64 + 1 + 64 + 1;
const INPUT_AT = 65;

/** A map is read up to this many pairs. */
export const MAX_MAP_PAIRS = 5_000_000;
export const MAX_MAP_BYTES = MAX_MAP_PAIRS * LINE_BYTES;

const SPACE = 0x20;
const LF = 0x0a;

/** Pairs that are being found: 64 bytes each. */
export class DerivedPairs {
  private outputs: Uint8Array;
  private inputs: Uint8Array;
  /** How many were added; equal ones count each time. */
  size = 0;

  /** @param expected how many there may be; more make it grow */
  constructor(expected: number) {
    this.outputs = new Uint8Array(expected * DIGEST_LENGTH);
    this.inputs = new Uint8Array(expected * DIGEST_LENGTH);
  }

  /** Digest `output` of the packed digests `outputs` was made of digest `input` of `inputs`. */
  add(outputs: Uint8Array, output: number, inputs: Uint8Array, input: number): void {
    const at = this.size++ * DIGEST_LENGTH;
    if (at === this.outputs.length) {
      this.outputs = grown(this.outputs);
      this.inputs = grown(this.inputs);
    }
    this.outputs.set(digestAt(outputs, output), at);
    this.inputs.set(digestAt(inputs, input), at);
  }

  /**
   * The bytes of the map that holds them, and how many different pairs that are.
   * @throws ProvenanceError `too-large`
   */
  serialize(): { readonly bytes: Uint8Array; readonly pairs: number } {
    const order = new Uint32Array(this.size).map((_, i) => i);
    order.sort((a, b) => this.compare(a, b));
    const unique = order.filter((pair, i) => i === 0 || this.compare(order[i - 1]!, pair) !== 0);
    if (unique.length > MAX_MAP_PAIRS) {
      throw new ProvenanceError(
        'too-large',
        'A derivation map holds up to {limit} pairs, not {count}; record the step in parts.',
        { limit: MAX_MAP_PAIRS, count: unique.length },
      );
    }
    const bytes = new Uint8Array(unique.length * LINE_BYTES);
    unique.forEach((pair, line) => {
      const at = line * LINE_BYTES;
      writeHex(digestAt(this.outputs, pair), bytes, at);
      bytes[at + INPUT_AT - 1] = SPACE;
      writeHex(digestAt(this.inputs, pair), bytes, at + INPUT_AT);
      bytes[at + LINE_BYTES - 1] = LF;
    });
    return { bytes, pairs: unique.length };
  }

  private compare(a: number, b: number): number {
    return compareDigests(this.outputs, a, this.outputs, b) || compareDigests(this.inputs, a, this.inputs, b);
  }
}

/** @returns the file's bytes. @throws ProvenanceError `too-large` */
export function serializeDerivationMap(pairs: Iterable<DerivedPair>): Uint8Array {
  const found = new DerivedPairs(16);
  for (const { output, input } of pairs) found.add(fromHex(output), 0, fromHex(input), 0);
  return found.serialize().bytes;
}

/** The pairs of a map, found from both sides. Some 80 bytes a pair. */
export class DerivationMap {
  /** Digests that were made of several stand several times. */
  private readonly byInput: DigestTable;

  private constructor(
    /** Packed digests, by pair, sorted by output. */
    readonly outputDigests: Uint8Array,
    readonly inputDigests: Uint8Array,
    readonly pairs: number,
  ) {
    this.byInput = new DigestTable(inputDigests);
  }

  /** @throws ProvenanceError `invalid-map` for what is not in the form that {@link serializeDerivationMap} writes */
  static parse(bytes: Uint8Array): DerivationMap {
    if (bytes.length % LINE_BYTES !== 0 || bytes.length > MAX_MAP_BYTES) throw invalid(bytes.length);
    const pairs = bytes.length / LINE_BYTES;
    const outputs = new Uint8Array(pairs * DIGEST_LENGTH);
    const inputs = new Uint8Array(pairs * DIGEST_LENGTH);
    for (let pair = 0; pair < pairs; pair++) {
      const at = pair * LINE_BYTES;
      const isLine =
        readHex(bytes, at, outputs, pair) &&
        bytes[at + INPUT_AT - 1] === SPACE &&
        readHex(bytes, at + INPUT_AT, inputs, pair) &&
        bytes[at + LINE_BYTES - 1] === LF;
      if (!isLine) throw invalid(at);
      if (pair === 0) continue;
      const order =
        compareDigests(outputs, pair - 1, outputs, pair) || compareDigests(inputs, pair - 1, inputs, pair);
      if (order >= 0) {
        throw new ProvenanceError(
          'invalid-map',
          'This is no derivation map: at byte {at} a pair is repeated or not in its place.',
          { at },
        );
      }
    }
    return new DerivationMap(outputs, inputs, pairs);
  }

  /** Digests (hex) of the samples that this one was made of. */
  inputs(output: string): readonly string[] {
    if (!isSha256Hex(output)) return [];
    const digest = fromHex(output);
    let pair = 0;
    for (let end = this.pairs; pair < end;) {
      const middle = (pair + end) >>> 1;
      if (compareDigests(this.outputDigests, middle, digest, 0) < 0) pair = middle + 1;
      else end = middle;
    }
    const found: string[] = [];
    for (; pair < this.pairs && compareDigests(this.outputDigests, pair, digest, 0) === 0; pair++) {
      found.push(toHex(digestAt(this.inputDigests, pair)));
    }
    return found;
  }

  /** Digests (hex) of the samples that were made of this one. */
  outputs(input: string): readonly string[] {
    if (!isSha256Hex(input)) return [];
    const found: string[] = [];
    for (let pair = this.byInput.first(fromHex(input), 0); pair >= 0; pair = this.byInput.next(pair)) {
      found.push(toHex(digestAt(this.outputDigests, pair)));
    }
    return found;
  }

  *[Symbol.iterator](): Generator<DerivedPair> {
    for (let pair = 0; pair < this.pairs; pair++) {
      yield {
        output: toHex(digestAt(this.outputDigests, pair)),
        input: toHex(digestAt(this.inputDigests, pair)),
      };
    }
  }
}

/** Orders digest `i` of `a` and digest `j` of `b` as their hex digits are ordered. */
function compareDigests(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  const from = i * DIGEST_LENGTH;
  const other = j * DIGEST_LENGTH;
  for (let k = 0; k < DIGEST_LENGTH; k++) {
    const difference = a[from + k]! - b[other + k]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');
const NO_DIGIT = 0xff;
const DIGIT_VALUES = new Uint8Array(256).fill(NO_DIGIT);
HEX_DIGITS.forEach((digit, value) => (DIGIT_VALUES[digit] = value));

function writeHex(digest: Uint8Array, into: Uint8Array, at: number): void {
  for (let k = 0; k < DIGEST_LENGTH; k++) {
    into[at + 2 * k] = HEX_DIGITS[digest[k]! >> 4]!;
    into[at + 2 * k + 1] = HEX_DIGITS[digest[k]! & 15]!;
  }
}

/** Reads 64 lower-case hex digits into place `pair` of packed digests. @returns whether they are */
function readHex(bytes: Uint8Array, at: number, into: Uint8Array, pair: number): boolean {
  for (let k = 0; k < DIGEST_LENGTH; k++) {
    const high = DIGIT_VALUES[bytes[at + 2 * k]!]!;
    const low = DIGIT_VALUES[bytes[at + 2 * k + 1]!]!;
    if (high === NO_DIGIT || low === NO_DIGIT) return false;
    into[pair * DIGEST_LENGTH + k] = (high << 4) | low;
  }
  return true;
}

function grown(digests: Uint8Array): Uint8Array {
  const larger = new Uint8Array(Math.max(DIGEST_LENGTH * 16, 2 * digests.length));
  larger.set(digests);
  return larger;
}

function invalid(at: number): ProvenanceError {
  return new ProvenanceError(
    'invalid-map',
    'This is no derivation map: at byte {at} it is not two sample digests a line.',
    { at },
  );
}
