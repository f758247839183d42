import { decodeDelta, decodeDeltaByteArray, decodeDeltaLength, type Strings } from './delta.ts';
import { damaged, unsupported } from './failure.ts';
import type { PhysicalType } from './footer.ts';
import { decodeHybrid } from './levels.ts';
import type { Leaf } from './schema.ts';

/** Encodings by their Thrift number (parquet.thrift, Encoding). */
export const ENCODINGS = [
  'PLAIN',
  'GROUP_VAR_INT',
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
] as const;

/** Values of one width, little-endian as in PLAIN encoding; a BOOLEAN takes a byte. */
export interface FixedValues {
  readonly kind: 'fixed';
  readonly view: DataView;
  readonly width: number;
  readonly count: number;
}

/** Byte strings of any length. */
export interface StringValues extends Strings {
  readonly kind: 'strings';
  readonly count: number;
}

export type PlainValues = FixedValues | StringValues;

/** The values of a page, without its nulls. */
export interface PageValues {
  readonly plain: PlainValues;
  /** For each value, its place in `plain`, which then is the column's dictionary. Checked against its size. */
  readonly indices: Uint32Array | undefined;
}

const WIDTHS: Readonly<Record<PhysicalType, number>> = {
  BOOLEAN: 1,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: 0,
  FIXED_LEN_BYTE_ARRAY: 0,
};

/** Bytes of a value; 0 for BYTE_ARRAY. */
export function valueWidth(leaf: Leaf): number {
  return leaf.physical === 'FIXED_LEN_BYTE_ARRAY' ? leaf.typeLength : WIDTHS[leaf.physical];
}

/**
 * Decodes the values of a page: PLAIN ones are left where they are.
 *
 * @param bytes the page, decompressed; its values start at `start`
 * @param count values without nulls
 * @param dictionary of the column chunk, where it has one
 * @param maxBytes what an encoding may make of the page at most
 * @throws ParquetFailure
 */
export function decodeValues(
  encoding: number,
  bytes: Uint8Array,
  start: number,
  count: number,
  leaf: Leaf,
  dictionary: PlainValues | undefined,
  maxBytes: number,
): PageValues {
  const end = bytes.length;
  const name = ENCODINGS[encoding];
  // A page of nulls only may have no bytes at all.
  if (count === 0 && name !== undefined) return { plain: fixed(new Uint8Array(0), 0, 0), indices: undefined };
  switch (name) {
    case 'PLAIN':
      return { plain: decodePlain(bytes, start, count, leaf), indices: undefined };
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      return decodeIndices(bytes, start, count, dictionary);
    case 'RLE': {
      if (leaf.physical !== 'BOOLEAN') throw unsupported(`${leaf.physical} values in the encoding RLE`);
      const values = new Uint8Array(count);
      decodeHybrid(bytes, ...sizedRange(bytes, start), 1, values);
      return { plain: fixed(values, 1, count), indices: undefined };
    }
    case 'DELTA_BINARY_PACKED':
      return { plain: decodeDeltaIntegers(bytes, start, end, count, leaf), indices: undefined };
    case 'DELTA_LENGTH_BYTE_ARRAY':
      requireStrings(leaf, name);
      return { plain: strings(decodeDeltaLength(bytes, start, end, count), count, leaf), indices: undefined };
    case 'DELTA_BYTE_ARRAY':
      requireStrings(leaf, name);
      return {
        plain: strings(decodeDeltaByteArray(bytes, start, end, count, maxBytes), count, leaf),
        indices: undefined,
      };
    case 'BYTE_STREAM_SPLIT':
      return { plain: decodeByteStreamSplit(bytes, start, count, leaf), indices: undefined };
    case 'GROUP_VAR_INT':
    case 'BIT_PACKED':
      throw unsupported(`values in the deprecated encoding ${name}`);
    default:
      throw unsupported(`the encoding number ${encoding} is not known`);
  }
}

function fixed(bytes: Uint8Array, width: number, count: number): FixedValues {
  return {
    kind: 'fixed',
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    width,
    count,
  };
}

function strings(values: Strings, count: number, leaf: Leaf): StringValues {
  if (leaf.physical === 'FIXED_LEN_BYTE_ARRAY') {
    for (let index = 0; index < count; index++) {
      const length = values.offsets[index + 1]! - values.offsets[index]! - values.gap;
      if (length !== leaf.typeLength) {
        throw damaged(`a value has ${length} bytes in a column of ${leaf.typeLength} bytes a value`);
      }
    }
  }
  return { kind: 'strings', ...values, count };
}

