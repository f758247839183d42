import { damaged } from './failure.ts';

/** Bytes with {@link PADDING} zeros behind them, so that bits near their end can be read four bytes at a time. */
export interface PaddedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const PADDING = 4;

export function padded(input: Uint8Array): PaddedBytes {
  const bytes = new Uint8Array(input.length + PADDING);
  bytes.set(input);
  return { bytes, view: new DataView(bytes.buffer) };
}

/**
 * Reads `count` bits, at most 25, from bit `bit` on; the first one is the lowest.
 * @throws RangeError outside of the view
 */
export function bitsAt(view: DataView, bit: number, count: number): number {
  return (view.getUint32(bit >> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
}

/**
 * Where a stream that is read from its end starts: behind the highest set bit of its last byte (RFC 8878 §4.1).
 * @returns a bit position in `bytes`
 */
export function backwardStart(bytes: Uint8Array, start: number, end: number): number {
  const last = end > start ? bytes[end - 1]! : 0;
  if (last === 0) throw damaged('a Zstandard stream has no end mark');
  return end * 8 - 8 + 31 - Math.clz32(last);
}

/** A decoding table of finite state entropy (RFC 8878 §4.1): for each state its symbol and how to find the next state. */
export interface FseTable {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** The table in which each state gives the same symbol, and takes no bits. */
export function fseOfOneSymbol(symbol: number): FseTable {
  return { accuracy: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Builds a table from the probabilities of the symbols; -1 is "less than 1". */
export function fseTable(probabilities: ArrayLike<number>, accuracy: number): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size - 1;
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    if (probabilities[symbol] === -1) {
      symbols[high--] = symbol;
      next[symbol] = 1;
    } else {
      next[symbol] = probabilities[symbol]!;
    }
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    for (let count = probabilities[symbol]!; count > 0; count--) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at > high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const number = next[symbols[state]!]!++;
    bits[state] = accuracy - (31 - Math.clz32(number));
    bases[state] = (number << bits[state]!) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/**
 * Reads a table's description (RFC 8878 §4.1.1).
 * @returns the table, and where its description ends
 */
export function readFseTable(
  view: DataView,
  start: number,
  end: number,
  maxAccuracy: number,
  maxSymbol: number,
): { table: FseTable; end: number } {
  const accuracy = bitsAt(view, start * 8, 4) + 5;
  if (accuracy > maxAccuracy) throw damaged('a Zstandard table is larger than allowed');
  const probabilities: number[] = [];
  let bit = start * 8 + 4;
  let threshold = 1 << accuracy;
  let width = accuracy + 1;
  let remaining = threshold + 1;
  while (remaining > 1 && probabilities.length <= maxSymbol) {
    if (probabilities.at(-1) === 0) {
      let repeat: number;
      do {
        repeat = bitsAt(view, bit, 2);
        bit += 2;
        for (let index = 0; index < repeat; index++) probabilities.push(0);
      } while (repeat === 3 && probabilities.length <= maxSymbol);
      if (probabilities.length > maxSymbol) break;
    }
    const low = 2 * threshold - 1 - remaining;
    const value = bitsAt(view, bit, width);
    let count = value & (threshold - 1);
    if (count < low) {
      bit += width - 1;
    } else {
      count = value >= threshold ? value - low : value;
      bit += width;
    }
    count--;
    remaining -= Math.abs(count);
    probabilities.push(count);
    while (remaining < threshold && threshold > 1) {
      width--;
      threshold >>= 1;
    }
  }
  const tableEnd = (bit + 7) >> 3;
  if (remaining !== 1 || probabilities.length > maxSymbol + 1 || tableEnd > end) {
    throw damaged('a Zstandard table is not valid');
  }
  return { table: fseTable(probabilities, accuracy), end: tableEnd };
}

/** A decoding table of Huffman codes: for the next `maxBits` bits their first symbol, times 256, and how many bits it takes. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly entries: Uint16Array;
}

const MAX_HUFFMAN_BITS = 11;

/**
 * Reads a Huffman tree's description (RFC 8878 §4.2.1).
 * @returns the table, and where its description ends
 */
export function readHuffmanTable(
  { bytes, view }: PaddedBytes,
  start: number,
  end: number,
): { table: HuffmanTable; end: number } {
  if (start >= end) throw damaged('a Zstandard block ends early');
  const head = bytes[start]!;
  const direct = head >= 128;
  const weightsEnd = start + 1 + (direct ? (head - 126) >> 1 : head);
  if (weightsEnd > end) throw damaged('a Zstandard block ends early');
  const weights: number[] = [];
  if (direct) {
    for (let index = 0; index < head - 127; index++) {
      const byte = bytes[start + 1 + (index >> 1)]!;
      weights.push(index % 2 === 0 ? byte >> 4 : byte & 15);
    }
  } else {
    readFseWeights(bytes, view, start + 1, weightsEnd, weights);
  }
  return { table: huffmanTable(weights), end: weightsEnd };
}

/** Two states take turns. */
function readFseWeights(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  weights: number[],
): void {
  const { table, end: streamStart } = readFseTable(view, start, end, 6, 255);
  let bit = backwardStart(bytes, streamStart, end);
  const first = streamStart * 8;
  const take = (count: number): number => {
    bit -= count;
    if (bit < first) throw damaged('a Zstandard tree ends early');
    return bitsAt(view, bit, count);
  };
  let state = take(table.accuracy);
  let other = take(table.accuracy);
  for (;;) {
    weights.push(table.symbols[state]!);
    if (weights.length > 255) throw damaged('a Zstandard tree has too many symbols');
    const bits = table.bits[state]!;
    if (bit - bits < first) {
      weights.push(table.symbols[other]!);
      return;
    }
    const next = table.bases[state]! + take(bits);
    state = other;
    other = next;
  }
}

/** The last weight is not written: it makes the sum a power of two. */
function huffmanTable(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_BITS) throw damaged('a Zstandard tree has too long codes');
    if (weight > 0) sum += 1 << (weight - 1);
  }
  const maxBits = 32 - Math.clz32(sum);
  const rest = (1 << maxBits) - sum;
  if (sum === 0 || maxBits > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0 || weights.length > 255) {
    throw damaged('a Zstandard tree is not valid');
  }
  weights.push(32 - Math.clz32(rest));
  const entries = new Uint16Array(1 << maxBits);
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue;
      const next = at + (1 << (weight - 1));
      entries.fill((symbol << 8) | (maxBits + 1 - weight), at, next);
      at = next;
    }
  }
  return { maxBits, entries };
}

/** Decodes one stream of Huffman codes, which has to end with the output. */
export function decodeHuffman(
  { bytes, view }: PaddedBytes,
  start: number,
  end: number,
  { maxBits, entries }: HuffmanTable,
  output: Uint8Array,
  outStart: number,
  outEnd: number,
): void {
  const first = start * 8;
  let bit = backwardStart(bytes, start, end);
  let out = outStart;
  for (const safe = first + maxBits; out < outEnd && bit >= safe;) {
    const entry = entries[bitsAt(view, bit - maxBits, maxBits)]!;
    output[out++] = entry >> 8;
    bit -= entry & 255;
  }
  while (out < outEnd && bit > first) {
    // Behind the last bits, zeros are assumed.
    const left = Math.min(maxBits, bit - first);
    const entry = entries[bitsAt(view, bit - left, left) << (maxBits - left)]!;
    output[out++] = entry >> 8;
    bit -= entry & 255;
  }
  if (out !== outEnd || bit !== first) throw damaged('a Zstandard stream is not valid');
}
