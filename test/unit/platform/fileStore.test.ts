import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FileStore } from '../../../src/core/bytes/fileStore.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { THIS_HOST, type LockHolder } from '../../../src/platform/fileLock.node.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { bytesOf, failure, textOf } from '../core/evidence/support.ts';
import { temporaryFolder } from '../../support/processes.ts';

const root = temporaryFolder('file-store');
let number = 0;
/** A path in a folder that does not exist yet. */
const freshPath = () => join(root, `${++number}`, 'file');
const files = nodeFileStore();
const append = (path: string, line: string, store: FileStore = files) =>
  store.appendLine(path, bytesOf(line));
const content = (path: string) => readFileSync(path, 'utf8');
const namesBeside = (path: string) => readdirSync(join(path, '..')).sort();
const existing = (text: string | Uint8Array) => {
  const path = freshPath();
  mkdirSync(join(path, '..'));
  writeFileSync(path, text);
  return path;
};

/** A pid that is no process. */
function deadPid(): number {
  const { pid } = process.platform === 'win32' ? spawnSync(process.execPath, ['-e', '0']) : spawnSync('true');
  return pid;
}

function lockText(holder: Partial<LockHolder>): string {
  return JSON.stringify({ pid: process.pid, host: THIS_HOST, nonce: 'n', time: Date.now(), ...holder });
}

function age(path: string, seconds: number): void {
  const time = new Date(Date.now() - seconds * 1000);
  utimesSync(path, time, time);
}

describe('reading', () => {
  test('files, and the absence of files', async () => {
    const path = existing('hello');
    assert.equal(textOf((await files.read(path, 5))!), 'hello');
    assert.equal((await files.stat(path))!.size, 5);
    assert.deepEqual(await files.list(join(path, '..')), ['file']);
    for (const absent of [`${path}.no`, join(path, 'below'), freshPath()]) {
      assert.equal(await files.read(absent, 5), undefined);
      assert.equal(await files.stat(absent), undefined);
      assert.deepEqual(await files.list(absent), []);
    }
    assert.deepEqual(await files.read(existing(''), 5), new Uint8Array());
  });

  test('no more than asked for', async () => {
    const path = existing('hello');
    await assert.rejects(files.read(path, 4), failure('too-large', /file has 5 bytes, more than the 4/));
  });

  test('files without a size, such as those of /proc', { skip: process.platform !== 'linux' }, async () => {
    const expected = readFileSync('/proc/self/mountinfo', 'utf8');
    assert.equal(textOf((await files.read('/proc/self/mountinfo', 1 << 20))!), expected);
    await assert.rejects(files.read('/proc/self/mountinfo', 10), failure('too-large'));
  });

  test(
    'not folders, and not named pipes, which would block',
    { skip: process.platform === 'win32' },
    async () => {
      const path = freshPath();
      mkdirSync(path, { recursive: true });
      await assert.rejects(files.read(path, 10), failure('not-a-file'));
      assert.equal(await files.stat(path), undefined);
      execFileSync('mkfifo', [`${path}.pipe`]);
      await assert.rejects(files.read(`${path}.pipe`, 10), failure('not-a-file'));
      await assert.rejects(append(`${path}.pipe`, 'x'), failure('not-a-file'));
    },
  );
});

