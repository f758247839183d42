/** Files that are made to do harm, or to be misread. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'node:test';
import type { ProvenanceError } from '../../../../../src/core/errors.ts';
import { openParquet } from '../../../../../src/core/table/parquet/parquetFile.ts';
import { crc32 } from '../../../../../src/core/table/parquet/crc32.ts';
import {
  byteArrays,
  columnChunk,
  concat,
  dataPage,
  dictionaryPage,
  element,
  group,
  int32s,
  list,
  oneColumn,
  parquetFile,
  plainColumn,
  rowGroup,
  struct,
  text,
  TYPE,
  varint,
} from './craft.ts';
import { allLines, open, texts } from './support.ts';

async function refused(bytes: Uint8Array, code: ProvenanceError['code'], message: RegExp): Promise<void> {
  await assert.rejects(
    async () => allLines(await open(bytes)),
    (error: ProvenanceError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.match(error.message, /^data\.parquet/, 'it names the file');
      return true;
    },
  );
}

const INT = { type: TYPE.INT32 };
const good = plainColumn(INT, 3, int32s([1, 2, 3]));

describe('the end of a file', () => {
  it('that is no Parquet file', async () => {
    await refused(new Uint8Array(), 'invalid-parquet', /has 0 bytes/);
    await refused(
      new TextEncoder().encode('{"id": 1}\n{"id": 2}\n'),
      'invalid-parquet',
      /does not end with "PAR1"/,
    );
    for (let length = 0; length < good.length; length++) {
      await refused(good.slice(0, length), 'invalid-parquet', /bytes, too few|does not end with/);
    }
  });

  it('that is encrypted', async () => {
    await refused(
      parquetFile(new Uint8Array(), new Uint8Array(20), 'PARE'),
      'unsupported-parquet',
      /footer is encrypted/,
    );
  });

  it('with an absurd length', async () => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(bytes.length - 8, 0xfffffff0, true);
    await refused(bytes, 'invalid-parquet', /4294967280 bytes, and the file has/);
    const source = {
      size: 2 ** 40,
      read: async () => concat(Uint8Array.of(0, 0, 0, 64), new TextEncoder().encode('PAR1')),
    };
    await assert.rejects(openParquet(source, 'data.parquet'), {
      code: 'too-large',
      message: /1073741824 bytes, and 268435456/,
    });
  });
});

describe('metadata', () => {
  it('that nests without end', async () => {
    const deep = new Uint8Array(100_000).fill(0x1c);
    await refused(parquetFile(new Uint8Array(), deep), 'invalid-parquet', /nests deeper/);
    const lists = new Uint8Array(100_000).fill(0x19);
    await refused(parquetFile(new Uint8Array(), lists), 'invalid-parquet', /nests deeper|incomplete|type/);
  });

  it('with lengths and numbers that cannot be', async () => {
    const huge = concat(Uint8Array.of(0x29, 0xfc), varint(2n ** 31n - 1n));
    await refused(parquetFile(new Uint8Array(), huge), 'invalid-parquet', /incomplete/);
    const long = concat(Uint8Array.of(0x36), new Uint8Array(1_000_000).fill(0xff));
    await refused(parquetFile(new Uint8Array(), long), 'invalid-parquet', /absurdly large|too many bytes/);
    await refused(
      parquetFile(new Uint8Array(), { schema: [group('schema', 0)], rows: -1, groups: [rowGroup([], -1)] }),
      'invalid-parquet',
      /-1 rows/,
    );
    await refused(
      parquetFile(new Uint8Array(), { schema: [group('schema', 0)], rows: 7, groups: [rowGroup([], 8)] }),
      'invalid-parquet',
      /7 rows, and its row groups have 8/,
    );
  });

  it('whose schema is no tree', async () => {
    const schema = (...elements: ReturnType<typeof element>[]) =>
      parquetFile(new Uint8Array(), { schema: elements, rows: 0 });
    await refused(schema(group('schema', 1000)), 'invalid-parquet', /1000 members, which are not there/);
    await refused(schema(group('schema', -5), element(INT)), 'invalid-parquet', /-5 members|takes up/);
    await refused(
      schema(group('schema', 0), element(INT)),
      'invalid-parquet',
      /2 elements, and its root takes up 1/,
    );
    await refused(
      schema(...Array.from({ length: 400 }, () => group('g', 1)), element(INT)),
      'unsupported-parquet',
      /nests deeper/,
    );
    await refused(
      schema(group('schema', 1), element({ type: 99 })),
      'unsupported-parquet',
      /unknown type 99/,
    );
    await refused(
      schema(group('schema', 1), element({ type: TYPE.FIXED, typeLength: -1 })),
      'invalid-parquet',
      /values of -1 bytes/,
    );
    await refused(
      schema(group('schema', 1), element({ ...INT, name: Uint8Array.of(0xff) })),
      'invalid-parquet',
      /not UTF-8/,
    );
  });

  it('of 100,000 columns', async () => {
    const names = Array.from({ length: 100_000 }, (_, index) =>
      element({ type: TYPE.INT32, name: `c${index}` }),
    );
    const file = await open(
      parquetFile(new Uint8Array(), { schema: [group('schema', names.length), ...names], rows: 0 }),
    );
    assert.equal(file.columns.length, 100_000);
  });

  it('that puts a column outside of the file, or in another one', async () => {
    const at = (offset: number, length: number, extra: Parameters<typeof columnChunk>[0] | object = {}) =>
      parquetFile(dataPage({ values: 1, bytes: int32s([1]) }), {
        schema: [group('schema', 1), element(INT)],
        rows: 1,
        groups: [rowGroup([columnChunk({ type: 1, offset, length, values: 1, ...extra })], 1)],
      });
    await refused(
      at(10_000, 20),
      'invalid-parquet',
      /column "c" in row group 0 .*20 bytes from byte 10000 on/,
    );
    await refused(at(4, 2 ** 45), 'invalid-parquet', /35184372088832 bytes from byte 4/);
    await refused(at(-4, 20), 'invalid-parquet', /from byte -4/);
    await refused(
      at(4, 20, { type: TYPE.DOUBLE }),
      'invalid-parquet',
      /type DOUBLE, and the schema says INT32/,
    );
    await refused(at(4, 20, { values: 5 }), 'invalid-parquet', /5 values for 1 rows/);
    await refused(at(4, 20, { codec: 3 }), 'unsupported-parquet', /LZO/);
    await refused(at(4, 20, { codec: 77 }), 'unsupported-parquet', /codec number 77/);
    await refused(
      at(4, 20, { crypto: struct({ 1: struct({}) }) }),
      'unsupported-parquet',
      /column "c" .* is encrypted/,
    );
  });
});

describe('pages', () => {
  const page = (...pages: Uint8Array[]) => concat(...pages);

  it('with a wrong checksum', async () => {
    const bytes = int32s([1, 2]);
    const right = oneColumn(INT, 2, dataPage({ values: 2, bytes, crc: crc32(bytes) }));
    assert.deepEqual(await allLines(await open(right)), ['{"c":1}', '{"c":2}']);
    await refused(
      oneColumn(INT, 2, dataPage({ values: 2, bytes, crc: crc32(bytes) ^ 1 })),
      'invalid-parquet',
      /column "c" in row group 0 .* page at byte 4 has the checksum [0-9a-f]{8}, and its header says [0-9a-f]{8}/,
    );
  });

  it('that do not have the rows of the row group', async () => {
    const two = dataPage({ values: 2, bytes: int32s([1, 2]) });
    await refused(oneColumn(INT, 3, two), 'invalid-parquet', /after 2 of 3 values/);
    await refused(oneColumn(INT, 3, page(two, two)), 'invalid-parquet', /more than the 3 values/);
    const repeated = { type: TYPE.INT32, repetition: 2 };
    // Levels: two rows of one value, in a group that says one row of two.
    const level = (...levels: number[]) =>
      concat(int32s([2 * levels.length]), ...levels.map((value) => Uint8Array.of(2, value)));
    const rows = dataPage({ values: 2, bytes: concat(level(0, 0), level(1, 1), int32s([1, 2])) });
    await refused(
      oneColumn(repeated, 2, rows, { rows: 1 }),
      'invalid-parquet',
      /2 rows, and the row group has 1/,
    );
    const middle = dataPage({ values: 2, bytes: concat(level(1, 0), level(1, 1), int32s([1, 2])) });
    await refused(oneColumn(repeated, 2, middle, { rows: 1 }), 'invalid-parquet', /starts in the middle/);
  });

  it('whose levels or indices are out of range', async () => {
    const optional = { type: TYPE.INT32, repetition: 1 };
    const levels = dataPage({ values: 1, bytes: concat(int32s([2]), Uint8Array.of(2, 9), int32s([1])) });
    await refused(oneColumn(optional, 1, levels), 'invalid-parquet', /level 9, and 1 is the highest/);
    const indices = page(
      dictionaryPage(2, int32s([5, 6])),
      dataPage({ values: 1, encoding: 8, bytes: Uint8Array.of(8, 2, 2) }),
    );
    await refused(oneColumn(INT, 1, indices), 'invalid-parquet', /entry 2 of a dictionary of 2/);
    const none = dataPage({ values: 1, encoding: 8, bytes: Uint8Array.of(8, 2, 0) });
    await refused(oneColumn(INT, 1, none), 'invalid-parquet', /dictionary, and there is none/);
    const wide = page(
      dictionaryPage(1, int32s([5])),
      dataPage({ values: 1, encoding: 8, bytes: Uint8Array.of(99, 2, 0) }),
    );
    await refused(oneColumn(INT, 1, wide), 'invalid-parquet', /99 bits/);
  });

  it('that claim absurd sizes and counts', async () => {
    const bytes = int32s([1]);
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, compressedSize: 2 ** 31 - 1 })),
      'invalid-parquet',
      /2147483647 bytes/,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, compressedSize: -5 })),
      'invalid-parquet',
      /-5 bytes/,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, uncompressedSize: 2 ** 31 - 1 })),
      'too-large',
      /2147483647 bytes decompressed, and 268435456/,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, uncompressedSize: 5 })),
      'invalid-parquet',
      /4 bytes says that it has 5/,
    );
    const optional = { type: TYPE.INT32, repetition: 1 };
    const nulls = dataPage({
      values: 2 ** 31 - 1,
      bytes: concat(int32s([6]), varint(2 ** 32 - 2), Uint8Array.of(0)),
    });
    await refused(
      oneColumn(optional, 2 ** 31 - 1, nulls),
      'too-large',
      /2147483647 values, too many for one page/,
    );
    const strings = dataPage({ values: 1, bytes: int32s([2 ** 31 - 1]) });
    await refused(
      oneColumn({ type: TYPE.BYTE_ARRAY }, 1, strings),
      'invalid-parquet',
      /value of 2147483647 bytes and 0 left/,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, encoding: 55 })),
      'unsupported-parquet',
      /encoding number 55/,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes, encoding: 4 })),
      'unsupported-parquet',
      /BIT_PACKED/,
    );
  });

  it('that decompress to more, or less, than they say', async () => {
    const ones = gzipSync(new Uint8Array(5_000_000).fill(1));
    const of = (uncompressedSize: number) =>
      oneColumn(INT, 1, dataPage({ values: 1, bytes: ones, uncompressedSize }), { codec: 2 });
    await refused(of(4), 'invalid-parquet', /gzip stream whose checksum or length is wrong/);
    await refused(of(6_000_000), 'invalid-parquet', /gzip stream whose checksum or length is wrong/);
    // A Snappy literal whose length has its top bit set; a Zstandard block of many sequences that are too long.
    const snappy = Uint8Array.of(4, 0xfc, 0, 0, 0, 0xff, 1, 2, 3, 4);
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes: snappy, uncompressedSize: 4 }), { codec: 1 }),
      'invalid-parquet',
      /Snappy/,
    );
    const block = Uint8Array.of(0x00, 0xff, 0xff, 0xff, 0x54, 0, 0, 52, 0xff, 0xff, 0xff, 0x01);
    const zstd = concat(
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 4),
      Uint8Array.of((block.length << 3) | 5, 0, 0),
      block,
    );
    await refused(
      oneColumn(INT, 1, dataPage({ values: 1, bytes: zstd, uncompressedSize: 4 }), { codec: 6 }),
      'invalid-parquet',
      /Zstandard/,
    );
  });

  it('whose prefixes make much of little', async () => {
    // DELTA_BYTE_ARRAY: 20,000 values that each share 100,000 bytes with the one before.
    const count = 20_000;
    const length = 100_000;
    // Prefix lengths 0, L, L, …: blocks of 8 values; the first block steps up by L once, in a width of 20 bits.
    const header = concat(varint(8), varint(1), varint(count), varint(0));
    const step = concat(varint(0), Uint8Array.of(20), packed([length, 0, 0, 0, 0, 0, 0, 0], 20));
    const flat = concat(varint(0), Uint8Array.of(0));
    const blocks = Math.ceil((count - 1) / 8) - 1;
    const prefixLengths = concat(header, step, ...Array.from({ length: blocks }, () => flat));
    const suffixHeader = concat(varint(8), varint(1), varint(count), varint(2 * length));
    const down = concat(
      varint(2 * length - 1),
      Uint8Array.of(20),
      packed([0, ...Array.from({ length: 7 }, () => length)], 20),
    );
    const suffixLengths = concat(suffixHeader, down, ...Array.from({ length: blocks }, () => flat));
    const bytes = concat(prefixLengths, suffixLengths, new Uint8Array(length).fill(0x61));
    await refused(
      oneColumn({ type: TYPE.BYTE_ARRAY }, count, dataPage({ values: count, encoding: 7, bytes })),
      'too-large',
      /more than 268435456 bytes of values/,
    );
  });

  it('of many columns that together are too large', async () => {
    const columns = Array.from({ length: 40 }, (_, index) =>
      element({ type: TYPE.INT32, repetition: 1, name: `c${index}` }),
    );
    const count = 1_000_000;
    const nulls = dataPage({
      values: count,
      bytes: concat(int32s([4]), varint(2 * count), Uint8Array.of(0)),
    });
    const chunk = columnChunk({ type: 1, offset: 4, length: nulls.length, values: count });
    const bytes = parquetFile(nulls, {
      schema: [group('schema', columns.length), ...columns],
      rows: count,
      groups: [
        rowGroup(
          columns.map(() => chunk),
          count,
        ),
      ],
    });
    const file = await open(bytes, { maxBytes: 12_000_000 });
    await assert.rejects(file.rows(0, 1), {
      code: 'too-large',
      message: /column "c11" .* read together take \d+ bytes, and 12000000 are allowed/,
    });
    assert.equal((await file.rows(0, 1, { members: ['c0', 'c1'] })).length, 1);
  });
});

/** Bit-packs values, the first one into the lowest bits. */
function packed(values: readonly number[], width: number): Uint8Array {
  let bits = 0n;
  for (const [index, value] of values.entries()) bits |= BigInt(value) << BigInt(index * width);
  return Uint8Array.from({ length: Math.ceil((values.length * width) / 8) }, (_, index) =>
    Number((bits >> BigInt(8 * index)) & 255n),
  );
}

