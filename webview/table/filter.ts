import * as l10n from '@vscode/l10n';
import type { RowQuery } from '../../src/protocol/rowWorker.ts';
import type { TableFilter } from '../../src/protocol/sampleTable.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { LISTED_COLUMNS, type ShownColumn } from './columns.ts';

/** The parts of a filter that are lists of values to let through. */
type ListPart = 'statuses' | 'reviews' | 'signers' | 'origins';
type ValueOf<Part extends ListPart> = NonNullable<TableFilter[Part]>[number];

export const NO_FILTER: TableFilter = {};

/** Whether the filter keeps anything back. */
export function isFiltering(filter: TableFilter): boolean {
  return Object.values(filter).some((part: readonly unknown[] | undefined) => (part?.length ?? 0) > 0);
}

export function lets<Part extends ListPart>(filter: TableFilter, part: Part, value: ValueOf<Part>): boolean {
  const values: readonly ValueOf<Part>[] = filter[part] ?? [];
  return values.includes(value);
}

/** Adds the value to those that are let through, or takes it away. */
export function toggledValue<Part extends ListPart>(
  filter: TableFilter,
  part: Part,
  value: ValueOf<Part>,
): TableFilter {
  const values: readonly ValueOf<Part>[] = filter[part] ?? [];
  return withPart(
    filter,
    part,
    values.includes(value) ? values.filter((other) => other !== value) : [...values, value],
  );
}

export function withQuery(filter: TableFilter, query: RowQuery): TableFilter {
  return withPart(filter, 'queries', [...(filter.queries ?? []), query]);
}

export function withoutQuery(filter: TableFilter, query: RowQuery): TableFilter {
  return withPart(
    filter,
    'queries',
    (filter.queries ?? []).filter((other) => other !== query),
  );
}

/** An empty part is left out, so that equal filters look equal. */
function withPart(filter: TableFilter, part: keyof TableFilter, values: readonly unknown[]): TableFilter {
  const { [part]: _old, ...rest } = filter;
  return values.length > 0 ? { ...rest, [part]: values } : rest;
}

/** How an operator reads between a column and a value. */
export function operatorWord(operator: RowQuery['operator']): string {
  switch (operator) {
    case 'contains':
      return l10n.t('contains');
    case 'equals':
      return l10n.t('equals');
    case 'not-equals':
      return l10n.t('does not equal');
    case 'less':
      return l10n.t('is less than');
    case 'greater':
      return l10n.t('is greater than');
    case 'exists':
      return l10n.t('is there');
  }
}

/** The query as a sentence: "role equals user". */
export function describeQuery(query: RowQuery, columns: readonly ShownColumn[]): string {
  const column = query.column === undefined ? l10n.t('Row') : columnLabel(query.column, columns);
  const operator = operatorWord(query.operator);
  return query.operator === 'exists'
    ? `${column} ${operator}`
    : `${column} ${operator} “${untrustedText(query.text, 60)}”`;
}

/** The columns to choose from, as values and texts of a list. `also` is among them, however many there are. */
export function columnChoices(
  columns: readonly ShownColumn[],
  also: string | undefined,
): (readonly [pointer: string, label: string])[] {
  return columns
    .filter(({ column }, place) => place < LISTED_COLUMNS || column.pointer === also)
    .map((shown) => [shown.column.pointer, labelOf(shown)] as const);
}

/** A column's name with those of the objects that it is in; its pointer where the file has no such column. */
export function columnLabel(pointer: string, columns: readonly ShownColumn[]): string {
  const shown = columns.find(({ column }) => column.pointer === pointer);
  return shown ? labelOf(shown) : untrustedText(pointer, 80);
}

/** A column's name with those of the objects that it is in. */
export function labelOf({ within, column }: ShownColumn): string {
  return untrustedText([...within, column.name].join('.'), 80);
}
