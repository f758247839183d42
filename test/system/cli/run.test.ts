import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { before, describe, test } from 'node:test';
import { until } from '../../support/processes.ts';
import { evidenceFiles, jsonl, stepsIn } from './steps.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id, text: `text ${id}` }));
const OPTIONS = ['--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'map'];

/** Copies a.jsonl to b.jsonl with the texts in capitals. */
const CAPITALS = `
const { readFileSync, writeFileSync } = require('node:fs');
writeFileSync('b.jsonl', readFileSync('a.jsonl', 'utf8').replaceAll('text', 'TEXT'));
console.log('made by the command');
`;

describe(
  'provenance run',
  { concurrency: 3, skip: process.platform === 'win32' && 'it needs a shell' },
  () => {
    let programs: Programs;
    before(async () => {
      programs = await buildPrograms();
    });

    async function sandbox(): Promise<Sandbox> {
      const box = new Sandbox(programs);
      await box.provenance('keygen', '--trust');
      box.write('a.jsonl', jsonl(rows(10)));
      box.write('capitals.cjs', CAPITALS);
      return box;
    }

    test('runs the command, lets its output through, and records what it did', async () => {
      const box = await sandbox();
      box.env['SEED'] = '42';
      box.env['API_TOKEN'] = 'do not tell';
      const { code, stdout, stderr } = await box.provenance(
        ...['run', ...OPTIONS, '--pair-by', '/id', '--env', 'SEED', '--param', 'case=upper'],
        ...['--', process.execPath, 'capitals.cjs', '--key', 'its own option'],
      );
      assert.equal(code, 0, stderr);
      assert.equal(stdout, 'made by the command\n');
      assert.match(stderr, /^Recorded how b\.jsonl was made: map from a\.jsonl\.\n/);
      const [step] = stepsIn(box.path('b.jsonl'));
      assert.deepEqual(step?.command, [process.execPath, 'capitals.cjs', '--key', 'its own option']);
      assert.deepEqual(step.counts, { in: 10, out: 10, unchanged: 0, changed: 10, added: 0, dropped: 0 });
      const { exitCode, environment } = step.environment as {
        exitCode: number;
        environment: { names: string[]; values: Record<string, string> };
      };
      assert.equal(exitCode, 0);
      assert.deepEqual(environment.values, { SEED: '42' });
      for (const name of ['API_TOKEN', 'HOME', 'PATH', 'SEED']) assert.ok(environment.names.includes(name));
      assert.ok(
        !readFileSync(box.path('.provenance/b.jsonl.intoto.jsonl'), 'latin1').includes(btoa('do not tell')),
      );
      assert.ok(!JSON.stringify(step).includes('do not tell'));
      assert.ok(step.startedOn! <= step.finishedOn!);

      const hidden = await box.provenance('run', ...OPTIONS, '--hide-command', '--', 'node', 'capitals.cjs');
      assert.equal(hidden.code, 0, hidden.stderr);
      const [, second] = stepsIn(box.path('b.jsonl'));
      assert.equal(second?.command, undefined);
    });

    test('signs nothing when the command fails, and passes its exit code on', async () => {
      const box = await sandbox();
      const fails = async (command: string[], exit: number, pattern: RegExp) => {
        const { code, stderr } = await box.provenance('run', ...OPTIONS, '--', ...command);
        assert.equal(code, exit, stderr);
        assert.match(stderr, pattern);
        assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
        assert.deepEqual(stepsIn(box.path('b.jsonl')), []);
        assert.deepEqual(evidenceFiles(box.path('b.jsonl'), 'leaves'), []);
      };
      await fails(
        ['sh', '-c', 'echo half >> b.jsonl; exit 7'],
        7,
        /sh ended with exit code 7, so no step was recorded; what it wrote is left as it is/,
      );
      assert.equal(readFileSync(box.path('b.jsonl'), 'utf8'), 'half\n');
      await fails(['no-such-command'], 127, /there is no command no-such-command/);
      await fails(['./a.jsonl'], 126, /could not be started/);
      await fails(['sh', '-c', 'kill -TERM $$'], 143, /was interrupted \(SIGTERM\)/);
    });

    test('signs nothing when the output was not written, or an input changed meanwhile', async () => {
      const box = await sandbox();
      const refused = async (script: string, pattern: RegExp) => {
        const { code, stderr } = await box.provenance('run', ...OPTIONS, '--', 'sh', '-c', script);
        assert.equal(code, 2);
        assert.match(stderr, pattern);
        assert.deepEqual(stepsIn(box.path('b.jsonl')), []);
      };
      await refused('true', /sh did not write b\.jsonl/);
      box.write('b.jsonl', jsonl([{ id: 1, text: 'old' }]));
      await refused('cat a.jsonl b.jsonl > /dev/null', /sh did not write b\.jsonl/);
      await refused(
        'echo {} > b.jsonl; echo {} >> a.jsonl',
        /a\.jsonl was changed while the command ran, so it is not known what the command read/,
      );
      // With the time set back.
      await refused(
        'cp -p a.jsonl keep; echo {} >> a.jsonl; touch -r keep a.jsonl; echo {} > b.jsonl',
        /was changed/,
      );
    });

    test('what is wrong is found before the command runs', async () => {
      const box = await sandbox();
      const refused = async (pattern: RegExp, ...args: string[]) => {
        const { code, stderr } = await box.provenance('run', ...args);
        assert.equal(code, 2);
        assert.match(stderr, pattern);
        assert.ok(!existsSync(box.path('ran')));
      };
      const command = ['--', 'touch', 'ran'];
      await refused(/Write the command to run behind "--"/, ...OPTIONS);
      await refused(/not "magic"/, '--from', 'a.jsonl', '--to', 'b.jsonl', '--step', 'magic', ...command);
      await refused(
        /none\.jsonl does not exist/,
        '--from',
        'none.jsonl',
        '--to',
        'b',
        '--step',
        'map',
        ...command,
      );
      await refused(/--env NOPE: there is no such/, ...OPTIONS, '--env', 'NOPE', ...command);
      await refused(/no signing key at none\.pem/, ...OPTIONS, '--key', 'none.pem', ...command);
    });

    for (const [signal, exit] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      test(`${signal} is passed on to the command, whose end is waited for, and nothing is signed`, async () => {
        const box = await sandbox();
        box.write(
          'slow.cjs',
          `
        const { writeFileSync } = require('node:fs');
        process.on('${signal}', () => setTimeout(() => {
          writeFileSync('b.jsonl', '{"cleaned":"up"}\\n');
          process.exit(0);
        }, 1500));
        setTimeout(() => {}, 60_000);
        writeFileSync('started', '');
        `,
        );
        const child = spawn(
          process.execPath,
          [programs.provenance, 'run', ...OPTIONS, '--', process.execPath, 'slow.cjs'],
          { cwd: box.work, env: box.env, stdio: ['ignore', 'pipe', 'pipe'] },
        );
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        await until(() => existsSync(box.path('started')));
        child.kill(signal);
        const [code] = (await once(child, 'close')) as [number];
        assert.equal(code, exit, stderr);
        assert.match(stderr, new RegExp(`was interrupted \\(${signal}\\), so no step was recorded`));
        assert.equal(readFileSync(box.path('b.jsonl'), 'utf8'), '{"cleaned":"up"}\n');
        assert.deepEqual(stepsIn(box.path('b.jsonl')), []);
      });
    }
  },
);
