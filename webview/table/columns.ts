import type { Column } from '../../src/core/table/rowSource.ts';
import { MAX_SHOWN_COLUMNS } from '../../src/protocol/sampleTable.ts';

/**
 * Which columns the grid shows: a list of JSON pointers, in order. Where nobody chose, the members of the samples
 * themselves; an object's column can be replaced by those of its members, and back.
 */
export interface ShownColumn {
  readonly column: Column;
  /** Names of the objects that it is in, outermost first. Untrusted text. */
  readonly within: readonly string[];
  /** Pointer of the object that it is in. */
  readonly parent: string | undefined;
}

/** Files may have thousands of columns; a row of so many cells is neither read nor drawn in time. */
export const MAX_COLUMNS = MAX_SHOWN_COLUMNS;

/** As many columns as a list to choose from has. */
export const LISTED_COLUMNS = 300;

/** The columns to show. Pointers that the file does not have are left out. */
export function shownColumns(
  columns: readonly Column[],
  chosen: readonly string[] | undefined,
): ShownColumn[] {
  const all = allColumns(columns);
  const byPointer = new Map(all.map((shown) => [shown.column.pointer, shown]));
  const found = (chosen ?? []).flatMap((pointer) => byPointer.get(pointer) ?? []);
  return (found.length > 0 ? found : all.filter(({ parent }) => parent === undefined)).slice(0, MAX_COLUMNS);
}

/** Every column and those of its members, depth first. */
export function allColumns(columns: readonly Column[], parent?: ShownColumn): ShownColumn[] {
  return columns.flatMap((column) => {
    const shown: ShownColumn = {
      column,
      within: parent ? [...parent.within, parent.column.name] : [],
      parent: parent?.column.pointer,
    };
    return [shown, ...allColumns(column.children, shown)];
  });
}

/** Puts the columns of an object's members in its column's place. */
export function expanded(shown: readonly ShownColumn[], pointer: string): string[] {
  return unique(
    shown.flatMap(({ column }) =>
      column.pointer === pointer && column.children.length > 0
        ? column.children.map((child) => child.pointer)
        : [column.pointer],
    ),
  );
}

/** Puts an object's own column back in the place of those of its members. */
export function collapsed(shown: readonly ShownColumn[], pointer: string): string[] {
  return unique(
    shown.map(({ column }) => (column.pointer.startsWith(`${pointer}/`) ? pointer : column.pointer)),
  );
}

/** Shows or hides a column. A column that comes back stands where the file has it. The last one stays. */
export function toggledColumn(
  columns: readonly Column[],
  shown: readonly ShownColumn[],
  pointer: string,
): string[] {
  const pointers = shown.map(({ column }) => column.pointer);
  if (pointers.includes(pointer)) {
    const rest = pointers.filter((other) => other !== pointer);
    return rest.length > 0 ? rest : pointers;
  }
  const order = new Map(allColumns(columns).map(({ column }, index) => [column.pointer, index]));
  const place = (other: string) => order.get(other) ?? 0;
  const before = pointers.findIndex((other) => place(other) > place(pointer));
  return before === -1 ? [...pointers, pointer] : pointers.toSpliced(before, 0, pointer);
}

/** Width of a column that nobody set, in pixels. */
export function defaultWidth({ name, type, children }: Column): number {
  const forName = 8 * Math.min(name.length + Math.min(type.length, 12), 30) + 48;
  const forValues = isNumeric(type)
    ? 110
    : children.length > 0 || /string|object|array|list|struct/i.test(type)
      ? 240
      : 130;
  return Math.max(forName, forValues);
}

/** Whether a column's values are numbers, which stand to the right. */
export function isNumeric(type: string): boolean {
  return /^(u?int|float|double|decimal|number|integer|half)/i.test(type) && !type.includes('|');
}

const MIN_WIDTH = 48;
const MAX_WIDTH = 2000;

export function clampedWidth(width: number): number {
  return Math.round(Math.min(Math.max(width, MIN_WIDTH), MAX_WIDTH));
}

function unique(pointers: readonly string[]): string[] {
  return [...new Set(pointers)];
}
