import { randomBytes } from 'node:crypto';
import { constants, readlinkSync } from 'node:fs';
import type * as fsPromises from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProvenanceError } from '../core/errors.ts';
import { codeOf } from './fileErrors.node.ts';

/** The file operations that the file store uses; tests pass some that fail. */
export type NodeFs = Pick<
  typeof fsPromises,
  | 'access'
  | 'chmod'
  | 'chown'
  | 'copyFile'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'realpath'
  | 'rename'
  | 'stat'
  | 'unlink'
>;

export interface LockTimes {
  /** How long to wait for another writer, in milliseconds. */
  readonly wait: number;
  /** How often the holder shows that it is alive. */
  readonly heartbeat: number;
  /** A lock without a sign of life for so long is stale. Many heartbeats, since disks and event loops stall. */
  readonly stale: number;
  /** The same for the lock that is held while a stale lock is taken away, which takes milliseconds. */
  readonly breakStale: number;
}

export const LOCK_TIMES: LockTimes = { wait: 30_000, heartbeat: 5_000, stale: 60_000, breakStale: 10_000 };

/** What a lock file says about its holder, in JSON. */
export interface LockHolder {
  readonly pid: number;
  /** Host name, and on Linux its process namespace: two containers may have one name and see other pids. */
  readonly host: string;
  readonly nonce: string;
  /** When it was taken, in milliseconds since the epoch. */
  readonly time: number;
}

/** Where pids mean the same as here. */
export const THIS_HOST = hostId();

function hostId(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Whether a process of this host is gone. One that may not be signalled is there. */
export function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

export interface FileLock {
  /** Whether the lock is still ours. It may have been taken away if this process was stopped for long. */
  isHeld(): Promise<boolean>;
  /** Never rejects: what was done under the lock is done. A lock that cannot be removed becomes stale. */
  release(): Promise<void>;
}

/**
 * Takes the lock file `lockPath`, waiting for its holder with growing, jittered pauses.
 *
 * A lock file is complete from its first moment: it is written under a temporary name and linked. A stale one (its
 * process is gone, or it gave no sign of life for long) is taken away by whoever holds `lockPath.break`; even if two
 * processes should get there, each takes away only the very lock that it judged (see {@link takeAway}).
 *
 * @param temporaryPath a fresh path in the same folder at each call
 * @throws ProvenanceError `locked`, naming the holder; the system's own errors as they are
 */
export async function acquireLock(
  fs: NodeFs,
  lockPath: string,
  temporaryPath: () => string,
  times: LockTimes,
): Promise<FileLock> {
  const deadline = performance.now() + times.wait;
  // Short pauses: a process that appends one line after the other leaves the lock free for a millisecond at a time.
  for (let pause = 4; ; pause = Math.min(pause * 2, 32)) {
    const seen = await inspect(fs, lockPath);
    if (!seen) {
      const lock = await tryLock(fs, lockPath, temporaryPath(), times.heartbeat);
      if (lock) return lock;
    } else if (isStale(seen, Date.now(), times.stale)) {
      if (await breakLock(fs, lockPath, temporaryPath, times)) continue;
    }
    if (performance.now() > deadline) throw lockedError(lockPath, seen);
    await sleep(pause * (0.5 + Math.random()));
  }
}

async function tryLock(
  fs: NodeFs,
  lockPath: string,
  temporaryPath: string,
  heartbeat: number,
): Promise<FileLock | undefined> {
  const nonce = randomBytes(16).toString('hex');
  const holder: LockHolder = { pid: process.pid, host: THIS_HOST, nonce, time: Date.now() };
  const handle = await createExclusive(fs, lockPath, temporaryPath, JSON.stringify(holder));
  if (!handle) return undefined;

  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const now = new Date();
    // Through the handle: should the lock have been taken away, the next holder's is not kept alive by us.
    beating = handle.utimes(now, now).catch(() => undefined);
  }, heartbeat);
  timer.unref();

  const isHeld = async (): Promise<boolean> => {
    const seen = await inspect(fs, lockPath);
    return seen?.holder?.nonce === nonce;
  };
  return {
    isHeld,
    release: async () => {
      clearInterval(timer);
      await beating;
      await handle.close().catch(() => undefined);
      const held = await isHeld().catch(() => false);
      if (held) await fs.unlink(lockPath).catch(() => undefined);
    },
  };
}

