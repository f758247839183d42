import type { Sha256 } from '../bytes/sha256.ts';
import { sha256 } from '../bytes/sha256.ts';
import type { Rows } from '../trust/match.ts';
import { CanonicalScanner, type Malformed } from './canonicalJson.ts';
import { DIGEST_LENGTH, digestAt, lineOf, sampleOnLine, type SampleDigests } from './digest.ts';
import { lineNumbers } from './sampleCollector.ts';

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
 *
 * A text that nobody edits keeps the digests that it came with, and needs no memory beside them.
 */
export class LineDigests {
  private state: SampleDigests | EditedLines;
  private readonly scanner = new CanonicalScanner();

  /**
   * @param samples the digests of the text's samples; not copied
   * @param lineCount number of lines as an editor counts them: one more than there are line ends
   */
  constructor(
    samples: SampleDigests,
    private readonly unedited: number,
    private readonly hash: Sha256 = sha256,
  ) {
    this.state = samples;
  }

  get lineCount(): number {
    return 'kinds' in this.state ? this.state.kinds.length : this.unedited;
  }

  /** Replaces `deleteCount` lines from `start` by `lines` (UTF-8, without line ends). */
  splice(start: number, deleteCount: number, lines: readonly Uint8Array[]): void {
    if (start < 0 || deleteCount < 0 || start + deleteCount > this.lineCount) {
      throw new RangeError(
        `lines ${String(start)}..${String(start + deleteCount)} are not in a text of ${String(this.lineCount)} lines`,
      );
    }
    const state = 'kinds' in this.state ? this.state : byLine(this.state, this.unedited);
    this.state = state;
    if (lines.length !== deleteCount) {
      state.kinds = spliced(state.kinds, start, deleteCount, lines.length);
      state.digests = spliced(
        state.digests,
        start * DIGEST_LENGTH,
        deleteCount * DIGEST_LENGTH,
        lines.length * DIGEST_LENGTH,
      );
      const shift = lines.length - deleteCount;
      const problems = new Map<number, Malformed>();
      for (const [line, problem] of state.problems) {
        if (line < start) problems.set(line, problem);
        else if (line >= start + deleteCount) problems.set(line + shift, problem);
      }
      state.problems = problems;
    }
    lines.forEach((bytes, i) => {
      this.setLine(state, start + i, bytes);
    });
  }

  /** The digest of a line (a view), or undefined where it has none. */
  digest(line: number): Uint8Array | undefined {
    const { state } = this;
    if ('kinds' in state) {
      return state.kinds[line] === SAMPLE ? digestAt(state.digests, line) : undefined;
    }
    const sample = sampleOnLine(state, line + 1);
    return sample < 0 || state.malformed.has(sample) ? undefined : digestAt(state.digests, sample);
  }

  /** The lines that are samples without a digest, in order; the first `limit` of them. */
  malformedLines(limit = Number.POSITIVE_INFINITY): MalformedLine[] {
    const found: MalformedLine[] = [];
    const { state } = this;
    if ('kinds' in state) {
      for (const [line, malformed] of [...state.problems].sort(([a], [b]) => a - b).slice(0, limit)) {
        found.push({ line: line + 1, malformed });
      }
      return found;
    }
    for (const [sample, malformed] of state.malformed) {
      if (found.length >= limit) break;
      found.push({ line: lineOf(state, sample), malformed });
    }
    return found;
  }

  /** The samples in order. Views where nothing is blank: not to be kept across a {@link splice}. */
  rows(): LineRows {
    const { state } = this;
    if (!('kinds' in state)) return { rows: state, lines: state.lines ?? lineNumbers(state.count) };
    const { kinds } = state;
    let count = 0;
    for (const kind of kinds) if (kind !== BLANK) count++;
    const lines = new Uint32Array(count);
    const malformed = new Set<number>();
    let row = 0;
    let lastSample = -1;
    for (let line = 0; line < kinds.length; line++) {
      if (kinds[line] === BLANK) continue;
      if (kinds[line] === MALFORMED) malformed.add(row);
      lines[row++] = line + 1;
      lastSample = line;
    }
    // Blank lines at the end (the last line end makes one) need no copy.
    const digests =
      lastSample + 1 === count
        ? state.digests.subarray(0, count * DIGEST_LENGTH)
        : packed(state.digests, lines);
    return { rows: { count, digests, malformed }, lines };
  }

  private setLine(state: EditedLines, line: number, bytes: Uint8Array): void {
    const malformed = this.scanner.scan(bytes);
    const at = line * DIGEST_LENGTH;
    state.problems.delete(line);
    if (!malformed) {
      state.kinds[line] = SAMPLE;
      state.digests.set(this.hash(this.scanner.canonical()), at);
      return;
    }
    state.digests.fill(0, at, at + DIGEST_LENGTH);
    state.kinds[line] = malformed.code === 'empty' ? BLANK : MALFORMED;
    if (malformed.code !== 'empty') state.problems.set(line, malformed);
  }
}

/** One digest a line, so that an edit moves whole blocks. */
interface EditedLines {
  kinds: Uint8Array;
  /** Zeros where a line has none. */
  digests: Uint8Array;
  /** By line. */
  problems: Map<number, Malformed>;
}

function byLine(samples: SampleDigests, lineCount: number): EditedLines {
  const kinds = new Uint8Array(lineCount).fill(BLANK);
  const digests = new Uint8Array(lineCount * DIGEST_LENGTH);
  const problems = new Map<number, Malformed>();
  for (let i = 0; i < samples.count; i++) {
    const line = lineOf(samples, i) - 1;
    kinds[line] = SAMPLE;
    digests.set(digestAt(samples.digests, i), line * DIGEST_LENGTH);
  }
  for (const [i, malformed] of samples.malformed) {
    const line = lineOf(samples, i) - 1;
    kinds[line] = MALFORMED;
    problems.set(line, malformed);
  }
  return { kinds, digests, problems };
}

function packed(digests: Uint8Array, lines: Uint32Array): Uint8Array {
  const result = new Uint8Array(lines.length * DIGEST_LENGTH);
  lines.forEach((line, row) => {
    result.set(digestAt(digests, line - 1), row * DIGEST_LENGTH);
  });
  return result;
}

function spliced(array: Uint8Array, start: number, deleteCount: number, insertCount: number): Uint8Array {
  const result = new Uint8Array(array.length - deleteCount + insertCount);
  result.set(array.subarray(0, start));
  result.set(array.subarray(start + deleteCount), start + insertCount);
  return result;
}
