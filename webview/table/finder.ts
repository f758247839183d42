import { asProvenanceError, type ProvenanceError } from '../../src/core/errors.ts';
import type { RowQuery } from '../../src/protocol/rowWorker.ts';
import type { FindParams } from '../../src/protocol/sampleTable.ts';

export interface Found {
  readonly index: number;
  readonly line: number;
}

/** How far the search is. */
export type FindState =
  | { readonly kind: 'idle' }
  /** Share of the rows looked at, 0 to 1. */
  | { readonly kind: 'searching'; readonly share: number }
  /** `wrapped`: it went on at the other end. */
  | { readonly kind: 'found'; readonly line: number; readonly wrapped: boolean }
  | { readonly kind: 'none' };

type Find = (
  params: FindParams,
  signal: AbortSignal,
  onShare: (share: number) => void,
) => Promise<Found | null>;

/** Finds rows one after the other. A new search calls off the one before it. */
export class Finder {
  text = '';
  /** JSON pointer of the column to search in; undefined: all. */
  column: string | undefined;
  matchCase = false;
  state: FindState = { kind: 'idle' };
  private underway: AbortController | undefined;
  private last = '';

  constructor(
    private readonly find: Find,
    private readonly onState: () => void,
    private readonly onFailure: (error: ProvenanceError) => void,
  ) {}

  /**
   * The next row that matches, or the one before. A search for something new begins at the focused row itself.
   * @param row the focused row
   * @param count rows in the view
   */
  async next(row: number, count: number, backwards: boolean): Promise<Found | undefined> {
    this.cancel();
    if (this.text === '' || count === 0) return undefined;
    const query = this.query();
    const isNew = JSON.stringify(query) !== this.last;
    this.last = JSON.stringify(query);
    const step = isNew ? 0 : backwards ? -1 : 1;
    const from = (Math.max(row, 0) + step + count) % count;
    const controller = new AbortController();
    this.underway = controller;
    this.become({ kind: 'searching', share: 0 });
    try {
      const found = await this.find({ query, from, backwards }, controller.signal, (share) => {
        if (this.underway === controller) this.become({ kind: 'searching', share });
      });
      if (this.underway !== controller) return undefined;
      this.underway = undefined;
      const wrapped = found !== null && (backwards ? found.index > from : found.index < from);
      this.become(found ? { kind: 'found', line: found.line, wrapped } : { kind: 'none' });
      return found ?? undefined;
    } catch (thrown) {
      if (this.underway !== controller) return undefined;
      this.underway = undefined;
      this.become({ kind: 'idle' });
      this.onFailure(asProvenanceError(thrown));
      return undefined;
    }
  }

  /** What to look for changed: what was found for the old is no longer worth saying. */
  change(change: Partial<Pick<Finder, 'text' | 'column' | 'matchCase'>>): void {
    Object.assign(this, change);
    this.cancel();
    this.become({ kind: 'idle' });
  }

  /** Calls off the search that runs. */
  cancel(): void {
    if (!this.underway) return;
    this.underway.abort();
    this.underway = undefined;
    this.become({ kind: 'idle' });
  }

  private query(): RowQuery {
    const { text, column, matchCase } = this;
    return { text, operator: 'contains', matchCase, ...(column === undefined ? {} : { column }) };
  }

  private become(state: FindState): void {
    this.state = state;
    this.onState();
  }
}
