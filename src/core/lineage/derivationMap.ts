import { isSha256Hex } from '../bytes/hex.ts';
import { ProvenanceError } from '../errors.ts';

/**
 * A derivation map says which changed sample was made of which (docs/formats.md, "Derivation map"): one line a pair,
 * `OUTPUT-DIGEST INPUT-DIGEST` in hex, sorted, each pair once. A sample may be made of several, and several of one.
 */
export interface DerivedPair {
  /** Sample digests, hex. */
  readonly output: string;
  readonly input: string;
}

/** Bytes of a line. */
const LINE_BYTES = 64 + 1 + 64 + 1;

/** A map is read up to this many pairs. */
export const MAX_MAP_PAIRS = 5_000_000;
export const MAX_MAP_BYTES = MAX_MAP_PAIRS * LINE_BYTES;

/** @returns the file's bytes. @throws ProvenanceError `too-large` */
export function serializeDerivationMap(pairs: Iterable<DerivedPair>): Uint8Array {
  const lines = [...new Set([...pairs].map(({ output, input }) => `${output} ${input}\n`))].sort();
  if (lines.length > MAX_MAP_PAIRS) {
    throw new ProvenanceError(
      'too-large',
      'A derivation map holds up to {limit} pairs, not {count}; record the step in parts.',
      { limit: MAX_MAP_PAIRS, count: lines.length },
    );
  }
  return new TextEncoder().encode(lines.join(''));
}

/** The pairs of a map, found from both sides. */
export class DerivationMap {
  private readonly inputsOf = new Map<string, string[]>();
  private readonly outputsOf = new Map<string, string[]>();
  readonly pairs: number;

  private constructor(pairs: readonly DerivedPair[]) {
    this.pairs = pairs.length;
    for (const { output, input } of pairs) {
      push(this.inputsOf, output, input);
      push(this.outputsOf, input, output);
    }
  }

  /** @throws ProvenanceError `invalid-map` for what is not in the form that {@link serializeDerivationMap} writes */
  static parse(bytes: Uint8Array): DerivationMap {
    if (bytes.length % LINE_BYTES !== 0 || bytes.length > MAX_MAP_BYTES) throw invalid(bytes.length);
    const text = new TextDecoder('latin1').decode(bytes);
    const pairs: DerivedPair[] = [];
    for (let at = 0; at < text.length; at += LINE_BYTES) {
      const output = text.slice(at, at + 64);
      const input = text.slice(at + 65, at + 129);
      if (!isSha256Hex(output) || !isSha256Hex(input) || text[at + 64] !== ' ' || text[at + 129] !== '\n') {
        throw invalid(at);
      }
      pairs.push({ output, input });
    }
    return new DerivationMap(pairs);
  }

  /** Digests (hex) of the samples that this one was made of. */
  inputs(output: string): readonly string[] {
    return this.inputsOf.get(output) ?? [];
  }

  /** Digests (hex) of the samples that were made of this one. */
  outputs(input: string): readonly string[] {
    return this.outputsOf.get(input) ?? [];
  }

  *[Symbol.iterator](): Generator<DerivedPair> {
    for (const [output, inputs] of this.inputsOf) for (const input of inputs) yield { output, input };
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function invalid(at: number): ProvenanceError {
  return new ProvenanceError(
    'invalid-map',
    'This is no derivation map: at byte {at} it is not two sample digests a line.',
    { at },
  );
}