describe('what is damaged in one place', () => {
  it('leaves other row groups and columns readable', async () => {
    const right = dataPage({ values: 1, bytes: int32s([7]) });
    const wrong = dataPage({ values: 1, bytes: int32s([7]), crc: 1 });
    const pages = concat(right, wrong);
    const chunk = (bad: boolean) =>
      columnChunk({
        type: 1,
        offset: bad ? 4 + right.length : 4,
        length: bad ? wrong.length : right.length,
        values: 1,
      });
    const file = await open(
      parquetFile(pages, {
        schema: [group('schema', 2), element({ ...INT, name: 'a' }), element({ ...INT, name: 'b' })],
        rows: 3,
        groups: [
          rowGroup([chunk(false), chunk(false)], 1),
          rowGroup([chunk(false), chunk(true)], 1),
          rowGroup([chunk(false), chunk(false)], 1),
        ],
      }),
    );
    assert.deepEqual(file.rowGroups, [
      { first: 0, count: 1 },
      { first: 1, count: 1 },
      { first: 2, count: 1 },
    ]);
    await assert.rejects(allLines(file), { code: 'invalid-parquet', message: /column "b" in row group 1/ });
    assert.deepEqual(await allLines(file, 0, 1), ['{"a":7,"b":7}']);
    assert.deepEqual(texts(await file.rows(2, 3)), ['{"a":7,"b":7}']);
    assert.deepEqual(texts(await file.rows(1, 2, { members: ['a'] })), ['{"a":7}']);
  });

  it('a footer that says a column is encrypted leaves the others readable', async () => {
    const pages = dataPage({ values: 1, bytes: int32s([7]) });
    const chunk = { type: 1, offset: 4, length: pages.length, values: 1 };
    const file = await open(
      parquetFile(pages, {
        schema: [group('schema', 2), element({ ...INT, name: 'a' }), element({ ...INT, name: 'b' })],
        rows: 1,
        groups: [
          rowGroup([columnChunk(chunk), columnChunk({ ...chunk, crypto: struct({ 1: struct({}) }) })], 1),
        ],
        encryption: struct({ 1: struct({ 1: text('x') }) }),
      }),
    );
    assert.deepEqual(texts(await file.rows(0, 1, { members: ['a'] })), ['{"a":7}']);
    await assert.rejects(file.rows(0, 1), { code: 'unsupported-parquet', message: /"b".* encrypted/ });
  });
});

