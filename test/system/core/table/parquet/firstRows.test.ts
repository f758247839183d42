import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ByteSource } from '../../../../../src/core/bytes/byteSource.ts';
import { openParquet } from '../../../../../src/core/table/parquet/parquetFile.ts';
import { allLines, bytesSource, duckdb, open, texts } from '../../../../unit/core/table/parquet/support.ts';

const ROWS = 100_000;

/** Pages of a whole row group, as DuckDB writes them: a table that shows a hundred rows must not decode them whole. */
describe('first rows of large pages', () => {
  let duck: Awaited<ReturnType<typeof duckdb>>;
  before(async () => {
    duck = await duckdb();
  });
  after(() => {
    duck.close();
  });

  async function written(options: string): Promise<Uint8Array> {
    const path = join(duck.folder, 'pages.parquet');
    await duck.db.run(`COPY (
      SELECT i AS id, i / 7.0::DOUBLE AS score, i % 3 = 0 AS ok, 'kind ' || i % 11 AS kind, hash(i) % 1000003 AS number,
        CASE WHEN hash(i) % 3 = 0 THEN NULL ELSE md5(i::VARCHAR) END AS sometimes,
        repeat('long ', CASE WHEN i < 500 THEN 200 ELSE 1 END) || i AS early,
        {'a': CASE WHEN i % 2 = 0 THEN NULL ELSE i END, 'b': md5(i::VARCHAR)} AS struct,
        range(i % 3) AS list
      FROM range(${ROWS}) t(i)) TO '${path}' (FORMAT PARQUET, ROW_GROUP_SIZE 60000, ${options})`);
    return new Uint8Array(readFileSync(path));
  }

  for (const options of [
    'COMPRESSION SNAPPY',
    'COMPRESSION UNCOMPRESSED',
    'COMPRESSION ZSTD',
    'COMPRESSION SNAPPY, PARQUET_VERSION V2',
  ]) {
    it(`any range is what streaming gives: ${options}`, async () => {
      const bytes = await written(options);
      const lines = await allLines(await open(bytes));
      assert.equal(lines.length, ROWS);
      const file = await open(bytes);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.nat(3000), fc.nat(ROWS), fc.integer({ min: 59_000, max: 61_000 })),
          fc.integer({ min: 1, max: 1500 }),
          async (from, count) => {
            const to = Math.min(ROWS, from + count);
            assert.deepEqual(texts(await file.rows(from, to)), lines.slice(from, to));
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it('reads a small part of the file', async () => {
    const path = join(duck.folder, 'wide.parquet');
    const columns = Array.from({ length: 12 }, (_, n) => `hash(i + ${n}) AS n${n}`).join(', ');
    await duck.db.run(
      `COPY (SELECT ${columns} FROM range(${ROWS}) t(i)) TO '${path}' (FORMAT PARQUET, COMPRESSION SNAPPY)`,
    );
    const bytes = new Uint8Array(readFileSync(path));
    const plain = bytesSource(bytes);
    let read = 0;
    const source: ByteSource = {
      size: plain.size,
      read: (offset, length) => {
        read += length;
        return plain.read(offset, length);
      },
    };
    const file = await openParquet(source, 'wide.parquet');
    assert.equal((await file.rows(0, 100)).length, 100);
    assert.ok(read < bytes.length / 2, `${read} of ${bytes.length} bytes read`);
  });
});
