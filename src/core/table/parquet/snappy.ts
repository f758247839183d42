import { damaged } from './failure.ts';

/**
 * Decompresses a raw Snappy block (google/snappy, format_description.txt).
 *
 * (hyparquet's decoder runs for ever on a literal whose length has its top bit set.)
 *
 * @param output is filled exactly
 * @param part `prefix`: the block holds more than `output`, and only its beginning is looked at
 * @throws ParquetFailure `invalid-parquet`
 */
export function decompressSnappy(
  input: Uint8Array,
  output: Uint8Array,
  part: 'whole' | 'prefix' = 'whole',
): void {
  let at = 0;
  let claimed = 0;
  for (let shift = 1; ; shift *= 128) {
    if (at >= input.length || shift > 2 ** 28) throw damaged('a page is no Snappy block');
    const byte = input[at++]!;
    claimed += (byte & 127) * shift;
    if (byte < 128) break;
  }
  const prefix = part === 'prefix';
  if (prefix ? claimed < output.length : claimed !== output.length) {
    throw damaged(`a page of ${output.length} bytes holds a Snappy block of ${claimed}`);
  }
  let out = 0;
  while (at < input.length && !(prefix && out === output.length)) {
    const tag = input[at++]!;
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const width = length - 59;
        if (width > input.length - at) throw damaged('a Snappy block ends early');
        length = 0;
        for (let index = 0; index < width; index++) length += input[at++]! * 256 ** index;
      }
      length++;
      if (prefix) length = Math.min(length, output.length - out);
      if (length > input.length - at) throw damaged('a Snappy block ends early');
      if (length > output.length - out) throw damaged('a Snappy block holds more than it says');
      if (length > 32) output.set(input.subarray(at, at + length), out);
      else for (let index = 0; index < length; index++) output[out + index] = input[at + index]!;
      at += length;
      out += length;
    } else {
      let length: number;
      let distance: number;
      const width = (tag & 3) === 1 ? 1 : (tag & 3) === 2 ? 2 : 4;
      if (width > input.length - at) throw damaged('a Snappy block ends early');
      if (width === 1) {
        length = ((tag >> 2) & 7) + 4;
        distance = ((tag >> 5) << 8) | input[at]!;
      } else {
        length = (tag >> 2) + 1;
        distance = input[at]! | (input[at + 1]! << 8);
        if (width === 4) distance += input[at + 2]! * 2 ** 16 + input[at + 3]! * 2 ** 24;
      }
      at += width;
      if (prefix) length = Math.min(length, output.length - out);
      copyMatch(output, out, distance, length);
      out += length;
    }
  }
  if (out !== output.length) throw damaged('a Snappy block ends early');
}

/**
 * Copies `length` bytes from `distance` bytes before `out` to `out`, one after another: a match may overlap itself.
 * @throws ParquetFailure `invalid-parquet`
 */
export function copyMatch(output: Uint8Array, out: number, distance: number, length: number): void {
  if (distance === 0 || distance > out) throw damaged('a compressed page refers to bytes before its start');
  if (length > output.length - out) throw damaged('a compressed page holds more than it says');
  if (distance >= length && length > 32) {
    output.copyWithin(out, out - distance, out - distance + length);
    return;
  }
  const shift = out - distance;
  for (let index = 0; index < length; index++) output[out + index] = output[shift + index]!;
}
