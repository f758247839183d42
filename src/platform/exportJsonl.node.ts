import { realpath } from 'node:fs/promises';
import { ProvenanceError, throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { NewFile } from './newFile.node.ts';
import { indexAll, type RowTable } from './rowTable.node.ts';

export interface ExportOptions {
  /** Whether a file of that name is replaced. */
  readonly replace: boolean;
  readonly signal?: CancelSignal | undefined;
  /** Rows written, and how many there are. */
  readonly onProgress?: ((rows: number, total: number) => void) | undefined;
}

/** Rows are read in batches of about so many bytes. */
const BATCH_BYTES = 4 << 20;
const FIRST_BATCH_ROWS = 256;
const MAX_BATCH_ROWS = 1 << 14;

/**
 * Writes all rows of a table as JSONL, each as the projection has it, so that it has the digest that it has there. A
 * blank line stays one: rows keep their numbers. The file appears under its name once it is whole.
 * @throws ProvenanceError `invalid-argument` for the table's own file, `cancelled`, and as `RowSource.rows` and
 *   {@link NewFile}
 */
export async function exportJsonl(
  table: RowTable,
  path: string,
  options: ExportOptions,
): Promise<{ rows: number }> {
  if (await isSameFile(path, table.file.path)) {
    throw new ProvenanceError(
      'invalid-argument',
      '{path} is the file that is being exported; choose another name.',
      { path },
    );
  }
  await indexAll(table, options.signal);
  const source = table.rows;
  const file = await NewFile.create(path, options);
  try {
    const total = source.rowCount;
    let batch = FIRST_BATCH_ROWS;
    let written = 0;
    while (written < total) {
      throwIfCancelled(options.signal);
      const rows = await source.rows(written, Math.min(total, written + batch), { signal: options.signal });
      if (rows.length === 0) break;
      const text = linesOf(rows.map(({ bytes }) => bytes));
      await file.write(text);
      written += rows.length;
      batch = nextBatch(rows.length, text.length);
      options.onProgress?.(written, total);
    }
    throwIfCancelled(options.signal);
    await file.commit();
    return { rows: written };
  } finally {
    await file.discard();
  }
}

/** How many rows of this size to read next. */
function nextBatch(rows: number, bytes: number): number {
  return Math.min(MAX_BATCH_ROWS, Math.max(1, Math.floor((rows * BATCH_BYTES) / bytes)));
}

function linesOf(rows: readonly Uint8Array[]): Uint8Array {
  const text = new Uint8Array(rows.reduce((length, row) => length + row.length + 1, 0));
  let at = 0;
  for (const row of rows) {
    text.set(row, at);
    at += row.length + 1;
    text[at - 1] = 0x0a;
  }
  return text;
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([path, other].map((each) => realpath(each).catch(() => undefined)));
  return a !== undefined && a === b;
}
