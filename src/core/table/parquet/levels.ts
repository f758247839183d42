import { damaged } from './failure.ts';

/**
 * Decodes Parquet's hybrid of run-length and bit-packed runs (Encodings.md, "RLE") until `output` is full. Runs may hold
 * more than that, and the last bit-packed run may lack the bytes of values that nobody needs.
 *
 * (hyparquet's decoder writes as many values as a run claims, and is wrong above 24 bits.)
 *
 * @param width bits a value, 0 to 32
 * @throws ParquetFailure `invalid-parquet`
 */
export function decodeHybrid(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  output: Uint8Array | Uint32Array,
): void {
  if (width > 32) throw damaged(`a page has values of ${width} bits, and 32 are allowed`);
  const count = output.length;
  const valueBytes = (width + 7) >> 3;
  let at = start;
  let done = 0;
  while (done < count) {
    let header = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= end || scale > 2 ** 35)
        throw damaged(`a page ends after ${done} of ${count} levels or indices`);
      const byte = bytes[at++]!;
      header += (byte & 127) * scale;
      if (byte < 128) break;
    }
    if (header % 2 === 0) {
      if (valueBytes > end - at) throw damaged(`a page ends after ${done} of ${count} levels or indices`);
      let value = 0;
      for (let index = 0; index < valueBytes; index++) value |= bytes[at + index]! << (index * 8);
      at += valueBytes;
      const run = Math.min(header / 2, count - done);
      output.fill(value >>> 0, done, done + run);
      done += run;
    } else {
      const packed = ((header - 1) / 2) * 8;
      const run = Math.min(packed, count - done);
      if (Math.ceil((run * width) / 8) > end - at) {
        throw damaged(`a page ends after ${done} of ${count} levels or indices`);
      }
      unpackBits(bytes, at, width, output, done, run);
      at += (packed / 8) * width;
      done += run;
    }
  }
}

/** Little-endian bit-packed values: the first one in the lowest bits. The caller has checked that they are there. */
function unpackBits(
  bytes: Uint8Array,
  start: number,
  width: number,
  output: Uint8Array | Uint32Array,
  from: number,
  count: number,
): void {
  const end = from + count;
  if (width === 0) {
    output.fill(0, from, end);
    return;
  }
  if (width === 1) {
    for (let index = 0; index < count; index++) {
      output[from + index] = (bytes[start + (index >> 3)]! >> (index & 7)) & 1;
    }
    return;
  }
  let at = start;
  let held = 0;
  let bits = 0;
  if (width <= 24) {
    const mask = (1 << width) - 1;
    for (let index = from; index < end; index++) {
      while (bits < width) {
        held |= bytes[at++]! << bits;
        bits += 8;
      }
      output[index] = held & mask;
      held >>>= width;
      bits -= width;
    }
    return;
  }
  // Up to 39 bits are held: more than the 32 of integer operations.
  const modulus = 2 ** width;
  for (let index = from; index < end; index++) {
    while (bits < width) {
      held += bytes[at++]! * 2 ** bits;
      bits += 8;
    }
    const value = held % modulus;
    output[index] = value;
    held = (held - value) / modulus;
    bits -= width;
  }
}

/**
 * The deprecated BIT_PACKED encoding of levels (Encodings.md): the first value in the highest bits.
 * @returns bytes that were used
 */
export function decodeBitPackedLevels(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  output: Uint8Array,
): number {
  const length = Math.ceil((output.length * width) / 8);
  if (length > end - start) throw damaged(`a page has ${end - start} bytes for ${output.length} levels`);
  let at = start;
  let held = 0;
  let bits = 0;
  for (let index = 0; index < output.length; index++) {
    while (bits < width) {
      held = ((held << 8) | bytes[at++]!) & 0xffff;
      bits += 8;
    }
    output[index] = (held >> (bits - width)) & ((1 << width) - 1);
    bits -= width;
  }
  return length;
}

/** Bits that hold the values from 0 to `max`. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** @throws ParquetFailure when a level is above what the schema allows */
export function checkLevels(levels: Uint8Array, max: number): void {
  for (let index = 0; index < levels.length; index++) {
    if (levels[index]! > max)
      throw damaged(`a page has the level ${levels[index]}, and ${max} is the highest`);
  }
}

/** How many entries have this level. */
export function countLevel(levels: Uint8Array, level: number, from = 0, to = levels.length): number {
  let count = 0;
  for (let index = from; index < to; index++) if (levels[index] === level) count++;
  return count;
}
