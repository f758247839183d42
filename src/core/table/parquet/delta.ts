import { damaged, tooLarge } from './failure.ts';

/** More miniblocks than any writer makes; each needs a byte for its width. */
const MAX_MINIBLOCKS = 65536;

/**
 * Decodes DELTA_BINARY_PACKED (Encodings.md) as 64-bit integers, in two halves each, so that no BigInt is needed (they
 * are 10 times slower). INT32 pages are read by it too: their arithmetic wraps at 32 bits, which is the low half.
 *
 * @param low, high filled with `low.length` values
 * @returns where the encoded data ends
 * @throws ParquetFailure `invalid-parquet`
 */
export function decodeDelta(
  bytes: Uint8Array,
  start: number,
  end: number,
  low: Int32Array,
  high: Int32Array,
): number {
  const count = low.length;
  const reader = new DeltaReader(bytes, start, end);
  const blockSize = reader.unsigned();
  const miniblocks = reader.unsigned();
  const total = reader.unsigned();
  reader.zigzag64();
  let lo = reader.low;
  let hi = reader.high;
  if (total !== count) throw damaged(`a page with ${count} values has ${total} deltas`);
  if (miniblocks < 1 || miniblocks > MAX_MINIBLOCKS || blockSize < 1 || blockSize % miniblocks !== 0) {
    throw damaged(`a page has delta blocks of ${blockSize} values in ${miniblocks} parts`);
  }
  const perMiniblock = blockSize / miniblocks;
  // The specification wants multiples of 32, and some writers made multiples of 8: the packed bytes have to come out even.
  if (perMiniblock % 8 !== 0)
    throw damaged(`a page has delta blocks of ${blockSize} values in ${miniblocks} parts`);
  if (count === 0) return reader.at;
  low[0] = lo;
  high[0] = hi;
  let done = 1;
  while (done < count) {
    reader.zigzag64();
    const minLow = reader.low;
    const minHigh = reader.high;
    const widths = reader.take(miniblocks);
    for (let miniblock = 0; miniblock < miniblocks && done < count; miniblock++) {
      const width = bytes[widths + miniblock]!;
      if (width > 64) throw damaged(`a page has deltas of ${width} bits, and 64 are allowed`);
      const values = Math.min(perMiniblock, count - done);
      // The last miniblock may lack the bytes of values that are not there.
      const packed = reader.takeUpTo((perMiniblock * width) / 8, Math.ceil((values * width) / 8));
      let bit = packed * 8;
      for (let index = 0; index < values; index++) {
        const deltaLow = bits32(bytes, bit, Math.min(width, 32));
        const deltaHigh = width > 32 ? bits32(bytes, bit + 32, width - 32) : 0;
        bit += width;
        const sumLow = (minLow >>> 0) + deltaLow + (lo >>> 0);
        hi = (minHigh + deltaHigh + hi + Math.floor(sumLow / 2 ** 32)) | 0;
        lo = sumLow | 0;
        low[done] = lo;
        high[done++] = hi;
      }
    }
  }
  return reader.at;
}

/** Reads `width` bits, at most 32, from the given bit on, as an unsigned integer. */
function bits32(bytes: Uint8Array, bit: number, width: number): number {
  if (width === 0) return 0;
  let at = Math.floor(bit / 8);
  const skipped = bit % 8;
  let value = bytes[at]! >> skipped;
  let bits = 8 - skipped;
  let scale = 2 ** bits;
  while (bits < width) {
    value += bytes[++at]! * scale;
    scale *= 256;
    bits += 8;
  }
  return width === 32 ? value % 2 ** 32 : value % 2 ** width;
}

class DeltaReader {
  low = 0;
  high = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly end: number,
  ) {}

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (scale > 2 ** 35) throw damaged('a page has a number of too many bytes');
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** A signed 64-bit integer, into `low` and `high`. */
  zigzag64(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) throw damaged('a page has a number of too many bytes');
      const byte = this.byte();
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >> (32 - shift) : bits << (shift - 32);
      if (byte < 128) break;
    }
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  take(count: number): number {
    return this.takeUpTo(count, count);
  }

  /** Moves on by `count` bytes, or to the end as long as the first `needed` are there. Returns where they start. */
  takeUpTo(count: number, needed: number): number {
    if (needed > this.end - this.at) throw damaged('a page ends within its deltas');
    const start = this.at;
    this.at = Math.min(this.end, start + count);
    return start;
  }

  private byte(): number {
    if (this.at >= this.end) throw damaged('a page ends within its deltas');
    return this.bytes[this.at++]!;
  }
}

/** Byte strings that stand one behind the other: number i is `[offsets[i], offsets[i + 1] - gap)`. */
export interface Strings {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly gap: number;
}

/** Decodes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. */
export function decodeDeltaLength(bytes: Uint8Array, start: number, end: number, count: number): Strings {
  const lengths = new Int32Array(count);
  let at = decodeDelta(bytes, start, end, lengths, new Int32Array(count));
  const offsets = new Uint32Array(count + 1);
  for (let index = 0; index < count; index++) {
    offsets[index] = at;
    const length = lengths[index]!;
    if (length < 0 || length > end - at)
      throw damaged(`a page has a value of ${length} bytes and ${end - at} left`);
    at += length;
  }
  offsets[count] = at;
  return { bytes, offsets, gap: 0 };
}

/**
 * Decodes DELTA_BYTE_ARRAY: each value shares a prefix with the one before.
 * @param maxBytes of the result: some bytes can stand for any number of long values
 */
export function decodeDeltaByteArray(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  maxBytes: number,
): Strings {
  const prefixes = new Int32Array(count);
  const suffixStart = decodeDelta(bytes, start, end, prefixes, new Int32Array(count));
  const suffixes = decodeDeltaLength(bytes, suffixStart, end, count);
  const offsets = new Uint32Array(count + 1);
  let total = 0;
  let previous = 0;
  for (let index = 0; index < count; index++) {
    const prefix = prefixes[index]!;
    if (prefix < 0 || prefix > previous) {
      throw damaged(`a page has a value that shares ${prefix} bytes with one of ${previous}`);
    }
    offsets[index] = total;
    previous = prefix + suffixes.offsets[index + 1]! - suffixes.offsets[index]!;
    total += previous;
    if (total > maxBytes) throw tooLarge(`a page has more than ${maxBytes} bytes of values`);
  }
  offsets[count] = total;
  const output = new Uint8Array(total);
  for (let index = 0; index < count; index++) {
    const at = offsets[index]!;
    const prefix = prefixes[index]!;
    if (prefix > 0) output.copyWithin(at, offsets[index - 1]!, offsets[index - 1]! + prefix);
    output.set(bytes.subarray(suffixes.offsets[index], suffixes.offsets[index + 1]), at + prefix);
  }
  return { bytes: output, offsets, gap: 0 };
}