/** @returns the open file, or undefined when `path` exists */
async function createExclusive(
  fs: NodeFs,
  path: string,
  temporaryPath: string,
  content: string,
): Promise<fsPromises.FileHandle | undefined> {
  const handle = await createFile(fs, temporaryPath, content);
  try {
    await fs.link(temporaryPath, path);
    return handle;
  } catch (error) {
    await handle.close();
    if (codeOf(error) === 'EEXIST') return undefined;
  } finally {
    await fs.unlink(temporaryPath).catch(() => undefined);
  }
  // A file system without hard links: the lock is empty for a moment, and then counts as stale by its age only.
  try {
    return await createFile(fs, path, content);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/** @returns the open file, or nothing is left of it */
async function createFile(fs: NodeFs, path: string, content: string): Promise<fsPromises.FileHandle> {
  const handle = await fs.open(path, 'wx', 0o644);
  try {
    await handle.writeFile(content);
    return handle;
  } catch (error) {
    await handle.close();
    await fs.unlink(path).catch(() => undefined);
    throw error;
  }
}

interface SeenLock {
  /** Undefined when the file is not one of our locks. */
  readonly holder: LockHolder | undefined;
  /** What tells this lock from its successors. */
  readonly identity: string;
  readonly isFile: boolean;
  readonly mtime: number;
}

async function inspect(fs: NodeFs, lockPath: string): Promise<SeenLock | undefined> {
  try {
    const { ino, mtimeMs } = await fs.lstat(lockPath);
    let handle: fsPromises.FileHandle | undefined;
    try {
      handle = await openForReading(fs, lockPath);
    } catch (error) {
      if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
      // Another user's lock, which only that user may read: its age still counts.
      return { holder: undefined, identity: String(ino), isFile: true, mtime: mtimeMs };
    }
    if (!handle) return { holder: undefined, identity: String(ino), isFile: false, mtime: mtimeMs };
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      const text = buffer.toString('utf8', 0, bytesRead);
      const stat = await handle.stat();
      return {
        holder: parseHolder(text),
        identity: `${stat.ino} ${text}`,
        isFile: true,
        mtime: stat.mtimeMs,
      };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens a regular file, never following a link, and never waiting for the other end of a named pipe. */
async function openForReading(fs: NodeFs, path: string): Promise<fsPromises.FileHandle | undefined> {
  if (!(await fs.lstat(path)).isFile()) return undefined;
  // Windows has neither flag.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  return await fs.open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

function parseHolder(text: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, host, nonce, time } = value as Record<keyof LockHolder, unknown>;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0 || pid > 0x7fffffff) return undefined;
  if (typeof host !== 'string' || typeof nonce !== 'string' || typeof time !== 'number') return undefined;
  return { pid, host, nonce, time };
}

function isStale({ holder, isFile, mtime }: SeenLock, now: number, maxAge: number): boolean {
  // What we did not make is not ours to remove.
  if (!isFile) return false;
  if (holder?.host === THIS_HOST) {
    if (isDead(holder.pid)) return true;
    // In a container, each run of a program may have the same pid.
    const started = Date.now() - process.uptime() * 1000;
    if (holder.pid === process.pid && holder.time < started - 1000) return true;
  }
  return now - mtime > maxAge;
}

/** Removes the break lock of a process that was killed while it took a stale lock away. */
export async function removeStaleBreaker(
  fs: NodeFs,
  lockPath: string,
  temporaryPath: () => string,
  times: LockTimes,
): Promise<void> {
  const breakPath = `${lockPath}.break`;
  const seen = await inspect(fs, breakPath);
  if (seen && isStale(seen, Date.now(), times.breakStale))
    await takeAway(fs, breakPath, seen, temporaryPath());
}

/** @returns whether the lock may be free now */
async function breakLock(
  fs: NodeFs,
  lockPath: string,
  temporaryPath: () => string,
  times: LockTimes,
): Promise<boolean> {
  const breakPath = `${lockPath}.break`;
  const breaker = await tryLock(fs, breakPath, temporaryPath(), times.heartbeat);
  if (!breaker) {
    await removeStaleBreaker(fs, lockPath, temporaryPath, times);
    return false;
  }
  try {
    // Judged again: the lock seen before may have been another one. The break lock was made just now, so its time is
    // what the file's own server calls now, however wrong this host's clock is.
    const [seen, made] = await Promise.all([inspect(fs, lockPath), inspect(fs, breakPath)]);
    if (!seen) return true;
    if (!isStale(seen, made?.mtime ?? Date.now(), times.stale)) return false;
    await takeAway(fs, lockPath, seen, temporaryPath());
    return true;
  } finally {
    await breaker.release();
  }
}

/**
 * Removes a lock, but only the one that was judged stale: it is renamed, looked at, and put back when it is another.
 * (In the moment between, its holder may find it gone; {@link FileLock.isHeld} then makes it start again.)
 */
async function takeAway(fs: NodeFs, path: string, judged: SeenLock, temporaryPath: string): Promise<void> {
  try {
    await fs.rename(path, temporaryPath);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = await inspect(fs, temporaryPath);
  if (taken && taken.identity !== judged.identity) await fs.link(temporaryPath, path).catch(() => undefined);
  await fs.unlink(temporaryPath).catch(() => undefined);
}

function lockedError(lockPath: string, seen: SeenLock | undefined): ProvenanceError {
  const path = lockPath.replace(/\.lock$/, '');
  if (!seen?.holder) {
    return new ProvenanceError(
      'locked',
      '{path} is locked by {lockPath}, which does not say by whom; delete that file if no other program is writing.',
      { path, lockPath },
    );
  }
  const { pid, host, time } = seen.holder;
  return new ProvenanceError(
    'locked',
    '{path} has been locked by process {pid} on {host} since {since}; try again when it has finished, or end it.',
    { path, pid, host: host.slice(0, 100), since: new Date(safeTime(time)).toISOString() },
  );
}

function safeTime(time: number): number {
  return Math.abs(time) <= 8.64e15 ? time : 0;
}
