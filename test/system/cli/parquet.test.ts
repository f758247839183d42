import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { before, describe, test } from 'node:test';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { DatasetJson, VerifyJson } from '../../../src/cli/json.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

/** A table with values of many kinds, nulls among them; `n` tells the rows apart. */
const ROWS = 1200;
const TABLE = `
  SELECT n::BIGINT AS id, 'sample ' || n || repeat(' text', n % 7) AS text,
    CASE WHEN n % 5 = 0 THEN NULL ELSE n / 7.0 END AS score,
    (n % 3 = 0) AS ok, (n * 1.25)::DECIMAL(12, 4) AS price,
    TIMESTAMP '2024-01-01 00:00:00' + to_microseconds(n * 1234567) AS moment,
    (DATE '2024-01-01' + n::INTEGER) AS day,
    [{'role': 'user', 'content': 'ask ' || n}, {'role': 'assistant', 'content': CASE WHEN n % 4 = 0 THEN NULL ELSE 'say' END}] AS messages,
    (9007199254740993 + n)::BIGINT AS big
  FROM range(1, ${String(ROWS + 1)}) t(n)`;

let programs: Programs;
let sql: DuckDBConnection;

before(async () => {
  programs = await buildPrograms();
  sql = await (await DuckDBInstance.create(':memory:')).connect();
});

