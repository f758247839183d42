/** The projection of single values (docs/formats.md, "Parquet rows"), on files made byte by byte. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CanonicalScanner } from '../../../../../src/core/sample/canonicalJson.ts';
import {
  bool,
  byteArrays,
  concat,
  element,
  group,
  i32,
  i8,
  int32s,
  int64s,
  list,
  oneColumn,
  dataPage,
  parquetFile,
  plainColumn,
  struct,
  text,
  TYPE,
  type CraftedColumn,
  type Thrift,
} from './craft.ts';
import { allLines, open } from './support.ts';

const utf8 = new TextEncoder();
const empty = struct({});
const unit = (id: number) => struct({ [id]: empty });
const time = (id: number, utc: boolean) => struct({ 7: struct({ 1: bool(utc), 2: unit(id) }) });
const timestamp = (id: number, utc: boolean) => struct({ 8: struct({ 1: bool(utc), 2: unit(id) }) });
const logical = (id: number) => struct({ [id]: empty });

/** The JSON of each value of a column "c". */
async function values(column: CraftedColumn, count: number, bytes: Uint8Array): Promise<string[]> {
  const lines = await allLines(await open(plainColumn(column, count, bytes)));
  return lines.map((line) => /^\{"c":(.*)\}$/.exec(line)![1]!);
}

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);

describe('integers', () => {
  it('INT64 and UINT64 are exact', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(int64, fc.bigInt(-(10n ** 10n), 10n ** 10n)), { minLength: 1 }),
        async (numbers) => {
          const bytes = int64s(numbers);
          assert.deepEqual(await values({ type: TYPE.INT64 }, numbers.length, bytes), numbers.map(String));
          assert.deepEqual(
            await values({ type: TYPE.INT64, converted: 14 }, numbers.length, bytes),
            numbers.map((number) => String(BigInt.asUintN(64, number))),
          );
        },
      ),
      { numRuns: 60 },
    );
    const limits = [0n, -1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
    assert.deepEqual(await values({ type: TYPE.INT64 }, limits.length, int64s(limits)), limits.map(String));
  });

  it('INT32 and UINT32 are exact', async () => {
    const numbers = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 999_999_999, 1_000_000_000];
    assert.deepEqual(
      await values({ type: TYPE.INT32 }, numbers.length, int32s(numbers)),
      numbers.map(String),
    );
    const unsigned = struct({ 10: struct({ 1: i8(32), 2: bool(false) }) });
    assert.deepEqual(
      await values({ type: TYPE.INT32, logical: unsigned }, numbers.length, int32s(numbers)),
      numbers.map((number) => String(number >>> 0)),
    );
  });
});

describe('floating point', () => {
  it('DOUBLE is written as ECMAScript does, with the sign of zero', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        async (numbers) => {
          const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
          const texts = await values({ type: TYPE.DOUBLE }, numbers.length, bytes);
          for (const [index, number] of numbers.entries())
            assert.ok(Object.is(JSON.parse(texts[index]!), number));
          for (const [index, number] of numbers.entries()) {
            if (number !== 0) assert.equal(texts[index], JSON.stringify(number));
          }
        },
      ),
    );
  });

  it('what JSON has no number for is a string', async () => {
    const numbers = [NaN, Infinity, -Infinity];
    const texts = ['"NaN"', '"Infinity"', '"-Infinity"'];
    assert.deepEqual(
      await values({ type: TYPE.DOUBLE }, 3, new Uint8Array(Float64Array.from(numbers).buffer)),
      texts,
    );
    assert.deepEqual(
      await values({ type: TYPE.FLOAT }, 3, new Uint8Array(Float32Array.from(numbers).buffer)),
      texts,
    );
    const half = Uint8Array.of(0, 0x7e, 0, 0x7c, 0, 0xfc, 1, 0, 0xff, 0x7b, 0, 0x80);
    assert.deepEqual(await values({ type: TYPE.FIXED, typeLength: 2, logical: logical(15) }, 6, half), [
      ...texts,
      String(2 ** -24),
      '65504',
      '-0',
    ]);
  });

  it('FLOAT is its value as a double', async () => {
    const texts = await values({ type: TYPE.FLOAT }, 1, new Uint8Array(Float32Array.of(0.1).buffer));
    assert.deepEqual(texts, ['0.10000000149011612']);
  });
});

