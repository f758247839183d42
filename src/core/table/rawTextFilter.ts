const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** Longer patterns find no faster. */
const MAX_PATTERN_BYTES = 64;
/** How far an escape is looked for byte by byte: where there is one, there are often more. */
const NEAR = 32;

/** What JSON may write with a short escape, and what stands for bytes that are no character. */
const NOT_RAW = /["\\/\p{Cc}\p{Surrogate}\ufffd]/u;

/**
 * Finds where a text may stand in JSON, looking at nothing but bytes: the longest part of it that is written either as
 * UTF-8 or with `\uXXXX` escapes. It never misses a record that has the text in one of its values, however that is
 * written; whether a record it finds really has it, only parsing can tell.
 *
 * Without regard to case, letters are the same when ECMAScript's regular expressions with the `i` flag say so: by their
 * upper case, one code unit each, and never an ASCII letter for another one.
 */
export class RawTextFilter {
  /** `accepted[256 * i + byte]` is 1 when the byte may stand at place `i` of the pattern. */
  private readonly accepted: Uint8Array;
  private readonly length: number;
  /** How far the pattern may be moved on when its last byte stands on a byte (Horspool 1980). */
  private readonly skip: Uint8Array;
  /** Code units of the pattern's characters. */
  private readonly units: ReadonlySet<number>;

  private constructor(pattern: Pattern) {
    const places = pattern.places.slice(0, MAX_PATTERN_BYTES);
    this.length = places.length;
    this.units = pattern.units;
    this.accepted = new Uint8Array(256 * places.length);
    this.skip = new Uint8Array(256).fill(places.length);
    places.forEach((bytes, place) => {
      for (const byte of bytes) {
        this.accepted[256 * place + byte] = 1;
        if (place < places.length - 1) this.skip[byte] = places.length - 1 - place;
      }
    });
  }

  /** @returns undefined when no part of the text has a form that can be looked for */
  static for(text: string, matchCase: boolean): RawTextFilter | undefined {
    let best: Pattern = { places: [], units: new Set() };
    let current: Pattern = { places: [], units: new Set() };
    for (const character of text) {
      const places = placesOf(character, matchCase);
      if (!places) {
        current = { places: [], units: new Set() };
        continue;
      }
      current.places.push(...places.bytes);
      for (const unit of places.units) current.units.add(unit);
      if (current.places.length > best.places.length) best = current;
    }
    return best.places.length > 0 ? new RawTextFilter(best) : undefined;
  }

  /** Bytes of the pattern: the longer, the more it sorts out. */
  get strength(): number {
    return this.length;
  }

  /** Where in `bytes[from, to)` the pattern is first found, as UTF-8 or by an escape of one of its characters; or -1. */
  indexOf(bytes: Uint8Array, from: number, to: number): number {
    const raw = this.indexOfRaw(bytes, from, to);
    const escape = this.indexOfEscape(bytes, from, raw < 0 ? to : raw);
    return escape < 0 ? raw : escape;
  }

  indexOfRaw(bytes: Uint8Array, from: number, to: number): number {
    const { accepted, length, skip } = this;
    const last = length - 1;
    for (let end = from + last; end < to;) {
      const byte = bytes[end]!;
      let place = last;
      if (accepted[256 * last + byte] === 1) {
        do place--;
        while (place >= 0 && accepted[256 * place + bytes[end - last + place]!] === 1);
        if (place < 0) return end - last;
      }
      end += skip[byte]!;
    }
    return -1;
  }

  indexOfEscape(bytes: Uint8Array, from: number, to: number): number {
    for (let at = nextBackslash(bytes, from, to); at >= 0; at = nextBackslash(bytes, at + 1, to)) {
      if (bytes[at + 1] === LOWER_U && this.units.has(hex4(bytes, at + 2))) return at;
    }
    return -1;
  }
}

interface Pattern {
  /** For each byte of it, the bytes that may stand there. */
  readonly places: number[][];
  readonly units: Set<number>;
}

/** How a character, or one that counts as the same, may be written as UTF-8; undefined when that has no one form. */
function placesOf(
  character: string,
  matchCase: boolean,
): { bytes: number[][]; units: readonly number[] } | undefined {
  if (NOT_RAW.test(character)) return undefined;
  const unit = character.charCodeAt(0);
  if (matchCase || character.length > 1) {
    const units = character.length > 1 ? [unit, character.charCodeAt(1)] : [unit];
    return { bytes: [...utf8(character)].map((byte) => [byte]), units };
  }
  const units = caseVariants(unit);
  const [first = [], ...others] = units.map((variant) => [...utf8(String.fromCharCode(variant))]);
  if (others.some(({ length }) => length !== first.length)) return undefined;
  return { bytes: first.map((byte, i) => [byte, ...others.map((other) => other[i]!)]), units };
}

/** The code units that a regular expression with the `i` flag takes for the same (ECMA-262, Canonicalize). */
function caseVariants(unit: number): readonly number[] {
  if (unit < 0x80) {
    const character = String.fromCharCode(unit);
    const [lower, upper] = [character.toLowerCase().charCodeAt(0), character.toUpperCase().charCodeAt(0)];
    return lower === upper ? [unit] : [lower, upper];
  }
  folded ??= unitsByFold();
  return folded.get(fold(unit)) ?? [unit];
}

let folded: ReadonlyMap<number, readonly number[]> | undefined;

function unitsByFold(): Map<number, number[]> {
  const byFold = new Map<number, number[]>();
  for (let unit = 0x80; unit <= 0xffff; unit++) {
    if (unit === 0xd800) unit = 0xe000; // Surrogates are no characters.
    const key = fold(unit);
    const units = byFold.get(key);
    if (units) units.push(unit);
    else byFold.set(key, [unit]);
  }
  return byFold;
}

function fold(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase();
  const folded = upper.charCodeAt(0);
  return upper.length === 1 && folded >= 0x80 ? folded : unit;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function nextBackslash(bytes: Uint8Array, from: number, to: number): number {
  const near = Math.min(to, from + NEAR);
  for (let at = from; at < near; at++) if (bytes[at] === BACKSLASH) return at;
  if (near >= to) return -1;
  const found = bytes.indexOf(BACKSLASH, near);
  return found < to ? found : -1;
}

/** The value of four hex digits; NaN where there are none. */
function hex4(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let i = from; i < from + 4; i++) value = 16 * value + hexValue(bytes[i] ?? 0);
  return value;
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN;
}
