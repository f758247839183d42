import type { Sha256 } from '../bytes/sha256.ts';
import { sha256 } from '../bytes/sha256.ts';
import type { Rows } from '../trust/match.ts';
import { CanonicalScanner, type Malformed } from './canonicalJson.ts';
import { DIGEST_LENGTH, type SampleDigests } from './digest.ts';

const SAMPLE = 0;
const BLANK = 1;
const MALFORMED = 2;

/** A sample that has no digest, and why. */
export interface MalformedLine {
  /** 1-based. */
  readonly line: number;
  readonly malformed: Malformed;
}

/** The samples of a text as rows, with the line that each stands on. */
export interface LineRows {
  readonly rows: Rows;
  /** 1-based line of each row. */
  readonly lines: Uint32Array;
}

/**
 * The digests of a text's lines, kept up to date as the text is edited: replacing lines costs the digests of the new
 * lines and a move of the packed arrays. Lines are 0-based here, as in an editor.
 */
export class LineDigests {
  private kinds: Uint8Array;
  private digests: Uint8Array;
  private problems = new Map<number, Malformed>();
  private readonly scanner = new CanonicalScanner();

  /**
   * @param samples the digests of the text's samples
   * @param lineCount number of lines as an editor counts them: one more than there are line ends
   */
  constructor(
    samples: SampleDigests,
    lineCount: number,
    private readonly hash: Sha256 = sha256,
  ) {
    this.kinds = new Uint8Array(lineCount).fill(BLANK);
    this.digests = new Uint8Array(lineCount * DIGEST_LENGTH);
    for (let i = 0; i < samples.count; i++) {
      const line = samples.lines[i]! - 1;
      const malformed = samples.malformed.get(i);
      if (malformed) this.problems.set(line, malformed);
      this.kinds[line] = malformed ? MALFORMED : SAMPLE;
      this.digests.set(
        samples.digests.subarray(i * DIGEST_LENGTH, (i + 1) * DIGEST_LENGTH),
        line * DIGEST_LENGTH,
      );
    }
  }

  get lineCount(): number {
    return this.kinds.length;
  }

  /** Replaces `deleteCount` lines from `start` by `lines` (UTF-8, without line ends). */
  splice(start: number, deleteCount: number, lines: readonly Uint8Array[]): void {
    if (start < 0 || deleteCount < 0 || start + deleteCount > this.lineCount) {
      throw new RangeError(
        `lines ${String(start)}..${String(start + deleteCount)} are not in a text of ${String(this.lineCount)} lines`,
      );
    }
    if (lines.length !== deleteCount) {
      this.kinds = spliced(this.kinds, start, deleteCount, lines.length);
      this.digests = spliced(
        this.digests,
        start * DIGEST_LENGTH,
        deleteCount * DIGEST_LENGTH,
        lines.length * DIGEST_LENGTH,
      );
      const shift = lines.length - deleteCount;
      this.problems = new Map(
        [...this.problems]
          .filter(([line]) => line < start || line >= start + deleteCount)
          .map(([line, problem]) => [line < start ? line : line + shift, problem]),
      );
    }
    lines.forEach((bytes, i) => {
      this.setLine(start + i, bytes);
    });
  }

  /** The digest of a line (a view), or undefined where it has none. */
  digest(line: number): Uint8Array | undefined {
    if (this.kinds[line] !== SAMPLE) return undefined;
    return this.digests.subarray(line * DIGEST_LENGTH, (line + 1) * DIGEST_LENGTH);
  }

  /** The lines that are samples without a digest, in order. */
  malformedLines(): MalformedLine[] {
    return [...this.problems]
      .map(([line, malformed]) => ({ line: line + 1, malformed }))
      .sort((a, b) => a.line - b.line);
  }

  /** The samples in order. Views where nothing is blank: not to be kept across a {@link splice}. */
  rows(): LineRows {
    let count = 0;
    for (const kind of this.kinds) if (kind !== BLANK) count++;
    const lines = new Uint32Array(count);
    const malformed = new Set<number>();
    let row = 0;
    let lastSample = -1;
    for (let line = 0; line < this.kinds.length; line++) {
      if (this.kinds[line] === BLANK) continue;
      if (this.kinds[line] === MALFORMED) malformed.add(row);
      lines[row++] = line + 1;
      lastSample = line;
    }
    // Blank lines at the end (the last line end makes one) need no copy.
    const digests =
      lastSample + 1 === count ? this.digests.subarray(0, count * DIGEST_LENGTH) : this.packed(lines);
    return { rows: { count, digests, malformed }, lines };
  }

  private packed(lines: Uint32Array): Uint8Array {
    const digests = new Uint8Array(lines.length * DIGEST_LENGTH);
    lines.forEach((line, row) => {
      digests.set(
        this.digests.subarray((line - 1) * DIGEST_LENGTH, line * DIGEST_LENGTH),
        row * DIGEST_LENGTH,
      );
    });
    return digests;
  }

  private setLine(line: number, bytes: Uint8Array): void {
    const malformed = this.scanner.scan(bytes);
    const at = line * DIGEST_LENGTH;
    this.problems.delete(line);
    if (!malformed) {
      this.kinds[line] = SAMPLE;
      this.digests.set(this.hash(this.scanner.canonical()), at);
      return;
    }
    this.digests.fill(0, at, at + DIGEST_LENGTH);
    this.kinds[line] = malformed.code === 'empty' ? BLANK : MALFORMED;
    if (malformed.code !== 'empty') this.problems.set(line, malformed);
  }
}

function spliced(array: Uint8Array, start: number, deleteCount: number, insertCount: number): Uint8Array {
  const result = new Uint8Array(array.length - deleteCount + insertCount);
  result.set(array.subarray(0, start));
  result.set(array.subarray(start + deleteCount), start + insertCount);
  return result;
}
