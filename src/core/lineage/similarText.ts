import { JsonTokens, stringValue } from '../table/jsonTokens.ts';

/** From this similarity on two samples are paired (docs/formats.md, "Pairing changed samples"): estimated Jaccard index. */
export const SIMILARITY_THRESHOLD = 0.6;
/** What is as similar to something else, less this, is not paired. */
const MARGIN = 0.1;

/** So many samples a side are compared: some 600 bytes each. */
export const MAX_SIMILAR_ROWS = 250_000;

/** Bytes of a shingle: ten Latin letters, three Chinese characters. */
const SHINGLE_BYTES = 10;
/** Shingles that a sketch keeps; from more, the similarity is estimated with a standard error of 4 %. */
const SKETCH_SIZE = 128;
/** A text with fewer shingles of its own says too little. */
const MIN_SHINGLES = 16;
/** Candidates are found by so many shingles: that two texts at the threshold share none of them happens once in a million. */
const INDEXED = 16;
/** Shingles that more candidates share than this do not find any. */
const MAX_SHARING = 64;
/** Candidates that are compared, those that share most of the indexed shingles. */
const MAX_CANDIDATES = 8;

/** The shingles with the smallest hashes of a text. */
export interface TextSketch {
  /** Increasing. */
  readonly hashes: Uint32Array;
  /** Shingles with hashes above this were left out. */
  readonly bound: number;
}

/**
 * Makes sketches of samples: of all their string values, wherever they stand and whatever they are called, with case (of
 * ASCII letters) and white space folded. A shingle lies within one value.
 */
export class TextSketcher {
  private readonly tokens = new JsonTokens();
  private readonly encoder = new TextEncoder();
  private hashes = new Uint32Array(1 << 12);
  private count = 0;
  private bound = MAX_HASH;

  /** @param bytes JSON text, UTF-8; of what is no JSON, what can be read of it */
  sketch(bytes: Uint8Array, start = 0, end = bytes.length): TextSketch {
    this.count = 0;
    this.bound = MAX_HASH;
    const { tokens } = this;
    tokens.reset(bytes, start, end);
    for (let token = tokens.next(); token !== 'end' && token !== 'invalid'; token = tokens.next()) {
      if (token !== 'string') continue;
      if (tokens.escaped) {
        const text = this.encoder.encode(stringValue(bytes, tokens.start, tokens.end, true));
        this.shingle(text, 0, text.length);
      } else {
        this.shingle(bytes, tokens.start + 1, tokens.end - 1);
      }
    }
    this.cut();
    return { hashes: this.hashes.slice(0, this.count), bound: this.bound };
  }

  /** A polynomial hash that rolls over the folded bytes. */
  private shingle(bytes: Uint8Array, start: number, end: number): void {
    const window = new Uint8Array(SHINGLE_BYTES);
    let hash = 0;
    let length = 0;
    let inSpace = true;
    for (let at = start; at < end; at++) {
      let byte = bytes[at]!;
      const isSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (isSpace && inSpace) continue;
      inSpace = isSpace;
      if (isSpace) byte = 0x20;
      else if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      const place = length % SHINGLE_BYTES;
      hash = (Math.imul(hash, BASE) + byte - Math.imul(window[place]!, LEAVING)) | 0;
      window[place] = byte;
      if (++length >= SHINGLE_BYTES) this.add(mixed(hash));
    }
    if (length > 0 && length < SHINGLE_BYTES) this.add(mixed(hash));
  }

  private add(hash: number): void {
    if (hash > this.bound) return;
    if (this.count === this.hashes.length) {
      this.cut();
      if (hash > this.bound) return;
    }
    this.hashes[this.count++] = hash;
  }

  /** Keeps the smallest, each once. */
  private cut(): void {
    const sorted = this.hashes.subarray(0, this.count).sort();
    let kept = 0;
    for (const hash of sorted) {
      if (kept > 0 && this.hashes[kept - 1] === hash) continue;
      if (kept === SKETCH_SIZE) {
        this.bound = this.hashes[kept - 1]!;
        break;
      }
      this.hashes[kept++] = hash;
    }
    this.count = kept;
  }
}

