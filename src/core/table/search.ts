import { throwIfCancelled, type CancelSignal } from '../errors.ts';
import { JsonlRows, READ_BYTES } from './jsonlRows.ts';
import { RowMatcher, type Query } from './query.ts';
import type { RowSource } from './rowSource.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Rows of other sources than JSONL that are looked at together. */
const ROWS_AT_ONCE = 1024;
/** Lines wanted that are no further apart are read together … */
const NEAR_LINES = 64;
/** … up to so many lines. */
const GROUP_LINES = 8192;

export interface SearchOptions {
  /** Only these lines (from 1, increasing); undefined: all. */
  readonly lines?: Uint32Array | undefined;
  /** The line to start at, from 1; undefined: the first, or backwards the last. */
  readonly from?: number | undefined;
  readonly backwards?: boolean | undefined;
  /** Stop after so many matches. */
  readonly limit?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  /**
   * Called after each piece, of about a megabyte.
   * @param matches lines (from 1) in it that match, in the order of the search
   * @param searched lines looked at so far
   * @param total lines there are to look at, as far as known
   */
  readonly onProgress: (matches: readonly number[], searched: number, total: number) => void;
}

/**
 * Looks for the rows that match all queries (see {@link RowMatcher}), from a line on and in either direction. Goes
 * through a file piece by piece, and lets others run and cancel between pieces; while not all lines of a JSONL file are
 * known it finds them on the way.
 *
 * @returns whether all lines were looked at, rather than only until the limit
 * @throws ProvenanceError `cancelled`, and what reading throws; matches already announced hold
 */
export async function searchRows(
  rows: RowSource,
  queries: readonly Query[],
  options: SearchOptions,
): Promise<boolean> {
  const { lines, from, backwards = false, limit = Infinity, signal, onProgress } = options;
  if (limit <= 0) return false;
  const matcher = new RowMatcher(queries);
  const wanted = lines && new WantedLines(lines);
  const count = () => (wanted ? wanted.count : rows.rowCount);
  const positionAt = (i: number) => (wanted ? wanted.position(i) : i);
  // Places in the order of the file: of the wanted lines, or of all.
  const placeOf = (position: number) => (wanted ? wanted.placeOf(position) : position);

  if (backwards) await knowLines(rows, from ?? Infinity, signal);
  const last = () => Math.min(count(), placeOf(rows.rowCount)) - 1;
  const first = from === undefined ? 0 : placeOf(Math.max(0, from - 1));
  const start = backwards ? Math.min(last(), from === undefined ? Infinity : placeOf(from) - 1) : first;

  const buffer = new Uint8Array(READ_BYTES);
  let found = 0;
  for (let place = start; ;) {
    throwIfCancelled(signal);
    if (backwards ? place < 0 : place >= count()) {
      if (backwards || wanted || !(await moreLines(rows))) return true;
      continue;
    }
    const position = positionAt(place);
    if (position >= rows.rowCount) {
      if (!(await moreLines(rows))) return true;
      continue;
    }
    const reach = wanted ? wanted.groupEnd(place, backwards) : backwards ? 0 : rows.rowCount;
    const isWanted = (at: number) =>
      (backwards ? at <= position : at >= position) && (!wanted || wanted.has(at));
    const piece =
      rows instanceof JsonlRows
        ? await searchBlock(rows, matcher, position, reach, backwards, isWanted, buffer)
        : await searchRange(rows, matcher, position, reach, backwards, isWanted, signal);

    if (backwards) piece.matches.reverse();
    const matches = piece.matches.slice(0, limit - found);
    found += matches.length;
    place = backwards ? placeOf(piece.from) - 1 : placeOf(piece.to);
    const searched = Math.abs(place - start);
    const total = backwards ? start + 1 : Math.max(0, count() - start);
    onProgress(
      matches.map((at) => at + 1),
      searched,
      total,
    );
    if (found >= limit) return false;
  }
}

