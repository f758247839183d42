import { throwIfCancelled, type ProvenanceError, asProvenanceError } from '../errors.ts';
import { MAX_SAMPLE_BYTES, tooLarge } from '../sample/canonicalJson.ts';
import { isBlank } from './jsonTokens.ts';
import { CHECKPOINT_BYTES, type LineIndex } from './lineIndex.ts';
import type { Column, ReadRowsOptions, RowSource, SourceRow } from './rowSource.ts';
import type { TextFeed } from './textFeed.ts';

const LF = 0x0a;
const CR = 0x0d;

/** How much is read at once, where whole segments of the index are not longer. */
export const READ_BYTES = 1024 * 1024;

/** Whole lines as they stand in the file, one after the other. */
export interface LineBlock {
  /** From 0. */
  readonly firstLine: number;
  readonly lines: number;
  readonly bytes: Uint8Array;
}

/**
 * The lines of a JSONL file as rows, whatever its size and the length of its lines. The line index that they are found
 * by is built on demand ({@link advance}), by whoever needs more lines.
 */
export class JsonlRows implements RowSource {
  columns: readonly Column[] = [];
  private advancing: Promise<boolean> | undefined;
  private failure: ProvenanceError | undefined;

  /** @param feed stands where `index` has got to */
  constructor(
    private readonly feed: TextFeed,
    readonly index: LineIndex,
  ) {}

  get rowCount(): number {
    return this.index.lines;
  }

  get complete(): boolean {
    return this.index.complete;
  }

  /**
   * Indexes the next piece of the file. Calls at the same time share a piece. After a failure, what was indexed before
   * stays usable, and each further call fails likewise.
   * @returns whether there may be more
   * @throws ProvenanceError as the feed does, and `too-large`
   */
  advance(): Promise<boolean> {
    this.advancing ??= this.nextPiece().finally(() => {
      this.advancing = undefined;
    });
    return this.advancing;
  }

  async rows(from: number, to: number, options: ReadRowsOptions = {}): Promise<SourceRow[]> {
    const { maxBytes = Infinity, signal } = options;
    const { index } = this;
    const rows: SourceRow[] = [];
    const end = Math.min(to, index.lines);
    for (let line = Math.max(from, 0); line < end;) {
      throwIfCancelled(signal);
      const first = index.segmentOf(line);
      const next = this.lastSegment(first, end) + 1;
      const offset = index.offset(first);
      const stop = index.offset(next);
      // Of a single segment only the last line can be long, and that may not be wanted, or not all of it.
      const ofLastLine = end < index.firstLine(next) ? 0 : maxBytes;
      const length =
        next - first > 1 ? stop - offset : Math.min(stop - offset, CHECKPOINT_BYTES + ofLastLine);
      if (length > MAX_SAMPLE_BYTES + CHECKPOINT_BYTES) throw tooLarge(length);
      const bytes = await this.feed.read(offset, length);

      const groupEnd = Math.min(end, index.firstLine(next));
      let start = 0;
      for (let at = index.firstLine(first); at < groupEnd; at++) {
        const found = bytes.indexOf(LF, start);
        if (at >= line) {
          const lineEnd =
            found >= 0
              ? withoutCr(bytes, start, found)
              : (await this.textEnd(offset + length, stop)) - offset;
          rows.push(toRow(at, bytes, start, lineEnd, maxBytes));
        }
        start = found + 1;
      }
      line = groupEnd;
    }
    return rows;
  }

  /**
   * The lines around `line`, which there must be: on from it, or back from it, as many as can be read at once, and
   * without need none beyond `limit`. Some lines on the other side of `line` come along.
   *
   * @param limit the first line not wanted any more; going backwards, the last one wanted
   * @param into may be used for the bytes, {@link READ_BYTES} or more; they are valid until it is used again
   * @throws ProvenanceError as `rows`, `too-large` for a line of more than {@link MAX_SAMPLE_BYTES}
   */
  async block(line: number, limit: number, backwards: boolean, into: Uint8Array): Promise<LineBlock> {
    const { index } = this;
    let first = index.segmentOf(line);
    let last = first;
    if (backwards) {
      while (
        first > 0 &&
        index.firstLine(first) > limit &&
        index.offset(last + 1) - index.offset(first - 1) <= READ_BYTES
      ) {
        first--;
      }
    } else {
      last = this.lastSegment(first, limit);
    }
    const offset = index.offset(first);
    const length = index.offset(last + 1) - offset;
    if (length > MAX_SAMPLE_BYTES + CHECKPOINT_BYTES) throw tooLarge(length);
    const firstLine = index.firstLine(first);
    return {
      firstLine,
      lines: index.firstLine(last + 1) - firstLine,
      bytes: await this.feed.read(offset, length, length <= into.length ? into : undefined),
    };
  }

  /** The last segment, from `first` on, that can be read together with it and starts before line `limit`. */
  private lastSegment(first: number, limit: number): number {
    const { index } = this;
    let last = first;
    while (
      last + 1 < index.segments &&
      index.firstLine(last + 1) < limit &&
      index.offset(last + 2) - index.offset(first) <= READ_BYTES
    ) {
      last++;
    }
    return last;
  }

  /** Where the text of a line ends that was read up to `read` and whose segment ends at `stop`. */
  private async textEnd(read: number, stop: number): Promise<number> {
    if (read === stop) return stop; // No line end: it is the file's last line.
    const tail = await this.feed.read(stop - 2, 2);
    if (tail[1] !== LF) return stop;
    return tail[0] === CR ? stop - 2 : stop - 1;
  }

  private async nextPiece(): Promise<boolean> {
    if (this.failure) throw this.failure;
    if (this.index.complete) return false;
    try {
      const piece = await this.feed.next();
      if (piece) this.index.push(piece);
      else this.index.finish();
      return piece !== undefined;
    } catch (error) {
      this.failure = asProvenanceError(error);
      throw this.failure;
    }
  }
}

/** `bytes` may hold only the beginning of the line `[start, end)`. */
function toRow(at: number, bytes: Uint8Array, start: number, end: number, maxBytes: number): SourceRow {
  const length = end - start;
  if (end <= bytes.length && isBlank(bytes, start, end)) {
    return { line: at + 1, bytes: bytes.subarray(start, start), length: 0 };
  }
  return { line: at + 1, bytes: bytes.subarray(start, start + Math.min(length, maxBytes)), length };
}

/** The end of a line whose LF is at `end`. */
function withoutCr(bytes: Uint8Array, start: number, end: number): number {
  return end > start && bytes[end - 1] === CR ? end - 1 : end;
}
