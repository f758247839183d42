import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { ProvenanceError } from '../core/errors.ts';
import type { TextSource } from '../core/table/textFeed.ts';
import type { FileCondition } from '../protocol/rowWorker.ts';
import { codeOf, fileError } from './fileErrors.node.ts';

/** How many pieces a probe reads, and how long each is: 128 KB of a large file. */
const PROBE_PIECES = 32;
const PROBE_BYTES = 4096;

/**
 * A local file as it was when it was opened. What is appended later is not seen; when what was there is overwritten or
 * cut off, reading fails with `changed-while-reading` instead of giving bytes of two states. It asks the file's time
 * before each read, and compares a {@link contentProbe} when that has changed.
 */
export class FileSource implements TextSource {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    readonly size: number,
    /** Time of the last write when it was opened; milliseconds since the epoch. */
    readonly mtime: number,
    /** {@link contentProbe} of the file as it was opened. */
    readonly probe: string,
    private seenMtime: number,
  ) {}

  /** @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io` */
  static async open(path: string): Promise<FileSource> {
    let handle: FileHandle | undefined;
    try {
      const found = await stat(path);
      // Before opening, which would wait for the other end of a named pipe.
      if (!found.isFile()) {
        throw new ProvenanceError('not-a-file', '{path} is not a file; choose a JSONL or Parquet file.', {
          path,
        });
      }
      // Missing on Windows.
      const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
      handle = await open(path, constants.O_RDONLY | O_NONBLOCK);
      const { size, mtimeMs } = await handle.stat();
      const probe = await contentProbe(handle, size);
      return new FileSource(path, handle, size, mtimeMs, probe, mtimeMs);
    } catch (error) {
      await handle?.close();
      throw fileError(error, path);
    }
  }

  /** @returns a Node `Buffer`, in which searching for a byte is fast */
  async read(offset: number, length: number, into?: Uint8Array): Promise<Buffer> {
    try {
      await this.expectUnchanged();
      return await readExactly(this.handle, this.path, offset, length, into);
    } catch (error) {
      throw readError(error, this.path);
    }
  }

  /** Whether the file at the path still is as it was opened. Never throws. */
  async condition(): Promise<FileCondition> {
    let handle: FileHandle | undefined;
    try {
      if (!(await stat(this.path)).isFile()) return 'changed';
      handle = await open(this.path, 'r');
      const { size, mtimeMs } = await handle.stat();
      if (size < this.size || (await contentProbe(handle, this.size)) !== this.probe) return 'changed';
      if (size > this.size) return 'grown';
      return mtimeMs === this.mtime ? 'same' : 'changed';
    } catch (error) {
      return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' ? 'gone' : 'changed';
    } finally {
      await handle?.close();
    }
  }

  /** The {@link contentProbe} that the file had when it had only `size` bytes, if it has grown since. */
  async probeOf(size: number): Promise<string> {
    try {
      return await contentProbe(this.handle, Math.min(size, this.size));
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async expectUnchanged(): Promise<void> {
    const { size, mtimeMs } = await this.handle.stat();
    if (mtimeMs === this.seenMtime && size >= this.size) return;
    if (size < this.size || (await contentProbe(this.handle, this.size)) !== this.probe) {
      throw changed(this.path);
    }
    this.seenMtime = mtimeMs;
  }
}

/**
 * SHA-256, hex, of pieces spread over the first `size` bytes of a file: head, tail and places between. Two states of a
 * file with the same probe are taken for the same where a mistake does no harm, for showing rows; never for verifying.
 */
async function contentProbe(handle: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256').update(`${String(size)}:`);
  const bytes = Buffer.alloc(PROBE_BYTES);
  const last = Math.max(0, size - PROBE_BYTES);
  let end = 0;
  for (let piece = 0; piece < PROBE_PIECES && end < size; piece++) {
    // Pieces of a small file would overlap.
    const offset = Math.max(end, Math.floor((last * piece) / (PROBE_PIECES - 1)));
    const { bytesRead } = await handle.read(bytes, 0, Math.min(PROBE_BYTES, size - offset), offset);
    hash.update(bytes.subarray(0, bytesRead));
    end = offset + bytesRead;
    if (bytesRead === 0) break;
  }
  return hash.digest('hex');
}

/** The bytes `[offset, offset + length)`, in `into` if it is given. @throws ProvenanceError `changed-while-reading` when the file ends before */
export async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Buffer> {
  const bytes = into ? Buffer.from(into.buffer, into.byteOffset, length) : Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw changed(path);
    done += bytesRead;
  }
  return bytes;
}

/** The system's error about a file that was open. @returns `disposed` when it was closed meanwhile */
export function readError(error: unknown, path: string): ProvenanceError {
  if (codeOf(error) === 'EBADF') return new ProvenanceError('disposed', '{path} was closed.', { path });
  return fileError(error, path);
}

function changed(path: string): ProvenanceError {
  return new ProvenanceError(
    'changed-while-reading',
    '{path} was changed while it was read; try again once nothing writes to it.',
    { path },
  );
}
