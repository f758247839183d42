import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseBundle, type Bundle } from '../../../src/core/evidence/bundle.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

/** Runs of the program that are killed, and appends of a quicker one that goes on until it is killed. */
const PROGRAM_RUNS = 45;
const APPENDS = 155;
const AT_A_TIME = 3;

interface Run {
  readonly stdout: () => string;
  readonly firstOutput: Promise<unknown>;
  readonly ended: Promise<unknown>;
  readonly kill: () => void;
}

describe('processes that are killed', () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  async function signedDataset(): Promise<Sandbox> {
    const sandbox = new Sandbox(programs);
    sandbox.write('train.jsonl', Array.from({ length: 50 }, (_, i) => `{"id":${i}}\n`).join(''));
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    await sandbox.provenance('sign', 'train.jsonl');
    return sandbox;
  }

  function start(sandbox: Sandbox, program: string, ...args: string[]): Run {
    const child = spawn(process.execPath, [program, ...args], { cwd: sandbox.work, env: sandbox.env });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    return {
      stdout: () => stdout,
      firstOutput: once(child.stdout, 'data'),
      ended: once(child, 'close'),
      kill: () => child.kill('SIGKILL'),
    };
  }

  function bundleOf(sandbox: Sandbox): Bundle {
    return parseBundle(readFileSync(sandbox.path('.provenance/train.jsonl.intoto.jsonl')));
  }

  test(`${PROGRAM_RUNS} times at random moments: what was reported is there, and all can be read`, async (context) => {
    const sandbox = await signedDataset();
    const random = randomNumbers(1);
    const started = performance.now();
    await sandbox.provenance('sign', 'train.jsonl', '--lines', '1', '--note', 'undisturbed');
    // When runs are killed follows how far they came, so that about half of them have just written, and half have not.
    let moment = performance.now() - started;
    let reported = 0;
    for (let nth = 0; nth < PROGRAM_RUNS; nth += AT_A_TIME) {
      const runs = Array.from({ length: AT_A_TIME }, async (_, k) => {
        const name = `run ${nth + k}`;
        const line = String(1 + random(50));
        const review = [
          'flag',
          'train.jsonl',
          '--lines',
          line,
          '--category',
          'other',
          '--severity',
          'low',
          '--reason',
          name,
        ];
        const vouching = ['sign', 'train.jsonl', '--lines', line, '--note', name];
        const run = start(sandbox, programs.provenance, ...(random(2) === 0 ? review : vouching));
        await sleep(moment * (0.7 + (random(1000) / 1000) * 0.6));
        run.kill();
        await run.ended;
        return { name, written: /^(Signed|Flagged)/.test(run.stdout()) };
      });
      const outcomes = await Promise.all(runs);
      const { entries, problems } = bundleOf(sandbox);
      assert.deepEqual(problems, []);
      const present = new Set(entries.map(({ statement }) => textOf(statement)));
      for (const { name, written } of outcomes) {
        moment *= written ? 0.93 : 1.07;
        if (!written) continue;
        reported++;
        assert.ok(present.has(name), `${name} was reported and is not there`);
      }
    }
    context.diagnostic(`${reported} of ${PROGRAM_RUNS} runs had reported before they were killed`);
    await assertUndisturbed(sandbox);
  });

  test(`in the middle of ${APPENDS} appends`, async () => {
    const sandbox = await signedDataset();
    const random = randomNumbers(2);
    const reported: string[] = [];
    for (let round = 0; reported.length < APPENDS; round++) {
      const runs = Array.from({ length: 2 }, (_, k) =>
        start(sandbox, programs.evidence, 'append', 'train.jsonl', `${round}.${k}`, '1000'),
      );
      await Promise.race(runs.map(({ firstOutput }) => firstOutput));
      await sleep(100 + random(700));
      for (const run of runs) {
        run.kill();
        await run.ended;
        reported.push(...run.stdout().split('\n').slice(0, -1));
      }
      const { entries, problems } = bundleOf(sandbox);
      assert.deepEqual(problems, []);
      const present = new Set(entries.map(({ statement }) => textOf(statement)));
      assert.deepEqual(
        reported.filter((note) => !present.has(note)),
        [],
      );
    }
    await assertUndisturbed(sandbox);
  });

  test('two that write at the same time do not lose a statement of each other', async () => {
    const sandbox = await signedDataset();
    const runs = ['a', 'b'].map((name) =>
      start(sandbox, programs.evidence, 'append', 'train.jsonl', name, '200'),
    );
    await Promise.all(runs.map(({ ended }) => ended));
    const { entries, problems } = bundleOf(sandbox);
    assert.deepEqual(problems, []);
    // One is that of the dataset.
    assert.equal(entries.length, 1 + 400);
    assert.equal(new Set(entries.map(({ envelopeDigest }) => envelopeDigest)).size, 401);
  });

  /** The next ones to come find no obstacle, and tidy up. */
  async function assertUndisturbed(sandbox: Sandbox): Promise<void> {
    const { code, stderr } = await sandbox.provenance(
      'sign',
      'train.jsonl',
      '--lines',
      '1',
      '--note',
      'the last one',
    );
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(textOf(bundleOf(sandbox).entries.at(-1)!.statement), 'the last one');
    assert.deepEqual(readdirSync(sandbox.path('.provenance')).sort(), [
      'leaves',
      'train.jsonl.checkpoint',
      'train.jsonl.checkpoint.sig',
      'train.jsonl.intoto.jsonl',
    ]);
    const verified = await sandbox.provenance('verify', 'train.jsonl');
    assert.match(verified.stdout, /^train\.jsonl: intact$/m);
  }
});

function textOf(statement: Bundle['entries'][number]['statement']): string | undefined {
  if (statement.kind === 'sample') return statement.predicate.note;
  return statement.kind === 'review' ? statement.predicate.reason : undefined;
}
