import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ProvenanceError } from '../core/errors.ts';
import { MAX_SAMPLE_BYTES, tooLarge } from '../core/sample/canonicalJson.ts';
import type { ChunkDigester } from '../core/sample/chunkDigests.ts';
import { bomLength } from '../core/sample/lines.ts';
import { packChunk, SampleCollector, type PackedChunk } from '../core/sample/sampleCollector.ts';
import { threadDigester } from './chunkDigester.node.ts';
import { fileError } from './fileErrors.node.ts';

/** A file as it was when work on it began. */
export interface TaskFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** What tells it from another file that took its name meanwhile. */
  readonly ino: number;
}

/** How many bytes behind its range are read at first, for the rest of the last line. */
const OVERHANG = 1 << 15;
/**
 * How much is read at once: with what stands before and behind it, what a digester has room for. More than a cache of the
 * processor holds takes longer, by a tenth of the whole.
 */
const RANGE_BYTES = (1 << 20) - OVERHANG;
/** How much is digested at once: what is wrong with samples takes much more room until it is packed. */
const DIGESTED_BYTES = 1 << 20;
/** A buffer that one long line made larger than this is not kept. */
const KEPT_BUFFER = 1 << 24;
const LF = 0x0a;

/**
 * Digests ranges of a JSONL file as whole lines: those that start in the range, so that ranges side by side give each line
 * once, wherever their borders are. Keeps its buffer, and the file that it read last open.
 */
export class LineRanges {
  /** Where ranges are digested as they are read, if they fit in there. */
  private readonly room = roomOf(threadDigester());
  /** For all others. */
  private large = Buffer.alloc(0);
  /** The one of the two that holds the range. */
  private buffer = this.room;
  private open: { readonly file: TaskFile; readonly fd: number } | undefined;

  /**
   * Digests the lines that start in the range.
   *
   * @param from first byte of the range
   * @param to end of the range, behind its last byte; at most the size of the file
   * @param spare as of `ChunkDigester.digest`
   * @throws ProvenanceError `changed-while-reading`, `too-large`, `not-found`, `permission-denied`, `io`
   */
  digest(file: TaskFile, from: number, to: number, spare?: Uint8Array<ArrayBuffer>): PackedChunk {
    try {
      if (this.large.length > KEPT_BUFFER) this.large = Buffer.alloc(0);
      this.buffer = this.room;
      const bytes = this.wholeLines(file, from, to);
      if (this.buffer === this.room) return packChunk(threadDigester().digest(bytes, spare));
      const collector = new SampleCollector(bytes.length);
      for (let at = 0; at < bytes.length;) {
        const lineEnd = bytes.indexOf(LF, Math.min(at + DIGESTED_BYTES, bytes.length - 1));
        const end = lineEnd < 0 ? bytes.length : lineEnd + 1;
        collector.add(packChunk(threadDigester().digest(bytes.subarray(at, end))), end - at);
        at = end;
      }
      return collector.finishChunk();
    } catch (error) {
      throw fileError(error, file.path);
    }
  }

  /** Closes the file that is open. */
  close(): void {
    if (this.open) closeSync(this.open.fd);
    this.open = undefined;
  }

  /** The lines that start in the range, without the byte order mark of the file: a view of the buffer. */
  private wholeLines(file: TaskFile, from: number, to: number): Uint8Array {
    // A line starts where the file does, and behind a line end: the byte before the range may be one.
    const base = Math.max(0, from - 1);
    let end = Math.min(file.size, to + OVERHANG);
    this.fill(file, base, base, end);
    const lineStart = from === 0 ? 0 : this.indexOf(LF, 0, end - base) + 1;
    if ((from > 0 && lineStart === 0) || base + lineStart >= to) return this.buffer.subarray(0, 0);
    const start = from === 0 ? bomLength(this.buffer.subarray(0, end)) : lineStart;
    // The last line ends with the first line end at or behind the range's last byte.
    for (let searched = to - 1; ;) {
      const lineEnd = this.indexOf(LF, searched - base, end - base);
      if (lineEnd >= 0) return this.buffer.subarray(start, lineEnd + 1);
      if (end >= file.size) return this.buffer.subarray(start, end - base);
      // What goes on behind the range is one line.
      if (end - to > MAX_SAMPLE_BYTES) throw tooLarge(end - to);
      searched = end;
      end = Math.min(file.size, end + (end - base));
      this.fill(file, base, searched, end);
    }
  }

  private indexOf(byte: number, from: number, to: number): number {
    return this.buffer.subarray(0, to).indexOf(byte, from);
  }

  /** Has the buffer hold the file's bytes `[base, to)`, of which it holds those before `have`. */
  private fill(file: TaskFile, base: number, have: number, to: number): void {
    if (this.buffer.length < to - base) {
      const isEnough = this.large.length >= to - base;
      const larger = isEnough ? this.large : Buffer.allocUnsafeSlow(to - base);
      this.buffer.copy(larger, 0, 0, have - base);
      this.large = this.buffer = larger;
    }
    const fd = this.descriptor(file);
    for (let at = have; at < to;) {
      const count = readSync(fd, this.buffer, at - base, to - at, at);
      if (count === 0) throw changedWhileReading(file.path);
      at += count;
    }
  }

  private descriptor(file: TaskFile): number {
    const { open } = this;
    if (open?.file.path === file.path && open.file.ino === file.ino) return open.fd;
    this.close();
    const fd = openSync(file.path, 'r');
    this.open = { file, fd };
    if (fstatSync(fd).ino !== file.ino) throw changedWhileReading(file.path);
    return fd;
  }
}

function roomOf({ room }: ChunkDigester): Buffer {
  return room ? Buffer.from(room.buffer, room.byteOffset, room.length) : Buffer.alloc(0);
}

/** Splits the bytes of a JSONL file into ranges to digest one by one. */
export function* lineRanges(size: number, step = RANGE_BYTES): Generator<{ from: number; to: number }> {
  for (let from = 0; from < size; from += step) yield { from, to: Math.min(size, from + step) };
}

/** The error for a file that was written to, or replaced, while it was read. */
export function changedWhileReading(path: string): ProvenanceError {
  return new ProvenanceError(
    'changed-while-reading',
    '{path} was changed while it was read; try again once nothing writes to it.',
    { path },
  );
}
