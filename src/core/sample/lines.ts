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
 *
 * A line within one chunk is given where it stands; one that crosses chunks is first joined in a buffer that doubles,
 * so each byte is copied a bounded number of times. Chunks may be reused once `push` has returned.
 */
export class LineSplitter {
  private readonly onLine: OnLine;
  /** The start of a line whose end has not been seen. */
  private pending = new Uint8Array(0);
  private pendingLength = 0;
  private line = 1;
  /** Where the current line starts in the file. */
  private lineOffset = 0;

  constructor(onLine: OnLine) {
    this.onLine = onLine;
  }

  /** @throws ProvenanceError `too-large` when a line is longer than {@link MAX_SAMPLE_BYTES} */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      if (this.pendingLength > 0) {
        this.append(chunk.subarray(start, end));
        const length = this.pendingLength;
        this.pendingLength = 0;
        this.give(this.pending, 0, length, true);
      } else {
        this.give(chunk, start, end, true);
      }
      start = end + 1;
    }
    if (start < chunk.length) this.append(chunk.subarray(start));
  }

  /** Gives the last line, when the file does not end with a line end. Call once. */
  finish(): void {
    if (this.pendingLength > 0) this.give(this.pending, 0, this.pendingLength, false);
    this.pending = new Uint8Array(0);
    this.pendingLength = 0;
  }

  private give(bytes: Uint8Array, start: number, end: number, ended: boolean): void {
    const line = this.line++;
    let offset = this.lineOffset;
    this.lineOffset += end - start + 1;
    if (ended && end > start && bytes[end - 1] === CR) end--;
    if (line === 1 && end - start >= BOM.length && BOM.every((byte, i) => bytes[start + i] === byte)) {
      start += BOM.length;
      offset += BOM.length;
    }
    if (!isBlank(bytes, start, end)) this.onLine(bytes, start, end, line, offset);
  }

  private append(part: Uint8Array): void {
    const length = this.pendingLength + part.length;
    // A file without line ends would otherwise end up in memory as a whole.
    if (length > MAX_SAMPLE_BYTES) throw tooLarge(length);
    if (length > this.pending.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.pending.length, 4096));
      larger.set(this.pending.subarray(0, this.pendingLength));
      this.pending = larger;
    }
    this.pending.set(part, this.pendingLength);
    this.pendingLength = length;
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== SPACE && byte !== TAB && byte !== CR && byte !== LF) return false;
  }
  return true;
}
