import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { TraceJson } from '../../../src/cli/traceJson.ts';
import { buildPrograms, Sandbox } from './support.ts';

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** `provenance trace` and `provenance lineage` on a small pipeline. */
describe('trace and lineage', () => {
  let sandbox: Sandbox;

  before(async () => {
    sandbox = new Sandbox(await buildPrograms());
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    const rows = Array.from({ length: 6 }, (_, id) => ({ id, text: `row ${String(id)}` }));
    const even = rows.filter(({ id }) => id % 2 === 0);
    const clean = even.map((row) => (row.id === 2 ? { ...row, text: 'ROW 2', clean: true } : row));
    const other = [{ id: 100, text: 'other' }];
    sandbox.write('raw.jsonl', jsonl(rows));
    sandbox.write('even.jsonl', jsonl(even));
    sandbox.write('clean.jsonl', jsonl(clean));
    sandbox.write('other.jsonl', jsonl(other));
    sandbox.write('all.jsonl', jsonl([...clean, ...other].reverse()));
    await recorded('--from', 'raw.jsonl', '--to', 'even.jsonl', '--step', 'filter');
    await recorded('--from', 'even.jsonl', '--to', 'clean.jsonl', '--step', 'map', '--pair-by', '/id');
    await recorded('--from', 'clean.jsonl', '--from', 'other.jsonl', '--to', 'all.jsonl', '--step', 'merge');
  });

  async function recorded(...args: string[]): Promise<void> {
    const { code, stderr } = await sandbox.provenance('derive', ...args);
    assert.equal(code, 0, stderr);
  }

  async function output(...args: string[]): Promise<string> {
    const { stdout, stderr } = await sandbox.provenance(...args);
    return (stdout + stderr)
      .replace(/\d{4}-\d\d-\d\d/g, '<day>')
      .replace(/sample [0-9a-f]{12}…/, 'sample <digest>');
  }

  const by = '– anna@example.org (trusted), <day>';

  test('back to the source, with what each step did', async () => {
    assert.equal(
      await output('trace', 'all.jsonl:3'),
      `all.jsonl:3  sample <digest>

Where it came from
  all.jsonl:3
  │ merge: unchanged ${by}
  clean.jsonl:2
  │ map: changed, paired by /id ${by}
  │   /text
  │   - "row 2"
  │   + "ROW 2"
  │   /clean (added)
  │   + true
  even.jsonl:2
  │ filter: unchanged ${by}
  raw.jsonl:3 – a source: no recorded step made this file

What became of it
  No recorded step used it.
`,
    );
  });

  test('on to what was made of it, and to the step that dropped it', async () => {
    assert.match(
      await output('trace', 'raw.jsonl', '--line', '1'),
      /What became of it\n {2}raw\.jsonl:1\n(?:.*\n)* {2}all\.jsonl:4\n/,
    );
    assert.match(await output('trace', 'raw.jsonl#2'), /└─ not in even\.jsonl: filter –/);
  });

  test('as JSON', async () => {
    const { back, forward, datasets, steps, ...rest } = (await sandbox.json(
      'trace',
      'all.jsonl:3',
    )) as TraceJson;
    assert.deepEqual(Object.keys(rest), ['version', 'path', 'line', 'digest', 'elsewhere', 'problems']);
    assert.deepEqual(
      back.places.map(({ positions, end }) => [positions, end]),
      [
        [[3], undefined],
        [[2], undefined],
        [[2], undefined],
        [[3], 'source'],
      ],
    );
    assert.deepEqual(
      back.crossings.map(({ how, from, to }) => [how, from, to]),
      [
        ['unchanged', 1, 0],
        ['key', 2, 1],
        ['unchanged', 3, 2],
      ],
    );
    assert.deepEqual(back.crossings[1]?.changes, [
      { pointer: '/text', change: 'changed', before: '"row 2"', after: '"ROW 2"' },
      { pointer: '/clean', change: 'added', after: 'true' },
    ]);
    assert.deepEqual(forward.crossings, []);
    assert.deepEqual(
      datasets.map(({ name }) => name),
      ['all.jsonl', 'clean.jsonl', 'even.jsonl', 'raw.jsonl', 'other.jsonl'],
    );
    assert.deepEqual(
      steps.map(({ kind, signer, standing }) => [kind, signer, standing].join()),
      ['merge,anna@example.org,trusted', 'map,anna@example.org,trusted', 'filter,anna@example.org,trusted'],
    );
  });

  test('the datasets as a picture', async () => {
    assert.equal(
      await output('lineage'),
      `all.jsonl – 4 samples
├─ merge: 4 → 4 samples ${by}
│  clean.jsonl – 3 samples
│  │ map: 3 → 3 samples, 1 changed ${by}
│  even.jsonl – 3 samples
│  │ filter: 6 → 3 samples, 3 dropped ${by}
│  raw.jsonl – 6 samples
└─ merge: the same step
   other.jsonl – 1 sample
`,
    );
  });

  test('in formats of others, to a file that is not replaced', async () => {
    for (const format of ['mermaid', 'prov', 'openlineage', 'json']) {
      const { code, stdout } = await sandbox.provenance('lineage', 'even.jsonl', '--format', format);
      assert.equal(code, 0);
      assert.ok(stdout.includes('raw.jsonl'));
    }
    assert.equal((await sandbox.provenance('lineage', '-o', 'l.json', '--json')).code, 0);
    const { datasets } = JSON.parse(readFileSync(sandbox.path('l.json'), 'utf8')) as { datasets: unknown[] };
    assert.equal(datasets.length, 5);
    assert.match(await output('lineage', '-o', 'l.json', '--json'), /l\.json/);
    assert.equal((await sandbox.provenance('lineage', '-o', 'l.json', '--json')).code, 2);
  });

  test('what was asked wrongly', async () => {
    assert.match(
      await output('trace', 'all.jsonl'),
      /Say which line: all\.jsonl:LINE\. See "provenance help trace"/,
    );
    assert.match(await output('trace', 'all.jsonl:9'), /all\.jsonl has 4 lines, so there is no line 9\./);
    assert.match(await output('trace', 'all.jsonl', '--line', 'x'), /--line is a number from 1, not "x"/);
    assert.match(await output('lineage', '--format', 'dot'), /--format is one of text, mermaid/);
    sandbox.write('alone.jsonl', '{"alone":1}\n');
    assert.match(await output('trace', 'alone.jsonl:1'), /No evidence here knows this sample/);
  });

  test('an edited file is followed from the state that was signed, a renamed one from where it is', async () => {
    const before = readFileSync(sandbox.path('even.jsonl'));
    writeFileSync(sandbox.path('even.jsonl'), `${before.toString()}{"more":1}\n`);
    const edited = await output('trace', 'even.jsonl:2');
    assert.match(edited, /even\.jsonl#2 \(as it was: the file is another now\)\n {2}│ filter: unchanged/);
    assert.match(
      await output('lineage'),
      /changed-input|has other bytes now than those that the step “map” made clean\.jsonl of/,
    );
    writeFileSync(sandbox.path('even.jsonl'), before);
    renameSync(sandbox.path('raw.jsonl'), sandbox.path('renamed.jsonl'));
    assert.match(await output('trace', 'even.jsonl:2'), / {2}renamed\.jsonl:3 – a source/);
    renameSync(sandbox.path('renamed.jsonl'), sandbox.path('raw.jsonl'));
  });

  test('a map that was changed, and leaves that are missing, are said', async () => {
    const maps = sandbox.path('.provenance', 'maps');
    const [name = ''] = readdirSync(maps);
    const path = `${maps}/${name}`;
    const map = readFileSync(path);
    writeFileSync(
      path,
      map.toString().replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    );
    const damaged = await output('trace', 'all.jsonl:3');
    assert.match(damaged, /clean\.jsonl:2 – where it came from is not known/);
    assert.match(damaged, /The derivation map [0-9a-f]{64} hashes to [0-9a-f]{64}, so it was changed/);
    rmSync(path);
    assert.match(
      await output('trace', 'all.jsonl:3'),
      /is missing, so that changed samples cannot be followed/,
    );
    writeFileSync(path, map);
  });
});
