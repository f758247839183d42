/** Files that DuckDB writes, of every type that it writes, read back: all rows, ranges, the last one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ByteSource } from '../../../../../src/core/bytes/byteSource.ts';
import { openParquet } from '../../../../../src/core/table/parquet/parquetFile.ts';
import {
  allLines,
  assertEqualToDuckdb,
  duckdb,
  openFile,
  parseExactly,
  texts,
} from '../../../../unit/core/table/parquet/support.ts';

/** `r` is a random number from 0 to 1 that depends on the row and the column. */
const SCALARS: Readonly<Record<string, string>> = {
  flag: 'r < 0.5',
  tiny: '(r * 255 - 128)::TINYINT',
  small: '(r * 65535 - 32768)::SMALLINT',
  int: '(r * 4294967295 - 2147483648)::INTEGER',
  big: '(hash(i) >> 1)::BIGINT * (CASE WHEN r < 0.5 THEN 1 ELSE -1 END)',
  utiny: '(r * 255)::UTINYINT',
  uint: '(r * 4294967295)::UINTEGER',
  ubig: 'hash(i)::UBIGINT',
  huge: '(r * 1e30)::HUGEINT',
  float: "CASE WHEN r < 0.1 THEN 'NaN'::FLOAT WHEN r < 0.2 THEN '-inf'::FLOAT ELSE (r - 0.5)::FLOAT END",
  double:
    "CASE WHEN r < 0.1 THEN 'nan'::DOUBLE WHEN r < 0.2 THEN 'inf'::DOUBLE WHEN r < 0.3 THEN -0.0 ELSE r * 1e9 END",
  price: '(r * 99999999 - 5e7)::DECIMAL(10, 2)',
  wide: '(r * 1e25 - 5e24)::DECIMAL(38, 10)',
  money: '(r * 99 - 50)::DECIMAL(4, 2)',
  text: "CASE WHEN r < 0.2 THEN '' WHEN r < 0.4 THEN 'ünï ⚑ \"quoted\" \\ ' || chr(10) || i ELSE repeat('x', (r * 40)::INTEGER) END",
  blob: "encode('blob ' || i || chr(233))",
  colour: "['red', 'green', 'blue'][1 + i % 3]::colours",
  uid: 'uuid()',
  day: "DATE '1582-01-01' + (r * 300000)::INTEGER",
  clock: "TIME '00:00:00' + to_microseconds((r * 86399999999)::BIGINT)",
  ts: "TIMESTAMP '1900-01-01' + to_microseconds((r * 6e15)::BIGINT)",
  tstz: "(TIMESTAMP '1900-01-01' + to_microseconds((r * 6e15)::BIGINT))::TIMESTAMPTZ",
  tsns: 'make_timestamp_ns((r * 4e18 - 2e18)::BIGINT)',
  tsms: "(TIMESTAMP '1960-01-01' + to_milliseconds((r * 4e12)::BIGINT))::TIMESTAMP_MS",
  span: 'to_months((r * 100)::INTEGER) + to_days((r * 50)::INTEGER) + to_milliseconds((r * 1e6)::INTEGER)',
  json: "('{\"n\": ' || i || '}')::JSON",
  numbers: '[i, NULL, -i]::BIGINT[]',
  none: '[]::VARCHAR[]',
  words: "CASE WHEN r < 0.3 THEN [] ELSE ['a', NULL, repeat('b', i % 5)] END",
  pair: "{'left': i, 'right': CASE WHEN r < 0.5 THEN NULL ELSE 'r' || i END}",
  turns:
    "[{'role': 'user', 'tags': MAP {'k' || i: [1, NULL]}}, NULL, {'role': NULL, 'tags': NULL}, {'role': 'x', 'tags': MAP {}}]",
  deep: '[[[i], []], NULL, [NULL, [NULL]]]',
  dict: "MAP {'one': {'a': i}, 'two': NULL}",
};

