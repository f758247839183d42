import { tooLarge } from './failure.ts';
import type { JsonText } from './jsonText.ts';
import type { Leaf } from './schema.ts';
import { writeDate, writeInt96, writeInterval, writeTime, writeTimestamp } from './times.ts';
import type { FixedValues, PageValues, PlainValues } from './values.ts';
import type { ValueType } from './valueType.ts';

/** Writes the value with this number, counted without nulls. */
export type WriteCell = (out: JsonText, index: number) => void;

/** Turning so many bytes into decimal digits takes time that grows with their square. */
const MAX_DECIMAL_BYTES = 4096;

const QUOTE = 0x22;
const utf8 = new TextEncoder();
const TRUE = utf8.encode('true');
const FALSE = utf8.encode('false');
const BASE64_START = utf8.encode('{"$base64":"');
const BASE64_END = utf8.encode('"}');

/** The function that writes values of a page as JSON, by the projection (docs/formats.md, "Parquet rows"). */
export function cellWriter({ plain, indices }: PageValues, leaf: Leaf, valueType: ValueType): WriteCell {
  const write = plainWriter(plain, leaf, valueType);
  return indices === undefined ? write : (out, index) => write(out, indices[index]!);
}

function plainWriter(values: PlainValues, leaf: Leaf, type: ValueType): WriteCell {
  // Nothing will be asked of a page without values.
  if (values.count === 0) return () => undefined;
  return values.kind === 'fixed' && leaf.physical !== 'FIXED_LEN_BYTE_ARRAY'
    ? numberWriter(values, leaf, type)
    : bytesWriter(values, type);
}

function numberWriter({ view }: FixedValues, leaf: Leaf, type: ValueType): WriteCell {
  switch (type.kind) {
    case 'boolean':
      return (out, index) => out.raw(view.getUint8(index) === 1 ? TRUE : FALSE);
    case 'int32':
      return (out, index) => out.integer(view.getInt32(index * 4, true));
    case 'uint32':
      return (out, index) => out.integer(view.getUint32(index * 4, true));
    case 'int64':
      return (out, index) => out.int64(view.getInt32(index * 8 + 4, true), view.getUint32(index * 8, true));
    case 'uint64':
      return (out, index) => out.uint64(view.getUint32(index * 8 + 4, true), view.getUint32(index * 8, true));
    case 'float':
      return (out, index) => out.double(view.getFloat32(index * 4, true));
    case 'double':
      return (out, index) => out.double(view.getFloat64(index * 8, true));
    case 'int96':
      return (out, index) =>
        writeInt96(
          out,
          view.getInt32(index * 12 + 4, true),
          view.getUint32(index * 12, true),
          view.getInt32(index * 12 + 8, true),
        );
    case 'date':
      return (out, index) => writeDate(out, view.getInt32(index * 4, true));
    case 'time':
      if (leaf.physical === 'INT32') {
        return (out, index) => {
          const value = view.getInt32(index * 4, true);
          writeTime(out, value >> 31, value >>> 0, type.unit, type.utc);
        };
      }
      return (out, index) =>
        writeTime(
          out,
          view.getInt32(index * 8 + 4, true),
          view.getUint32(index * 8, true),
          type.unit,
          type.utc,
        );
    case 'timestamp':
      return (out, index) =>
        writeTimestamp(
          out,
          view.getInt32(index * 8 + 4, true),
          view.getUint32(index * 8, true),
          type.unit,
          type.utc,
        );
    case 'decimal':
      return leaf.physical === 'INT32'
        ? (out, index) => out.decimal(String(view.getInt32(index * 4, true)), type.scale)
        : (out, index) => out.decimal(String(view.getBigInt64(index * 8, true)), type.scale);
    case 'string':
    case 'base64':
    case 'uuid':
    case 'interval':
    case 'float16':
      throw new TypeError(`${leaf.physical} values are not of type ${type.kind}`);
  }
}

/** Values of BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY. */
function bytesWriter(values: PlainValues, type: ValueType): WriteCell {
  const [bytes, start, end] = ranges(values);
  switch (type.kind) {
    case 'string':
      return (out, index) => out.string(bytes, start(index), end(index));
    case 'uuid':
      return (out, index) => writeUuid(out, bytes, start(index));
    case 'float16':
      return (out, index) => out.double(halfToNumber(bytes[start(index)]! | (bytes[start(index) + 1]! << 8)));
    case 'decimal':
      return (out, index) => out.decimal(bigEndianInteger(bytes, start(index), end(index)), type.scale);
    case 'interval':
      return (out, index) => {
        const at = start(index);
        writeInterval(out, uint32(bytes, at), uint32(bytes, at + 4), uint32(bytes, at + 8));
      };
    default:
      return (out, index) => {
        out.raw(BASE64_START);
        out.base64(bytes, start(index), end(index));
        out.raw(BASE64_END);
      };
  }
}

type Place = (index: number) => number;

function ranges(values: PlainValues): [bytes: Uint8Array, start: Place, end: Place] {
  if (values.kind === 'strings') {
    const { bytes, offsets, gap } = values;
    return [bytes, (index) => offsets[index]!, (index) => offsets[index + 1]! - gap];
  }
  const { view, width } = values;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return [bytes, (index) => index * width, (index) => (index + 1) * width];
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function writeUuid(out: JsonText, bytes: Uint8Array, at: number): void {
  out.byte(QUOTE);
  out.hex(bytes, at, at + 4);
  for (const part of [4, 6, 8]) {
    out.byte(0x2d);
    out.hex(bytes, at + part, at + part + 2);
  }
  out.byte(0x2d);
  out.hex(bytes, at + 10, at + 16);
  out.byte(QUOTE);
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Digits of a big-endian integer in two's complement; no bytes are 0. */
function bigEndianInteger(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > MAX_DECIMAL_BYTES) {
    throw tooLarge(`a DECIMAL has ${length} bytes, and ${MAX_DECIMAL_BYTES} are allowed`);
  }
  let value = 0n;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    value = (value << 32n) | BigInt(word);
  }
  for (; at < end; at++) value = (value << 8n) | BigInt(bytes[at]!);
  return String(BigInt.asIntN(length * 8, value));
}
