import { usageError } from './arguments.ts';

/** `1 sample`, `2 samples`; `2 advisories`, where `plural` says so. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
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
export function* toRanges(lines: Iterable<number>): Generator<LineRange> {
  let from = 0;
  let to = -1;
  for (const line of lines) {
    if (line !== to + 1 && to >= from) yield { from, to };
    if (line !== to + 1) from = line;
    to = line;
  }
  if (to >= from) yield { from, to };
}

/** Ranges as `--lines` takes them: `3,7-9`. */
export function formatRanges(ranges: readonly LineRange[], separator = ','): string {
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(separator);
}

/** How many ranges a list for people has. */
const LISTED_RANGES = 12;

/** Sorted line numbers for people: `3, 7-9 and 40 more`. */
export function listLines(lines: Iterable<number>, limit = LISTED_RANGES): string {
  const shown: LineRange[] = [];
  let left = 0;
  for (const range of toRanges(lines)) {
    if (shown.length < limit) shown.push(range);
    else left += range.to - range.from + 1;
  }
  return formatRanges(shown, ', ') + (left > 0 ? ` and ${left} more` : '');
}
