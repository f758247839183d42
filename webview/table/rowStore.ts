import { asProvenanceError, type ProvenanceError } from '../../src/core/errors.ts';
import { WINDOW_ROWS, type TableRow, type TableRows } from '../../src/protocol/sampleTable.ts';

export const WINDOW = WINDOW_ROWS;
/** How many windows are kept. */
const KEPT = 24;

export interface RowRequest {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly columns: readonly string[];
}

type Load = (request: RowRequest, signal: AbortSignal) => Promise<readonly TableRow[]>;

/** Which rows these are: when any of it changes, they have to be asked for again. */
export interface RowsWanted {
  readonly version: number;
  readonly columns: readonly string[];
  /** Rows in the view. */
  readonly count: number;
}

interface Window {
  /** By index in the view: a row that the host does not have leaves a gap. */
  readonly rows: ReadonlyMap<number, TableRow>;
  readonly generation: number;
  /** Where the rows ended when it was asked for. */
  readonly end: number;
}

/**
 * The rows around what is on the screen. Asks for those that are missing and calls off what nobody waits for any more.
 * What became outdated stays on the screen until its successor is there, so that nothing flickers.
 */
export class RowStore {
  private wanted: RowsWanted = { version: -1, columns: [], count: 0 };
  private generation = 0;
  private readonly windows = new Map<number, Window>();
  private readonly underway = new Map<number, AbortController>();
  private failed = false;

  constructor(
    private readonly load: Load,
    private readonly onRows: () => void,
    private readonly onFailure: (error: ProvenanceError) => void,
  ) {}

  /** The row, as far as it is there. It may be of an earlier version. */
  row(index: number): TableRow | undefined {
    return this.windows.get(Math.floor(index / WINDOW))?.rows.get(index);
  }

  /** Whether rows are on their way. */
  get busy(): boolean {
    return this.underway.size > 0;
  }

  /** @param forget whether rows in the same places are no longer the same rows */
  want(wanted: RowsWanted, forget: boolean): void {
    const { version, columns } = this.wanted;
    this.wanted = wanted;
    const sameColumns =
      columns.length === wanted.columns.length && columns.every((p, i) => p === wanted.columns[i]);
    if (version === wanted.version && sameColumns && !forget) return;
    this.generation++;
    this.failed = false;
    this.callOff(() => true);
    // Cells of other columns would stand below the wrong headers.
    if (forget || !sameColumns) this.windows.clear();
  }

  /** Rows that came without being asked for: one window. Left alone where they are not what is wanted now. */
  take({ version, from, to, columns, rows }: TableRows): void {
    const { wanted, generation } = this;
    const same = columns.length === wanted.columns.length && columns.every((p, i) => p === wanted.columns[i]);
    if (version !== wanted.version || !same || rows.length === 0) return;
    this.keep(from / WINDOW, { rows: new Map(rows.map((row) => [row.index, row])), generation, end: to });
  }

  /** Rows `[first, end)` are in view: gets them. */
  show(first: number, end: number): void {
    const { count } = this.wanted;
    const numbers = new Set<number>();
    for (let number = Math.floor(first / WINDOW); number * WINDOW < Math.min(end, count); number++) {
      numbers.add(number);
    }
    this.callOff((number) => !numbers.has(number));
    if (this.failed) return;
    for (const number of numbers) {
      const window = this.windows.get(number);
      if (window) {
        // The most recently used are last.
        this.windows.delete(number);
        this.windows.set(number, window);
      }
      const end = Math.min(count, (number + 1) * WINDOW);
      if (window?.generation === this.generation && window.end >= end) continue;
      if (!this.underway.has(number)) void this.get(number, end);
    }
  }

  /** After a failure: tries again. */
  retry(): void {
    this.failed = false;
  }

  private async get(number: number, end: number): Promise<void> {
    const { version, columns } = this.wanted;
    const { generation } = this;
    const controller = new AbortController();
    this.underway.set(number, controller);
    try {
      const rows = await this.load({ version, from: number * WINDOW, to: end, columns }, controller.signal);
      if (controller.signal.aborted) return;
      // Nothing: the host is at a later version already, and says so in its next state.
      const old = rows.length > 0 ? undefined : this.windows.get(number)?.rows;
      this.keep(number, { rows: old ?? new Map(rows.map((row) => [row.index, row])), generation, end });
    } catch (thrown) {
      if (controller.signal.aborted) return;
      const error = asProvenanceError(thrown);
      this.failed = true;
      this.onFailure(error);
    } finally {
      if (this.underway.get(number) === controller) this.underway.delete(number);
      if (!controller.signal.aborted) this.onRows();
    }
  }

  private keep(number: number, window: Window): void {
    this.windows.delete(number);
    this.windows.set(number, window);
    for (const oldest of this.windows.keys()) {
      if (this.windows.size <= KEPT) break;
      this.windows.delete(oldest);
    }
  }

  private callOff(which: (number: number) => boolean): void {
    for (const [number, controller] of this.underway) {
      if (!which(number)) continue;
      this.underway.delete(number);
      controller.abort();
    }
  }
}
