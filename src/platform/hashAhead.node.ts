import type { Stats } from 'node:fs';
import type { DigestPool } from './digestPool.node.ts';
import type { FileHash, HashOptions } from './fileHash.node.ts';
import type { InputFile } from './inputFile.node.ts';

interface Hashing {
  /** The file as it was before anything of it was read. */
  readonly stats: Stats;
  readonly countLines: boolean;
  readonly hash: Promise<FileHash>;
  readonly cancel: AbortController;
  onBytes: HashOptions['onBytes'];
}

/** Hashes that a thread began before anybody had opened the file, for a program that takes a while to start. */
export class HashAhead {
  private readonly begun = new Map<string, Hashing>();

  constructor(private readonly pool: DigestPool) {}

  /**
   * Begins with a file.
   * @param path by which it is going to be opened
   * @param countLines whether it is going to be read as JSONL
   */
  begin(path: string, stats: Stats, countLines: boolean): void {
    const cancel = new AbortController();
    const { size, ino } = stats;
    const hash = this.pool.call('hash', { file: { path, size, ino }, countLines }, 1, {
      signal: cancel.signal,
      onProgress: (length) => hashing.onBytes?.(length as number),
    });
    // Nobody may ever ask.
    hash.catch(() => undefined);
    const hashing: Hashing = { stats, countLines, hash, cancel, onBytes: undefined };
    this.begun.set(path, hashing);
  }

  /** @returns the hash of a file that is open, once; undefined where none was begun of the file as it is */
  take(file: InputFile, { signal, countLines = false, onBytes }: HashOptions): Promise<FileHash> | undefined {
    const hashing = this.begun.get(file.path);
    this.begun.delete(file.path);
    if (!hashing) return undefined;
    if (hashing.countLines !== countLines || !file.isStill(hashing.stats)) {
      hashing.cancel.abort();
      return undefined;
    }
    hashing.onBytes = (length) => {
      if (signal?.aborted) hashing.cancel.abort();
      onBytes?.(length);
    };
    return hashing.hash;
  }
}