function requireStrings({ physical }: Leaf, encoding: string): void {
  if (physical !== 'BYTE_ARRAY' && physical !== 'FIXED_LEN_BYTE_ARRAY') {
    throw unsupported(`${physical} values in the encoding ${encoding}`);
  }
}

/** Data behind its length in four bytes. */
function sizedRange(bytes: Uint8Array, at: number): [start: number, end: number] {
  if (bytes.length - at < 4) throw damaged('a page ends before its values');
  const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  if (length > bytes.length - at - 4) {
    throw damaged(`a page has ${bytes.length - at - 4} bytes, and its values take ${length}`);
  }
  return [at + 4, at + 4 + length];
}

/** PLAIN, in which dictionaries are written too. */
export function decodePlain(bytes: Uint8Array, start: number, count: number, leaf: Leaf): PlainValues {
  const available = bytes.length - start;
  if (leaf.physical === 'BYTE_ARRAY') return decodePlainStrings(bytes, start, count);
  if (leaf.physical === 'BOOLEAN') {
    if (Math.ceil(count / 8) > available)
      throw damaged(`a page has ${available} bytes for ${count} BOOLEAN values`);
    const values = new Uint8Array(count);
    for (let index = 0; index < count; index++)
      values[index] = (bytes[start + (index >> 3)]! >> (index & 7)) & 1;
    return fixed(values, 1, count);
  }
  const width = valueWidth(leaf);
  if (count * width > available) {
    throw damaged(`a page has ${available} bytes for ${count} values of ${width} bytes`);
  }
  return fixed(bytes.subarray(start, start + count * width), width, count);
}

function decodePlainStrings(bytes: Uint8Array, start: number, count: number): StringValues {
  const end = bytes.length;
  // Each value has its length before it.
  if (count * 4 > end - start)
    throw damaged(`a page has ${end - start} bytes for ${count} BYTE_ARRAY values`);
  const offsets = new Uint32Array(count + 1);
  let at = start;
  for (let index = 0; index < count; index++) {
    if (end - at < 4) throw damaged(`a page ends after ${index} of ${count} values`);
    const length =
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    at += 4;
    if (length > end - at) throw damaged(`a page has a value of ${length} bytes and ${end - at} left`);
    offsets[index] = at;
    at += length;
  }
  offsets[count] = at + 4;
  return { kind: 'strings', bytes, offsets, gap: 4, count };
}

function decodeIndices(
  bytes: Uint8Array,
  start: number,
  count: number,
  dictionary: PlainValues | undefined,
): PageValues {
  if (dictionary === undefined) throw damaged('a page refers to a dictionary, and there is none');
  const indices = new Uint32Array(count);
  const width = bytes[start];
  if (width === undefined) throw damaged('a page ends before its values');
  decodeHybrid(bytes, start + 1, bytes.length, width, indices);
  const size = dictionary.count;
  for (let index = 0; index < count; index++) {
    if (indices[index]! >= size) {
      throw damaged(`a page refers to entry ${indices[index]} of a dictionary of ${size}`);
    }
  }
  return { plain: dictionary, indices };
}

function decodeDeltaIntegers(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  leaf: Leaf,
): FixedValues {
  if (leaf.physical !== 'INT32' && leaf.physical !== 'INT64') {
    throw unsupported(`${leaf.physical} values in the encoding DELTA_BINARY_PACKED`);
  }
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  decodeDelta(bytes, start, end, low, high);
  const width = leaf.physical === 'INT32' ? 4 : 8;
  const view = new DataView(new ArrayBuffer(count * width));
  for (let index = 0; index < count; index++) {
    view.setInt32(index * width, low[index]!, true);
    if (width === 8) view.setInt32(index * 8 + 4, high[index]!, true);
  }
  return { kind: 'fixed', view, width, count };
}

/** The first bytes of all values, then the second ones, and so on. */
function decodeByteStreamSplit(bytes: Uint8Array, start: number, count: number, leaf: Leaf): FixedValues {
  const width = valueWidth(leaf);
  if (width === 0 || leaf.physical === 'BOOLEAN') {
    throw unsupported(`${leaf.physical} values in the encoding BYTE_STREAM_SPLIT`);
  }
  if (count * width > bytes.length - start) {
    throw damaged(`a page has ${bytes.length - start} bytes for ${count} values of ${width} bytes`);
  }
  const output = new Uint8Array(count * width);
  for (let part = 0; part < width; part++) {
    const stream = start + part * count;
    for (let index = 0; index < count; index++) output[index * width + part] = bytes[stream + index]!;
  }
  return fixed(output, width, count);
}
