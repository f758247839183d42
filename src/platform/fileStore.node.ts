import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileContent, FileStat, FileStore, LinkPolicy } from '../core/bytes/fileStore.ts';
import { ProvenanceError } from '../core/errors.ts';
import { codeOf, fileError, type FileAction } from './fileErrors.node.ts';
import {
  acquireLock,
  isDead,
  LOCK_TIMES,
  removeStaleBreaker,
  THIS_HOST,
  type LockTimes,
  type NodeFs,
} from './fileLock.node.ts';

export interface NodeFileStoreOptions {
  /** For tests: file operations that fail, and shorter times. */
  readonly fs?: Partial<NodeFs>;
  readonly lockTimes?: Partial<LockTimes>;
}

/** Temporary files of other hosts are taken for leftovers after an hour without a write. */
const LEFTOVER_AGE = 60 * 60 * 1000;

const HOST_TAG = createHash('sha256').update(THIS_HOST).digest('hex').slice(0, 8);
const TEMPORARY = /^\.provenance-(\d{1,10})-([0-9a-f]{8})-[0-9a-f]{16}\.tmp$/;

/** How often an append starts again when the file changes under it, or its lock was taken away. */
const MAX_ATTEMPTS = 20;

/** Appends of this process wait here for each other, in order, and only the first asks for the lock file. By path. */
const queues = new Map<string, Promise<unknown>>();

/** Files on disk. See {@link FileStore} for what each operation promises. */
export function nodeFileStore(options: NodeFileStoreOptions = {}): FileStore {
  const fs: NodeFs = { ...nodeFs, ...options.fs };
  const times: LockTimes = { ...LOCK_TIMES, ...options.lockTimes };
  return {
    read: (path, maxBytes) => mapErrors(path, 'read', () => read(fs, path, maxBytes)),
    stat: (path) => mapErrors(path, 'read', () => stat(fs, path)),
    list: (folder) => mapErrors(folder, 'read', () => list(fs, folder)),
    write: (path, bytes) => mapErrors(path, 'write', () => write(fs, path, bytes)),
    appendLine: (path, line, links = 'refuse') =>
      mapErrors(path, 'write', () => appendLine(fs, path, line, links, times)),
    appendLineWith: (path, line, maxBytes, companions) =>
      mapErrors(path, 'write', () =>
        appendLine(fs, path, line, 'refuse', times, async () =>
          companions((await read(fs, path, maxBytes)) ?? new Uint8Array(0)),
        ),
      ),
  };
}

const CHUNK = 64 * 1024;

async function read(fs: NodeFs, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const found = await unlessMissing(fs.stat(path));
  if (!found) return undefined;
  // Before opening, which would wait for the other end of a named pipe.
  if (!found.isFile()) throw notAFile(path);
  const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const handle = await unlessMissing(fs.open(path, constants.O_RDONLY | O_NONBLOCK));
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw tooLarge(path, size, maxBytes);
    const parts: Uint8Array[] = [];
    let length = 0;
    // The first part should be all of it. The next one shows whether the file has grown (or has no size, as in /proc).
    for (let part = new Uint8Array(size || CHUNK); ; part = new Uint8Array(CHUNK)) {
      const { bytesRead } = await handle.read(part, 0, part.length, length);
      if (bytesRead === 0) break;
      parts.push(part.subarray(0, bytesRead));
      length += bytesRead;
      if (length > maxBytes) throw tooLarge(path, length, maxBytes);
    }
    if (parts.length === 1) return parts[0];
    const bytes = new Uint8Array(length);
    parts.reduce((at, part) => {
      bytes.set(part, at);
      return at + part.length;
    }, 0);
    return bytes;
  } finally {
    await handle.close();
  }
}

async function stat(fs: NodeFs, path: string): Promise<FileStat | undefined> {
  const found = await unlessMissing(fs.stat(path));
  return found?.isFile() ? { size: found.size, mtime: found.mtimeMs } : undefined;
}