describe('DECIMAL', () => {
  const decimal = (scale: number) => ({ converted: 5, scale, precision: 38 });
  const exact = (value: bigint, scale: number) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    const at = digits.length - scale;
    return `"${value < 0n ? '-' : ''}${digits.slice(0, at)}${scale > 0 ? `.${digits.slice(at)}` : ''}"`;
  };

  it('has all digits of its scale, in every physical type', async () => {
    await fc.assert(
      fc.asyncProperty(int64, fc.integer({ min: 0, max: 30 }), async (value, scale) => {
        const expected = [exact(value, scale)];
        const little = int64s([value]);
        const big = little.slice().reverse();
        const wide = concat(new Uint8Array(9).fill(value < 0n ? 255 : 0), big);
        assert.deepEqual(await values({ type: TYPE.INT64, ...decimal(scale) }, 1, little), expected);
        assert.deepEqual(
          await values({ type: TYPE.FIXED, typeLength: 8, ...decimal(scale) }, 1, big),
          expected,
        );
        assert.deepEqual(
          await values({ type: TYPE.FIXED, typeLength: 17, ...decimal(scale) }, 1, wide),
          expected,
        );
        assert.deepEqual(
          await values({ type: TYPE.BYTE_ARRAY, ...decimal(scale) }, 1, byteArrays([wide])),
          expected,
        );
      }),
      { numRuns: 50 },
    );
    assert.deepEqual(await values({ type: TYPE.INT32, ...decimal(2) }, 3, int32s([-5, 0, 12_345])), [
      '"-0.05"',
      '"0.00"',
      '"123.45"',
    ]);
    assert.deepEqual(
      await values({ type: TYPE.BYTE_ARRAY, ...decimal(1) }, 1, byteArrays([new Uint8Array()])),
      ['"0.0"'],
    );
  });
});

describe('dates and times', () => {
  const iso = (millis: number) => new Date(millis).toISOString();

  it('TIMESTAMP has the digits of its unit, and Z when it is UTC', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -8.64e15, max: 8.64e15 }), async (millis) => {
        const bytes = int64s([BigInt(millis)]);
        assert.deepEqual(await values({ type: TYPE.INT64, logical: timestamp(1, true) }, 1, bytes), [
          `"${iso(millis)}"`,
        ]);
      }),
    );
    await fc.assert(
      fc.asyncProperty(int64, async (micros) => {
        const million = 1_000_000n;
        const fraction = ((micros % million) + million) % million;
        const seconds = (micros - fraction) / million;
        // The years of 64-bit microseconds are beyond Date; those within it are compared.
        fc.pre(seconds > -8_640_000_000_000n && seconds < 8_640_000_000_000n);
        const expected = `"${iso(Number(seconds) * 1000).slice(0, -5)}.${String(fraction).padStart(6, '0')}"`;
        assert.deepEqual(
          await values({ type: TYPE.INT64, logical: timestamp(2, false) }, 1, int64s([micros])),
          [expected],
        );
      }),
    );
    await fc.assert(
      fc.asyncProperty(int64, async (nanos) => {
        const billion = 1_000_000_000n;
        const fraction = ((nanos % billion) + billion) % billion;
        const seconds = (nanos - fraction) / billion;
        const expected = `"${iso(Number(seconds) * 1000).slice(0, -5)}.${String(fraction).padStart(9, '0')}Z"`;
        assert.deepEqual(
          await values({ type: TYPE.INT64, logical: timestamp(3, true) }, 1, int64s([nanos])),
          [expected],
        );
      }),
    );
  });

  it('the older annotations are UTC', async () => {
    assert.deepEqual(await values({ type: TYPE.INT64, converted: 9 }, 1, int64s([0n])), [
      '"1970-01-01T00:00:00.000Z"',
    ]);
    assert.deepEqual(await values({ type: TYPE.INT64, converted: 10 }, 1, int64s([-1n])), [
      '"1969-12-31T23:59:59.999999Z"',
    ]);
  });

  it('years outside of 0000 to 9999 are expanded', async () => {
    const extremes = [2n ** 63n - 1n, -(2n ** 63n)];
    assert.deepEqual(await values({ type: TYPE.INT64, logical: timestamp(1, true) }, 2, int64s(extremes)), [
      '"+292278994-08-17T07:12:55.807Z"',
      '"-292275055-05-16T16:47:04.192Z"',
    ]);
    const days = [2_932_896, 2_932_897, -719_528, -719_529, 2 ** 31 - 1, -(2 ** 31)];
    assert.deepEqual(await values({ type: TYPE.INT32, converted: 6 }, days.length, int32s(days)), [
      '"9999-12-31"',
      '"+010000-01-01"',
      '"0000-01-01"',
      '"-000001-12-31"',
      '"+5881580-07-11"',
      '"-5877641-06-23"',
    ]);
  });

  it('TIME has the digits of its unit, also outside of a day', async () => {
    assert.deepEqual(
      await values({ type: TYPE.INT32, logical: time(1, true) }, 4, int32s([0, 86_399_999, 90_000_000, -1])),
      ['"00:00:00.000Z"', '"23:59:59.999Z"', '"25:00:00.000Z"', '"-00:00:00.001Z"'],
    );
    assert.deepEqual(
      await values({ type: TYPE.INT64, logical: time(2, false) }, 1, int64s([3_600_000_001n])),
      ['"01:00:00.000001"'],
    );
    assert.deepEqual(
      await values({ type: TYPE.INT64, logical: time(3, false) }, 1, int64s([60_000_000_009n])),
      ['"00:01:00.000000009"'],
    );
  });

  it('INT96 has nanoseconds and no zone', async () => {
    const bytes = concat(int64s([86_399_999_999_999n]), int32s([2_440_588]));
    assert.deepEqual(await values({ type: TYPE.INT96 }, 1, bytes), ['"1970-01-01T23:59:59.999999999"']);
  });

  it('INTERVAL is a duration of months, days and milliseconds', async () => {
    const bytes = int32s([14, -1, 4500]);
    assert.deepEqual(await values({ type: TYPE.FIXED, typeLength: 12, converted: 21 }, 1, bytes), [
      '"P14M4294967295DT4.500S"',
    ]);
  });
});

