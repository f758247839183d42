import { stat } from 'node:fs/promises';
import { throwIfCancelled, type CancelSignal, type ProvenanceError } from '../core/errors.ts';
import { sampledColumns } from '../core/table/columns.ts';
import { checkJsonl, datasetFormat, FORMAT_BYTES, type Compression } from '../core/table/datasetFormat.ts';
import { JsonlRows } from '../core/table/jsonlRows.ts';
import { LineIndex, textStart } from '../core/table/lineIndex.ts';
import type { RowSource } from '../core/table/rowSource.ts';
import { feedOf, withFirst } from '../core/table/textFeed.ts';
import type { TableExtent } from '../protocol/rowWorker.ts';
import { DecompressedCopy } from './decompressedCopy.node.ts';
import { FileSource } from './fileSource.node.ts';
import { openParquetFile } from './openParquetFile.node.ts';
import { TableCache } from './tableCache.node.ts';

/** What is found before a table is shown: so many rows, or what there is in so many bytes. */
const FIRST_ROWS = 100;
const FIRST_BYTES = 1024 * 1024;

/** A dataset that is open in the row worker. */
export interface RowTable {
  readonly format: 'jsonl' | 'parquet';
  /** The file on disk. */
  readonly file: FileSource;
  readonly rows: RowSource;
  /** What does not stop the table from working. */
  readonly notices: readonly ProvenanceError[];
  extent(): TableExtent;
  /** Keeps the index, if it is complete and not kept yet. */
  keepIndex(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a dataset, and finds its first rows.
 * @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io`; `not-jsonl`, `invalid-parquet`,
 *   `unsupported-parquet`; `disk-full` for a compressed file
 */
export async function openRowTable(path: string, cacheFolder: string): Promise<RowTable> {
  const file = await FileSource.open(path);
  try {
    const head = await file.read(0, Math.min(file.size, FORMAT_BYTES));
    const found = datasetFormat(path, head, file.size);
    if (found.format === 'parquet') return await parquetTable(file);
    const cache = new TableCache(cacheFolder);
    if (found.compression === undefined) return await jsonlTable(file, file, head, cache);
    return await compressedTable(file, found.compression, cache);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Finds all rows of a table, and keeps the index of them for the next time.
 * @param onProgress called after each piece of about a megabyte
 * @throws ProvenanceError `cancelled`, and what reading throws; rows found before stay usable
 */
export async function indexAll(
  table: RowTable,
  signal?: CancelSignal,
  onProgress?: (extent: TableExtent) => void,
): Promise<void> {
  const { rows } = table;
  while (rows instanceof JsonlRows && (await rows.advance())) {
    throwIfCancelled(signal);
    onProgress?.(table.extent());
  }
  await table.keepIndex();
}

async function parquetTable(file: FileSource): Promise<RowTable> {
  const rows = await openParquetFile(file);
  // They are asked for as soon as there is a page to show them; reading them again finds their pages decoded. What is
  // wrong with them is said then.
  void rows.rows(0, FIRST_ROWS).catch(() => undefined);
  return {
    format: 'parquet',
    file,
    rows,
    notices: [],
    extent: () => ({ lines: rows.rowCount, complete: true, bytes: file.size }),
    keepIndex: () => Promise.resolve(),
    close: () => file.close(),
  };
}

/** @param text what the rows are read from: `file` itself, or its decompressed copy */
async function jsonlTable(
  file: FileSource,
  text: FileSource,
  head: Uint8Array,
  cache: TableCache,
): Promise<RowTable> {
  const kept = await cache.loadIndex(text);
  const index = kept ?? new LineIndex(textStart(head));
  const rows = new JsonlRows(feedOf(text, index.bytes), index);
  await findFirstRows(rows);
  rows.columns = await sampledColumns(rows, text);
  let keptIndex = kept?.complete === true;
  const trouble = await cache.trouble();
  return {
    format: 'jsonl',
    file,
    rows,
    notices: trouble ? [trouble] : [],
    extent: () => ({
      lines: rows.rowCount,
      complete: rows.complete,
      bytes: rows.complete ? file.size : Math.floor((index.bytes / text.size) * file.size),
    }),
    keepIndex: async () => {
      if (keptIndex || !rows.complete) return;
      keptIndex = true;
      await cache.saveIndex(index, text);
    },
    close: async () => {
      await file.close();
      if (text !== file) await text.close();
    },
  };
}

async function compressedTable(
  file: FileSource,
  compression: Compression,
  cache: TableCache,
): Promise<RowTable> {
  const copyPath = cache.copyPath(file);
  if (await exists(copyPath)) {
    const text = await FileSource.open(copyPath);
    await cache.touch(copyPath);
    const head = await text.read(0, Math.min(text.size, FORMAT_BYTES));
    return jsonlTable(file, text, head, cache);
  }

  const copy = await DecompressedCopy.start(file, compression, cache);
  try {
    const first = (await copy.next()) ?? new Uint8Array(0);
    checkJsonl(file.path, first);
    const index = new LineIndex(textStart(first));
    const rows = new JsonlRows(withFirst(first, copy), index);
    await findFirstRows(rows);
    rows.columns = await sampledColumns(rows);
    let keptIndex = false;
    return {
      format: 'jsonl',
      file,
      rows,
      notices: [],
      extent: () => ({
        lines: rows.rowCount,
        complete: rows.complete,
        bytes: rows.complete ? file.size : copy.position,
      }),
      keepIndex: async () => {
        if (keptIndex || !copy.whole) return;
        keptIndex = true;
        const text = await FileSource.open(copyPath);
        await cache.saveIndex(index, text);
        await text.close();
        await cache.prune();
      },
      close: async () => {
        await copy.close();
        await file.close();
      },
    };
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** What is wrong further on is said when the rows there are asked for. @throws ProvenanceError when there are no rows before */
async function findFirstRows(rows: JsonlRows): Promise<void> {
  try {
    while (rows.rowCount < FIRST_ROWS && rows.index.bytes < FIRST_BYTES && (await rows.advance()));
  } catch (error) {
    if (rows.rowCount === 0) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
