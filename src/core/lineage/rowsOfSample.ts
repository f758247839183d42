import { fromHex } from '../bytes/hex.ts';
import { digestComparer } from '../sample/digest.ts';
import { LEAF_BYTES } from '../evidence/leaves.ts';
import type { Leaves } from '../trust/scope.ts';
import type { TraceNode } from './trace.ts';

/** Rows that are listed of a sample that stands in many. */
export const MAX_TRACE_ROWS = 100;

/** Making a table of leaves takes as long as looking through them so many times. */
const LOOKS_BEFORE_TABLE = 32;

const looks = new WeakMap<Leaves, number>();

/** The rows of a dataset that hold a sample, in order, from 0; none where it is not there. @param digest hex */
export function rowsOfSample(leaves: Leaves, digest: string): Pick<TraceNode, 'rows' | 'copies'> {
  const bytes = fromHex(digest);
  const rows: number[] = [];
  let copies = 0;
  const found = (row: number) => {
    if (copies++ < MAX_TRACE_ROWS) rows.push(row);
  };
  const before = looks.get(leaves) ?? 0;
  if (before >= LOOKS_BEFORE_TABLE) {
    const { table } = leaves;
    for (let row = table.first(bytes, 0); row >= 0; row = table.next(row)) found(row);
    return { rows, copies };
  }
  looks.set(leaves, before + 1);
  const same = digestComparer(leaves.digests, bytes);
  const count = leaves.digests.length / LEAF_BYTES;
  for (let row = 0; row < count; row++) if (same(row, 0)) found(row);
  return { rows, copies };
}
