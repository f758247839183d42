import type { Stats } from 'node:fs';
import type { DigestPool } from './digestPool.node.ts';
import type { InputFile } from './inputFile.node.ts';
import { ThreadHash } from './threadHash.node.ts';

interface Begun {
  /** The file as it was before anything of it was read. */
  readonly stats: Stats;
  readonly hash: ThreadHash;
}

/** Hashes that a thread began before anybody had opened the file, for a program that takes a while to start. */
export class HashAhead {
  private readonly begun = new Map<string, Begun>();

  constructor(private readonly pool: DigestPool) {}

  /**
   * Begins with a file.
   * @param path by which it is going to be opened
   */
  begin(path: string, stats: Stats): void {
    const { size, ino } = stats;
    this.begun.set(path, { stats, hash: new ThreadHash(this.pool, { path, size, ino }) });
  }

  /** @returns the hash of a file that is open, once; undefined where none was begun of the file as it is */
  take(file: InputFile): ThreadHash | undefined {
    const begun = this.begun.get(file.path);
    this.begun.delete(file.path);
    if (begun && file.isStill(begun.stats)) return begun.hash;
    begun?.hash.cancel();
    return undefined;
  }
}
