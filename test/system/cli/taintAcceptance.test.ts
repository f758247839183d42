import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { ImpactJson } from '../../../src/cli/impact.ts';
import type { VerifyJson } from '../../../src/cli/json.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox } from './support.ts';

interface Row {
  readonly id: number;
  readonly text: string;
}

const FLAGGED = [4, 31, 77];
const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);

/**
 * The acceptance case of taint: a source is filtered, mapped, merged with another, split and written as Parquet, each step
 * recorded. What is flagged upstream is compared with what this script knows.
 */
describe('three samples flagged at the source', () => {
  let sandbox: Sandbox;
  const files = new Map<string, readonly Row[]>();
  /** Ids of rows that the map changed. */
  let changed: (id: number) => boolean;

  const run = async (...args: string[]) => {
    const { code, stderr } = await sandbox.provenance(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  };
  const write = (name: string, rows: readonly Row[]) => {
    files.set(name, rows);
    sandbox.write(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  };

  before(async () => {
    sandbox = new Sandbox(await buildPrograms());
    const random = randomNumbers(4);
    const source = Array.from({ length: 120 }, (_, i) => ({
      id: i + 1,
      text: `Sample ${String(i + 1)} of a crawl`,
    }));
    const other = Array.from({ length: 30 }, (_, i) => ({
      id: 1000 + i,
      text: `Another sample ${String(i)}`,
    }));
    const filtered = source.filter(({ id }) => FLAGGED.includes(id) || random(5) > 0);
    changed = (id) => id === FLAGGED[0] || id === FLAGGED[2] || id % 3 === 1;
    const mapped = filtered.map((row) => (changed(row.id) ? { ...row, text: row.text.toUpperCase() } : row));
    const merged = [...mapped, ...other];
    await run('keygen', '--trust', '--name', 'anna@example.org');
    write('source.jsonl', source);
    write('other.jsonl', other);
    write('filtered.jsonl', filtered);
    write('mapped.jsonl', mapped);
    write('merged.jsonl', merged);
    write(
      'shard-0.jsonl',
      merged.filter((_, i) => i % 2 === 0),
    );
    write(
      'shard-1.jsonl',
      merged.filter((_, i) => i % 2 === 1),
    );
    for (const name of ['source.jsonl', 'other.jsonl']) await run('sign', name);
    await run('derive', '--from', 'source.jsonl', '--to', 'filtered.jsonl', '--step', 'filter');
    await run(
      'derive',
      '--from',
      'filtered.jsonl',
      '--to',
      'mapped.jsonl',
      '--step',
      'map',
      '--pair-by',
      '/id',
    );
    const merge = [
      '--from',
      'mapped.jsonl',
      '--from',
      'other.jsonl',
      '--to',
      'merged.jsonl',
      '--step',
      'merge',
    ];
    await run('derive', ...merge);
    const split = ['--to', 'shard-0.jsonl', '--to', 'shard-1.jsonl', '--step', 'split'];
    await run('derive', '--from', 'merged.jsonl', ...split);
    await run('convert', 'merged.jsonl', '--output', 'merged.parquet');
    files.set('merged.parquet', merged);
    await run('derive', '--from', 'merged.jsonl', '--to', 'merged.parquet', '--step', 'convert');
  });

  /** By file, the ids of rows that are flagged, and of those that are flagged upstream. */
  const found = async () => {
    const { datasets } = (await sandbox.json('verify', ...files.keys())) as VerifyJson;
    return new Map(
      datasets.map(({ path, reviews, upstream, flaggedUpstream, upstreamComplete }) => {
        const idOf = ({ line }: { line: number }) => files.get(path)![line - 1]!.id;
        assert.equal(flaggedUpstream, upstream.length);
        assert.equal(upstreamComplete, true);
        const flagged = reviews.filter(({ state }) => state === 'flagged').map(idOf);
        return [path, { flagged, upstream: upstream.map(idOf) }];
      }),
    );
  };
  const expected = (flagged: readonly number[]) =>
    new Map(
      Array.from(files, ([path, rows]) => {
        const isMapped = !['source.jsonl', 'filtered.jsonl', 'other.jsonl'].includes(path);
        const here = ids(rows).filter((id) => flagged.includes(id));
        const upstream = here.filter((id) => isMapped && changed(id));
        return [path, { flagged: here.filter((id) => !upstream.includes(id)), upstream }];
      }),
    );

  test('exactly their descendants show it, in every shard and in the Parquet file', async () => {
    assert.deepEqual(await found(), expected([]));
    const flag = ['--category', 'poisoning', '--severity', 'high', '--reason', 'odd'];
    await run('flag', 'source.jsonl', '--lines', FLAGGED.join(), ...flag);
    assert.deepEqual(await found(), expected(FLAGGED));
    const { code, stdout } = await sandbox.provenance(
      'verify',
      'shard-0.jsonl',
      'shard-1.jsonl',
      'merged.parquet',
    );
    assert.equal(code, 1);
    assert.match(stdout, /from source\.jsonl#4\b/);
  });

  test('the impact report names them', async () => {
    const { code, stdout } = await sandbox.provenance('impact', '--format', 'json');
    assert.equal(code, 0);
    const { sources, datasets, issues } = JSON.parse(stdout) as ImpactJson;
    assert.deepEqual(issues, []);
    assert.equal(sources.length, FLAGGED.length);
    const named = new Map(
      datasets.map(({ dataset, samples }) => {
        const name = dataset.path!.slice(dataset.path!.lastIndexOf('/') + 1);
        const rows = files.get(name)!;
        return [name, samples.flatMap((s) => s.rows.map((row) => rows[row - 1]!.id)).sort((a, b) => a - b)];
      }),
    );
    const affected = [...files].filter(([, rows]) => ids(rows).some((id) => FLAGGED.includes(id)));
    assert.deepEqual(
      [...named].sort(),
      affected.map(([name, rows]) => [name, ids(rows).filter((id) => FLAGGED.includes(id))]).sort(),
    );
    for (const { dataset, from } of datasets) {
      assert.equal(from === undefined, dataset.path?.endsWith('/source.jsonl'), dataset.path);
    }
    const report = sandbox.path('impact.md');
    await run('impact', 'source.jsonl:4', '--format', 'markdown', '--output', report);
    const markdown = readFileSync(report, 'utf8');
    for (const name of ['source.jsonl#4', 'merged.parquet', 'mapped.jsonl'])
      assert.ok(markdown.includes(name), name);
  });

  test('clearing takes it back, and a missing map is not taken for good', async () => {
    await run('flag', 'source.jsonl', '--lines', String(FLAGGED[0]), '--clear', '--reason', 'fine');
    assert.deepEqual(await found(), expected(FLAGGED.slice(1)));
    await run('flag', 'source.jsonl', '--lines', FLAGGED.slice(1).join(), '--clear', '--reason', 'fine');
    assert.deepEqual(await found(), expected([]));
    assert.equal((await sandbox.provenance('verify', 'source.jsonl')).code, 0);
    await run(
      'flag',
      'source.jsonl',
      '--dataset',
      '--category',
      'licence',
      '--severity',
      'low',
      '--reason',
      'none',
    );
    await sandbox.shell('rm .provenance/maps/*');
    const { datasets, fine } = (await sandbox.json('verify', 'other.jsonl')) as VerifyJson;
    assert.equal(fine, false);
    assert.equal(datasets[0]?.upstreamComplete, false);
    assert.deepEqual(
      datasets[0].problems.map(({ code }) => code),
      ['map-missing'],
    );
  });
});
