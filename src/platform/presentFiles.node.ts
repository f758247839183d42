import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import type { FileState } from '../core/lineage/fileStates.ts';
import { datasetFormatOfName } from '../core/table/datasetFormat.ts';
import { SKIPPED_FOLDERS } from './evidenceFinder.node.ts';
import { fileVersion, InputFile } from './inputFile.node.ts';
import { toSlashes } from './paths.node.ts';

/** How long and how much is read for an answer. */
export interface Patience {
  /** Milliseconds after which files that were not looked into yet are left for later. */
  readonly milliseconds: number;
  readonly signal?: CancelSignal | undefined;
}

/** How many folders are looked through for an input that is not where it was, and how deep. */
const MAX_FOLDERS = 5000;
const MAX_DEPTH = 16;
/** How many bytes of other files are hashed to find it. */
const MAX_SEARCHED_BYTES = 1 << 28;
const PARALLEL_STATS = 32;

interface Known {
  readonly version: string;
  readonly sha256: string;
}

/**
 * Which bytes files have, by their SHA-256. What was read is kept by size and time, so that asking again costs a look at
 * each file's entry; large files that no answer had patience for are read on in the background.
 */
export class PresentFiles {
  private readonly known = new Map<string, Known>();
  private readonly waiting = new Set<string>();
  private isBusy = false;

  /** How many files are still being read in the background. */
  get pending(): number {
    return this.waiting.size;
  }

  /** What stands at each path, as far as patience goes. Small files come first. @throws ProvenanceError `cancelled` */
  async states(paths: Iterable<string>, { milliseconds, signal }: Patience): Promise<Map<string, FileState>> {
    const until = performance.now() + milliseconds;
    const states = new Map<string, FileState>();
    const unread: { path: string; size: number }[] = [];
    const all = [...paths];
    for (let at = 0; at < all.length; at += PARALLEL_STATS) {
      throwIfCancelled(signal);
      const batch = all.slice(at, at + PARALLEL_STATS);
      const found = await Promise.all(batch.map((path) => stat(path).catch(() => undefined)));
      batch.forEach((path, i) => {
        const file = found[i];
        if (!file?.isFile()) states.set(path, 'absent');
        else unread.push({ path, size: file.size });
      });
    }
    unread.sort((a, b) => a.size - b.size);
    for (const { path } of unread) {
      throwIfCancelled(signal);
      const kept = await this.kept(path);
      if (kept) states.set(path, kept);
      else if (performance.now() < until) states.set(path, await this.within(path, until, signal));
      else states.set(path, this.later(path));
    }
    return states;
  }

  /**
   * Looks for files with these bytes, first among those of the same name, then among other datasets, as far as that is
   * little work.
   *
   * @param wanted by SHA-256 (hex): what the file was called
   * @returns states of the files that were found
   */
  async search(
    wanted: ReadonlyMap<string, string>,
    folders: readonly string[],
    { milliseconds, signal }: Patience,
  ): Promise<Map<string, FileState>> {
    const until = performance.now() + milliseconds;
    const names = new Set([...wanted.values()].map((name) => basename(name)));
    const files: { path: string; size: number; named: boolean }[] = [];
    for (const path of await dataFiles(folders, names, signal)) {
      const size = await stat(path).then(
        (found) => found.size,
        () => Infinity,
      );
      files.push({ path, size, named: names.has(basename(path)) });
    }
    files.sort((a, b) => Number(b.named) - Number(a.named) || a.size - b.size);
    const found = new Map<string, FileState>();
    let budget = MAX_SEARCHED_BYTES;
    for (const { path, size } of files) {
      if (found.size === wanted.size) break;
      const kept = await this.kept(path);
      if (!kept && (size > budget || performance.now() > until)) continue;
      if (!kept) budget -= size;
      const state = kept ?? (await this.within(path, until, signal));
      if (typeof state === 'object' && wanted.has(state.sha256)) found.set(path, state);
    }
    return found;
  }

  /** SHA-256 (hex) of the file's bytes, however long that takes; undefined where there is no file that can be read. */
  async sha256(path: string, signal?: CancelSignal): Promise<string | undefined> {
    const state = (await this.kept(path)) ?? (await this.read(path, signal));
    return typeof state === 'object' ? state.sha256 : undefined;
  }

  private async kept(path: string): Promise<FileState | undefined> {
    const known = this.known.get(path);
    if (!known) return undefined;
    if ((await fileVersion(path)) === known.version) return { sha256: known.sha256 };
    this.known.delete(path);
    return undefined;
  }

  /** Reads a file; after the time, it is read on in the background. */
  private async within(path: string, until: number, signal: CancelSignal | undefined): Promise<FileState> {
    const limited = {
      get aborted() {
        return signal?.aborted === true || performance.now() > until;
      },
    };
    try {
      return await this.read(path, limited);
    } catch {
      throwIfCancelled(signal);
      return this.later(path);
    }
  }

  private later(path: string): FileState {
    this.waiting.add(path);
    void this.readOn();
    return 'unknown';
  }

  private async readOn(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      // What is added meanwhile comes last.
      for (const path of this.waiting) {
        if (!(await this.kept(path))) await this.read(path).catch(() => undefined);
        this.waiting.delete(path);
      }
    } finally {
      this.isBusy = false;
    }
  }

  /** @returns `unknown` for a file that cannot be read, or is being written to. @throws ProvenanceError `cancelled` */
  private async read(path: string, signal?: CancelSignal): Promise<FileState> {
    let file: InputFile | undefined;
    try {
      file = await InputFile.open(path);
      const hash = createHash('sha256');
      for await (const piece of file.pieces()) {
        throwIfCancelled(signal);
        hash.update(piece);
      }
      await file.expectUnchanged();
      const sha256 = hash.digest('hex');
      this.known.set(path, { version: file.version, sha256 });
      return { sha256 };
    } catch {
      throwIfCancelled(signal);
      return 'unknown';
    } finally {
      await file?.close();
    }
  }
}

/** Files below the folders that are datasets by their names, or have one of `names`. */
async function dataFiles(
  folders: readonly string[],
  names: ReadonlySet<string>,
  signal: CancelSignal | undefined,
): Promise<string[]> {
  const files = new Set<string>();
  const queue = folders.map((path) => ({ path, depth: 0 }));
  for (let next = 0; next < queue.length && next < MAX_FOLDERS; next++) {
    throwIfCancelled(signal);
    const { path: folder, depth } = queue[next]!;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.isFile() && (datasetFormatOfName(entry.name) || names.has(entry.name)))
        files.add(toSlashes(path));
      // Evidence is not data, and what is hidden is not shown.
      else if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name)) {
        if (depth < MAX_DEPTH) queue.push({ path, depth: depth + 1 });
      }
    }
  }
  return [...files];
}