describe('bytes', () => {
  it('STRING, ENUM and JSON are strings, escaped as JSON.stringify does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), async (strings) => {
        const bytes = byteArrays(strings.map((string) => utf8.encode(string)));
        const expected = strings.map((string) => JSON.stringify(string));
        for (const annotation of [
          { converted: 0 },
          { converted: 4 },
          { converted: 19 },
          { logical: logical(1) },
        ]) {
          assert.deepEqual(
            await values({ type: TYPE.BYTE_ARRAY, ...annotation }, strings.length, bytes),
            expected,
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('without annotation they are base64', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array(), { minLength: 1 }), async (arrays) => {
        const expected = arrays.map((bytes) => `{"$base64":"${Buffer.from(bytes).toString('base64')}"}`);
        assert.deepEqual(
          await values({ type: TYPE.BYTE_ARRAY }, arrays.length, byteArrays(arrays)),
          expected,
        );
        assert.deepEqual(
          await values({ type: TYPE.BYTE_ARRAY, converted: 20 }, arrays.length, byteArrays(arrays)),
          expected,
          'BSON',
        );
      }),
      { numRuns: 50 },
    );
  });

  it('UUID is in its usual form', async () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
    assert.deepEqual(await values({ type: TYPE.FIXED, typeLength: 16, logical: logical(14) }, 1, bytes), [
      '"00112233-4455-6677-8899-aabbccddeeff"',
    ]);
  });

  it('invalid UTF-8 in a STRING goes through as it is, so that the row is malformed', async () => {
    const bytes = Uint8Array.of(0x61, 0xff, 0x22, 0xc3);
    const file = await open(plainColumn({ type: TYPE.BYTE_ARRAY, converted: 0 }, 1, byteArrays([bytes])));
    const [row] = await file.rows(0, 1);
    assert.deepEqual(
      row!.bytes,
      concat(
        utf8.encode('{"c":"a'),
        Uint8Array.of(0xff),
        utf8.encode('\\"'),
        Uint8Array.of(0xc3),
        utf8.encode('"}'),
      ),
    );
    assert.equal(new CanonicalScanner().scan(row!.bytes)?.code, 'invalid-utf8');
  });

  it('are text where the Arrow schema of the writer says so', async () => {
    const page = dataPage({ values: 1, bytes: byteArrays([utf8.encode('é')]) });
    const column = { type: TYPE.BYTE_ARRAY };
    const metadata = (value: string) => list([struct({ 1: text('ARROW:schema'), 2: text(value) })]);
    const lineWith = async (value: string) =>
      (await allLines(await open(oneColumn(column, 1, page, { metadata: metadata(value) }))))[0];
    assert.equal(await lineWith(arrowSchema('c', 5)), '{"c":"é"}');
    assert.equal(await lineWith(arrowSchema('c', 20)), '{"c":"é"}');
    assert.equal(await lineWith(arrowSchema('c', 24)), '{"c":"é"}');
    assert.equal(await lineWith(arrowSchema('c', 4)), '{"c":{"$base64":"w6k="}}', 'Binary');
    assert.equal(await lineWith(arrowSchema('d', 5)), '{"c":{"$base64":"w6k="}}', 'another column');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const line = await lineWith(Buffer.from(bytes).toString('base64'));
        assert.ok(line === '{"c":{"$base64":"w6k="}}' || line === '{"c":"é"}');
      }),
    );
  });
});