/** A workspace with `signed.parquet`, signed by anna. */
async function signedParquet(): Promise<Sandbox> {
  const sandbox = new Sandbox(programs);
  const path = sandbox.path('signed.parquet');
  await sql.run(`COPY (${TABLE}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
  await done(sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org'));
  await done(sandbox.provenance('sign', 'signed.parquet'));
  return sandbox;
}

async function done(outcome: ReturnType<Sandbox['provenance']>): Promise<void> {
  const { code, stderr } = await outcome;
  assert.equal(code, 0, stderr);
}

async function verified(sandbox: Sandbox, file: string): Promise<DatasetJson> {
  const { datasets } = (await sandbox.json('verify', file)) as VerifyJson;
  return datasets[0]!;
}

const linesOf = (text: string) => text.split('\n').slice(0, -1);

describe('a signed Parquet file', () => {
  test('is intact, and named so', async () => {
    const sandbox = await signedParquet();
    const { verdict, samples, statements, fine } = await verified(sandbox, 'signed.parquet');
    assert.deepEqual([verdict, samples, fine, statements.length], ['intact', ROWS, true, 1]);
  });

  test('vouches for each row of its JSONL, shuffled, in shards, with half of the rows dropped', async () => {
    const sandbox = await signedParquet();
    await done(sandbox.provenance('export', 'signed.parquet', '--output', 'all.jsonl'));
    const random = randomNumbers(3);
    const rows = linesOf(readFileSync(sandbox.path('all.jsonl'), 'utf8'));
    assert.equal(rows.length, ROWS);
    const kept = rows
      .map((row) => ({ row, place: random(1e9) }))
      .sort((a, b) => a.place - b.place)
      .slice(0, ROWS / 2)
      .map(({ row }) => row);
    for (const shard of [0, 1, 2]) {
      const file = `shard-${String(shard)}.jsonl`;
      sandbox.write(
        file,
        kept
          .filter((_, i) => i % 3 === shard)
          .map((row) => `${row}\n`)
          .join(''),
      );
      const { counts, statements } = await verified(sandbox, file);
      assert.equal(counts.verified, ROWS / 6);
      const [only] = statements.filter(({ decides }) => decides > 0);
      assert.equal(only?.decides, ROWS / 6);
      assert.equal(only.principal, 'anna@example.org');
    }
    // And back: what is left as Parquet.
    await done(sandbox.shell('cat shard-*.jsonl > half.jsonl'));
    await done(sandbox.provenance('convert', 'half.jsonl', '--output', 'half.parquet'));
    assert.equal((await verified(sandbox, 'half.parquet')).counts.verified, ROWS / 2);
    const [first] = (
      await sql.runAndReadAll(
        `SELECT count(*)::INTEGER, count(DISTINCT text)::INTEGER FROM '${sandbox.path('half.parquet')}'`,
      )
    ).getRows();
    assert.deepEqual(first, [ROWS / 2, ROWS / 2]);
  });

  test('a signed JSONL file vouches for the rows of its Parquet file', async () => {
    const sandbox = await signedParquet();
    const rows = Array.from({ length: 300 }, (_, n) =>
      JSON.stringify({
        id: n,
        text: `line ${String(n)}`,
        tags: n % 3 ? ['a', null] : [],
        meta: { x: n / 3, y: null },
      }),
    );
    sandbox.write('own.jsonl', `${rows.join('\r\n')}\r\n`);
    await done(sandbox.provenance('sign', 'own.jsonl'));
    await done(sandbox.provenance('convert', 'own.jsonl', '-o', 'own.parquet'));
    assert.equal((await verified(sandbox, 'own.parquet')).counts.verified, rows.length);
  });

  test('a changed value is found, by its row', async () => {
    const sandbox = await signedParquet();
    await sql.run(
      `COPY (SELECT * REPLACE (CASE WHEN id = 700 THEN 'poison' ELSE text END AS text) FROM (${TABLE}))
       TO '${sandbox.path('signed.parquet')}' (FORMAT parquet)`,
    );
    const { verdict, modified, counts } = await verified(sandbox, 'signed.parquet');
    assert.deepEqual([verdict, modified, counts.verified], ['changed', [700], ROWS - 1]);
  });

  test('a row can be flagged and shown', async () => {
    const sandbox = await signedParquet();
    await done(
      sandbox.provenance(
        ...[
          'flag',
          'signed.parquet',
          '--lines',
          '7',
          '--category',
          'poisoning',
          '--severity',
          'high',
          '--reason',
          'odd',
        ],
      ),
    );
    const { reviews } = await verified(sandbox, 'signed.parquet');
    assert.deepEqual(
      Array.from(reviews, ({ line, state }) => [line, state]),
      [[7, 'flagged']],
    );
    const { stdout, stderr } = await sandbox.provenance('show', 'signed.parquet:7');
    assert.match(stdout, /flagged/i, stderr);
  });
});

describe('a JSONL file that another tool made of a signed Parquet file', () => {
  /** What the report says of columns. */
  const hintRows = (stdout: string) =>
    linesOf(stdout)
      .filter((line) => /column/.test(line))
      .map((line) => line.trim().replace(/\s+/g, ' '));

  test('is verified where its values are as they were; where not, the report names column and form', async () => {
    const sandbox = await signedParquet();
    // As pandas writes it: milliseconds, numbers for decimals, fewer digits, nulls left out.
    await sql.run(
      `COPY (SELECT id, text, round(score, 4) AS score, ok, price::DOUBLE AS price, epoch_ms(moment) AS moment, day, messages, big
             FROM '${sandbox.path('signed.parquet')}') TO '${sandbox.path('pandas.jsonl')}' (FORMAT json)`,
    );
    const { stdout, code } = await sandbox.provenance('verify', 'pandas.jsonl');
    assert.equal(code, 1);
    const said = hintRows(stdout).join('\n');
    assert.match(said, /column “moment”.*date or time/i);
    assert.match(said, /column “price”/);
    assert.match(said, /column “score”/);
    assert.match(stdout, /signed\.parquet/);
  });

  test('the forms are found from the evidence alone', async () => {
    const sandbox = await signedParquet();
    const out = sandbox.path('derived.jsonl');
    await done(sandbox.provenance('export', 'signed.parquet', '-o', 'derived.jsonl'));
    const rows = linesOf(readFileSync(out, 'utf8')).map((line) => line.replace('"score":null,', ''));
    writeFileSync(out, rows.map((row) => `${row}\n`).join(''));
    await sandbox.shell('rm signed.parquet');
    const { stdout, stderr } = await sandbox.provenance('verify', 'derived.jsonl');
    assert.equal(stderr, '');
    assert.match(hintRows(stdout).join('\n'), /column “score”.*null/);
    assert.equal((await verified(sandbox, 'derived.jsonl')).counts.verified, ROWS - ROWS / 5);
  });
});

describe('export and convert', () => {
  test('compressed JSONL is verified and unpacked', async () => {
    const sandbox = await signedParquet();
    await done(sandbox.provenance('export', 'signed.parquet', '-o', 'all.jsonl'));
    sandbox.write('all.jsonl.gz', gzipSync(readFileSync(sandbox.path('all.jsonl'))));
    assert.equal((await verified(sandbox, 'all.jsonl.gz')).counts.verified, ROWS);
    await done(sandbox.provenance('export', 'all.jsonl.gz', '-o', 'again.jsonl'));
    assert.deepEqual(readFileSync(sandbox.path('again.jsonl')), readFileSync(sandbox.path('all.jsonl')));
  });

  const failures: readonly (readonly [what: string, rows: string, message: RegExp])[] = [
    [
      'a missing member',
      '{"a":1,"b":2}\n{"a":1}\n',
      /data\.jsonl:2: the member \/b is missing in some samples/,
    ],
    ['mixed kinds', '{"a":1}\n{"a":"x"}\n', /data\.jsonl:2: values of different kinds stand at \/a/],
    ['an empty object', '{"a":{}}\n', /data\.jsonl:1: there is an empty object at \/a/],
    ['a malformed line', '{"a":1}\n{"a":\n', /data\.jsonl:2 is malformed/],
    ['what is no object', '[1]\n', /[Ll]ine 1 is no object/],
    ['nothing', '\n\n', /no samples/],
  ];
  for (const [what, rows, message] of failures) {
    test(`convert says why not: ${what}`, async () => {
      const sandbox = new Sandbox(programs);
      sandbox.write('data.jsonl', rows);
      const { code, stderr } = await sandbox.provenance('convert', 'data.jsonl', '-o', 'data.parquet');
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(existsSync(sandbox.path('data.parquet')), false);
    });
  }

  test('convert writes what Parquet cannot hold only when told to, and says how many rows changed', async () => {
    const sandbox = new Sandbox(programs);
    sandbox.write('data.jsonl', '{"a":1,"b":{"c":[]}}\n{"a":"x","b":{"c":[1]}}\n{"b":{"c":null}}\n');
    const { code, stderr, stdout } = await sandbox.provenance(
      ...['convert', 'data.jsonl', '-o', 'data.parquet', '--allow-changes'],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Wrote 3 rows/);
    assert.match(stderr, /3 rows changed/);
    const { code: again, stderr: why } = await sandbox.provenance(
      'convert',
      'data.jsonl',
      '-o',
      'data.parquet',
    );
    assert.equal(again, 2);
    assert.match(why, /data\.jsonl:2/);
  });

  test('no file is overwritten unless told to', async () => {
    const sandbox = await signedParquet();
    sandbox.write('all.jsonl', 'precious');
    const { code, stderr } = await sandbox.provenance('export', 'signed.parquet', '-o', 'all.jsonl');
    assert.equal(code, 2);
    assert.match(stderr, /all\.jsonl exists already/);
    assert.equal(readFileSync(sandbox.path('all.jsonl'), 'utf8'), 'precious');
    await done(sandbox.provenance('export', 'signed.parquet', '-o', 'all.jsonl', '--replace'));
    const { stderr: self } = await sandbox.provenance(
      'export',
      'signed.parquet',
      '-o',
      './signed.parquet',
      '--replace',
    );
    assert.match(self, /is the file that is being exported/);
  });
});
