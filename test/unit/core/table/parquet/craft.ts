/** Builds Parquet files byte by byte, right or wrong. */

/** A value of the Thrift compact protocol. */
export interface Thrift {
  readonly type: number;
  readonly bytes: Uint8Array;
}

const utf8 = new TextEncoder();

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const zigzag = (value: number) => varint(value >= 0 ? 2n * BigInt(value) : -2n * BigInt(value) - 1n);

export const i32 = (value: number): Thrift => ({ type: 5, bytes: zigzag(value) });
export const i64 = (value: number): Thrift => ({ type: 6, bytes: zigzag(value) });
export const i8 = (value: number): Thrift => ({ type: 3, bytes: Uint8Array.of(value) });
export const bool = (value: boolean): Thrift => ({ type: value ? 1 : 2, bytes: new Uint8Array() });
export const text = (value: string | Uint8Array): Thrift => {
  const bytes = typeof value === 'string' ? utf8.encode(value) : value;
  return { type: 8, bytes: concat(varint(bytes.length), bytes) };
};
export const list = (elements: readonly Thrift[], type = elements[0]?.type ?? 12): Thrift => ({
  type: 9,
  bytes: concat(Uint8Array.of(0xf0 | type), varint(elements.length), ...elements.map(({ bytes }) => bytes)),
});

/** A struct by the ids of its fields; undefined ones are left out. */
export function struct(fields: Readonly<Record<number, Thrift | undefined>>): Thrift {
  const parts: Uint8Array[] = [];
  for (const [id, field] of Object.entries(fields)) {
    if (field !== undefined) parts.push(Uint8Array.of(field.type), zigzag(Number(id)), field.bytes);
  }
  return { type: 12, bytes: concat(...parts, Uint8Array.of(0)) };
}

/** Physical types by number. */
export const TYPE = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED: 7,
} as const;

export interface CraftedColumn {
  readonly name?: string | Uint8Array;
  readonly type: number;
  readonly typeLength?: number;
  readonly repetition?: number;
  readonly converted?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly logical?: Thrift;
}

export const element = (column: CraftedColumn): Thrift =>
  struct({
    1: i32(column.type),
    2: column.typeLength === undefined ? undefined : i32(column.typeLength),
    3: i32(column.repetition ?? 0),
    4: text(column.name ?? 'c'),
    6: column.converted === undefined ? undefined : i32(column.converted),
    7: column.scale === undefined ? undefined : i32(column.scale),
    8: column.precision === undefined ? undefined : i32(column.precision),
    10: column.logical,
  });

export const group = (
  name: string,
  childCount: number,
  options: { repetition?: number; converted?: number } = {},
): Thrift =>
  struct({
    3: options.repetition === undefined ? undefined : i32(options.repetition),
    4: text(name),
    5: i32(childCount),
    6: options.converted === undefined ? undefined : i32(options.converted),
  });

export interface CraftedChunk {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly values: number;
  readonly codec?: number;
  readonly crypto?: Thrift;
  readonly dictionaryOffset?: number;
}

export const columnChunk = (chunk: CraftedChunk): Thrift =>
  struct({
    2: i64(chunk.offset),
    3: struct({
      1: i32(chunk.type),
      2: list([i32(0)]),
      3: list([text('c')]),
      4: i32(chunk.codec ?? 0),
      5: i64(chunk.values),
      6: i64(chunk.length),
      7: i64(chunk.length),
      9: i64(chunk.offset),
      11: chunk.dictionaryOffset === undefined ? undefined : i64(chunk.dictionaryOffset),
    }),
    8: chunk.crypto,
  });

export const rowGroup = (columns: readonly Thrift[], rows: number): Thrift =>
  struct({ 1: list(columns), 2: i64(0), 3: i64(rows) });

export interface CraftedFooter {
  readonly schema: readonly Thrift[];
  readonly rows: number;
  readonly groups?: readonly Thrift[];
  readonly metadata?: Thrift;
  readonly encryption?: Thrift;
}

/** A file of these bytes behind "PAR1", and this footer. */
export function parquetFile(
  pages: Uint8Array,
  footer: CraftedFooter | Uint8Array,
  magic = 'PAR1',
): Uint8Array {
  const bytes =
    footer instanceof Uint8Array
      ? footer
      : struct({
          1: i32(1),
          2: list(footer.schema),
          3: i64(footer.rows),
          4: list(footer.groups ?? []),
          5: footer.metadata,
          8: footer.encryption,
        }).bytes;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return concat(utf8.encode('PAR1'), pages, bytes, length, utf8.encode(magic));
}

export interface CraftedPage {
  readonly values: number;
  readonly bytes: Uint8Array;
  readonly encoding?: number;
  readonly uncompressedSize?: number;
  readonly compressedSize?: number;
  readonly crc?: number;
}

/** A version 1 data page with its header. */
export function dataPage(page: CraftedPage): Uint8Array {
  const header = struct({
    1: i32(0),
    2: i32(page.uncompressedSize ?? page.bytes.length),
    3: i32(page.compressedSize ?? page.bytes.length),
    4: page.crc === undefined ? undefined : i32(page.crc | 0),
    5: struct({ 1: i32(page.values), 2: i32(page.encoding ?? 0), 3: i32(3), 4: i32(3) }),
  });
  return concat(header.bytes, page.bytes);
}

export function dictionaryPage(values: number, bytes: Uint8Array): Uint8Array {
  const header = struct({
    1: i32(2),
    2: i32(bytes.length),
    3: i32(bytes.length),
    7: struct({ 1: i32(values), 2: i32(0) }),
  });
  return concat(header.bytes, bytes);
}

/** A file of one column in one row group. `rows` are values unless told. */
export function oneColumn(
  column: CraftedColumn,
  values: number,
  pages: Uint8Array,
  options: { codec?: number; rows?: number; metadata?: Thrift } = {},
): Uint8Array {
  const rows = options.rows ?? values;
  return parquetFile(pages, {
    schema: [group('schema', 1), element(column)],
    rows,
    groups: [
      rowGroup(
        [
          columnChunk({
            type: column.type,
            offset: 4,
            length: pages.length,
            values,
            ...(options.codec === undefined ? {} : { codec: options.codec }),
          }),
        ],
        rows,
      ),
    ],
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
  });
}

/** A required column with values in PLAIN encoding. */
export function plainColumn(column: CraftedColumn, values: number, bytes: Uint8Array): Uint8Array {
  return oneColumn(column, values, dataPage({ values, bytes }));
}

/** PLAIN encoding of byte arrays: each behind its length. */
export function byteArrays(values: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...values.map((value) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, value.length, true);
      return concat(length, value);
    }),
  );
}

export function int64s(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values).buffer);
}

export function int32s(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
