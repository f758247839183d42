import * as l10n from '@vscode/l10n';
import {
  asProvenanceError,
  ProvenanceError,
  type CancelSignal,
  type MessageArguments,
} from '../../core/errors.ts';
import { fileName } from '../../language/explain.ts';
import type { AssessmentData } from '../../protocol/datasetWorker.ts';
import type { CallOptions } from '../../protocol/rpc.ts';
import type {
  FileCondition,
  OpenedTable,
  RecordText,
  RowQuery,
  RowWorkerMethods,
  SearchProgress,
  TableExtent,
} from '../../protocol/rowWorker.ts';
import type {
  FindParams,
  TableFilter,
  TableJudgement,
  TableNotice,
  TableRow,
  TableState,
} from '../../protocol/sampleTable.ts';
import {
  asksAssessment,
  AssessedLines,
  assessedLines,
  countOf,
  indexOfLine,
  isFiltered,
  lineAt,
  LineList,
  linesBetween,
  linesOfRanges,
  sameLines,
  tableJudgement,
  tableRows,
  type IndexRange,
  type View,
} from './model.ts';

/** The row worker, as a session calls it. */
export interface RowCalls {
  call<Name extends keyof RowWorkerMethods>(
    method: Name,
    params: Parameters<RowWorkerMethods[Name]>[0],
    options?: CallOptions,
  ): Promise<Awaited<ReturnType<RowWorkerMethods[Name]>>>;
}

/** The dataset of the table, as it is judged now. */
export interface JudgedDataset {
  readonly document: { readonly isDirty: boolean } | undefined;
  readonly assessment: AssessmentData | undefined;
  readonly error: { readonly template: string; readonly args: MessageArguments } | undefined;
  readonly progress: number | undefined;
}

/** What a session needs of the editor. */
export interface SessionContext {
  /** Absolute path of the file. */
  readonly path: string;
  readonly cacheFolder: string;
  readonly rows: RowCalls;
  dataset(): JudgedDataset | undefined;
  /** Judges the dataset anew if its file is not the one that was judged; resolves once that is done. */
  refreshDataset(): Promise<void>;
  isRestricted(): boolean;
  /** An error's sentence in the user's language. */
  describe(error: { readonly template: string; readonly args: MessageArguments }): string;
  /** The state is new. */
  changed(): void;
}

let tables = 0;

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve));

/**
 * What the tables of one file share: the file in the row worker, the filter and the rows that it lets through, and what
 * is known of them. Statuses are shown only beside the rows that they were computed from: not while the file on disk, or
 * the text in an editor, is another one than the one that the table read.
 */
export class TableSession {
  filter: TableFilter = {};

  private table = '';
  private opened: OpenedTable | undefined;
  private extent: TableExtent = { lines: 0, complete: false, bytes: 0 };
  private error: ProvenanceError | undefined;
  private filterError: ProvenanceError | undefined;
  private condition: FileCondition = 'same';
  private assessed: AssessedLines | undefined;
  private judgement: { readonly of: AssessmentData; readonly is: TableJudgement } | undefined;
  /** Lines that the filter lets through so far. */
  private lines: Uint32Array | undefined;
  /** Share of the rows that the filter has looked at. */
  private filtering: number | undefined;
  private version = 1;
  /** The first version with the present lines at their indices. */
  private viewSince = 1;
  /** Of the file that is open: reload and disposal end it. */
  private opening = new AbortController();
  private filterRun = new AbortController();
  private disposed = false;

  constructor(private readonly context: SessionContext) {}

