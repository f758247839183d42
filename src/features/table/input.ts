import { ProvenanceError } from '../../core/errors.ts';
import { STATUSES } from '../../core/trust/status.ts';
import type { RowQuery } from '../../protocol/rowWorker.ts';
import {
  REVIEW_FILTERS,
  TABLE_ACTIONS,
  type FindParams,
  type TableAction,
  type TableFilter,
  type TablePlace,
} from '../../protocol/sampleTable.ts';
import type { IndexRange } from './model.ts';

/**
 * What a table sends, checked: its page shows hostile text, and what it remembers may be of another version. Each
 * function gives the value anew, with the members that it knows. @throws ProvenanceError `invalid-argument`
 */

/** The longest text to look for, in UTF-16 code units. */
const MAX_TEXT = 10_000;
const MAX_COLUMNS = 1000;
const MAX_QUERIES = 20;
/** Ids in a filter, ranges in a selection. */
const MAX_ITEMS = 10_000;
/** The most rows that a table may ask for at once. */
export const MAX_ROWS = 500;

const OPERATORS: readonly RowQuery['operator'][] = [
  'contains',
  'equals',
  'not-equals',
  'less',
  'greater',
  'exists',
];

export function filterOf(value: unknown): TableFilter {
  const { statuses, reviews, signers, origins, queries } = objectOf(value);
  return {
    ...(statuses !== undefined && { statuses: listOf(statuses, MAX_ITEMS, oneOf(STATUSES)) }),
    ...(reviews !== undefined && {
      reviews: listOf(reviews, MAX_ITEMS, oneOf(REVIEW_FILTERS)),
    }),
    ...(signers !== undefined && { signers: listOf(signers, MAX_ITEMS, textOf) }),
    ...(origins !== undefined && { origins: listOf(origins, MAX_ITEMS, textOf) }),
    ...(queries !== undefined && { queries: listOf(queries, MAX_QUERIES, queryOf) }),
  };
}

export function findOf(value: unknown): FindParams {
  const { query, from, backwards } = objectOf(value);
  return { query: queryOf(query), from: countOf(from), backwards: backwards === true };
}

function queryOf(value: unknown): RowQuery {
  const { text, column, operator, matchCase } = objectOf(value);
  return {
    text: textOf(text),
    ...(column !== undefined && { column: textOf(column) }),
    operator: oneOf(OPERATORS)(operator),
    matchCase: matchCase === true,
  };
}

export function rowsOf(value: unknown): {
  version: number;
  from: number;
  to: number;
  columns: readonly string[];
} {
  const { version, from, to, columns } = objectOf(value);
  const first = countOf(from);
  return {
    version: countOf(version),
    from: first,
    to: Math.min(countOf(to), first + MAX_ROWS),
    columns: columnsOf(columns),
  };
}

export function lineOf(value: unknown): number {
  const { line } = objectOf(value);
  const checked = countOf(line);
  if (checked < 1) throw invalid();
  return checked;
}

export function runOf(value: unknown): { action: TableAction; version: number; ranges: IndexRange[] } {
  const { action, version, ranges } = objectOf(value);
  return { action: oneOf(TABLE_ACTIONS)(action), version: countOf(version), ranges: rangesOf(ranges) };
}

export function datasetActionOf(value: unknown): 'sign' | 'verify' | 'exportJsonl' | 'openAsText' {
  return oneOf(['sign', 'verify', 'exportJsonl', 'openAsText'] as const)(objectOf(value)['action']);
}

export function versionOf(value: unknown): number {
  return countOf(value);
}

export function placeOf(value: unknown): TablePlace {
  const { topIndex, focusedIndex, selection, columns, widths, detailOpen, detailHeight } = objectOf(value);
  const widthList = Object.entries(objectOf(widths)).slice(0, MAX_COLUMNS);
  return {
    topIndex: countOf(topIndex),
    focusedIndex: countOf(focusedIndex),
    selection: rangesOf(selection),
    ...(columns !== undefined && { columns: columnsOf(columns) }),
    widths: Object.fromEntries(widthList.map(([column, width]) => [column, pixelsOf(width)])),
    detailOpen: detailOpen === true,
    detailHeight: pixelsOf(detailHeight),
  };
}

export function stringMember(value: unknown, name: 'text' | 'keyId'): string {
  const member = objectOf(value)[name];
  if (typeof member !== 'string') throw invalid();
  return member;
}

function rangesOf(value: unknown): IndexRange[] {
  return listOf(value, MAX_ITEMS, (range) => {
    const [first, last] = listOf(range, 2, countOf);
    if (first === undefined || last === undefined || last < first) throw invalid();
    return [first, last] as const;
  });
}

function columnsOf(value: unknown): string[] {
  return listOf(value, MAX_COLUMNS, textOf);
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw invalid();
  return value as Record<string, unknown>;
}

function listOf<T>(value: unknown, limit: number, item: (value: unknown) => T): T[] {
  if (!Array.isArray(value) || value.length > limit) throw invalid();
  return value.map(item);
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw invalid();
  return value;
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalid();
  return value as number;
}

function pixelsOf(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100_000)) throw invalid();
  return value;
}

function oneOf<T extends string>(values: readonly T[]): (value: unknown) => T {
  return (value) => {
    const found = values.find((known) => known === value);
    if (found === undefined) throw invalid();
    return found;
  };
}

function invalid(): ProvenanceError {
  return new ProvenanceError('invalid-argument', 'The table asked for something that there is not.');
}
