import type { Assessment } from './assess.ts';
import { ROW } from './match.ts';
import { STATUS_CODE, type Status } from './status.ts';

/** The rows with a status, in order. */
export function* rowsWith({ statuses, counts }: Assessment, status: Status): Generator<number> {
  const code = STATUS_CODE[status];
  for (let row = 0, left = counts[status]; left > 0; row++) {
    if (statuses[row] !== code) continue;
    yield row;
    left--;
  }
}

/** A row that was signed and stands elsewhere now, with its place in the signed order (from 0). */
export interface MovedRow {
  readonly row: number;
  readonly leaf: number;
}

/** The rows that were signed and stand elsewhere now, in order. */
export function* movedRows({ match, moved }: Assessment): Generator<MovedRow> {
  if (!match) return;
  for (let row = match.from, left = moved; left > 0; row++) {
    if (match.kindOf(row) !== ROW.moved) continue;
    yield { row, leaf: match.leafOf(row) };
    left--;
  }
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
