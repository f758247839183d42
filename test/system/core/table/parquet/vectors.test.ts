/**
 * Every file of apache/parquet-testing: its rows are equal to DuckDB's, or what is expected instead is written down here,
 * with the reason. docs/parquet.md has the table; UPDATE_DOCS=1 writes it anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parquetMetadata } from 'hyparquet';
import { ProvenanceError } from '../../../../../src/core/errors.ts';
import { skipWithout, vectorsFolder } from '../../../../support/vectors.ts';
import {
  allLines,
  assertEqualToDuckdb,
  assertRangesEqual,
  duckdb,
  openFile,
} from '../../../../unit/core/table/parquet/support.ts';

const folder = vectorsFolder('parquet-testing', 'data');
const docs = join(import.meta.dirname, '../../../../../docs/parquet.md');

/** Files that this reader refuses: the code, and what the error says. */
const REFUSED: Readonly<Record<string, { code: string; message: RegExp; result: string }>> = {
  'datapage_v1-corrupt-checksum.parquet': {
    code: 'invalid-parquet',
    message: /column "a" in row group 0 .* the page at byte 4 has the checksum 0f4f6d0a, .* bbce3b9d/,
    result: '`invalid-parquet`: a page’s checksum is wrong, as it is meant to be (DuckDB does not look)',
  },
  'rle-dict-uncompressed-corrupt-checksum.parquet': {
    code: 'invalid-parquet',
    message: /column "long_field" in row group 0 .* the page at byte 4 has the checksum/,
    result: '`invalid-parquet`: a page’s checksum is wrong, as it is meant to be (DuckDB does not look)',
  },
  'large_string_map.brotli.parquet': {
    code: 'too-large',
    message:
      /"arr\.key_value\.key" in row group 0 .* 1073741828 bytes decompressed, and 268435456 are allowed/,
    result: '`too-large`: a page of 1 GiB, decompressed (a string of 1 GiB)',
  },
};

/** Files that DuckDB does not read; their rows are compared with what the vectors say elsewhere. */
const BEYOND_DUCKDB: Readonly<Record<string, { reason: string; check: (lines: string[]) => void }>> = {
  'byte_stream_split_extended.gzip.parquet': {
    reason:
      'BYTE_STREAM_SPLIT of integers is newer than DuckDB’s reader; equal to the PLAIN twin of each column',
    check: (lines) => {
      for (const line of lines) {
        const row = JSON.parse(line) as Record<string, unknown>;
        const plain = Object.keys(row).filter((name) => name.endsWith('_plain'));
        assert.equal(plain.length, 7);
        for (const name of plain) {
          assert.deepEqual(row[name.replace('_plain', '_byte_stream_split')], row[name], name);
        }
      }
    },
  },
  'hadoop_lz4_compressed.parquet': {
    reason: 'DuckDB has no LZ4; equal to the LZ4_RAW twin',
    check: sameAs('lz4_raw_compressed.parquet'),
  },
  'non_hadoop_lz4_compressed.parquet': {
    reason: 'DuckDB has no LZ4; equal to the LZ4_RAW twin',
    check: sameAs('lz4_raw_compressed.parquet'),
  },
  'hadoop_lz4_compressed_larger.parquet': {
    reason: 'DuckDB has no LZ4; equal to the LZ4_RAW twin',
    check: sameAs('lz4_raw_compressed_larger.parquet'),
  },
  'map_no_value.parquet': {
    reason: 'DuckDB wants a value column; equal to the description',
    check: (lines) => {
      const keys = [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ];
      assert.deepEqual(
        lines.map((line) => JSON.parse(line) as unknown),
        keys.map((row) => ({
          my_map: row.map((key) => ({ key, value: null })),
          my_map_no_v: row.map((key) => ({ key })),
          my_list: row,
        })),
      );
    },
  },
};

const twins = new Map<string, string[]>();
function sameAs(name: string): (lines: string[]) => void {
  return (lines) => assert.deepEqual(lines, twins.get(name));
}

/** Files that DuckDB reads otherwise: what of it is not compared, and what is expected instead. */
const OTHERWISE: Readonly<Record<string, { reason: string; check: (lines: string[]) => void }>> = {
  'int96_from_spark.parquet': {
    reason: 'but for the last row: its time is beyond 64 bits of microseconds, and DuckDB overflows',
    check: (lines) => {
      assert.deepEqual(lines, [
        '{"a":"2024-01-01T20:34:56.123456000"}',
        '{"a":"2024-01-01T01:00:00.000000000"}',
        '{"a":"9999-12-31T03:00:00.000000000"}',
        '{"a":"2024-12-30T23:00:00.000000000"}',
        '{"a":null}',
        // Spark itself overflowed when it wrote the year 290000, by 2^64 microseconds.
        '{"a":"-294554-12-13T14:58:10.448384000"}',
      ]);
      const overflowed =
        BigInt(Date.parse('-000554-12-13T14:58:10.448Z')) * 1000n + 384n - 735n * MICROS_IN_400_YEARS;
      assert.equal(overflowed + 2n ** 64n, 9_089_380_393_200_000_000n);
    },
  },
};
const MICROS_IN_400_YEARS = 146_097n * 86_400_000_000n;

