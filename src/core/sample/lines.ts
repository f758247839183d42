import { MAX_SAMPLE_BYTES, tooLarge } from './canonicalJson.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * Takes one line.
 *
 * @param bytes holds the line in `[start, end)`, without its line end; valid during the call only
 * @param line number of the line, from 1
 * @param offset where the line's first byte stands in the file
 */
export type OnLine = (bytes: Uint8Array, start: number, end: number, line: number, offset: number) => void;

/**
 * Splits a stream of bytes into lines. LF or CRLF ends a line, and a lone CR does not; a byte order mark at the start of
 * the file is skipped; blank lines (only JSON white space) are counted, but not given.
 */
export class LineSplitter {
  private readonly chunks: WholeLines;
  private line = 1;

  constructor(onLine: OnLine) {
    this.chunks = new WholeLines((bytes, offset) => {
      for (let start = 0; start < bytes.length;) {
        const lineEnd = bytes.indexOf(LF, start);
        const ended = lineEnd >= 0;
        let end = ended ? lineEnd : bytes.length;
        if (ended && end > start && bytes[end - 1] === CR) end--;
        const line = this.line++;
        if (!isBlank(bytes, start, end)) onLine(bytes, start, end, line, offset + start);
        start = ended ? lineEnd + 1 : bytes.length;
      }
    });
  }

  /** @throws ProvenanceError `too-large` when a line is longer than {@link MAX_SAMPLE_BYTES} */
  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }

  /** Gives the last line, when the file does not end with a line end. Call once. */
  finish(): void {
    this.chunks.finish();
  }
}

/**
 * Takes whole lines with their line ends; the last line of a file may have none.
 *
 * @param bytes not empty; valid during the call only
 * @param offset where they stand in the file
 */
export type OnWholeLines = (bytes: Uint8Array, offset: number) => void;

/**
 * Regroups a stream of bytes so that each chunk is whole lines, without the byte order mark at the start of the file.
 *
 * Lines within one chunk are given where they stand; one that crosses chunks is first joined in a buffer that doubles,
 * so each byte is copied a bounded number of times. Chunks may be reused once `push` has returned.
 */
export class WholeLines {
  /** The start of a line whose end has not been seen. */
  private pending = new Uint8Array(0);
  private pendingLength = 0;
  /** Where the next bytes to be given stand in the file. */
  private offset = 0;

  constructor(private readonly onLines: OnWholeLines) {}

  /** @throws ProvenanceError `too-large` when a line is longer than {@link MAX_SAMPLE_BYTES} */
  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.pendingLength > 0) {
      const end = chunk.indexOf(LF) + 1;
      if (end === 0) {
        this.append(chunk);
        return;
      }
      this.append(chunk.subarray(0, end));
      this.givePending();
      start = end;
    }
    const end = Math.max(start, chunk.lastIndexOf(LF) + 1);
    this.give(chunk.subarray(start, end));
    if (end < chunk.length) this.append(chunk.subarray(end));
  }

  /** Gives the last line, when the file does not end with a line end. Call once. */
  finish(): void {
    this.givePending();
    this.pending = new Uint8Array(0);
  }

  private givePending(): void {
    const bytes = this.pending.subarray(0, this.pendingLength);
    this.pendingLength = 0;
    this.give(bytes);
  }

  private give(bytes: Uint8Array): void {
    const skipped = this.offset === 0 ? bomLength(bytes) : 0;
    const offset = this.offset + skipped;
    this.offset += bytes.length;
    if (bytes.length > skipped) this.onLines(bytes.subarray(skipped), offset);
  }

  private append(part: Uint8Array): void {
    const length = this.pendingLength + part.length;
    // A file without line ends would otherwise end up in memory as a whole. A line end is not part of the sample.
    if (length > MAX_SAMPLE_BYTES + 2) throw tooLarge(length);
    if (length > this.pending.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.pending.length, 4096));
      larger.set(this.pending.subarray(0, this.pendingLength));
      this.pending = larger;
    }
    this.pending.set(part, this.pendingLength);
    this.pendingLength = length;
  }
}

/** Counts the lines of a stream of bytes, and the blank ones among them, without looking into the others. */
export class LineCounter {
  private ended = 0;
  private blankLines = 0;
  private first = true;
  /** Whether the line that has not ended has bytes, and whether all of them are white space. */
  private pending = false;
  private pendingBlank = true;

  /** Lines: each line end ends one, and what follows the last one is one if it is not empty. */
  get lines(): number {
    return this.ended + (this.pending ? 1 : 0);
  }

  /** Lines as an editor counts them: one more than there are line ends. */
  get editorLines(): number {
    return this.ended + 1;
  }

  get blank(): number {
    return this.blankLines + (this.pending && this.pendingBlank ? 1 : 0);
  }

  /** @param chunk the first one must hold a byte order mark whole, if there is one */
  push(chunk: Uint8Array): void {
    let start = this.first ? bomLength(chunk) : 0;
    this.first = false;
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      if (this.pendingBlank && isBlank(chunk, start, end)) this.blankLines++;
      this.ended++;
      this.pending = false;
      this.pendingBlank = true;
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.pending = true;
    this.pendingBlank &&= isBlank(chunk, start, chunk.length);
  }
}

/** Length of the byte order mark at the start of a file: 3, or 0 where there is none. */
export function bomLength(bytes: Uint8Array): number {
  return BOM.every((byte, i) => bytes[i] === byte) ? BOM.length : 0;
}

/** Whether a line has no sample: nothing but JSON white space in `bytes[start, end)`. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== SPACE && byte !== TAB && byte !== CR && byte !== LF) return false;
  }
  return true;
}