describe('writing', () => {
  test('makes the folder, replaces the content, keeps the mode and leaves nothing else', async () => {
    const path = freshPath();
    await files.write(path, bytesOf('one'));
    assert.equal(content(path), 'one');
    chmodSync(path, 0o640);
    await files.write(path, bytesOf('two'));
    assert.equal(content(path), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(namesBeside(path), ['file']);
  });

  test('replaces a link and leaves its target alone', async () => {
    const target = existing('precious');
    const path = join(target, '..', 'link');
    symlinkSync(target, path);
    await files.write(path, bytesOf('new'));
    assert.equal(content(target), 'precious');
    assert.equal(content(path), 'new');
    assert.ok(!lstatSync(path).isSymbolicLink());
  });

  test('the old content stays until the new one is on disk', async () => {
    const path = existing('old');
    const steps: string[] = [];
    const store = nodeFileStore({
      fs: {
        open: async (...args) => {
          const handle = await fsPromises.open(...args);
          const sync = handle.sync.bind(handle);
          handle.sync = async () => {
            steps.push(`sync ${String(args[0]) === join(path, '..') ? 'folder' : 'file'}`);
            return sync();
          };
          return handle;
        },
        rename: async (from, to) => {
          steps.push('rename');
          assert.equal(content(path), 'old');
          assert.equal(readFileSync(from, 'utf8'), 'new');
          return fsPromises.rename(from, to);
        },
      },
    });
    await store.write(path, bytesOf('new'));
    assert.deepEqual(steps, ['sync file', 'rename', 'sync folder']);
  });
});

describe('appending', () => {
  test('lines, in order', async () => {
    const path = freshPath();
    await Promise.all(['a', 'b', 'c', 'd'].map((line) => append(path, line)));
    assert.equal(content(path), 'a\nb\nc\nd\n');
    assert.deepEqual(namesBeside(path), ['file']);
  });

  test('closes a torn last line, and changes nothing that is there', async () => {
    const torn = new Uint8Array([0x61, 0x0d, 0x0a, 0x0a, 0xff, 0x00]);
    const path = existing(torn);
    await append(path, 'line');
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array([...torn, ...bytesOf('\nline\n')]));
  });

  test('keeps mode and owner', { skip: process.getuid?.() === 0 ? false : 'needs root' }, async () => {
    const path = existing('a\n');
    chmodSync(path, 0o600);
    await fsPromises.chown(path, 12345, 23456);
    await append(path, 'b');
    const { mode, uid, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, uid, gid], [0o600, 12345, 23456]);
  });

  test('refuses what is not one line', async () => {
    const path = freshPath();
    for (const line of ['', 'a\nb', 'a\r', '\n']) {
      await assert.rejects(append(path, line), failure('invalid-argument'));
    }
    assert.ok(!existsSync(path));
  });

  test('removes the break lock that a killed process left, though there is no lock to break', async () => {
    const path = existing('a\n');
    writeFileSync(`${path}.lock.break`, lockText({ pid: deadPid() }));
    await append(path, 'b');
    assert.deepEqual(namesBeside(path), ['file']);
  });

  test('refuses a link unless it is told to follow it', async () => {
    const target = existing('mine\n');
    const link = `${target}-link`;
    symlinkSync(target, link);
    await assert.rejects(append(link, 'b'), failure('permission-denied', /symbolic link/));
    assert.equal(content(target), 'mine\n');
  });

  test('goes through a link, in the file and in its folder', async () => {
    const target = existing('a\n');
    const folder = join(root, `${++number}`);
    mkdirSync(folder);
    symlinkSync(target, join(folder, 'link'));
    symlinkSync(join(target, '..'), join(folder, 'folder'));
    await files.appendLine(join(folder, 'link'), bytesOf('b'), 'follow');
    await append(join(folder, 'folder', 'file'), 'c');
    assert.equal(content(target), 'a\nb\nc\n');
    assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    await assert.rejects(
      files.appendLine(join(folder, 'dangling'), bytesOf('x'), 'follow'),
      failure('not-found', /link to a file/),
    );
  });

  test('starts again when another program changes the file without the lock', async () => {
    const path = existing('a\n');
    let interfered = false;
    const store = nodeFileStore({
      fs: {
        copyFile: async (...args) => {
          await fsPromises.copyFile(...args);
          if (!interfered) writeFileSync(path, 'a\nfrom elsewhere\n');
          interfered = true;
        },
      },
    });
    await append(path, 'b', store);
    assert.equal(content(path), 'a\nfrom elsewhere\nb\n');
  });

  test('starts again when its lock was taken away meanwhile', async () => {
    const path = existing('a\n');
    let takenAway = false;
    const store = nodeFileStore({
      fs: {
        copyFile: async (...args) => {
          await fsPromises.copyFile(...args);
          if (!takenAway) {
            // As after a long sleep: another writer found the lock stale, took it, and finishes a bit later.
            writeFileSync(`${path}.lock`, lockText({ nonce: 'another' }));
            setTimeout(() => {
              writeFileSync(path, 'a\nanother\n');
              unlinkSync(`${path}.lock`);
            }, 50);
          }
          takenAway = true;
        },
      },
    });
    await append(path, 'b', store);
    assert.equal(content(path), 'a\nanother\nb\n');
    assert.deepEqual(namesBeside(path), ['file']);
  });

  test('removes what killed processes left behind, and nothing else', async () => {
    const path = existing('a\n');
    const folder = join(path, '..');
    const tag = /-([0-9a-f]{8})-/.exec(await nameOfTemporaryFile(path))![1]!;
    const temporary = (pid: number, host: string) => `.provenance-${pid}-${host}-0123456789abcdef.tmp`;
    const dead = temporary(deadPid(), tag);
    const alive = temporary(process.pid, tag);
    const elsewhere = temporary(1, '00000000');
    const oldElsewhere = temporary(2, '00000000');
    const notOurs = '.provenance-x.tmp';
    for (const name of [dead, alive, elsewhere, oldElsewhere, notOurs]) writeFileSync(join(folder, name), '');
    age(join(folder, oldElsewhere), 2 * 3600);
    age(join(folder, notOurs), 2 * 3600);
    await append(path, 'b');
    const kept = [alive, elsewhere, notOurs, 'file'].sort();
    assert.deepEqual(namesBeside(path), kept);
    writeFileSync(join(folder, dead), '');
    await files.write(path, bytesOf('c'));
    assert.deepEqual(namesBeside(path), kept);
  });

  async function nameOfTemporaryFile(path: string): Promise<string> {
    let name = '';
    const store = nodeFileStore({
      fs: {
        rename: async (from, to) => {
          name = String(from);
          return fsPromises.rename(from, to);
        },
      },
    });
    await append(path, 'b', store);
    return name;
  }
});

