import type { CancelSignal } from '../errors.ts';

/** A column of a table: a member of the samples, or of an object in them. */
export interface Column {
  /** The member's name: untrusted text. */
  readonly name: string;
  /** JSON pointer (RFC 6901) into the sample. */
  readonly pointer: string;
  /** In the file's own words, `INT64`, `TIMESTAMP(MICROS)`, `string`, `string | number`. */
  readonly type: string;
  /** Members of objects, which a table may show as columns of their own. */
  readonly children: readonly Column[];
}

/** One line of a JSONL file, or one row of a Parquet file, as JSON text. */
export interface SourceRow {
  /** 1-based: the line in a JSONL file, the row in a Parquet file. */
  readonly line: number;
  /**
   * JSON text, UTF-8, without a line end: the line as it stands, or the projection of a Parquet row
   * (docs/formats.md). Empty for a blank line. May be cut off at the reader's `maxBytes`. Untrusted, and in a malformed
   * sample not even JSON.
   */
  readonly bytes: Uint8Array;
  /** Length of the whole text; more than `bytes.length` when it was cut off. */
  readonly length: number;
}

export interface ReadRowsOptions {
  /** Cut each row off at so many bytes. */
  readonly maxBytes?: number;
  /** Names of the top-level members that are needed. A source that reads column by column leaves out the others. */
  readonly members?: readonly string[];
  readonly signal?: CancelSignal | undefined;
}

/**
 * Rows of a dataset by position, whatever holds them. Positions are lines of a JSONL file (blank ones included, so that
 * a row keeps the number that evidence and editors call it by) and rows of a Parquet file, both from 0 here.
 */
export interface RowSource {
  /** Positions known so far; final once `complete`. */
  readonly rowCount: number;
  readonly complete: boolean;
  readonly columns: readonly Column[];
  /**
   * Rows `[from, to)`, fewer where the source ends before. Reads only what it needs.
   * @throws ProvenanceError `changed-while-reading`, `invalid-parquet`, `unsupported-parquet`, `cancelled`, `io`
   */
  rows(from: number, to: number, options?: ReadRowsOptions): Promise<SourceRow[]>;
}