/** Positions `[from, to)` were looked at; `matches` are increasing. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly matches: number[];
}

async function searchBlock(
  rows: JsonlRows,
  matcher: RowMatcher,
  position: number,
  reach: number,
  backwards: boolean,
  isWanted: (position: number) => boolean,
  buffer: Uint8Array,
): Promise<Piece> {
  const { firstLine, lines, bytes } = await rows.block(position, reach, backwards, buffer);
  const matches = matchingLines(bytes, matcher, (line) => isWanted(firstLine + line));
  return { from: firstLine, to: firstLine + lines, matches: matches.map((line) => firstLine + line) };
}

async function searchRange(
  rows: RowSource,
  matcher: RowMatcher,
  position: number,
  reach: number,
  backwards: boolean,
  isWanted: (position: number) => boolean,
  signal: CancelSignal | undefined,
): Promise<Piece> {
  const from = backwards ? Math.max(reach, position + 1 - ROWS_AT_ONCE) : position;
  const to = backwards ? position + 1 : Math.min(reach, position + ROWS_AT_ONCE);
  const { members, filter } = matcher;
  const read = await rows.rows(from, to, { signal, ...(members && { members }) });
  const matches = read
    .filter(({ line, bytes }) => {
      if (!isWanted(line - 1)) return false;
      return (!filter || filter.indexOf(bytes, 0, bytes.length) >= 0) && matcher.matches(bytes);
    })
    .map(({ line }) => line - 1);
  return { from, to, matches };
}

/** The lines of a block that match, from 0 and increasing. Only those that the filter finds are looked at closely. */
function matchingLines(
  bytes: Uint8Array,
  matcher: RowMatcher,
  isWanted: (line: number) => boolean,
): number[] {
  const { filter } = matcher;
  const matches: number[] = [];
  let line = 0;
  let start = 0;
  let raw = -1;
  let escape = -1;
  while (start < bytes.length) {
    if (filter) {
      // Each of the two is searched for once; a place that was found stays good until the lines have passed it.
      if (raw < start) raw = placeOrEnd(filter.indexOfRaw(bytes, start, bytes.length), bytes.length);
      if (escape < start) escape = placeOrEnd(filter.indexOfEscape(bytes, start, bytes.length), bytes.length);
      const candidate = Math.min(raw, escape);
      if (candidate === bytes.length) break;
      for (let lf = bytes.indexOf(LF, start); lf >= 0 && lf < candidate; lf = bytes.indexOf(LF, start)) {
        start = lf + 1;
        line++;
      }
    }
    const lf = bytes.indexOf(LF, start);
    const next = lf < 0 ? bytes.length : lf + 1;
    const lineEnd = lf < 0 ? bytes.length : lf > start && bytes[lf - 1] === CR ? lf - 1 : lf;
    if (isWanted(line) && matcher.matches(bytes, start, lineEnd)) matches.push(line);
    start = next;
    line++;
  }
  return matches;
}

function placeOrEnd(place: number, end: number): number {
  return place < 0 ? end : place;
}

/** The lines that a search is restricted to; their positions are from 0. */
class WantedLines {
  constructor(private readonly lines: Uint32Array) {}

  get count(): number {
    return this.lines.length;
  }

  position(place: number): number {
    return this.lines[place]! - 1;
  }

  has(position: number): boolean {
    return this.lines[this.placeOf(position)] === position + 1;
  }

  /** How many of the lines stand before a position. */
  placeOf(position: number): number {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lines[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The end (backwards: the first) of the positions that are worth reading together with the one at `place`. */
  groupEnd(place: number, backwards: boolean): number {
    const step = backwards ? -1 : 1;
    let last = place;
    for (let i = place + step; i >= 0 && i < this.lines.length; i += step) {
      const near = Math.abs(this.lines[i]! - this.lines[last]!) <= NEAR_LINES;
      if (!near || Math.abs(this.lines[i]! - this.lines[place]!) > GROUP_LINES) break;
      last = i;
    }
    return backwards ? this.position(last) : this.position(last) + 1;
  }
}

/** Indexes a JSONL file until so many lines are known. */
async function knowLines(rows: RowSource, lines: number, signal: CancelSignal | undefined): Promise<void> {
  while (rows.rowCount < lines && (await moreLines(rows))) throwIfCancelled(signal);
}

/** @returns whether there may be more lines than before */
async function moreLines(rows: RowSource): Promise<boolean> {
  if (rows.complete || !(rows instanceof JsonlRows)) return false;
  await rows.advance();
  return true;
}
