import { damaged, ParquetFailure } from './failure.ts';
import { copyMatch } from './snappy.ts';

/**
 * Decompresses an LZ4 block (lz4_Block_format.md), strictly: the codec LZ4_RAW.
 *
 * @param output is filled exactly
 * @throws ParquetFailure `invalid-parquet`
 */
export function decompressLz4Raw(input: Uint8Array, output: Uint8Array): void {
  let at = 0;
  let out = 0;
  while (at < input.length) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      for (let byte = 255; byte === 255; literals += byte) {
        if (at >= input.length) throw damaged('an LZ4 block ends early');
        byte = input[at++]!;
      }
    }
    if (literals > input.length - at) throw damaged('an LZ4 block ends early');
    if (literals > output.length - out) throw damaged('an LZ4 block holds more than it says');
    if (literals > 32) output.set(input.subarray(at, at + literals), out);
    else for (let index = 0; index < literals; index++) output[out + index] = input[at + index]!;
    at += literals;
    out += literals;
    // The last sequence of a block has literals only.
    if (at === input.length) break;
    if (input.length - at < 2) throw damaged('an LZ4 block ends early');
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let length = token & 15;
    if (length === 15) {
      for (let byte = 255; byte === 255; length += byte) {
        if (at >= input.length) throw damaged('an LZ4 block ends early');
        byte = input[at++]!;
      }
    }
    length += 4;
    copyMatch(output, out, distance, length);
    out += length;
  }
  if (out !== output.length) throw damaged('an LZ4 block ends early');
}

/**
 * The deprecated codec LZ4: blocks in Hadoop's frame (big-endian uncompressed and compressed length before each), or,
 * as some writers understood it, one plain block. Parquet's specification has readers try both.
 *
 * @param output is filled exactly
 * @throws ParquetFailure `invalid-parquet`
 */
export function decompressLz4Hadoop(input: Uint8Array, output: Uint8Array): void {
  try {
    decompressHadoopFrames(input, output);
  } catch (error) {
    if (!(error instanceof ParquetFailure)) throw error;
    decompressLz4Raw(input, output.fill(0));
  }
}

function decompressHadoopFrames(input: Uint8Array, output: Uint8Array): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  let out = 0;
  while (at < input.length) {
    if (input.length - at < 8) throw damaged('an LZ4 frame ends early');
    const uncompressed = view.getUint32(at);
    const compressed = view.getUint32(at + 4);
    at += 8;
    if (compressed > input.length - at || uncompressed > output.length - out) {
      throw damaged('an LZ4 frame is larger than its page');
    }
    decompressLz4Raw(input.subarray(at, at + compressed), output.subarray(out, out + uncompressed));
    at += compressed;
    out += uncompressed;
  }
  if (out !== output.length) throw damaged('an LZ4 frame ends early');
}
