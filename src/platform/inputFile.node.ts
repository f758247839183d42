import { readSync, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProvenanceError } from '../core/errors.ts';
import { changedWhileReading, type TaskFile } from './lineRanges.node.ts';

/** How much {@link InputFile.pieces} reads at once. */
const PIECE_BYTES = 1 << 20;

/** A file that is read once as a whole, and must not be written to meanwhile. */
export class InputFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly stats: Stats,
  ) {}

  /** @throws ProvenanceError `not-a-file`. @throws the system's errors */
  static async open(path: string): Promise<InputFile> {
    // Before opening, which would wait for the other end of a named pipe.
    if (!(await stat(path)).isFile()) {
      throw new ProvenanceError('not-a-file', '{path} is not a file; choose a JSONL or Parquet file.', {
        path,
      });
    }
    const handle = await open(path);
    try {
      return new InputFile(path, handle, await handle.stat());
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** In bytes. */
  get size(): number {
    return this.stats.size;
  }

  /** Size and time: the same as long as nobody writes to the file. */
  get version(): string {
    return versionOf(this.stats);
  }

  /** What threads need to know to read the same file. */
  get task(): TaskFile {
    return { path: this.path, size: this.size, ino: this.stats.ino };
  }

  /**
   * The bytes `[from, to)`. @throws ProvenanceError `changed-while-reading` when the file ends before
   */
  async read(from: number, to: number, into = Buffer.allocUnsafeSlow(to - from)): Promise<Buffer> {
    for (let at = from; at < to;) {
      const { bytesRead } = await this.handle.read(into, at - from, to - at, at);
      if (bytesRead === 0) throw changedWhileReading(this.path);
      at += bytesRead;
    }
    return into.subarray(0, to - from);
  }

  /**
   * All of the file in pieces, each valid until the next one is asked for. Blocks this thread for a piece at a time: a
   * file that was read before is hashed a fifth slower where another thread reads it, and this one waits to be told.
   */
  async *pieces(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.size));
    for (let from = 0; from < this.size;) {
      const length = readSync(this.handle.fd, buffer, 0, Math.min(PIECE_BYTES, this.size - from), from);
      if (length === 0) throw changedWhileReading(this.path);
      from += length;
      yield buffer.subarray(0, length);
      await nextTurn();
    }
  }

  /** @throws ProvenanceError `changed-while-reading` when the file at the path is not as it was when it was opened */
  async expectUnchanged(): Promise<void> {
    if (!this.isStill(await stat(this.path))) throw changedWhileReading(this.path);
  }

  /** Whether a file that was looked at, now or before, is this one as it was when it was opened. */
  isStill({ size, mtimeMs, ctimeMs, ino }: Stats): boolean {
    const { stats } = this;
    return stats.size === size && stats.mtimeMs === mtimeMs && stats.ctimeMs === ctimeMs && stats.ino === ino;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** Size and time of a file at a path, as {@link InputFile.version}. Undefined where there is none. */
export async function fileVersion(path: string): Promise<string | undefined> {
  try {
    return versionOf(await stat(path));
  } catch {
    return undefined;
  }
}

function versionOf({ size, mtimeMs }: Stats): string {
  return `${String(size)}:${String(mtimeMs)}`;
}
