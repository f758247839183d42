import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { THIS_HOST } from '../../../src/platform/fileLock.node.ts';
import { until } from '../../support/processes.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

/** Mounts are made in a namespace of the command's own, so they vanish with it. */
const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const needsMount = canMount ? {} : { skip: 'file systems cannot be mounted here' };

describe('disks', () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  async function withKey(): Promise<Sandbox> {
    const sandbox = new Sandbox(programs);
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    mkdirSync(sandbox.path('disk'));
    return sandbox;
  }

  /** Runs commands where `disk` is a small file system of its own, with the dataset on it. */
  function onDisk(sandbox: Sandbox, size: string, commands: string) {
    const prepared = `mount -t tmpfs -o size=${size} tmpfs disk && seq 1 2000 | sed 's/.*/{"id":&}/' > disk/train.jsonl`;
    return sandbox.shell(`exec unshare -m sh -c '${prepared.replaceAll("'", `'"'"'`)}\n${commands}' 2>&1`);
  }

  test('read-only: said in one sentence; verify does not mind', needsMount, async () => {
    const sandbox = await withKey();
    const { stdout, code } = await onDisk(
      sandbox,
      '1m',
      `provenance sign disk/train.jsonl > /dev/null && mount -o remount,ro disk
       provenance sign disk/train.jsonl; echo $?
       provenance flag disk/train.jsonl --lines 1 --category pii --severity low --reason x; echo $?
       provenance keygen --out disk/key.pem; echo $?
       provenance verify disk/train.jsonl | head -n 1
       ls -A disk/.provenance`,
    );
    const sentence =
      'cannot be written, because its file system is read-only; copy the dataset to a folder that can be written.';
    const bundle = '/work/disk/.provenance/train.jsonl.intoto.jsonl';
    assert.equal(code, 0);
    assert.equal(
      sandbox.masked(stdout, new Map()),
      [
        `provenance: ${bundle} ${sentence}\n2`,
        `provenance: ${bundle} ${sentence}\n2`,
        `provenance: disk/key.pem ${sentence}\n2`,
        'disk/train.jsonl: intact',
        'leaves\ntrain.jsonl.checkpoint\ntrain.jsonl.checkpoint.sig\ntrain.jsonl.intoto.jsonl\n',
      ].join('\n'),
    );
  });

  test('full: nothing half-written stays, and what was there is as it was', needsMount, async () => {
    const sandbox = await withKey();
    const { stdout } = await onDisk(
      sandbox,
      '160k',
      `provenance sign disk/train.jsonl --lines 1 > /dev/null && cp disk/.provenance/*.jsonl before
       dd if=/dev/zero of=disk/filler bs=4k 2> /dev/null
       provenance sign disk/train.jsonl; echo $?
       provenance flag disk/train.jsonl --lines 1-500 --category pii --severity low --reason x; echo $?
       cmp before disk/.provenance/train.jsonl.intoto.jsonl && ls -A disk/.provenance
       rm disk/filler && provenance sign disk/train.jsonl --lines 2 | head -n 1`,
    );
    assert.match(
      sandbox.masked(stdout, new Map()),
      new RegExp(
        [
          '^provenance: /work/disk/\\.provenance/leaves/[0-9a-f]{64} could not be written, because the disk .* is full; .*\\n2',
          'provenance: /work/disk/\\.provenance/train.* could not be written, because the disk .* is full; .*\\n2',
          '(leaves\\n)?train\\.jsonl\\.checkpoint\\ntrain\\.jsonl\\.checkpoint\\.sig\\ntrain\\.jsonl\\.intoto\\.jsonl',
          'Signed 1 sample of disk/train\\.jsonl, on line 2\\.\\n$',
        ].join('\\n'),
      ),
    );
  });

  test('a folder that may not be written to', async (context) => {
    const sandbox = await withKey();
    const folder = sandbox.path('disk');
    sandbox.write('disk/train.jsonl', '{"id":1}\n');
    // Root may write wherever the file system lets it.
    const isRoot = process.getuid?.() === 0;
    const lock = isRoot ? ['chattr', '+i', folder] : ['chmod', '500', folder];
    const unlock = isRoot ? ['chattr', '-i', folder] : ['chmod', '700', folder];
    if (spawnSync(lock[0]!, lock.slice(1)).status !== 0)
      return context.skip('this file system knows no such folders');
    try {
      const { code, stdout, stderr } = await sandbox.provenance('sign', 'disk/train.jsonl');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(
        stderr,
        /^provenance: \S+ could not be written, because permission was denied; check [^\n]*\n$/,
      );
      assert.deepEqual(readdirSync(folder), ['train.jsonl']);
    } finally {
      spawnSync(unlock[0]!, unlock.slice(1));
    }
  });

  test('an interrupt ends the wait for a lock, and nothing was written', async () => {
    const sandbox = await withKey();
    sandbox.write('train.jsonl', '{"id":1}\n');
    await sandbox.provenance('sign', 'train.jsonl');
    const bundle = sandbox.path('.provenance/train.jsonl.intoto.jsonl');
    const bytes = readFileSync(bundle);
    const leaves = sandbox.path('.provenance/leaves');
    rmSync(leaves, { recursive: true });
    const holder = { pid: process.pid, host: THIS_HOST, nonce: 'a', time: Date.now() };
    writeFileSync(`${bundle}.lock`, JSON.stringify(holder));
    const child = spawn(process.execPath, [programs.provenance, 'sign', 'train.jsonl'], {
      cwd: sandbox.work,
      env: sandbox.env,
    });
    const ended = once(child, 'close');
    // It writes the leaves, and then waits.
    await until(() => existsSync(leaves) && readdirSync(leaves).length > 0);
    await sleep(200);
    assert.equal(child.exitCode, null, 'it did not wait for the lock');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    assert.deepEqual(readFileSync(bundle), bytes);
    assert.deepEqual(readdirSync(sandbox.path('.provenance')).sort(), [
      'leaves',
      'train.jsonl.checkpoint',
      'train.jsonl.checkpoint.sig',
      'train.jsonl.intoto.jsonl',
      'train.jsonl.intoto.jsonl.lock',
    ]);
  });
});