describe('the lock', () => {
  const quick = { wait: 300, heartbeat: 20, stale: 60_000, breakStale: 10_000 };
  const impatient = nodeFileStore({ lockTimes: quick });

  test('of a live process is respected, and its holder is named', async () => {
    const path = existing('a\n');
    const lock = lockText({ pid: process.ppid, time: Date.UTC(2026, 0, 31) });
    writeFileSync(`${path}.lock`, lock);
    const expected = new RegExp(
      `file has been locked by process ${process.ppid} on ${hostname()}.* since 2026-01-31T`,
    );
    await assert.rejects(append(path, 'b', impatient), failure('locked', expected));
    assert.equal(content(path), 'a\n');
    assert.equal(content(`${path}.lock`), lock);
    assert.deepEqual(namesBeside(path), ['file', 'file.lock']);
  });

  test('is waited for', async () => {
    const path = existing('a\n');
    writeFileSync(`${path}.lock`, lockText({ pid: process.ppid }));
    setTimeout(() => unlinkSync(`${path}.lock`), 100);
    await append(path, 'b');
    assert.equal(content(path), 'a\nb\n');
  });

  const STALE: readonly [name: string, text: () => string, seconds: number][] = [
    ['of a dead process of this host', () => lockText({ pid: deadPid() }), 0],
    ['of this pid in an earlier life of the container', () => lockText({ time: Date.now() - 86_400_000 }), 0],
    ['of another host without a heartbeat', () => lockText({ host: 'elsewhere', pid: 1 }), 61],
    ['of a live process without a heartbeat', () => lockText({ pid: process.ppid }), 61],
    ['that says nothing, and is old', () => '', 61],
    ['that is not ours to read, and is old', () => '{"pid":"x"}', 61],
  ];
  for (const [name, text, seconds] of STALE) {
    test(`${name} is taken away`, async () => {
      const path = existing('a\n');
      writeFileSync(`${path}.lock`, text());
      age(`${path}.lock`, seconds);
      await append(path, 'b', impatient);
      assert.equal(content(path), 'a\nb\n');
      assert.deepEqual(namesBeside(path), ['file']);
    });
  }

  const FRESH: readonly [name: string, text: () => string, seconds: number][] = [
    ['of a dead pid of another host', () => lockText({ host: 'elsewhere', pid: deadPid() }), 50],
    ['that says nothing', () => '', 50],
    ['with a hostile pid', () => lockText({ pid: -1 }), 50],
    ['with hostile JSON', () => '[[[[', 50],
  ];
  for (const [name, text, seconds] of FRESH) {
    test(`${name} is respected while it is fresh`, async () => {
      const path = existing('a\n');
      writeFileSync(`${path}.lock`, text());
      age(`${path}.lock`, seconds);
      await assert.rejects(append(path, 'b', impatient), failure('locked'));
      assert.equal(content(path), 'a\n');
    });
  }

  test('that is a link or a folder is left alone', async () => {
    const precious = existing('precious');
    const path = existing('a\n');
    symlinkSync(precious, `${path}.lock`);
    await assert.rejects(append(path, 'b', impatient), failure('locked', /does not say by whom/));
    unlinkSync(`${path}.lock`);
    mkdirSync(`${path}.lock`);
    age(`${path}.lock`, 1000);
    await assert.rejects(append(path, 'b', impatient), failure('locked'));
    assert.equal(content(precious), 'precious');
  });

  test('shows signs of life while it is held', async () => {
    const path = existing('a\n');
    const times: number[] = [];
    const store = nodeFileStore({
      lockTimes: quick,
      fs: {
        copyFile: async (...args) => {
          age(`${path}.lock`, 1000);
          await new Promise((resolve) => setTimeout(resolve, 200));
          times.push(Date.now() - statSync(`${path}.lock`).mtimeMs);
          return fsPromises.copyFile(...args);
        },
      },
    });
    await append(path, 'b', store);
    assert.ok(times[0]! < 1000, `last sign of life ${times[0]} ms ago`);
  });

  test('being taken away by one process holds up the others', async () => {
    const path = existing('a\n');
    writeFileSync(`${path}.lock`, lockText({ pid: deadPid() }));
    writeFileSync(`${path}.lock.break`, lockText({ pid: process.ppid }));
    await assert.rejects(append(path, 'b', impatient), failure('locked'));
    // It takes milliseconds, so it is soon taken for dead.
    age(`${path}.lock.break`, 11);
    await append(path, 'b', impatient);
    assert.equal(content(path), 'a\nb\n');
    assert.deepEqual(namesBeside(path), ['file']);
  });

  test('is put back when it turns out to be another than the stale one', async () => {
    const path = existing('a\n');
    writeFileSync(`${path}.lock`, lockText({ pid: deadPid() }));
    const lock = lockText({ pid: process.ppid, nonce: 'new' });
    let exchanged = false;
    const store = nodeFileStore({
      lockTimes: quick,
      fs: {
        rename: async (from, to) => {
          if (String(from) === `${path}.lock` && !exchanged) {
            exchanged = true;
            unlinkSync(from);
            writeFileSync(`${path}.lock`, lock);
          }
          return fsPromises.rename(from, to);
        },
      },
    });
    await assert.rejects(append(path, 'b', store), failure('locked'));
    assert.ok(exchanged);
    assert.equal(content(`${path}.lock`), lock);
    assert.deepEqual(namesBeside(path), ['file', 'file.lock']);
  });

  test('works without hard links', async () => {
    const path = freshPath();
    const link = () => Promise.reject(Object.assign(new Error('no'), { code: 'EPERM' }));
    const store = nodeFileStore({ fs: { link } });
    await Promise.all(['a', 'b'].map((line) => append(path, line, store)));
    assert.equal(content(path), 'a\nb\n');
    assert.deepEqual(namesBeside(path), ['file']);
  });
});