describe('dictionaries', () => {
  it('in the middle of which a column falls back to plain values', async () => {
    const pages = concat(
      dictionaryPage(2, byteArrays([Uint8Array.of(0x61), Uint8Array.of(0x62)])),
      dataPage({ values: 2, encoding: 8, bytes: Uint8Array.of(1, 3, 2) }),
      dataPage({ values: 1, bytes: byteArrays([Uint8Array.of(0x63)]) }),
    );
    const file = await open(oneColumn({ type: TYPE.BYTE_ARRAY, converted: 0 }, 3, pages));
    assert.deepEqual(await allLines(file), ['{"c":"a"}', '{"c":"b"}', '{"c":"c"}']);
    assert.deepEqual(texts(await file.rows(2, 3)), ['{"c":"c"}']);
  });

  it('twice in a column are refused', async () => {
    const pages = concat(
      dictionaryPage(1, int32s([5])),
      dictionaryPage(1, int32s([6])),
      dataPage({ values: 1, encoding: 8, bytes: Uint8Array.of(1, 3, 0) }),
    );
    await refused(oneColumn(INT, 1, pages), 'invalid-parquet', /dictionary in a wrong place/);
  });
});

it('metadata of other keys may hold anything', async () => {
  const metadata = list([
    struct({ 1: text('pandas'), 2: text(Uint8Array.of(0xff, 0xfe)) }),
    struct({ 1: text('x') }),
  ]);
  const file = await open(oneColumn(INT, 1, dataPage({ values: 1, bytes: int32s([1]) }), { metadata }));
  assert.deepEqual(await allLines(file), ['{"c":1}']);
});
