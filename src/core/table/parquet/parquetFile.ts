import { memberPointer } from '../../sample/origin.ts';
import type { ByteSource } from '../../bytes/byteSource.ts';
import { throwIfCancelled, type CancelSignal } from '../../errors.ts';
import type { Column, ReadRowsOptions, RowSource, SourceRow } from '../rowSource.ts';
import { arrowTextLeaves } from './arrowSchema.ts';
import { BlockCache } from './blockCache.ts';
import { ColumnChunkReader, type PageCache } from './columnChunk.ts';
import { ColumnCursor } from './columnCursor.ts';
import type { Decompressors } from './compression.ts';
import { damaged, failureAt, type Place } from './failure.ts';
import { readFooter, type ColumnChunk, type Footer, type RowGroup } from './footer.ts';
import { JsonText } from './jsonText.ts';
import { MemoryBudget, SizedCache } from './memory.ts';
import { rowWriter, type WriteRow } from './rowWriter.ts';
import {
  buildSchema,
  leavesOf,
  shapeWords,
  type Leaf,
  type Member,
  type Schema,
  type Shape,
} from './schema.ts';
import type { ValueType } from './valueType.ts';

const LF = 0x0a;
const MEGABYTE = 2 ** 20;
/** What {@link ParquetFile.jsonLines} gives at a time, about. */
const LINES_BYTES = MEGABYTE;
/** Columns whose pages are read at the same time: as stored they count towards no limit. */
const READ_AT_ONCE = 8;
/** Row groups whose page headers are remembered. */
const KEPT_ROW_GROUPS = 8;

export interface OpenParquetOptions {
  /** The largest page, decompressed; 256 MiB unless told. */
  readonly maxPageBytes?: number;
  /** All pages that a call reads together, decoded; 512 MiB unless told. */
  readonly maxBytes?: number;
  /** Decoded pages that are kept for the next {@link ParquetFile.rows}; 256 MiB unless told. */
  readonly cacheBytes?: number;
  /** The host's own decompressors, where it has some. */
  readonly decompressors?: Decompressors;
}

export interface JsonLinesOptions {
  readonly signal?: CancelSignal | undefined;
  /** Names of the top-level members that are needed; all unless told. */
  readonly members?: readonly string[] | undefined;
}

/**
 * Opens a Parquet file: reads its footer.
 *
 * @param path names the file in errors
 * @throws ProvenanceError `invalid-parquet`, `unsupported-parquet` (an encrypted footer, for one), `too-large`, and what
 *   the source throws
 */
export async function openParquet(
  source: ByteSource,
  path: string,
  options: OpenParquetOptions = {},
): Promise<ParquetFile> {
  try {
    const footer = await readFooter(source);
    const schema = buildSchema(footer.schema);
    return new ParquetFile(source, path, footer, schema, options);
  } catch (error) {
    throw failureAt({ file: path }, error);
  }
}

/**
 * The rows of a Parquet file as JSON text, by the projection of docs/formats.md ("Parquet rows"): lossless, and equal for
 * equal values. Reads by row group, column and page as needed; what is damaged in one row group or column does not keep
 * others from being read. Calls may overlap.
 */
export class ParquetFile implements RowSource {
  readonly complete = true;
  readonly rowCount: number;
  readonly columns: readonly Column[];
  readonly rowGroups: readonly RowGroup[];
  private readonly source: ByteSource;
  private readonly textLeaves: ReadonlySet<number>;
  private readonly cache: PageCache;
  /** The scan of the last {@link jsonLines}, at the row of its group where that ended. */
  private paused: { readonly scan: RowGroupScan; readonly row: number } | undefined;
  private readonly readers = new Map<number, RowGroupReaders>();
  private readonly limits: { readonly maxPageBytes: number; readonly maxBytes: number };
  private readonly decompressors: Decompressors;

  constructor(
    source: ByteSource,
    private readonly path: string,
    private readonly footer: Footer,
    private readonly schema: Schema,
    options: OpenParquetOptions,
  ) {
    this.source = new BlockCache(source);
    this.rowCount = footer.rowCount;
    this.rowGroups = footer.rowGroups;
    this.columns = columnsOf(schema.root.members, '');
    this.textLeaves = arrowTextLeaves(footer.arrowSchema, schema.root);
    this.cache = new SizedCache(options.cacheBytes ?? 256 * MEGABYTE);
    this.limits = {
      maxPageBytes: options.maxPageBytes ?? 256 * MEGABYTE,
      maxBytes: options.maxBytes ?? 512 * MEGABYTE,
    };
    this.decompressors = options.decompressors ?? {};
  }

