import { createHash, randomBytes } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isSha256Hex } from '../core/bytes/hex.ts';
import type { SeenState } from '../core/log/logState.ts';
import type { LogMemory } from '../core/log/logMemory.ts';
import { parseUtcTime } from '../core/evidence/statement.ts';
import { acquireLock, LOCK_TIMES } from './fileLock.node.ts';
import { codeOf } from './fileErrors.node.ts';
import { makeFolder } from './fileStore.node.ts';

/** How many states are kept, of datasets and of logs together: a hundred bytes or two each. */
const MAX_STATES = 20_000;
/** No state is longer; a path may be. */
const MAX_STATE_BYTES = 64 * 1024;
/** So often on average, writing looks whether there are too many. */
const CLEANING = 100;

/** A state, and the dataset that it was last seen of. */
interface StoredState extends SeenState {
  readonly dataset: string;
}

/**
 * A {@link LogMemory} in a folder: a JSON file for each dataset and one for each log, named by the hash of its path or
 * origin. Editor and program share it.
 */
export class NodeLogMemory implements LogMemory {
  /** Of which dataset a file is, which its name says, so that this does not change. */
  private readonly datasets = new Map<string, string>();

  constructor(private readonly folder: string) {}

  async recall(dataset: string, origin: string | undefined): Promise<SeenState | undefined> {
    const here = await this.read(nameOf('dataset', dataset));
    const found = here ?? (origin === undefined ? undefined : await this.read(nameOf('log', origin)));
    if (!found) return undefined;
    const { dataset: place, ...state } = found;
    return place === dataset ? state : { ...state, elsewhere: place };
  }

  async known(folder: string): Promise<readonly string[]> {
    const names = await nodeFs.readdir(this.folder).catch(() => []);
    const found: string[] = [];
    // One after the other: there may be more than files may be open.
    for (const name of names) {
      if (!DATASET_NAME.test(name)) continue;
      const dataset = this.datasets.get(name) ?? (await this.read(name))?.dataset;
      if (dataset === undefined) continue;
      this.datasets.set(name, dataset);
      if (dataset.startsWith(`${folder}/`)) found.push(dataset);
    }
    return found.sort();
  }

  async remember(dataset: string, state: SeenState): Promise<void> {
    await this.update(nameOf('dataset', dataset), (old) => larger(old, { ...state, dataset }));
    await this.update(nameOf('log', state.origin), (old) => larger(old, { ...state, dataset }));
  }

  async replace(dataset: string, state: SeenState | undefined): Promise<void> {
    const old = await this.read(nameOf('dataset', dataset));
    const next = state && { ...state, dataset };
    await this.update(nameOf('dataset', dataset), () => next);
    const origins = new Set([old?.origin, state?.origin].filter((origin) => origin !== undefined));
    for (const origin of origins) {
      await this.update(nameOf('log', origin), () => (origin === next?.origin ? next : undefined));
    }
  }

  private async read(name: string): Promise<StoredState | undefined> {
    let text: string;
    try {
      const handle = await nodeFs.open(join(this.folder, name));
      try {
        if ((await handle.stat()).size > MAX_STATE_BYTES) return undefined;
        text = await handle.readFile('utf8');
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
    return parseState(text);
  }

  /**
   * Under a lock, so that of two programs the one that saw more is not overwritten.
   * @param change gives the old state itself where nothing changes; undefined forgets it
   */
  private async update(
    name: string,
    change: (old: StoredState | undefined) => StoredState | undefined,
  ): Promise<void> {
    const before = await this.read(name);
    if (change(before) === before) return;
    await makeFolder(nodeFs, this.folder, 0o700);
    const path = join(this.folder, name);
    const lock = await acquireLock(nodeFs, `${path}.lock`, () => this.temporaryPath(), LOCK_TIMES);
    try {
      const old = await this.read(name);
      const next = change(old);
      if (next === old) return;
      if (!next) {
        await nodeFs.rm(path, { force: true });
        return;
      }
      // Not flushed: a power cut loses what was seen last, and a thousand datasets are looked at in a second.
      const temporary = this.temporaryPath();
      await nodeFs.writeFile(temporary, JSON.stringify(next), { flag: 'wx', mode: 0o600 });
      await nodeFs.rename(temporary, path);
    } finally {
      await lock.release();
    }
    if (Math.random() * CLEANING < 1) await this.clean();
  }

  /** Removes the states that were seen first, and what was left behind by processes that were killed. */
  private async clean(): Promise<void> {
    const names = await nodeFs.readdir(this.folder);
    if (names.length <= MAX_STATES) return;
    const aged = await Promise.all(
      names.map(async (name) => {
        const stat = await nodeFs.stat(join(this.folder, name)).catch(() => undefined);
        return { name, time: stat?.mtimeMs ?? Number.POSITIVE_INFINITY };
      }),
    );
    aged.sort((a, b) => a.time - b.time);
    for (const { name } of aged.slice(0, names.length - MAX_STATES)) {
      await nodeFs.rm(join(this.folder, name), { force: true });
    }
  }

  private temporaryPath(): string {
    return join(this.folder, `${process.pid}-${randomBytes(8).toString('hex')}.tmp`);
  }
}

const DATASET_NAME = /^dataset-[0-9a-f]{64}\.json$/;

function larger(old: StoredState | undefined, state: StoredState): StoredState {
  return old && old.size >= state.size ? old : state;
}

function nameOf(kind: 'dataset' | 'log', key: string): string {
  return `${kind}-${createHash('sha256').update(key).digest('hex')}.json`;
}

/** What another program left half written, or somebody changed, is as if it had never been seen. */
function parseState(text: string): StoredState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { origin, size, root, time, dataset } = value as Record<keyof StoredState, unknown>;
  if (typeof origin !== 'string' || typeof dataset !== 'string' || typeof time !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) return undefined;
  if (!isSha256Hex(root) || parseUtcTime(time) === undefined) return undefined;
  return { origin, size, root, time, dataset };
}

/** The memory of this user, which editor and program share. */
export function userLogMemory(env: NodeJS.ProcessEnv = process.env): LogMemory {
  return new NodeLogMemory(join(stateFolder(env), 'logs'));
}

/** The folder for what this user's programs have to remember: what is lost is not found out again. */
function stateFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(stateRoot(env, platform, home), 'dataset-provenance');
}

function stateRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData/Local');
  if (platform === 'darwin') return join(home, 'Library/Application Support');
  const xdg = env['XDG_STATE_HOME'];
  // The XDG specification: relative paths are to be ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local/state');
}