  /** Opens the file and finds its rows. Resolves when all are found or it failed. */
  async open(): Promise<void> {
    this.close();
    this.lines = isFiltered(this.filter) ? new Uint32Array(0) : undefined;
    this.viewChanged();
    const opening = new AbortController();
    this.opening = opening;
    const { signal } = opening;
    const table = `${String(++tables)}:${this.context.path}`;
    this.table = table;
    this.error = undefined;
    this.condition = 'same';
    try {
      const { path, cacheFolder } = this.context;
      this.opened = await this.context.rows.call('open', { table, path, cacheFolder }, { signal });
      this.extend(this.opened);
      this.adopt();
      void this.refilter(false);
      if (!this.opened.complete) {
        const onProgress = (extent: unknown) => {
          this.extend(extent as TableExtent);
        };
        this.extend(await this.context.rows.call('index', { table }, { signal, onProgress }));
        // Rows that a filter found before the index had reached them can be read now.
        if (this.lines) this.rowsChanged();
      }
    } catch (cause) {
      if (signal.aborted) return;
      this.error = asProvenanceError(cause);
      this.context.changed();
    }
  }

  /** Reads the file again, from the start. */
  async reload(): Promise<void> {
    this.assessed = undefined;
    const opened = this.open();
    await this.context.refreshDataset();
    this.adopt();
    await opened;
  }

  dispose(): void {
    this.disposed = true;
    this.filterRun.abort();
    this.close();
  }

  get state(): TableState {
    const dataset = this.context.dataset();
    const error = this.error ?? this.filterError ?? (dataset?.assessment ? undefined : dataset?.error);
    const judged = this.judged();
    return {
      name: fileName(this.context.path),
      format: this.opened?.format ?? 'jsonl',
      columns: this.opened?.columns ?? [],
      lines: this.extent.lines,
      complete: this.extent.complete,
      count: countOf(this.view),
      filter: this.filter,
      ...(this.filtering !== undefined && !error && { filtering: this.filtering }),
      version: this.version,
      ...(judged && { judged }),
      ...(dataset?.progress !== undefined && { judging: dataset.progress }),
      ...(error && { error: this.context.describe(error) }),
      notices: this.notices(),
      restricted: this.context.isRestricted(),
    };
  }

  /** Whether what is known of the dataset is about the rows that are shown. */
  get isJudged(): boolean {
    return this.assessed !== undefined && this.assessed.assessment === this.context.dataset()?.assessment;
  }

  /** Whether a line is in the view, rather than left out by the filter. */
  has(line: number): boolean {
    return lineAt(this.view, indexOfLine(this.view, line)) === line;
  }

  /** Rows of the view; none when `version` is not the present one. */
  async rows(params: {
    version: number;
    from: number;
    to: number;
    columns: readonly string[];
  }): Promise<TableRow[]> {
    const { version, from, to, columns } = params;
    const lines = version === this.version ? linesBetween(this.view, from, to) : [];
    if (lines.length === 0) return [];
    const read = await this.context.rows.call('rows', { table: this.table, lines, columns });
    return version === this.version ? tableRows(from, lines, read, this.assessed) : [];
  }

  record(line: number): Promise<RecordText> {
    return this.context.rows.call('record', { table: this.table, line });
  }

  /** The texts of lines: JSONL. @throws ProvenanceError `too-large` */
  text(lines: readonly number[]): Promise<string> {
    return this.context.rows.call('text', { table: this.table, lines });
  }

  setFilter(filter: TableFilter): void {
    this.filter = filter;
    void this.refilter(false);
  }

  /** The next row of the view that matches, going round at its end; null when there is none. */
  async find(
    params: FindParams,
    context: { signal: CancelSignal; progress: (share: number) => void },
  ): Promise<{ index: number; line: number } | null> {
    const { query, backwards } = params;
    const count = countOf(this.view);
    if (count === 0) return null;
    const from = lineAt(this.view, Math.min(params.from, count - 1));
    const line =
      (await this.searchOne(query, { from, backwards }, context)) ??
      // What lies on the other side of the start.
      (await this.searchOne(query, { backwards, until: from }, context));
    return line === undefined ? null : { index: indexOfLine(this.view, line), line };
  }

  indexOfLine(line: number): number {
    return indexOfLine(this.view, line);
  }

  /** Whether what stood at an index in this version of the view still does. */
  isPresent(version: number): boolean {
    return version >= this.viewSince;
  }

