import { usageError } from './arguments.ts';

/** `1 sample`, `2 samples`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Lines `from` to `to`, both included, counted from 1. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `3,7-9`. @throws ProvenanceError `invalid-argument` */
export function parseLines(text: string): LineRange[] {
  return text.split(',').map((part) => {
    const [, first, last] = /^\s*([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first !== undefined && from <= to) return { from, to };
    throw usageError('"{text}" are no lines; write numbers from 1 and ranges, such as 3,7-9.', { text });
  });
}

/** Sorted line numbers as ranges. */
export function toRanges(lines: Iterable<number>): LineRange[] {
  const ranges: { from: number; to: number }[] = [];
  let last: { from: number; to: number } | undefined;
  for (const line of lines) {
    if (last && line === last.to + 1) {
      last.to = line;
    } else {
      last = { from: line, to: line };
      ranges.push(last);
    }
  }
  return ranges;
}

/** Ranges as `--lines` takes them: `3,7-9`. */
export function formatRanges(ranges: readonly LineRange[], separator = ','): string {
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(separator);
}

/** How many ranges a list for people has. */
const LISTED_RANGES = 12;

/** Sorted line numbers for people: `3, 7-9 and 40 more`. */
export function listLines(lines: readonly number[], limit = LISTED_RANGES): string {
  const ranges = toRanges(lines);
  const shown = ranges.slice(0, limit);
  const left = ranges.slice(limit).reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return formatRanges(shown, ', ') + (left > 0 ? ` and ${left} more` : '');
}
