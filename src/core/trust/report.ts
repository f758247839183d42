import { ROW } from './match.ts';
import type { Assessment } from './assess.ts';
import type { Status } from './status.ts';
import { STATUS_CODE } from './status.ts';

/** Where a file differs from what was signed, by line (1-based) of the file. */
export interface Differences {
  readonly modified: readonly number[];
  readonly added: readonly number[];
  /** Lines that were signed and stand elsewhere now, with their signed position (1-based sample number). */
  readonly moved: readonly { readonly line: number; readonly from: number }[];
  /** Signed positions (1-based sample numbers) that no line accounts for. */
  readonly removed: readonly number[];
}

/**
 * Lists where a file differs from its baseline.
 * @param lines 1-based line of each row
 * @param limit at most so many entries a list
 */
export function differences(
  assessment: Assessment,
  lines: Uint32Array,
  limit: number = Number.POSITIVE_INFINITY,
): Differences {
  const { match, statuses } = assessment;
  const modified: number[] = [];
  const added: number[] = [];
  const moved: { line: number; from: number }[] = [];
  for (let row = 0; row < statuses.length; row++) {
    const line = lines[row]!;
    if (statuses[row] === STATUS_CODE.modified && modified.length < limit) modified.push(line);
    else if (statuses[row] === STATUS_CODE.added && added.length < limit) added.push(line);
    if (match?.kinds[row] === ROW.moved && moved.length < limit) {
      moved.push({ line, from: match.leafOfRow[row]! + 1 });
    }
  }
  const removed = match
    ? Array.from(match.removed.subarray(0, Math.min(limit, match.removed.length)), (leaf) => leaf + 1)
    : [];
  return { modified, added, moved, removed };
}

/** Statuses that someone has to look at, the worst first. */
export const ATTENTION: readonly Status[] = [
  'modified',
  'malformed',
  'added',
  'revoked',
  'untrusted',
  'unknown',
];
