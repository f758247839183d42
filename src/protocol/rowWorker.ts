import type { Column } from '../core/table/rowSource.ts';

/**
 * The conversation between the extension host and the row worker, which reads rows of datasets for sample tables and
 * searches them. It knows nothing of evidence. Lines are 1-based everywhere: lines of a JSONL file, rows of a Parquet
 * file.
 */
export type RowWorkerMethods = {
  /** Opens a file. Answers as soon as the first rows can be read, which may be before all are known. */
  open: (params: OpenTableParams) => OpenedTable;
  /** Finds all rows. Resolves at the end of the file; progress: {@link TableExtent}. */
  index: (params: { table: string }) => TableExtent;
  /** Cells of these lines, in the order asked for; a line that there is not is left out. */
  rows: (params: { table: string; lines: readonly number[]; columns: readonly string[] }) => RowCells[];
  /** One row whole, as far as it can be shown. */
  record: (params: { table: string; line: number }) => RecordText;
  /** The texts of these lines, one a line: JSONL. @throws ProvenanceError `too-large` beyond 64 MB */
  text: (params: { table: string; lines: readonly number[] }) => string;
  /**
   * Lines that match, in order. Progress: {@link SearchProgress} with the matches since the last one, which are not
   * repeated in the answer. Stops at `limit` matches.
   */
  search: (params: SearchParams) => { complete: boolean };
  /**
   * Writes all rows as JSONL to a file, replacing one of that name. Progress: {@link ExportProgress}.
   * @throws ProvenanceError `invalid-argument` where that is the table's own file, `disk-full`, `permission-denied`, `io`
   */
  exportJsonl: (params: { table: string; path: string }) => { rows: number };
  /** Whether the file is still as it was opened. */
  check: (params: { table: string }) => FileCondition;
  close: (params: { table: string }) => null;
};

export interface OpenTableParams {
  /** Names the table in later calls. */
  readonly table: string;
  readonly path: string;
  /** Where indexes and decompressed copies are kept. */
  readonly cacheFolder: string;
}

export interface OpenedTable extends TableExtent {
  readonly format: 'jsonl' | 'parquet';
  readonly columns: readonly Column[];
  /** Of the file on disk, in bytes. */
  readonly size: number;
  /** What does not stop the table from working but is worth a sentence: no space for the index, say. Templates. */
  readonly notices: readonly { readonly template: string; readonly args: Record<string, string | number> }[];
}

export interface TableExtent {
  /** Lines known so far. */
  readonly lines: number;
  readonly complete: boolean;
  /** Bytes of the file looked at. */
  readonly bytes: number;
}

export interface RowCells {
  readonly line: number;
  /** `too-long`: only its beginning was looked at, so that it has no cells. */
  readonly kind: 'record' | 'blank' | 'unreadable' | 'too-long';
  /** One for each column asked for; for other kinds than `record`, one with the beginning of the text. */
  readonly cells: readonly Cell[];
}

export interface Cell {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array' | 'missing' | 'text';
  /** One line of untrusted text, cut off: what a cell can show. */
  readonly text: string;
  readonly cut?: true;
}

export interface RecordText {
  readonly line: number;
  /** Pretty-printed with big integers and numbers as written; the line as it stands where it is not JSON. Untrusted. */
  readonly text: string;
  /** The text as it stands in the file, for what reads origins from it; undefined when it is too long. */
  readonly raw?: string;
  /** Bytes of the whole text. */
  readonly length: number;
  /** Whether `text` is only the beginning. */
  readonly cut: boolean;
}

/** What to look for in rows. */
export interface RowQuery {
  readonly text: string;
  /** JSON pointer of the column to look in; undefined: anywhere in the row. */
  readonly column?: string;
  /** `equals`, `less`, `greater` compare with the column's whole value, numbers as numbers. */
  readonly operator: 'contains' | 'equals' | 'not-equals' | 'less' | 'greater' | 'exists';
  readonly matchCase: boolean;
}

export interface SearchParams {
  readonly table: string;
  /** A row has to match all of them. */
  readonly queries: readonly RowQuery[];
  /** Only these lines, increasing; undefined: all. */
  readonly lines?: Uint32Array;
  /** Start at this line, and go this way. */
  readonly from?: number;
  readonly backwards?: boolean;
  readonly limit?: number;
}

export interface SearchProgress {
  readonly matches: Uint32Array;
  /** Lines looked at, and how many there are to look at, as far as known. */
  readonly searched: number;
  readonly total: number;
}

export interface ExportProgress {
  readonly rows: number;
  readonly total: number;
}

/** `grown`: the beginning is as it was, and there is more. */
export type FileCondition = 'same' | 'grown' | 'changed' | 'gone';
