import { added, between, NOTHING, removed, toggled, type Ranges } from './selection.ts';

/** The focused cell and the selected rows. The first two columns are the line number and the status. */
export interface Cursor {
  /** Place in the view; {@link HEADER} is the row of column headers. */
  readonly row: number;
  readonly column: number;
  /** Where a selection with Shift begins. */
  readonly anchor: number;
  readonly selection: Ranges;
}

export const HEADER = -1;

export const START: Cursor = { row: 0, column: 0, anchor: 0, selection: NOTHING };

export interface Extent {
  readonly rows: number;
  readonly columns: number;
  /** Rows that Page Up and Page Down move by. */
  readonly page: number;
}

export type CursorAction =
  | {
      readonly type: 'rows';
      readonly by: number | 'page-up' | 'page-down' | 'first' | 'last';
      readonly extend: boolean;
    }
  | { readonly type: 'columns'; readonly by: number | 'first' | 'last' }
  | { readonly type: 'go'; readonly row: number; readonly column?: number; readonly extend?: boolean }
  /** Selects the row, or no longer, beside those that are selected. */
  | { readonly type: 'toggle'; readonly row: number; readonly column?: number }
  | { readonly type: 'select-row'; readonly row: number }
  | { readonly type: 'select-all' }
  | { readonly type: 'select-none' };

/** The cursor after this action. It never leaves the table. */
export function moved(cursor: Cursor, action: CursorAction, extent: Extent): Cursor {
  const { row, column } = cursor;
  switch (action.type) {
    case 'rows':
      return to(cursor, targetRow(row, action.by, extent), column, extent, action.extend);
    case 'columns': {
      const { by } = action;
      const target = by === 'first' ? 0 : by === 'last' ? extent.columns - 1 : column + by;
      return { ...cursor, column: clamp(target, 0, extent.columns - 1) };
    }
    case 'go':
      return to(cursor, action.row, action.column ?? column, extent, action.extend ?? false);
    case 'toggle': {
      const next = to(cursor, action.row, action.column ?? column, extent, false);
      return next.row === HEADER ? next : { ...next, selection: toggled(cursor.selection, next.row) };
    }
    case 'select-row': {
      const next = to(cursor, action.row, 0, extent, false);
      return { ...next, selection: [[next.row, next.row]] };
    }
    case 'select-all':
      return { ...cursor, selection: extent.rows > 0 ? [[0, extent.rows - 1]] : NOTHING };
    case 'select-none':
      return { ...cursor, anchor: Math.max(0, row), selection: NOTHING };
  }
}

function targetRow(
  row: number,
  by: number | 'page-up' | 'page-down' | 'first' | 'last',
  extent: Extent,
): number {
  switch (by) {
    case 'first':
      return 0;
    case 'last':
      return extent.rows - 1;
    case 'page-up':
      return Math.max(0, row - extent.page);
    case 'page-down':
      return row + extent.page;
    default:
      return row + by;
  }
}

function to(cursor: Cursor, row: number, column: number, extent: Extent, extend: boolean): Cursor {
  // Extending a selection ends at the first row; moving goes on to the headers.
  const target = clamp(row, extend ? 0 : HEADER, extent.rows - 1);
  const next = { ...cursor, row: target, column: clamp(column, 0, extent.columns - 1) };
  if (!extend) return { ...next, anchor: Math.max(0, target) };
  const before = removed(cursor.selection, between(cursor.anchor, Math.max(0, cursor.row)));
  return { ...next, selection: added(before, between(cursor.anchor, target)) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