describe('failures leave the file as it was, and no other file', () => {
  const SYSTEM: readonly [system: string, code: ErrorCode, words: RegExp][] = [
    ['EROFS', 'read-only', /read-only; copy the dataset/],
    ['EACCES', 'permission-denied', /check the permissions/],
    ['EPERM', 'permission-denied', /check the permissions/],
    ['ENOSPC', 'disk-full', /make room/],
    ['EDQUOT', 'disk-full', /quota/],
    ['EIO', 'io', /\(EIO\)/],
  ];
  const operations = ['copyFile', 'rename', 'sync', 'write'] as const;
  for (const [system, code, words] of SYSTEM) {
    test(`${system} is ${code}`, async () => {
      const error = () => Promise.reject(Object.assign(new Error(system), { code: system }));
      for (const operation of operations) {
        const path = existing('old\n');
        const open: typeof fsPromises.open = async (...args) => {
          const handle = await fsPromises.open(...args);
          // Of lock files too: they are the first that a full disk refuses.
          if (operation === 'sync') handle.sync = error;
          if (operation === 'write') {
            handle.write = error;
            handle.writeFile = error;
          }
          return handle;
        };
        const fs = operation === 'sync' || operation === 'write' ? { open } : { [operation]: error };
        const store = nodeFileStore({ fs });
        const message = new RegExp(`file.*${words.source}`);
        await assert.rejects(append(path, 'b', store), failure(code, message), operation);
        if (operation !== 'copyFile')
          await assert.rejects(store.write(path, bytesOf('new')), failure(code, message));
        assert.equal(content(path), 'old\n');
        assert.deepEqual(namesBeside(path), ['file'], operation);
      }
      const noFolder = nodeFileStore({ fs: { mkdir: error } });
      await assert.rejects(append(freshPath(), 'b', noFolder), failure(code));
    });
  }

  test('a folder that cannot be made', async () => {
    const path = existing('a file');
    await assert.rejects(files.write(join(path, 'below'), bytesOf('x')), failure('not-a-file'));
    await assert.rejects(append(join(path, 'below', 'it'), 'x'), failure('not-a-file'));
    const folder = freshPath();
    mkdirSync(folder, { recursive: true });
    await assert.rejects(files.write(folder, bytesOf('x')), failure('not-a-file'));
  });

  test('a write-protected file', async () => {
    const access = () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    const path = existing('a\n');
    await assert.rejects(append(path, 'b', nodeFileStore({ fs: { access } })), failure('permission-denied'));
    assert.equal(content(path), 'a\n');
  });
});