describe('files that DuckDB writes', () => {
  let duck: Awaited<ReturnType<typeof duckdb>>;
  before(async () => {
    duck = await duckdb();
    await duck.db.run("CREATE TYPE colours AS ENUM ('red', 'green', 'blue')");
    const columns = Object.entries(SCALARS).map(
      ([name, sql], index) =>
        `CASE WHEN hash(i + ${index}) % 7 = 0 THEN NULL ELSE ${sql.replaceAll(/\br\b(?!')/g, `((hash(i * 31 + ${index}) % 1000003) / 1000003.0)`)} END AS ${name}`,
    );
    await duck.db.run(`CREATE TABLE samples AS SELECT i AS id, ${columns.join(', ')} FROM range(4100) t(i)`);
  });
  after(() => duck.close());

  const write = async (name: string, options: string, query = 'samples') => {
    const path = join(duck.folder, name);
    await duck.db.run(`COPY ${query} TO '${path}' (FORMAT parquet, ${options})`);
    return path;
  };

  for (const [codec, options] of [
    ['uncompressed', 'ROW_GROUP_SIZE 2048'],
    ['snappy', 'ROW_GROUP_SIZE 100000'],
    ['gzip', 'ROW_GROUP_SIZE 2048'],
    ['zstd', 'ROW_GROUP_SIZE 100000, PARQUET_VERSION V2'],
    ['lz4_raw', 'ROW_GROUP_SIZE 2048, PARQUET_VERSION V2'],
    ['brotli', 'ROW_GROUP_SIZE 100000'],
  ] as const) {
    it(`all types, ${codec}`, async () => {
      const path = await write(`${codec}.parquet`, `COMPRESSION ${codec}, ${options}`);
      assert.equal(await assertEqualToDuckdb(duck.db, path), 4100);
    });
  }

  it('levels of compression of Zstandard', async () => {
    for (const level of [1, 9, 19]) {
      const path = await write(`level${level}.parquet`, `COMPRESSION zstd, COMPRESSION_LEVEL ${level}`);
      await assertEqualToDuckdb(duck.db, path);
    }
  });

  it('the digits of a fraction are those of the column', async () => {
    const lines = await allLines(
      await openFile(
        await write(
          'times.parquet',
          'COMPRESSION snappy',
          "(SELECT TIMESTAMP '2024-05-06 07:08:09' AS us, TIMESTAMP_MS '2024-05-06 07:08:09' AS ms, TIMESTAMP_NS '2024-05-06 07:08:09' AS ns, TIMESTAMPTZ '2024-05-06 07:08:09+00' AS tz, TIME '07:08:09' AS t)",
        ),
      ),
    );
    const row = parseExactly(lines[0]!) as Record<string, string>;
    const date = '2024-05-06T07:08:09';
    assert.equal(row['us'], `${date}.000000`);
    assert.equal(row['ns'], `${date}.000000000`);
    assert.equal(row['tz'], `${date}.000000Z`);
    assert.equal(row['t'], '07:08:09.000000');
    assert.match(row['ms']!, /^2024-05-06T07:08:09\.000(000)?$/);
  });

  it('columns say their types and members', async () => {
    const file = await openFile(await write('columns.parquet', 'COMPRESSION snappy'));
    const types = Object.fromEntries(file.columns.map(({ name, type }) => [name, type]));
    assert.equal(types['id'], 'INT64');
    assert.equal(types['price'], 'DECIMAL(10,2)');
    assert.equal(types['text'], 'STRING');
    assert.equal(types['tstz'], 'TIMESTAMP(MICROS,UTC)');
    assert.equal(types['uid'], 'UUID');
    assert.equal(types['words'], 'LIST<STRING>');
    assert.equal(types['dict'], 'MAP<STRING,STRUCT>');
    const pair = file.columns.find(({ name }) => name === 'pair')!;
    assert.deepEqual(
      pair.children.map(({ name, pointer, type }) => [name, pointer, type]),
      [
        ['left', '/pair/left', 'INT64'],
        ['right', '/pair/right', 'STRING'],
      ],
    );
  });

  it('members that are not needed are left out, and not read', async () => {
    const path = await write('members.parquet', 'COMPRESSION snappy');
    const bytes = readFileSync(path);
    let read = 0;
    const source: ByteSource = {
      size: bytes.length,
      read: async (offset, length) => {
        read += length;
        return bytes.subarray(offset, offset + length);
      },
    };
    const file = await openParquet(source, path);
    const full = await allLines(file);
    read = 0;
    const [row] = texts(await file.rows(4000, 4001, { members: ['pair', 'no such member', 'id'] }));
    const whole = parseExactly(full[4000]!) as Record<string, unknown>;
    assert.deepEqual(parseExactly(row!), { id: whole['id'], pair: whole['pair'] });
    assert.ok(read < bytes.length);
    const lines: string[] = [];
    for await (const chunk of file.jsonLines(10, 12, { members: ['id'] }))
      lines.push(new TextDecoder().decode(chunk));
    assert.equal(lines.join(''), '{"id":10}\n{"id":11}\n');
  });

  it('rows longer than maxBytes are cut off, and say how long they are', async () => {
    const file = await openFile(await write('cut.parquet', 'COMPRESSION snappy'));
    const [whole] = await file.rows(7, 8);
    const [cut] = await file.rows(7, 8, { maxBytes: 20 });
    assert.deepEqual(cut, { line: 8, bytes: whole!.bytes.subarray(0, 20), length: whole!.bytes.length });
  });

  it('ranges one after another, also with gaps and other members between, are the same rows', async () => {
    const file = await openFile(await write('ranges.parquet', 'COMPRESSION zstd, ROW_GROUP_SIZE 2048'));
    const lines = await allLines(file);
    const read: string[] = [];
    for (let from = 0; from < file.rowCount; from += 300)
      read.push(...(await allLines(file, from, Math.min(from + 300, file.rowCount))));
    assert.deepEqual(read, lines);
    for (const [from, to] of [
      [0, 10],
      [10, 20],
      [500, 501],
      [499, 502],
      [2000, 2100],
      [2100, 2101],
      [4000, 4100],
      [3, 4],
    ] as const) {
      assert.deepEqual(await allLines(file, from, to), lines.slice(from, to));
    }
    const both = await Promise.all([allLines(file, 0, 1000), allLines(file, 1000, 3000), file.rows(20, 30)]);
    assert.deepEqual(both[0], lines.slice(0, 1000));
    assert.deepEqual(both[1], lines.slice(1000, 3000));
    assert.deepEqual(texts(both[2]), lines.slice(20, 30));
  });

  it('a cache that is too small changes nothing', async () => {
    const bytes = readFileSync(await write('small.parquet', 'COMPRESSION snappy, ROW_GROUP_SIZE 2048'));
    const source: ByteSource = {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
    };
    const file = await openParquet(source, 'small.parquet', { cacheBytes: 50_000 });
    const lines = await allLines(file);
    for (const from of [4000, 0, 2000, 4000, 2047]) {
      assert.deepEqual(texts(await file.rows(from, from + 5)), lines.slice(from, from + 5));
    }
  });

  it('can be cancelled', async () => {
    const file = await openFile(await write('cancel.parquet', 'COMPRESSION snappy'));
    await assert.rejects(file.rows(0, 10, { signal: { aborted: true } }), { code: 'cancelled' });
    const signal = { aborted: false };
    await assert.rejects(
      async () => {
        for await (const chunk of file.jsonLines(0, file.rowCount, { signal }))
          signal.aborted = chunk.length > 0;
      },
      { code: 'cancelled' },
    );
  });

  it('no rows are no rows', async () => {
    const file = await openFile(
      await write('empty.parquet', 'COMPRESSION snappy', '(SELECT * FROM samples WHERE false)'),
    );
    assert.equal(file.rowCount, 0);
    assert.deepEqual(await allLines(file), []);
    assert.deepEqual(await file.rows(0, 10), []);
    const some = await openFile(await write('some.parquet', 'COMPRESSION snappy'));
    assert.deepEqual(await some.rows(5000, 6000), []);
    assert.deepEqual(await some.rows(10, 10), []);
  });
});