  async rows(from: number, to: number, options: ReadRowsOptions = {}): Promise<SourceRow[]> {
    const rows: SourceRow[] = [];
    const out = new JsonText();
    const maxBytes = options.maxBytes ?? Infinity;
    const members = this.membersNamed(options.members);
    this.cache.nextCall();
    for (const part of this.parts(from, to)) {
      const scan = this.scan(part.rowGroup, members, this.cache, part.to);
      try {
        await scan.seek(part.from);
        for (let row = part.from; row < part.to;) {
          throwIfCancelled(options.signal);
          const end = Math.min(part.to, await scan.load(row));
          for (; row < end; row++) {
            scan.writeRow(out);
            const bytes = out.bytes.slice(0, Math.min(out.length, maxBytes));
            rows.push({ line: part.first + row + 1, bytes, length: out.length });
            out.clear();
          }
        }
      } finally {
        scan.close();
      }
    }
    return rows;
  }

  /**
   * Rows `[from, to)` as JSON lines, each ended by LF, in chunks of whole lines of about a megabyte. Streams: a page of
   * each column is in memory at a time. Where a call ends within a row group, the next one, if it starts there or further
   * on, does not decode its pages again: a file may be read in many ranges. Waits only for the source, so a caller that wants to hear of anything else in
   * the meantime must let its event loop turn between chunks.
   *
   * @throws ProvenanceError `invalid-parquet`, `unsupported-parquet`, `too-large`, `cancelled`, and what the source throws
   */
  async *jsonLines(
    from: number,
    to: number,
    options: JsonLinesOptions = {},
  ): AsyncGenerator<Uint8Array, void> {
    const out = new JsonText();
    const members = this.membersNamed(options.members);
    for (const part of this.parts(from, to)) {
      const scan =
        this.resume(part.rowGroup, part.from, members) ??
        this.scan(part.rowGroup, members, undefined, Infinity);
      let done = false;
      try {
        await scan.seek(part.from);
        for (let row = part.from; row < part.to;) {
          throwIfCancelled(options.signal);
          const end = Math.min(part.to, await scan.load(row));
          for (; row < end; row++) {
            scan.writeRow(out);
            out.byte(LF);
            if (out.length < LINES_BYTES) continue;
            yield out.take();
            throwIfCancelled(options.signal);
          }
        }
        done = true;
      } finally {
        if (done && part.to < this.rowGroups[part.rowGroup]!.count) this.keep(scan, part.to);
        else scan.close();
      }
    }
    if (out.length > 0) yield out.take();
  }

  private keep(scan: RowGroupScan, row: number): void {
    this.paused?.scan.close();
    this.paused = { scan, row };
  }

  /** The paused scan, if it can go on to this row. Whoever takes it has it alone. */
  private resume(rowGroup: number, row: number, members: readonly Member[]): RowGroupScan | undefined {
    const { paused } = this;
    if (paused === undefined) return undefined;
    this.paused = undefined;
    const { scan } = paused;
    if (
      scan.rowGroup === rowGroup &&
      paused.row <= row &&
      scan.members.length === members.length &&
      scan.members.every((member, index) => member === members[index])
    ) {
      return scan;
    }
    scan.close();
    return undefined;
  }

  private membersNamed(names: readonly string[] | undefined): readonly Member[] {
    const { members } = this.schema.root;
    if (names === undefined) return members;
    const wanted = new Set(names);
    return members.filter(({ name }) => wanted.has(name));
  }

  /** The row groups that `[from, to)` touches, with the rows in them. */
  private *parts(
    from: number,
    to: number,
  ): Generator<{ rowGroup: number; first: number; from: number; to: number }> {
    for (let rowGroup = this.firstGroupAt(from); rowGroup < this.rowGroups.length; rowGroup++) {
      const { first, count } = this.rowGroups[rowGroup]!;
      if (first >= to) return;
      const start = Math.max(from - first, 0);
      const end = Math.min(to - first, count);
      if (start < end) yield { rowGroup, first, from: start, to: end };
    }
  }

