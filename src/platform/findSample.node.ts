import { toHex } from '../core/bytes/hex.ts';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { canonicalize } from '../core/sample/canonicalJson.ts';
import { lineOf } from '../core/sample/digest.ts';
import { JsonlRows } from '../core/table/jsonlRows.ts';
import { cacheFolder, type DigestCache } from './digestCache.node.ts';
import { digestFile } from './digestFile.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { rowDigest } from './datasetService.node.ts';
import { openRowTable, type RowTable } from './rowTable.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** The text of longer samples is not looked at. */
const MAX_TEXT_BYTES = 1 << 20;
/** How many files are open at a time. */
const MAX_OPEN = 16;

interface Options {
  readonly pool?: DigestPool | undefined;
  readonly cache?: DigestCache | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** Reads samples of files by their digests. What is not there, or cannot be read, is undefined. */
export class SampleFinder {
  private readonly tables = new Map<string, Promise<RowTable | undefined>>();
  /** Lines (from 1) of samples of files in which lines are not numbered as samples are. */
  private readonly lines = new Map<string, Promise<ReadonlyMap<string, number>>>();

  constructor(private readonly options: Options) {}

  /**
   * @param digest hex
   * @param rows where it was signed, from 0: where it is looked for first
   * @returns its JSON text, and the line (from 1) that it stands on
   * @throws ProvenanceError `cancelled`
   */
  async find(
    path: string,
    digest: string,
    rows: readonly number[],
  ): Promise<{ text: string; line: number } | undefined> {
    try {
      const table = await this.open(path);
      if (!table) return undefined;
      const [first] = rows;
      const text = first === undefined ? undefined : await this.textAt(table, first, digest);
      if (text !== undefined) return { text, line: first! + 1 };
      // Blank and malformed lines are none of the samples.
      const line = (await this.linesOf(path)).get(digest);
      const found = line === undefined ? undefined : await this.textAt(table, line - 1, digest);
      return found === undefined ? undefined : { text: found, line: line! };
    } catch {
      throwIfCancelled(this.options.signal);
      return undefined;
    }
  }

  async close(): Promise<void> {
    const tables = [...this.tables.values()];
    this.tables.clear();
    for (const table of tables) await (await table)?.close();
  }

  private async open(path: string): Promise<RowTable | undefined> {
    const known = this.tables.get(path);
    if (known) return await known;
    for (const [oldest, opened] of this.tables) {
      if (this.tables.size < MAX_OPEN) break;
      this.tables.delete(oldest);
      await (await opened)?.close();
    }
    const table = openRowTable(path, cacheFolder()).catch(() => undefined);
    this.tables.set(path, table);
    return await table;
  }

  private async textAt({ rows }: RowTable, at: number, digest: string): Promise<string | undefined> {
    const { signal } = this.options;
    while (rows instanceof JsonlRows && rows.rowCount <= at && (await rows.advance()))
      throwIfCancelled(signal);
    const [row] = await rows.rows(at, at + 1, { maxBytes: MAX_TEXT_BYTES, signal });
    if (!row || row.length === 0 || row.length > row.bytes.length) return undefined;
    return digestOf(row.bytes) === digest ? new TextDecoder().decode(row.bytes) : undefined;
  }

  private linesOf(path: string): Promise<ReadonlyMap<string, number>> {
    let lines = this.lines.get(path);
    if (!lines) {
      lines = this.digestLines(path);
      this.lines.set(path, lines);
    }
    return lines;
  }

  private async digestLines(path: string): Promise<ReadonlyMap<string, number>> {
    const { samples } = await digestFile(path, this.options);
    const lines = new Map<string, number>();
    for (let row = samples.count - 1; row >= 0; row--) {
      const digest = rowDigest(samples, row);
      if (digest !== undefined) lines.set(digest, lineOf(samples, row));
    }
    return lines;
  }
}

/** Of a line as it stands in a file; undefined where it is malformed. */
function digestOf(bytes: Uint8Array): string | undefined {
  try {
    return toHex(fastSha256(canonicalize(bytes)));
  } catch {
    return undefined;
  }
}
