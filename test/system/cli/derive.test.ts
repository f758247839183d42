import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { before, describe, test } from 'node:test';
import { evidencePaths } from '../../../src/core/evidence/layout.ts';
import { digestsOf, evidenceFiles, jsonl, pairsOf, stepsIn } from './steps.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

interface Row {
  readonly id: number;
  readonly text: string;
}

const rows = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id, text: `text ${id}` }));

describe('provenance derive', { concurrency: 3 }, () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  async function sandbox(): Promise<Sandbox> {
    const box = new Sandbox(programs);
    await box.provenance('keygen', '--trust');
    return box;
  }

  /** Runs it and expects success. */
  async function derive(box: Sandbox, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await box.provenance('derive', ...args);
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  }

  test('a pipeline is recorded as it was: filter, map, merge, dedupe, shuffle, split, convert', async () => {
    const box = await sandbox();
    const random = randomNumbers(7);
    const raw = rows(300);
    const other = [...raw.slice(0, 20), ...rows(400).slice(300)];
    const filtered = raw.filter(({ id }) => id % 4 !== 0);
    const mapped = filtered.map((row) => (row.id % 3 === 0 ? { ...row, text: `${row.text}!` } : row));
    const merged = [...mapped, ...other];
    const distinct = [...new Map(merged.map((row) => [JSON.stringify(row), row])).values()];
    const shuffled = distinct.map((row) => [random(1e6), row] as const).sort(([a], [b]) => a - b);
    const mixed = shuffled.map(([, row]) => row);
    const [first, second] = [mixed.slice(0, 100), mixed.slice(100)];
    const files = { raw, other, filtered, mapped, merged, distinct, mixed, first, second };
    for (const [name, content] of Object.entries(files)) box.write(`${name}.jsonl`, jsonl(content));
    const { code } = await box.provenance('convert', 'second.jsonl', '--output', 'second.parquet');
    assert.equal(code, 0);

    const step = (kind: string, ...args: string[]) => derive(box, '--step', kind, ...args);
    await step('filter', '--from', 'raw.jsonl', '--to', 'filtered.jsonl');
    await step('map', '--from', 'filtered.jsonl', '--to', 'mapped.jsonl', '--pair-by', '/id');
    await step('merge', '--from', 'mapped.jsonl', '--from', 'other.jsonl', '--to', 'merged.jsonl');
    await step('dedupe', '--from', 'merged.jsonl', '--to', 'distinct.jsonl');
    await step('shuffle', '--from', 'distinct.jsonl', '--to', 'mixed.jsonl');
    await step('split', '--from', 'mixed.jsonl', '--to', 'first.jsonl', '--to', 'second.jsonl');
    await step('convert', '--from', 'second.jsonl', '--to', 'second.parquet');

    const countsOf = (name: string) => {
      const [recorded, ...more] = stepsIn(box.path(name));
      assert.ok(recorded?.counts && more.length === 0);
      const { in: input, out, unchanged, changed, added, dropped } = recorded.counts;
      return [input, out, unchanged, changed, added, dropped];
    };
    const changes = filtered.filter(({ id }) => id % 3 === 0).length;
    const [all, left] = [merged.length, distinct.length];
    assert.deepEqual(countsOf('filtered.jsonl'), [300, 225, 225, 0, 0, 75]);
    assert.deepEqual(countsOf('mapped.jsonl'), [225, 225, 225 - changes, changes, 0, 0]);
    assert.deepEqual(countsOf('merged.jsonl'), [all, all, all, 0, 0, 0]);
    assert.deepEqual(countsOf('distinct.jsonl'), [all, left, left, 0, 0, all - left]);
    assert.ok(all > left);
    assert.deepEqual(countsOf('mixed.jsonl'), [left, left, left, 0, 0, 0]);
    assert.deepEqual(countsOf('first.jsonl'), [left, 100, 100, 0, 0, left - 100]);
    assert.deepEqual(countsOf('second.parquet'), [left - 100, left - 100, left - 100, 0, 0, 0]);

    const [map] = stepsIn(box.path('mapped.jsonl'));
    const [from, to] = [
      await digestsOf(box.path('filtered.jsonl')),
      await digestsOf(box.path('mapped.jsonl')),
    ];
    const truth = to.flatMap((digest, row) => (digest === from[row] ? [] : [`${digest} ${from[row] ?? ''}`]));
    assert.deepEqual(pairsOf(box.path('mapped.jsonl'), map!), truth.sort());
    assert.equal(truth.length, changes);

    const ids = ['first.jsonl', 'second.jsonl'].map((name) => stepsIn(box.path(name))[0]?.invocationId);
    assert.ok(ids[0] !== undefined && ids[0] === ids[1]);
    const shown = await box.provenance('show', 'second.parquet:3');
    assert.match(shown.stdout, /by the step “convert”/);
    assert.match(shown.stdout, /raw\.jsonl, by the step “filter”/);
  });

  test('says what it recorded, and keeps what is needed to follow it in the evidence of the output', async () => {
    const box = await sandbox();
    mkdirSync(box.path('in'));
    mkdirSync(box.path('out'));
    box.write('in/a.jsonl', jsonl([...rows(4), 'x'.repeat(5)]) + '{broken\n');
    box.write(
      'out/b.jsonl',
      jsonl([...rows(3).map((row) => ({ ...row, text: 'new' })), { id: 9, text: 'more' }]),
    );
    const text = await derive(
      box,
      ...['--from', 'in/a.jsonl', '--to', 'out/b.jsonl', '--step', 'map', '--pair-by', '/id'],
      ...[
        '--param',
        'size=2',
        '--param',
        'big=12345678901234567890',
        '--param',
        'name=x=y',
        '--param',
        'on=true',
      ],
      ...['--tool', 'datatrove@0.4', '--note', 'by hand', '--force'],
    ).catch((error: unknown) => String(error));
    // A row without the key that may have become the one without a partner.
    assert.match(text, /in\/a\.jsonl:5 has no \/id/);
    box.write('in/a.jsonl', jsonl(rows(4)) + '{broken\n');
    const said = await derive(
      box,
      ...['--from', 'in/a.jsonl', '--to', 'out/b.jsonl', '--step', 'map', '--pair-by', '/id'],
      ...[
        '--param',
        'size=2',
        '--param',
        'big=12345678901234567890',
        '--param',
        'name=x=y',
        '--param',
        'on=true',
      ],
      ...['--tool', 'datatrove@0.4', '--note', 'by hand'],
    );
    assert.match(said, /^Recorded how out\/b\.jsonl was made: map from in\/a\.jsonl\.\n/);
    assert.match(said, /changed +3, paired by \/id\n/);
    assert.match(said, /warning: 1 sample of out\/b\.jsonl is made of no input sample that is known/);
    const path = box.path('out/b.jsonl');
    const [step, ...more] = stepsIn(path);
    assert.deepEqual(more, []);
    assert.ok(step?.output.samples && step.inputs[0]?.samples && step.map);
    assert.deepEqual(step.parameters, { size: 2, big: '12345678901234567890', name: 'x=y', on: true });
    assert.deepEqual(
      [step.note, step.tool.id, step.tool.version?.['datatrove']],
      ['by hand', 'datatrove', '0.4'],
    );
    assert.equal(step.inputs[0].name, 'in/a.jsonl');
    assert.deepEqual(step.inputs[0].samples.count, 4);
    assert.deepEqual(
      evidenceFiles(path, 'leaves'),
      [step.output.samples.root, step.inputs[0].samples.root].sort(),
    );
    assert.deepEqual(evidenceFiles(path, 'maps'), [step.map.sha256]);
    assert.deepEqual(evidenceFiles(box.path('in/a.jsonl'), 'leaves'), []);
  });

  test('what a step of its kind cannot have done is an error, and nothing is written', async () => {
    const box = await sandbox();
    box.write('a.jsonl', jsonl(rows(4)));
    box.write('b.jsonl', jsonl([...rows(2), { id: 2, text: 'changed' }]));
    const refused = async (kind: string, pattern: RegExp, ...more: string[]) => {
      const { code, stderr } = await box.provenance(
        ...['derive', '--from', 'a.jsonl', '--to', 'b.jsonl', '--step', kind, ...more],
      );
      assert.equal(code, 2);
      assert.match(stderr, pattern);
    };
    await refused('filter', /1 sample of b\.jsonl is in no input and was paired with none/);
    await refused('filter', /1 sample of b\.jsonl was changed/, '--pair-by', '/id');
    await refused('map', /a\.jsonl has 4 samples and b\.jsonl has 3/, '--pair-by', 'position');
    assert.deepEqual(stepsIn(box.path('b.jsonl')), []);
    assert.deepEqual(evidenceFiles(box.path('b.jsonl'), 'leaves'), []);
    const forced = await derive(
      box,
      ...['--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'filter', '--pair-by', '/id', '--force'],
    );
    assert.match(
      forced,
      /warning: 1 sample was changed, which a step of kind filter does not do; recorded because/,
    );
    assert.equal(stepsIn(box.path('b.jsonl')).length, 1);
  });

  test('a key that is not unique or missing is an error that names both places', async () => {
    const box = await sandbox();
    const make = async (input: unknown[], output: unknown[]) => {
      box.write('a.jsonl', jsonl(input));
      box.write('b.jsonl', jsonl(output));
      const { code, stderr } = await box.provenance(
        ...['derive', '--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'map', '--pair-by', '/meta/id'],
      );
      assert.equal(code, 2);
      assert.deepEqual(stepsIn(box.path('b.jsonl')), []);
      return stderr;
    };
    const row = (id: unknown, text: string) => ({ meta: { id }, text });
    assert.match(
      await make([row('k', 'a'), row('j', 'b'), row('k', 'c')], [row('k', 'A'), row('j', 'b')]),
      /\/meta\/id is "k" at a\.jsonl:1 and at a\.jsonl:3, which differ/,
    );
    assert.match(
      await make([row(1, 'a'), row(2, 'b')], [row(1, 'A'), row(1.0, 'B')]),
      /\/meta\/id is 1 at b\.jsonl:1 and at b\.jsonl:2/,
    );
    assert.match(await make([row(1, 'a')], [row(null, 'A')]), /b\.jsonl:1 has no \/meta\/id/);
    assert.match(await make([row(1, 'a')], [{ text: 'A' }]), /b\.jsonl:1 has no \/meta\/id/);
  });

  test('rows are paired across file formats', async () => {
    const box = await sandbox();
    const before = rows(50).map((row) => ({ ...row, label: null }));
    const after = before.map((row) => (row.id % 2 === 0 ? { ...row, text: `${row.text}?` } : row)).reverse();
    box.write('a.jsonl', jsonl(before));
    box.write('b.jsonl', jsonl(after));
    for (const name of ['a', 'b']) {
      box.write(`${name}.jsonl.gz`, gzipSync(readFileSync(box.path(`${name}.jsonl`))));
      await box.provenance('convert', `${name}.jsonl`, '--output', `${name}.parquet`);
    }
    const [from, to] = [await digestsOf(box.path('a.jsonl')), await digestsOf(box.path('b.jsonl'))];
    const truth = after.flatMap(({ id }, row) =>
      id % 2 === 0 ? [`${to[row] ?? ''} ${from[id] ?? ''}`] : [],
    );
    for (const [input, output] of [
      ['a.parquet', 'b.jsonl.gz'],
      ['a.jsonl.gz', 'b.parquet'],
      ['a.jsonl', 'b.parquet'],
    ] as const) {
      await derive(box, '--from', input, '--to', output, '--step', 'map', '--pair-by', '/id');
      const [step] = stepsIn(box.path(output)).slice(-1);
      assert.deepEqual(pairsOf(box.path(output), step!), truth.toSorted());
    }
  });

  test('near-duplicate text is paired when asked for, and marked as such', async () => {
    const box = await sandbox();
    const story = (seed: number) => {
      const random = randomNumbers(seed);
      return Array.from({ length: 60 }, () => random(1e9).toString(36)).join(' ');
    };
    const input = Array.from({ length: 30 }, (_, i) => ({ question: story(i) }));
    const output = input
      .map(({ question }) => ({ prompt: question.replace(/^\S+/, 'Edited'), n: 1 }))
      .reverse();
    box.write('a.jsonl', jsonl(input));
    box.write('b.jsonl', jsonl([...output, { prompt: story(99), n: 2 }]));
    await derive(box, '--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'map', '--pair-by', 'similar');
    const [step] = stepsIn(box.path('b.jsonl'));
    assert.deepEqual([step?.map?.pairing, step?.map?.threshold, step?.counts?.added], ['similar', 0.6, 1]);
    const [from, to] = [await digestsOf(box.path('a.jsonl')), await digestsOf(box.path('b.jsonl'))];
    const truth = output.map((_, row) => `${to[row] ?? ''} ${from[29 - row] ?? ''}`);
    assert.deepEqual(pairsOf(box.path('b.jsonl'), step!), truth.sort());
  });

  test('the commit of the code is recorded, without what is secret in its remote', async (t) => {
    if (spawnSync('git', ['--version']).error) {
      t.skip('git is not installed');
      return;
    }
    const box = await sandbox();
    const git = async (...args: string[]) => {
      const { code, stdout, stderr } = await box.shell(
        `git -c user.name=x -c user.email=x@example.org ${args.join(' ')}`,
      );
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    box.write('clean.py', 'print(1)\n');
    await git('init', '-q');
    await git('add', 'clean.py');
    await git('commit', '-q', '-m', 'x');
    await git('remote', 'add', 'origin', 'https://user:secret@host.example/team/code.git');
    const commit = await git('rev-parse', 'HEAD');
    box.write('a.jsonl', jsonl(rows(4)));
    box.write('b.jsonl', jsonl(rows(2)));
    const args = ['--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'filter'];
    await derive(box, ...args);
    box.write('clean.py', 'print(2)\n');
    await derive(box, ...args);
    const uri = 'git+https://host.example/team/code.git';
    const clean = { name: 'git', uri, digest: { gitCommit: commit } };
    assert.deepEqual(
      stepsIn(box.path('b.jsonl')).map(({ materials }) => materials),
      [[clean], [{ ...clean, annotations: { modified: true } }]],
    );
    assert.ok(!readFileSync(evidencePaths(box.path('b.jsonl')).bundle, 'utf8').includes('secret'));
  });

  test('wrong use is one sentence that says what to do', async () => {
    const box = await sandbox();
    box.write('a.jsonl', jsonl(rows(4)));
    box.write('b.jsonl', jsonl(rows(2)));
    const sentence = async (...args: string[]) => {
      const { code, stdout, stderr } = await box.provenance('derive', ...args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
      return stderr;
    };
    const ab = ['--from', 'a.jsonl', '--to', 'b.jsonl'];
    assert.match(await sentence('a.jsonl'), /Name files with --from and --to/);
    assert.match(await sentence('--from', 'a.jsonl', '--step', 'map'), /Give --to/);
    assert.match(await sentence(...ab), /Give --step: one of crawl, /);
    assert.match(await sentence(...ab, '--step', 'magic'), /not "magic"/);
    assert.match(await sentence('--to', 'b.jsonl', '--step', 'map'), /at least one input/);
    assert.match(await sentence(...ab, '--from', './a.jsonl', '--step', 'merge'), /named twice/);
    assert.match(
      await sentence('--from', 'a.jsonl', '--to', './a.jsonl', '--step', 'map'),
      /as input and as output/,
    );
    assert.match(await sentence(...ab, '--to', 'b.jsonl', '--step', 'map'), /--to b\.jsonl is given twice/);
    assert.match(await sentence(...ab, '--step', 'map', '--pair-by', 'id'), /--pair-by is a JSON pointer/);
    assert.match(await sentence(...ab, '--step', 'map', '--pair-by', '/a~2'), /write a JSON pointer/);
    assert.match(await sentence(...ab, '--step', 'map', '--param', 'x'), /--param is NAME=VALUE/);
    assert.match(await sentence(...ab, '--step', 'map', '--key', '/id'), /write --pair-by \/id/);
    assert.match(
      await sentence('--from', 'none.jsonl', '--to', 'b.jsonl', '--step', 'map'),
      /none\.jsonl does not exist/,
    );
    await box.provenance('sign', 'a.jsonl');
    rmSync(box.path('a.jsonl'));
    assert.match(await sentence(...ab, '--step', 'map'), /a\.jsonl is not there, only its evidence is/);
    box.write('a.jsonl', jsonl(rows(2)));
    assert.match(await sentence(...ab, '--step', 'map'), /b\.jsonl has the same bytes as a\.jsonl/);
  });

  test('a source has no inputs, and all of its samples are new; JSON has it all', async () => {
    const box = await sandbox();
    box.write('crawl.jsonl', jsonl(rows(3)));
    const said = await derive(
      box,
      '--to',
      'crawl.jsonl',
      '--step',
      'crawl',
      '--tool',
      'https://crawler.example/',
    );
    assert.match(said, /^Recorded how crawl\.jsonl was made: crawl\.\n/);
    assert.doesNotMatch(said, /warning/);
    assert.equal(stepsIn(box.path('crawl.jsonl'))[0]?.counts?.added, 3);
    box.write('b.jsonl', jsonl(rows(2)));
    const printed = await box.json('derive', '--from', 'crawl.jsonl', '--to', 'b.jsonl', '--step', 'filter');
    const { steps } = printed as { steps: Record<string, unknown>[] };
    assert.equal(steps.length, 1);
    const [recorded = {}] = steps;
    assert.deepEqual([recorded['dataset'], recorded['kind']], ['b.jsonl', 'filter']);
    const counts = { in: 3, out: 2, unchanged: 2, changed: 0, added: 0, dropped: 1 };
    assert.deepEqual(recorded['counts'], counts);
    assert.match(String(recorded['envelopeDigest']), /^[0-9a-f]{64}$/);
  });
});
