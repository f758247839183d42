import type { LineEdit } from '../protocol/datasetWorker.ts';

/** A content change as VS Code reports it, in coordinates of the text before the changes. */
export interface TextChange {
  readonly range: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly text: string;
}

/**
 * Turns the content changes of one event into replaced lines. VS Code's changes do not overlap, and their lines are those
 * of the text before; the result is in ascending order, each edit in coordinates of the text after those before it.
 * @param lineAt a line of the text after all changes (0-based)
 */
export function lineEdits(changes: readonly TextChange[], lineAt: (line: number) => string): LineEdit[] {
  const ascending = [...changes].sort(
    (a, b) => a.range.start.line - b.range.start.line || a.range.end.line - b.range.end.line,
  );
  const merged: { start: number; end: number; inserted: number }[] = [];
  for (const { range, text } of ascending) {
    const inserted = lineEndsIn(text) + 1;
    const last = merged.at(-1);
    if (last?.end === range.start.line) {
      // Two changes on one line: the line that they share counts once.
      last.end = range.end.line;
      last.inserted += inserted - 1;
    } else {
      merged.push({ start: range.start.line, end: range.end.line, inserted });
    }
  }
  let shift = 0;
  return merged.map(({ start, end, inserted }) => {
    const deleteCount = end - start + 1;
    const at = start + shift;
    shift += inserted - deleteCount;
    return { start: at, deleteCount, lines: Array.from({ length: inserted }, (_, i) => lineAt(at + i)) };
  });
}

/** VS Code takes CR LF, LF and a lone CR for line ends. */
function lineEndsIn(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

/** Moves per-line values along with edits, so that icons stay with their lines until the new ones are known. */
export function shiftLines<T extends Uint8Array | Int32Array>(
  values: T,
  edits: readonly LineEdit[],
  fill: number,
): T {
  let current = values;
  for (const { start, deleteCount, lines } of edits) {
    if (lines.length === deleteCount) continue;
    const length = current.length - deleteCount + lines.length;
    const next = (current instanceof Uint8Array ? new Uint8Array(length) : new Int32Array(length)) as T;
    next.set(current.subarray(0, start));
    const kept = Math.min(deleteCount, lines.length);
    next.set(current.subarray(start, start + kept), start);
    next.fill(fill, start + kept, start + lines.length);
    next.set(current.subarray(start + deleteCount), start + lines.length);
    current = next;
  }
  return current;
}