async function list(fs: NodeFs, folder: string): Promise<string[]> {
  return (await unlessMissing(fs.readdir(folder))) ?? [];
}

/** A link at `path` is replaced, not followed: evidence that came with a download must not overwrite other files. */
async function write(fs: NodeFs, path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  await makeFolder(fs, folder);
  const old = await unlessMissing(fs.lstat(path));
  if (old && !old.isFile() && !old.isSymbolicLink()) throw notAFile(path);
  await removeLeftovers(fs, folder);
  const temporary = temporaryPath(folder);
  await orRemove(fs, temporary, async () => {
    const handle = await fs.open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      if (old?.isFile()) await keepOwnerAndMode(fs, temporary, old);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, path);
  });
  await syncFolder(fs, folder);
}

async function appendLine(
  fs: NodeFs,
  path: string,
  line: Uint8Array,
  links: LinkPolicy,
  times: LockTimes,
  companions: Companions = NO_COMPANIONS,
): Promise<void> {
  if (line.length === 0 || line.includes(LF) || line.includes(CR)) {
    const args = { path };
    throw new ProvenanceError(
      'invalid-argument',
      'One line is appended to {path}, without its line end.',
      args,
    );
  }
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(async () => {
    await makeFolder(fs, dirname(path));
    // A linked file is added to where it lies; renaming would put a copy in the place of the link.
    await appendLocked(fs, await resolveLink(fs, path, links), line, times, companions);
  });
  const settled = mine.catch(() => undefined);
  queues.set(path, settled);
  try {
    await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

const LF = 0x0a;
const CR = 0x0d;

/** What to write beside a file, by what stands in it now. */
type Companions = () => Promise<readonly FileContent[]>;

const NO_COMPANIONS: Companions = () => Promise.resolve([]);

async function appendLocked(
  fs: NodeFs,
  target: string,
  line: Uint8Array,
  times: LockTimes,
  companions: Companions,
): Promise<void> {
  const folder = dirname(target);
  const lockPath = `${target}.lock`;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const lock = await acquireLock(fs, lockPath, () => temporaryPath(folder), times);
    try {
      await removeLeftovers(fs, folder);
      await removeStaleBreaker(fs, lockPath, () => temporaryPath(folder), times);
      const beside = await appendOnce(fs, target, line, () => lock.isHeld(), companions);
      if (beside) {
        await syncFolder(fs, folder);
        for (const { path, bytes } of beside) await write(fs, path, bytes);
        return;
      }
    } finally {
      await lock.release();
    }
  }
  throw new ProvenanceError(
    'locked',
    '{path} was changed by another program {count} times while a line was being added; try again when it has finished.',
    { path: target, count: MAX_ATTEMPTS },
  );
}

/**
 * @returns what to write beside it; undefined when nothing was done, because the lock was lost or someone else changed
 *   the file meanwhile
 */
async function appendOnce(
  fs: NodeFs,
  target: string,
  line: Uint8Array,
  isHeld: () => Promise<boolean>,
  companions: Companions,
): Promise<readonly FileContent[] | undefined> {
  const old = await unlessMissing(fs.stat(target));
  if (old && !old.isFile()) throw notAFile(target);
  // Renaming would get around the file's own write protection.
  if (old) await fs.access(target, constants.W_OK);
  const beside = await companions();
  const temporary = temporaryPath(dirname(target));
  return await orRemove(fs, temporary, async () => {
    if (old) await fs.copyFile(target, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const handle = await fs.open(temporary, old ? 'r+' : 'wx+');
    try {
      const { size } = await handle.stat();
      if (size !== (old?.size ?? 0)) return undefined;
      const last = new Uint8Array([LF]);
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      const torn = last[0] !== LF;
      const addition = Buffer.concat([torn ? [LF] : [], line, [LF]].map((part) => Uint8Array.from(part)));
      await writeAll(handle, addition, size);
      if (old) await keepOwnerAndMode(fs, temporary, old);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const now = await unlessMissing(fs.stat(target));
    const unchanged = now?.ino === old?.ino && now?.size === old?.size && now?.mtimeMs === old?.mtimeMs;
    if (!unchanged || !(await isHeld())) return undefined;
    await fs.rename(temporary, target);
    return beside;
  });
}

async function writeAll(handle: nodeFs.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** Runs `action`, and removes the temporary file unless it was renamed away. */
async function orRemove<T>(fs: NodeFs, temporary: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } finally {
    await fs.unlink(temporary).catch(() => undefined);
  }
}

function temporaryPath(folder: string): string {
  return join(folder, `.provenance-${process.pid}-${HOST_TAG}-${randomBytes(8).toString('hex')}.tmp`);
}

/** Removes what processes left behind that were killed while they wrote; where that fails, it is no harm. */
async function removeLeftovers(fs: NodeFs, folder: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const [, pid, host] = TEMPORARY.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const found = await fs.lstat(path).catch(() => undefined);
    if (!found) continue;
    const abandoned =
      host === HOST_TAG && Number(pid) > 0 && Number(pid) <= 0x7fffffff && isDead(Number(pid));
    if (abandoned || Date.now() - found.mtimeMs > LEFTOVER_AGE) await fs.unlink(path).catch(() => undefined);
  }
}

async function keepOwnerAndMode(
  fs: NodeFs,
  temporary: string,
  old: { uid: number; gid: number; mode: number },
): Promise<void> {
  const made = await fs.stat(temporary);
  // Only root may give files away; for others the new owner is whoever wrote last.
  if (made.uid !== old.uid || made.gid !== old.gid) {
    await fs.chown(temporary, old.uid, old.gid).catch(() => undefined);
  }
  await fs.chmod(temporary, old.mode & 0o7777);
}

/**
 * Makes a folder and those above it. Not by mkdir's own recursion, which says ENOENT where a file system is read-only.
 *
 * @param mode of the folders that are made
 */
export async function makeFolder(fs: NodeFs, folder: string, mode = 0o777): Promise<void> {
  if ((await unlessMissing(fs.stat(folder)))?.isDirectory()) return;
  try {
    await fs.mkdir(folder, { mode });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await fs.stat(folder)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(fs, dirname(folder), mode);
    await makeFolder(fs, folder, mode);
    return;
  }
  await syncFolder(fs, dirname(folder));
}

/** Makes a rename in the folder last through a power cut. */
async function syncFolder(fs: NodeFs, folder: string): Promise<void> {
  let handle: nodeFs.FileHandle | undefined;
  try {
    handle = await fs.open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows and some network file systems cannot; they order renames themselves.
  } finally {
    await handle?.close();
  }
}

async function resolveLink(fs: NodeFs, path: string, links: LinkPolicy): Promise<string> {
  if (links === 'refuse' && (await unlessMissing(fs.lstat(path)))?.isSymbolicLink()) {
    throw new ProvenanceError(
      'permission-denied',
      '{path} is a symbolic link, and evidence is not written through links; put the file itself there.',
      { path },
    );
  }
  const real = await unlessMissing(fs.realpath(path));
  if (real !== undefined) return real;
  // A file that stands there by now was made by another process meanwhile.
  if ((await unlessMissing(fs.lstat(path)))?.isSymbolicLink()) {
    throw new ProvenanceError(
      'not-found',
      '{path} is a link to a file that does not exist; restore that file or remove the link.',
      { path },
    );
  }
  return join(await fs.realpath(dirname(path)), path.slice(path.replaceAll('\\', '/').lastIndexOf('/') + 1));
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function notAFile(path: string): ProvenanceError {
  return new ProvenanceError('not-a-file', '{path} is not a regular file; move away what stands there.', {
    path,
  });
}

function tooLarge(path: string, size: number, limit: number): ProvenanceError {
  return new ProvenanceError(
    'too-large',
    '{path} has {size} bytes, more than the {limit} that are read; check that it is the right file.',
    { path, size, limit },
  );
}

async function mapErrors<T>(path: string, action: FileAction, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fileError(error, path, action);
  }
}