/** Files with a timestamp that only has the older annotation. */
const LEGACY_UTC: ReadonlySet<string> = new Set(['nested_structs.rust.parquet']);
const withoutZone = (line: string) => line.replaceAll(/(\.\d{6})Z"/g, '$1"');

/** Columns, codecs and encodings as hyparquet's own reader of footers tells them. */
function describeFile(path: string): string[] {
  const metadata = parquetMetadata(readFileSync(path));
  const chunks = metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data!));
  const set = (values: readonly string[]) => [...new Set(values)].sort().join(', ') || '–';
  return [
    String(metadata.schema.filter(({ type }) => type !== undefined).length),
    set(chunks.map(({ codec }) => codec)),
    set(chunks.flatMap(({ encodings }) => encodings)),
  ];
}

describe('apache/parquet-testing', skipWithout(folder), () => {
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.parquet'))
        .sort()
    : [];
  const table: string[] = [];
  let duck: Awaited<ReturnType<typeof duckdb>>;
  before(async () => {
    duck = await duckdb();
    for (const twin of ['lz4_raw_compressed.parquet', 'lz4_raw_compressed_larger.parquet']) {
      twins.set(twin, await allLines(await openFile(join(folder, twin))));
    }
  });
  after(() => duck.close());

  it('has as many files as were counted', () => assert.equal(names.length, 65));

  for (const name of names) {
    it(name, async () => {
      const path = join(folder, name);
      const refused = REFUSED[name];
      const beyond = BEYOND_DUCKDB[name];
      const otherwise = OTHERWISE[name];
      let rows = '–';
      let result = 'equal to DuckDB';
      if (refused !== undefined) {
        const file = await openFile(path);
        await assert.rejects(allLines(file), (error) => {
          assert.ok(error instanceof ProvenanceError);
          assert.equal(error.code, refused.code);
          assert.match(error.message, refused.message);
          return true;
        });
        result = refused.result;
      } else if (beyond !== undefined) {
        await assert.rejects(
          duck.db.run(`SELECT * FROM read_parquet('${path}')`),
          'DuckDB reads it now: compare',
        );
        const file = await openFile(path);
        const lines = await allLines(file);
        beyond.check(lines);
        await assertRangesEqual(file, lines);
        rows = String(lines.length);
        result = `read; ${beyond.reason}`;
      } else if (otherwise !== undefined) {
        const file = await openFile(path);
        const lines = await allLines(file);
        otherwise.check(lines);
        await assertRangesEqual(file, lines);
        rows = String(lines.length);
        result = `equal to DuckDB, ${otherwise.reason}`;
      } else {
        const legacy = LEGACY_UTC.has(name);
        rows = String(await assertEqualToDuckdb(duck.db, path, legacy ? withoutZone : undefined));
        if (legacy) result += '; a TIMESTAMP_MICROS is UTC by the specification, and local to DuckDB';
      }
      const [columns, codecs, encodings] = describeFile(path) as [string, string, string];
      table.push(
        `| ${name.replace('.parquet', '')} | ${rows} | ${columns} | ${codecs} | ${encodings} | ${result} |`,
      );
    });
  }

  it('docs/parquet.md has the table of them', () => {
    const text = readFileSync(docs, 'utf8');
    const start = text.indexOf('\n', text.indexOf('| ---', text.indexOf('| file '))) + 1;
    const end = text.indexOf('\n\n', start);
    const cells = (rows: string) =>
      rows
        .trim()
        .split('\n')
        .map((row) => row.replace(/ +\| */g, ' | ').trim());
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(docs, `${text.slice(0, start)}${table.join('\n')}${text.slice(end)}`);
    } else {
      assert.deepEqual(cells(text.slice(start, end)), table);
    }
  });

  it('delta encodings are equal to the expected CSV files', async () => {
    for (const name of [
      'delta_binary_packed',
      'delta_byte_array',
      'delta_encoding_optional_column',
      'delta_encoding_required_column',
    ]) {
      const lines = await allLines(await openFile(join(folder, `${name}.parquet`)));
      const [, ...expected] = readFileSync(join(folder, `${name}_expect.csv`), 'utf8')
        .trim()
        .split('\n');
      assert.equal(lines.length, expected.length, name);
      for (const [index, line] of lines.entries()) {
        // No value in these files has a quote or a number that needs an exponent.
        const values = [...line.matchAll(/":("[^"]*"|[^,}"]+)/g)].map(([, value]) =>
          value === 'null' ? '' : value!.replaceAll('"', ''),
        );
        assert.deepEqual(values, csvCells(expected[index]!), `${name}, row ${index}`);
      }
    }
  });
});

function csvCells(row: string): string[] {
  return [...row.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