  /** The last row group that starts at or before `row`. */
  private firstGroupAt(row: number): number {
    let low = 0;
    let high = this.rowGroups.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.rowGroups[middle]!.first <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  /** @param limit no row of the group from this one on will be asked for */
  private scan(
    rowGroup: number,
    members: readonly Member[],
    cache: PageCache | undefined,
    limit: number,
  ): RowGroupScan {
    return new RowGroupScan(
      { file: this.path, rowGroup },
      members,
      this.groupReaders(rowGroup),
      (leaf) => (this.textLeaves.has(leaf.index) ? TEXT : leaf.valueType),
      new MemoryBudget(this.limits.maxBytes),
      cache,
      limit,
    );
  }

  /** @throws ProvenanceError `invalid-parquet` */
  private groupReaders(rowGroup: number): RowGroupReaders {
    const kept = this.readers.get(rowGroup);
    if (kept !== undefined) return kept;
    let chunks: ColumnChunk[];
    try {
      chunks = this.footer.columnChunks(rowGroup);
      if (chunks.length !== this.schema.leaves.length) {
        throw damaged(`it has ${chunks.length} columns, and the schema has ${this.schema.leaves.length}`);
      }
    } catch (error) {
      throw failureAt({ file: this.path, rowGroup }, error);
    }
    const { count } = this.rowGroups[rowGroup]!;
    const byLeaf = new Map<Leaf, ColumnChunkReader>();
    const readers: RowGroupReaders = (leaf) => {
      let reader = byLeaf.get(leaf);
      if (reader === undefined) {
        reader = new ColumnChunkReader(this.source, leaf, chunks[leaf.index]!, count, {
          decompressors: this.decompressors,
          maxPageBytes: this.limits.maxPageBytes,
        });
        byLeaf.set(leaf, reader);
      }
      return reader;
    };
    this.readers.set(rowGroup, readers);
    if (this.readers.size > KEPT_ROW_GROUPS) this.readers.delete(this.readers.keys().next().value!);
    return readers;
  }
}

const TEXT: ValueType = { kind: 'string' };

/** The reader of a column in one row group. */
type RowGroupReaders = (leaf: Leaf) => ColumnChunkReader;

/** Walks over the rows of one row group, all wanted columns in step. */
class RowGroupScan {
  private readonly cursors: ColumnCursor[] = [];
  private readonly write: WriteRow;

  /** @throws ProvenanceError that names the column */
  constructor(
    private readonly place: Place & { readonly rowGroup: number },
    readonly members: readonly Member[],
    readers: RowGroupReaders,
    valueTypeOf: (leaf: Leaf) => ValueType,
    budget: MemoryBudget,
    cache: PageCache | undefined,
    limit: number,
  ) {
    const cursorOf = new Map<Leaf, ColumnCursor>();
    for (const leaf of members.flatMap(({ shape }) => leavesOf(shape))) {
      try {
        const cursor = new ColumnCursor(readers(leaf), valueTypeOf(leaf), budget, cache, limit);
        cursorOf.set(leaf, cursor);
        this.cursors.push(cursor);
      } catch (error) {
        throw failureAt({ ...place, column: leaf.path }, error);
      }
    }
    this.write = rowWriter(members, (leaf) => cursorOf.get(leaf)!);
  }

  get rowGroup(): number {
    return this.place.rowGroup;
  }

  /** Goes forwards to a row of the group. */
  async seek(row: number): Promise<void> {
    await this.eachCursor((cursor) => cursor.seek(row));
  }

  /**
   * Loads what writing `row` needs.
   * @returns up to which row of the group, exclusive, rows can be written now
   */
  async load(row: number): Promise<number> {
    let end = Infinity;
    await this.eachCursor(async (cursor) => {
      const loaded = await cursor.load(row);
      end = Math.min(end, loaded);
    });
    return end;
  }

  /** Some side by side: for a few rows of many columns, waiting for one read after the other takes most of the time. */
  private async eachCursor(act: (cursor: ColumnCursor) => Promise<void>): Promise<void> {
    for (let first = 0; first < this.cursors.length; first += READ_AT_ONCE) {
      const cursors = this.cursors.slice(first, first + READ_AT_ONCE);
      const results = await Promise.allSettled(cursors.map(act));
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        const column = cursors[index]!.reader.leaf.path;
        throw failureAt({ ...this.place, column }, result.reason);
      }
    }
  }

  writeRow(out: JsonText): void {
    try {
      out.startRow();
      this.write(out);
    } catch (error) {
      throw failureAt(this.place, error);
    }
  }

  close(): void {
    for (const cursor of this.cursors) cursor.close();
  }
}

function columnsOf(members: readonly Member[], parent: string): Column[] {
  return members.map(({ name, shape }) => {
    const pointer = memberPointer(parent, name);
    const inner: Shape = shape.kind === 'nullable' ? shape.inner : shape;
    return {
      name,
      pointer,
      type: shapeWords(shape),
      children: inner.kind === 'struct' ? columnsOf(inner.members, pointer) : [],
    };
  });
}