  /**
   * The lines of ranges of a view.
   * @throws ProvenanceError `too-large` beyond `limit`, `changed-while-reading` when the view is another one by now
   */
  linesOf(version: number, ranges: readonly IndexRange[], limit: number): number[] {
    if (!this.isPresent(version)) {
      throw new ProvenanceError(
        'changed-while-reading',
        'The rows of the table have changed meanwhile; select them again.',
      );
    }
    const lines = linesOfRanges(this.view, ranges, limit);
    if (lines) return lines;
    throw new ProvenanceError(
      'too-large',
      'More than {limit} rows are selected; select fewer, or sign the dataset as a whole.',
      { limit },
    );
  }

  /** Looks whether the file is still the one that the table read. */
  async check(): Promise<void> {
    if (!this.opened || this.disposed) return;
    const { table } = this;
    try {
      const condition = await this.context.rows.call('check', { table });
      if (table !== this.table || condition === this.condition) return;
      this.condition = condition;
      this.adopt();
      this.context.changed();
    } catch (cause) {
      const { code } = asProvenanceError(cause);
      if (code !== 'disposed' && code !== 'cancelled') throw cause;
    }
  }

  /**
   * Makes sure that the rows are what the file holds, before something is said of them.
   * @throws ProvenanceError `changed-while-reading`
   */
  async requireUnchanged(): Promise<void> {
    await this.check();
    if (this.isAsRead()) return;
    throw new ProvenanceError(
      'changed-while-reading',
      '{path} is not as this table shows it any more; save it and reload the table first.',
      { path: this.context.path },
    );
  }

  /** The dataset was judged anew, or is being judged. */
  async datasetChanged(): Promise<void> {
    const dataset = this.context.dataset();
    if (dataset?.progress === undefined && dataset?.assessment !== this.assessed?.assessment) {
      await this.check();
      this.adopt();
    }
    this.context.changed();
  }

  private get view(): View {
    return { lineCount: this.extent.lines, lines: this.lines };
  }

  private extend(extent: TableExtent): void {
    this.extent = { lines: extent.lines, complete: extent.complete, bytes: extent.bytes };
    this.context.changed();
  }

  /** The view has other lines, or in another place. */
  private viewChanged(): void {
    this.viewSince = this.version + 1;
    this.rowsChanged();
  }

  private rowsChanged(): void {
    this.version++;
    this.context.changed();
  }

  private close(): void {
    this.opening.abort();
    const { table } = this;
    this.opened = undefined;
    this.extent = { lines: 0, complete: false, bytes: 0 };
    if (table !== '') this.context.rows.call('close', { table }).catch(() => undefined);
  }

  /** Whether the file on disk, and the text in an editor, are what the table read. */
  private isAsRead(): boolean {
    const isDirty = this.context.dataset()?.document?.isDirty === true;
    return (this.condition === 'same' || this.condition === 'grown') && !isDirty;
  }

  /** Takes over what is known of the rows now. */
  private adopt(): void {
    const dataset = this.context.dataset();
    // While it is being read, what is known is about what was read before.
    if (dataset?.progress !== undefined && this.assessed) return;
    const assessment = this.isAsRead() ? dataset?.assessment : undefined;
    if (assessment === this.assessed?.assessment) return;
    this.assessed = assessment && new AssessedLines(assessment);
    if (assessment && asksAssessment(this.filter)) void this.refilter(true);
    else this.rowsChanged();
  }

