import { cellWriter, type WriteCell } from './cells.ts';
import type { ColumnChunkReader, PageCache } from './columnChunk.ts';
import type { DecodedPage } from './decodePage.ts';
import { damaged, type ParquetFailure } from './failure.ts';
import type { JsonText } from './jsonText.ts';
import { countLevel } from './levels.ts';
import type { MemoryBudget } from './memory.ts';
import type { ValueType } from './valueType.ts';

interface LoadedPage extends DecodedPage {
  /** Rows of the chunk that start before the page, and in it. */
  readonly firstRow: number;
  readonly rows: number;
  readonly write: WriteCell;
  readonly cost: number;
}

/**
 * Walks over the entries of a column chunk, forwards. {@link seek} goes to a row; pages are loaded ahead ({@link load}),
 * because reading waits; then rows are written without waiting. Rows from `limit` on are never asked for, so that a page
 * that goes on beyond it need not be decoded whole.
 */
export class ColumnCursor {
  private readonly maxDefinition: number;
  private readonly queue: LoadedPage[] = [];
  private nextPage = 0;
  /** Rows of the chunk that start in the pages loaded so far and before. */
  private rowsLoaded = 0;
  private current: LoadedPage | undefined;
  private definitions: Uint8Array | undefined;
  private repetitions: Uint8Array | undefined;
  private write: WriteCell = () => undefined;
  private entries = 0;
  private entry = 0;
  /** Number of the next value in the page, nulls not counted. */
  private value = 0;
  private reserved = 0;

  constructor(
    readonly reader: ColumnChunkReader,
    private readonly valueType: ValueType,
    private readonly budget: MemoryBudget,
    private readonly cache: PageCache | undefined,
    private readonly limit: number,
  ) {
    this.maxDefinition = reader.leaf.maxDefinition;
  }

  /**
   * Goes forwards to the start of `row` of the chunk. Pages before it are not decoded, if their headers tell their rows.
   * @throws ParquetFailure
   */
  async seek(row: number): Promise<void> {
    while (this.current !== undefined && row >= this.current.firstRow + this.current.rows) this.takePage();
    if (this.current === undefined) await this.loadPageOf(row);
    const { current } = this;
    if (current === undefined) throw damaged('its pages are empty');
    const { firstRow, repetition, definition } = current;
    this.entry = repetition === undefined ? row - firstRow : entryOfRow(repetition, row - firstRow);
    this.value =
      definition === undefined ? this.entry : countLevel(definition, this.maxDefinition, 0, this.entry);
  }

  /**
   * Loads pages until `row`, at least, is there as a whole.
   * @returns the number of rows of the chunk, from its start, that can be written now
   * @throws ParquetFailure
   */
  async load(row: number): Promise<number> {
    const { reader } = this;
    for (;;) {
      if (this.rowsLoaded >= this.limit && reader.leaf.maxRepetition === 0) return this.limit;
      const last = await reader.isLast(this.nextPage - 1);
      if (last && this.rowsLoaded !== reader.rowCount) throw this.wrongRowCount();
      // The last row of a page may go on in the next one.
      const whole = last || reader.leaf.maxRepetition === 0 ? this.rowsLoaded : this.rowsLoaded - 1;
      if (whole > row || last) return whole;
      await this.loadPage();
    }
  }

  /** Gives back the memory of the pages. */
  close(): void {
    this.budget.release(this.reserved);
    this.reserved = 0;
  }

  /** Definition level of the next entry. */
  get definition(): number {
    if (this.current === undefined) throw damaged('it has fewer entries than the columns beside it');
    return this.definitions === undefined ? this.maxDefinition : this.definitions[this.entry]!;
  }

  /** Repetition level of the next entry; 0 behind the last one. */
  get repetition(): number {
    return this.repetitions === undefined ? 0 : this.repetitions[this.entry]!;
  }

  /** Steps over an entry that is null, or an empty list, at some level. */
  skip(): void {
    if (++this.entry === this.entries) this.takePage();
  }

  /** Writes the next entry's value. Its definition level must be the highest. */
  writeValue(out: JsonText): void {
    if (this.current === undefined) throw damaged('it has fewer entries than the columns beside it');
    this.write(out, this.value++);
    if (++this.entry === this.entries) this.takePage();
  }

  /** Whether the next entry holds a value. */
  get isDefined(): boolean {
    return this.definition === this.maxDefinition;
  }

  private async loadPageOf(row: number): Promise<void> {
    const { reader, cache } = this;
    for (;;) {
      const page = await reader.page(this.nextPage);
      if (page === undefined) throw this.wrongRowCount();
      const rows = await reader.rowsIn(page, cache);
      if (this.rowsLoaded + rows > row) break;
      this.rowsLoaded += rows;
      this.nextPage++;
    }
    await this.loadPage();
    if (this.nextPage === 1 && this.repetition !== 0) throw damaged('its first row starts in the middle');
  }

  private wrongRowCount(): ParquetFailure {
    return damaged(`its pages have ${this.rowsLoaded} rows, and the row group has ${this.reader.rowCount}`);
  }

  private async loadPage(): Promise<void> {
    const { reader } = this;
    const page = await reader.page(this.nextPage);
    if (page === undefined) throw this.wrongRowCount();
    this.nextPage++;
    const cost = reader.cost(page);
    this.reserve(this.reserved === 0 ? cost + reader.dictionaryCost : cost);
    const wanted = this.limit - this.rowsLoaded;
    const first = reader.leaf.maxRepetition === 0 && page.rows !== undefined && wanted < page.rows;
    const decoded = await (first
      ? reader.decodeFirst(page, wanted, this.cache)
      : reader.decode(page, this.cache));
    const rows = first ? decoded.entries : await reader.rowsIn(page, this.cache);
    const firstRow = this.rowsLoaded;
    this.rowsLoaded += rows;
    if (decoded.entries === 0) {
      this.release(cost);
      return;
    }
    const write = cellWriter(decoded.values, reader.leaf, this.valueType);
    this.queue.push({ ...decoded, write, cost, firstRow, rows });
    if (this.current === undefined) this.takePage();
  }

  private takePage(): void {
    if (this.current !== undefined) this.release(this.current.cost);
    const page = this.queue.shift();
    this.current = page;
    this.definitions = page?.definition;
    this.repetitions = page?.repetition;
    this.entries = page?.entries ?? 0;
    this.entry = 0;
    this.value = 0;
    if (page !== undefined) this.write = page.write;
  }

  private reserve(bytes: number): void {
    this.budget.reserve(bytes);
    this.reserved += bytes;
  }

  private release(bytes: number): void {
    this.budget.release(bytes);
    this.reserved -= bytes;
  }
}

/** The entry at which row number `row` of the page starts. */
function entryOfRow(repetition: Uint8Array, row: number): number {
  let seen = -1;
  for (let entry = 0; entry < repetition.length; entry++) {
    if (repetition[entry] === 0 && ++seen === row) return entry;
  }
  throw damaged('a page has fewer rows than it says');
}
