import type { LineEdit } from '../protocol/datasetWorker.ts';

/** A place in a text, 0-based, as VS Code counts. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

/** A content change as VS Code reports it, in coordinates of the text before the changes. */
export interface TextChange {
  readonly range: { readonly start: Place; readonly end: Place };
  readonly text: string;
}

/**
 * Turns the content changes of one event into replaced lines. VS Code's changes do not overlap, and their lines are those
 * of the text before; the result is in ascending order, each edit in coordinates of the text after those before it.
 * Whole lines that are inserted or deleted leave their neighbours alone: these keep their digests.
 * @param lineAt a line of the text after all changes (0-based)
 */
export function lineEdits(changes: readonly TextChange[], lineAt: (line: number) => string): LineEdit[] {
  const ascending = [...changes].sort(
    ({ range: { start: a, end: c } }, { range: { start: b, end: d } }) =>
      a.line - b.line || a.character - b.character || c.line - d.line || c.character - d.character,
  );
  // Replaced lines [from, to), and how many lines stand in their place.
  const merged: { from: number; to: number; inserted: number }[] = [];
  for (const { range, text } of ascending) {
    const { start, end } = range;
    const last = merged.at(-1);
    const sharesLine = last !== undefined && start.line < last.to;
    const wholeLines = start.character === 0 && end.character === 0 && (text === '' || /[\r\n]$/.test(text));
    const lineEnds = lineEndsIn(text);
    if (sharesLine) {
      // Two changes on one line: the line that they share counts once.
      last.to = end.line + 1;
      last.inserted += lineEnds;
    } else if (wholeLines) {
      merged.push({ from: start.line, to: end.line, inserted: lineEnds });
    } else {
      merged.push({ from: start.line, to: end.line + 1, inserted: lineEnds + 1 });
    }
  }
  let shift = 0;
  return merged.map(({ from, to, inserted }) => {
    const at = from + shift;
    shift += inserted - (to - from);
    return {
      start: at,
      deleteCount: to - from,
      lines: Array.from({ length: inserted }, (_, i) => lineAt(at + i)),
    };
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