  /** @param keep show the rows of the last run until this one is done: the filter is the same */
  private async refilter(keep: boolean): Promise<void> {
    this.filterRun.abort();
    const run = new AbortController();
    this.filterRun = run;
    const isWanted = () => !run.signal.aborted;
    const { filter } = this;
    this.filterError = undefined;
    const publish = (lines: Uint32Array | undefined, filtering: number | undefined) => {
      if (!isWanted()) return;
      const same = sameLines(this.lines, lines);
      this.lines = lines;
      this.filtering = filtering;
      if (same) this.rowsChanged();
      else this.viewChanged();
    };
    if (!isFiltered(filter)) {
      publish(undefined, undefined);
      return;
    }
    if (!keep) publish(new Uint32Array(0), 0);
    // `adopt` comes back here once it is judged; `open`, once there are rows.
    if (!this.opened || (asksAssessment(filter) && !this.assessed)) return;
    try {
      const base = asksAssessment(filter)
        ? await assessedLines(filter, this.assessed!.assessment, nextTurn, isWanted)
        : undefined;
      if (!isWanted()) return;
      const { queries = [] } = filter;
      if (queries.length === 0) {
        publish(base, undefined);
        return;
      }
      const found = await this.search(queries, base, run.signal, (matches, share) => {
        if (keep || !isWanted()) return;
        // More rows at the end: those before stay as they are.
        this.lines = matches;
        this.filtering = share;
        this.context.changed();
      });
      if (keep) publish(found, undefined);
      else if (isWanted()) {
        this.filtering = undefined;
        this.context.changed();
      }
    } catch (cause) {
      if (!isWanted()) return;
      this.filterError = asProvenanceError(cause);
      publish(this.lines, undefined);
    }
  }

  /** All lines that match. `onFound` gets those found so far. */
  private async search(
    queries: readonly RowQuery[],
    lines: Uint32Array | undefined,
    signal: AbortSignal,
    onFound: (found: Uint32Array, share: number) => void,
  ): Promise<Uint32Array> {
    const found = new LineList();
    await this.context.rows.call(
      'search',
      { table: this.table, queries, ...(lines && { lines }) },
      {
        signal,
        onProgress: (value) => {
          const { matches, searched, total } = value as SearchProgress;
          found.append(matches);
          onFound(found.lines, total === 0 ? 1 : searched / total);
        },
      },
    );
    return found.lines;
  }

  /** The first line that matches, from `from` on; not past `until`. */
  private async searchOne(
    query: RowQuery,
    range: { from?: number; until?: number; backwards: boolean },
    context: { signal: CancelSignal; progress: (share: number) => void },
  ): Promise<number | undefined> {
    const { from, until, backwards } = range;
    const { lines, lineCount } = this.view;
    const limit = until === undefined ? undefined : backwards ? lineCount - until : until;
    const controller = new AbortController();
    const outcome: { line?: number | undefined; ended: boolean } = { ended: false };
    try {
      await this.context.rows.call(
        'search',
        {
          table: this.table,
          queries: [query],
          ...(lines && { lines }),
          ...(from !== undefined && { from }),
          backwards,
          limit: 1,
        },
        {
          signal: controller.signal,
          onProgress: (value) => {
            const { matches, searched, total } = value as SearchProgress;
            outcome.line ??= matches[0];
            outcome.ended = outcome.line !== undefined || (!lines && limit !== undefined && searched > limit);
            if (outcome.ended || context.signal.aborted) controller.abort();
            else context.progress(total === 0 ? 1 : searched / total);
          },
        },
      );
    } catch (error) {
      if (!outcome.ended) throw error;
    }
    return outcome.line;
  }

  private judged(): TableJudgement | undefined {
    const assessment = this.context.dataset()?.assessment;
    if (!assessment) return undefined;
    if (this.judgement?.of !== assessment) {
      this.judgement = { of: assessment, is: tableJudgement(assessment) };
    }
    return this.judgement.is;
  }

  private notices(): TableNotice[] {
    const notices: TableNotice[] = (this.opened?.notices ?? []).map((notice) => ({
      text: this.context.describe(notice),
    }));
    switch (this.condition) {
      case 'same':
        break;
      case 'grown':
        notices.push({
          text: l10n.t('The file has grown: its new rows are not shown yet.'),
          action: 'reload',
        });
        break;
      case 'changed':
        notices.push({
          text: l10n.t('The file has changed on disk: these rows may not be what it holds now.'),
          action: 'reload',
        });
        break;
      case 'gone':
        notices.push({ text: l10n.t('The file is not there any more.'), action: 'reload' });
    }
    if (this.context.dataset()?.document?.isDirty === true) {
      notices.push({
        text: l10n.t('An editor has unsaved changes of this file. The table shows what is on disk.'),
      });
    }
    return notices;
  }
}
