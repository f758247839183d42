/**
 * Selected rows as ranges of their places in the view: both ends included, in order, neither overlapping nor touching.
 * All of ten million rows are one range.
 */
export type Ranges = readonly Range[];
export type Range = readonly [first: number, last: number];

export const NOTHING: Ranges = [];

/** The range between two rows, whichever comes first. */
export function between(one: number, other: number): Range {
  return one <= other ? [one, other] : [other, one];
}

export function includes(ranges: Ranges, row: number): boolean {
  return ranges.some(([first, last]) => first <= row && row <= last);
}

/** How many rows. */
export function size(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function added(ranges: Ranges, range: Range): Ranges {
  return normalised([...ranges, range]);
}

export function removed(ranges: Ranges, [from, to]: Range): Ranges {
  return ranges.flatMap(([first, last]): Range[] => {
    const rest: Range[] = [];
    if (first < from) rest.push([first, Math.min(last, from - 1)]);
    if (last > to) rest.push([Math.max(first, to + 1), last]);
    return rest;
  });
}

export function toggled(ranges: Ranges, row: number): Ranges {
  return includes(ranges, row) ? removed(ranges, [row, row]) : added(ranges, [row, row]);
}

/** Those among the first `count` rows of the view. Also puts ranges in order that came from elsewhere. */
export function within(ranges: Ranges, count: number): Ranges {
  return normalised(
    ranges.flatMap(([first, last]): Range[] => {
      const range: Range = [Math.max(0, first), Math.min(last, count - 1)];
      return range[0] <= range[1] ? [range] : [];
    }),
  );
}

function normalised(ranges: Ranges): Ranges {
  const result: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = result.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return result;
}