/** A schema message of one field, as flatbuffers lay it out; in base64. */
function arrowSchema(name: string, type: number): string {
  const view = new DataView(new ArrayBuffer(128));
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const u16 = (at: number, ...numbers: number[]) =>
    numbers.forEach((number, index) => view.setUint16(at + 2 * index, number, true));
  u32(0, 0xffffffff);
  u32(4, 120);
  u32(8, 24 - 8);
  u16(12, 10, 12, 0, 4, 8); // Message: type at 4, header at 8
  u32(24, 12);
  view.setUint8(28, 1);
  u32(32, 48 - 32);
  u16(40, 8, 8, 0, 4); // Schema: fields at 4
  u32(48, 8);
  u32(52, 56 - 52);
  u32(56, 1);
  u32(60, 80 - 60);
  u16(64, 10, 12, 4, 0, 8); // Field: name at 4, type at 8
  u32(80, 16);
  u32(84, 100 - 84);
  view.setUint8(88, type);
  u32(100, name.length);
  view.setUint8(104, name.charCodeAt(0));
  return Buffer.from(view.buffer).toString('base64');
}

describe('what the annotation does not fit, or is not known', () => {
  it('is the physical value', async () => {
    assert.deepEqual(
      await values({ type: TYPE.INT32, converted: 0 }, 1, int32s([7])),
      ['7'],
      'STRING on INT32',
    );
    assert.deepEqual(
      await values({ type: TYPE.INT64, logical: logical(14) }, 1, int64s([7n])),
      ['7'],
      'UUID on INT64',
    );
    assert.deepEqual(await values({ type: TYPE.INT32, logical: struct({ 999: empty }) }, 1, int32s([7])), [
      '7',
    ]);
    assert.deepEqual(
      await values({ type: TYPE.BYTE_ARRAY, logical: logical(17) }, 1, byteArrays([Uint8Array.of(1)])),
      ['{"$base64":"AQ=="}'],
      'GEOMETRY',
    );
  });
});

describe('objects', () => {
  it('of a file without columns are empty', async () => {
    const file = await open(
      parquetFile(new Uint8Array(), {
        schema: [group('schema', 0)],
        rows: 3,
        groups: [struct({ 1: list([]), 3: i64of(3) })],
      }),
    );
    assert.deepEqual(await allLines(file), ['{}', '{}', '{}']);
  });

  it('of a group without members are empty', async () => {
    const file = await open(
      parquetFile(new Uint8Array(), {
        schema: [group('schema', 1), group('nothing', 0, { repetition: 0 })],
        rows: 1,
        groups: [struct({ 1: list([]), 3: i64of(1) })],
      }),
    );
    assert.deepEqual(await allLines(file), ['{"nothing":{}}']);
  });

  it('have their names escaped, and in pointers by RFC 6901', async () => {
    const file = await open(plainColumn({ name: 'a/~"\n', type: TYPE.INT32 }, 1, int32s([1])));
    assert.deepEqual(await allLines(file), ['{"a/~\\"\\n":1}']);
    assert.equal(file.columns[0]!.pointer, '/a~1~0"\n');
  });

  it('cannot have a member twice', async () => {
    const twice = parquetFile(new Uint8Array(), {
      schema: [group('schema', 2), element({ type: 1 }), element({ type: 1 })],
      rows: 0,
    });
    await assert.rejects(open(twice), { code: 'unsupported-parquet', message: /has "c" twice/ });
  });
});

function i64of(value: number): Thrift {
  return { ...i32(value), type: 6 };
}
