import type { Status } from '../../core/trust/status.ts';

/** One decoration type each. */
export type Mark = Status | 'flagged' | 'upstream' | 'cleared';

/** Inclusive, 1-based. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Lines on each side of the visible ones that are marked too, so that scrolling shows no gaps. */
export const MARGIN = 100;

/** The lines to mark: the visible ones and a margin, each line once. */
export function markedRanges(visible: readonly LineRange[], lineCount: number, margin = MARGIN): LineRange[] {
  const wide = visible
    .map(({ first, last }) => ({
      first: Math.max(1, first - margin),
      last: Math.min(lineCount, last + margin),
    }))
    .filter(({ first, last }) => first <= last)
    .sort((a, b) => a.first - b.first);
  const merged: { first: number; last: number }[] = [];
  for (const range of wide) {
    const last = merged.at(-1);
    if (last && range.first <= last.last + 1) last.last = Math.max(last.last, range.last);
    else merged.push({ ...range });
  }
  return merged;
}

/** What is known of a line. */
export interface LineView {
  status(line: number): Status | undefined;
  review(line: number): { readonly state: 'flagged' | 'cleared' } | undefined;
  /** How it was made of something flagged, if it was. */
  upstream(line: number): object | undefined;
}

/** Each line's gutter mark. A flag, on it or upstream, outranks the status: it is what someone has to see first. */
export function gutterMarks(view: LineView, ranges: readonly LineRange[]): Map<Mark, number[]> {
  const marks = new Map<Mark, number[]>();
  for (const { first, last } of ranges) {
    for (let line = first; line <= last; line++) {
      const status = view.status(line);
      if (status === undefined) continue;
      const flagged = view.review(line)?.state === 'flagged';
      const mark = flagged ? 'flagged' : view.upstream(line) ? 'upstream' : status;
      const lines = marks.get(mark);
      if (lines) lines.push(line);
      else marks.set(mark, [line]);
    }
  }
  return marks;
}