describe('real file systems', { skip: mountable() }, () => {
  const folder = join(root, 'mounted');
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'test', folder]);
  before(() => mkdirSync(folder));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('a full disk', async () => {
    mount('size=64k');
    try {
      const path = join(folder, 'file');
      await append(path, 'first');
      const line = 'x'.repeat(4000);
      let lines = 0;
      await assert.rejects(async () => {
        for (; ; lines++) await append(path, line);
      }, failure('disk-full'));
      assert.ok(lines > 2);
      assert.equal(content(path), `first\n${`${line}\n`.repeat(lines)}`);
      await assert.rejects(files.write(join(folder, 'big'), new Uint8Array(100_000)), failure('disk-full'));
      assert.deepEqual(readdirSync(folder), ['file']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test('a read-only file system', async () => {
    mount('size=64k');
    try {
      const path = join(folder, 'file');
      await append(path, 'first');
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      await assert.rejects(append(path, 'second'), failure('read-only', /file cannot be written/));
      await assert.rejects(files.write(path, bytesOf('second')), failure('read-only'));
      await assert.rejects(append(join(folder, 'sub', 'file'), 'x'), failure('read-only'));
      assert.equal(content(path), 'first\n');
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});

function mountable(): string | false {
  if (process.platform !== 'linux') return 'mounts a tmpfs: Linux only';
  const folder = join(root, 'probe');
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'test', folder]).status !== 0)
    return 'mount is not permitted';
  execFileSync('umount', [folder]);
  return false;
}