const MAX_HASH = 0xffffffff;
const BASE = 0x01000193;
/** BASE to the power of the length of a shingle: what the byte that leaves the window was multiplied with. */
const LEAVING = Array.from({ length: SHINGLE_BYTES }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** The finalizer of MurmurHash3. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Two samples by their indices. */
export interface SimilarPair {
  readonly input: number;
  readonly output: number;
}

/**
 * Pairs samples whose texts are near-duplicates: each with the one that is most similar to it, if they are that for each
 * other, by at least {@link SIMILARITY_THRESHOLD}, and anything else is clearly less similar to either. Shingles that many
 * samples share (a URL, a prompt) do not count. The same samples always give the same pairs.
 */
export function pairSimilar(inputs: readonly TextSketch[], outputs: readonly TextSketch[]): SimilarPair[] {
  const common = commonShingles([...inputs, ...outputs]);
  const from = inputs.map((sketch) => withoutCommon(sketch, common));
  const to = outputs.map((sketch) => withoutCommon(sketch, common));
  const index = indexOf(from);
  const bestOfOutput = to.map((): Best => ({ index: -1, similarity: 0, next: 0 }));
  const bestOfInput = from.map((): Best => ({ index: -1, similarity: 0, next: 0 }));
  to.forEach((sketch, output) => {
    if (sketch.hashes.length < MIN_SHINGLES) return;
    for (const input of candidates(sketch, index)) {
      const similarity = similarityOf(from[input]!, sketch);
      offer(bestOfOutput[output]!, input, similarity);
      offer(bestOfInput[input]!, output, similarity);
    }
  });
  return bestOfOutput.flatMap((best, output) => {
    const other = bestOfInput[best.index];
    return isClear(best) && other?.index === output && isClear(other) ? [{ input: best.index, output }] : [];
  });
}

/** What is most similar to a sample, and how similar the next one is. */
interface Best {
  index: number;
  similarity: number;
  next: number;
}

function offer(best: Best, index: number, similarity: number): void {
  if (similarity > best.similarity) {
    best.next = best.similarity;
    best.similarity = similarity;
    best.index = index;
  } else if (similarity > best.next) {
    best.next = similarity;
  }
}

function isClear({ similarity, next }: Best): boolean {
  return similarity >= SIMILARITY_THRESHOLD && similarity - next >= MARGIN;
}

/** Counters of shingles: so many that different ones seldom share one. */
const COUNTERS = 1 << 22;

/** Which shingles are in more samples than can be similar by chance: 2 % of all, at least 16. */
function commonShingles(sketches: readonly TextSketch[]): (hash: number) => boolean {
  const counters = new Uint32Array(COUNTERS);
  for (const { hashes } of sketches) for (const hash of hashes) counters[hash % COUNTERS]!++;
  const limit = Math.max(16, sketches.length / 50);
  return (hash) => counters[hash % COUNTERS]! > limit;
}

function withoutCommon({ hashes, bound }: TextSketch, isCommon: (hash: number) => boolean): TextSketch {
  return { hashes: hashes.filter((hash) => !isCommon(hash)), bound };
}

/** The samples, by their shingles with the smallest hashes. */
function indexOf(sketches: readonly TextSketch[]): ReadonlyMap<number, readonly number[]> {
  const index = new Map<number, number[]>();
  sketches.forEach(({ hashes }, sample) => {
    if (hashes.length < MIN_SHINGLES) return;
    for (const hash of hashes.subarray(0, INDEXED)) {
      const sharing = index.get(hash);
      if (sharing) sharing.push(sample);
      else index.set(hash, [sample]);
    }
  });
  return index;
}

function candidates({ hashes }: TextSketch, index: ReadonlyMap<number, readonly number[]>): number[] {
  const shared = new Map<number, number>();
  for (const hash of hashes.subarray(0, INDEXED)) {
    const sharing = index.get(hash) ?? [];
    if (sharing.length > MAX_SHARING) continue;
    for (const sample of sharing) shared.set(sample, (shared.get(sample) ?? 0) + 1);
  }
  return [...shared]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, MAX_CANDIDATES)
    .map(([sample]) => sample);
}

/** The Jaccard index of the shingles, as far as both sketches hold all of them. */
function similarityOf(a: TextSketch, b: TextSketch): number {
  const bound = Math.min(a.bound, b.bound);
  let shared = 0;
  let all = 0;
  let i = 0;
  let j = 0;
  for (;;) {
    const x = a.hashes[i] ?? Infinity;
    const y = b.hashes[j] ?? Infinity;
    const least = Math.min(x, y);
    if (least > bound) break;
    all++;
    if (x === y) shared++;
    if (x === least) i++;
    if (y === least) j++;
  }
  return all === 0 ? 0 : shared / all;
}
