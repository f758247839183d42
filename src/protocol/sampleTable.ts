import type { Column } from '../core/table/rowSource.ts';
import type { Category, Severity } from '../core/evidence/predicates.ts';
import type { DatasetVerdict, Status } from '../core/trust/status.ts';
import type { LineageSample } from './lineagePanel.ts';
import type { Cell, RowCells, RowQuery } from './rowWorker.ts';

/**
 * The conversation between the extension host and a sample table. The host owns the data, the filter and what is
 * remembered; the table owns only what is on its screen. What can be superseded is sent whole.
 *
 * Two ways of counting: a `line` (1-based) is a place in the file; an `index` (0-based) is a place in the view, which a
 * filter makes shorter than the file.
 */
export interface TableState {
  readonly name: string;
  readonly format: 'jsonl' | 'parquet';
  readonly columns: readonly Column[];
  /** Lines of the file, as far as they are known. */
  readonly lines: number;
  /** Whether all lines are known. */
  readonly complete: boolean;
  /** Rows in the view: all of them, or those that the filter lets through so far. */
  readonly count: number;
  readonly filter: TableFilter;
  /** Share of the rows that the filter has looked at, 0 to 1; undefined when it is done. */
  readonly filtering?: number;
  /** Changes whenever the rows of the view, or what they show, are not what they were: ask for them again. */
  readonly version: number;
  /** Undefined until the dataset is judged. */
  readonly judged?: TableJudgement;
  /** Share of the file read while it is being judged, 0 to 1. */
  readonly judging?: number;
  /** Why it could not be judged, or why no rows can be shown: one sentence, in the user's language. */
  readonly error?: string;
  /** Worth knowing, one sentence each: the file has grown, the index could not be kept … */
  readonly notices: readonly TableNotice[];
  /** The workspace is not trusted: signing and flagging are not offered. */
  readonly restricted: boolean;
}

export interface TableNotice {
  readonly text: string;
  /** A button: read the file again. */
  readonly action?: 'reload';
}

export interface TableJudgement {
  readonly verdict: DatasetVerdict;
  readonly signerUntrusted: boolean;
  /** One sentence, in the user's language. */
  readonly summary: string;
  readonly counts: Readonly<Record<Status, number>>;
  readonly flagged: number;
  readonly cleared: number;
  /** Rows that were made of something flagged. */
  readonly upstream: number;
  /** Those whose statements cover rows here. */
  readonly signers: readonly { readonly keyId: string; readonly name: string; readonly rows: number }[];
  /** Origins (`origin.source`, or the dataset's name) that those statements give. */
  readonly origins: readonly { readonly id: string; readonly name: string; readonly rows: number }[];
}

/** All parts have to hold; an absent or empty part lets everything through. */
export interface TableFilter {
  readonly statuses?: readonly Status[];
  /** A row passes with any of these. */
  readonly reviews?: readonly ReviewFilter[];
  /** Key ids. */
  readonly signers?: readonly string[];
  /** Ids of {@link TableJudgement.origins}. */
  readonly origins?: readonly string[];
  readonly queries?: readonly RowQuery[];
}

export const REVIEW_FILTERS = ['flagged', 'upstream', 'cleared'] as const;
export type ReviewFilter = (typeof REVIEW_FILTERS)[number];

export interface TableRow {
  readonly index: number;
  readonly line: number;
  readonly kind: RowCells['kind'];
  readonly cells: readonly Cell[];
  /** Undefined where it is no sample, or not judged yet. */
  readonly status?: Status;
  readonly signer?: string;
  readonly review?: {
    readonly state: 'flagged' | 'cleared';
    readonly category: Category;
    readonly severity: Severity;
  };
  /** It was made of something flagged as this. */
  readonly upstream?: { readonly category: Category; readonly severity: Severity };
}

export interface TableDetail {
  readonly line: number;
  /** The record, pretty-printed. Untrusted text. */
  readonly text: string;
  /** Whether `text` is only its beginning; `length` is that of the whole, in bytes. */
  readonly cut: boolean;
  readonly length: number;
  /** Status, origin, evidence and reviews, as in the Lineage panel; undefined until judged, or for what is no sample. */
  readonly sample?: LineageSample;
}

/** What a table remembers while it is hidden, and when it is opened again. */
export interface TablePlace {
  readonly topIndex: number;
  readonly focusedIndex: number;
  /** Pairs of first and last index, both included, in order. */
  readonly selection: readonly (readonly [first: number, last: number])[];
  /** JSON pointers of the columns shown, in order; undefined: the top-level ones. */
  readonly columns?: readonly string[];
  /** Widths in pixels by JSON pointer. */
  readonly widths: Readonly<Record<string, number>>;
  readonly detailOpen: boolean;
  /** Height of the detail pane, in pixels. */
  readonly detailHeight: number;
}

/** What can be done with the selected rows. */
export const TABLE_ACTIONS = [
  'sign',
  'verify',
  'flag',
  'clear',
  'copyJson',
  'copyDigests',
  'showLineage',
] as const;
export type TableAction = (typeof TABLE_ACTIONS)[number];

export interface FindParams {
  readonly query: RowQuery;
  /** Where to start in the view, and which way to go; it goes round at the end. */
  readonly from: number;
  readonly backwards: boolean;
}

/** What a table begins with. */
export interface TableStart {
  readonly state: TableState;
  readonly place: TablePlace | null;
  readonly strings: Record<string, string>;
  /** The rows that it would ask for first, where they are there: it asks again if it needs others. */
  readonly rows?: TableRows;
}

/** Rows `[from, to)` of a version of the view, with cells of these columns. */
export interface TableRows {
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** Rows are asked for in windows of so many, which begin at multiples of it. */
export const WINDOW_ROWS = 100;
/** A table shows at most so many columns at once. */
export const MAX_SHOWN_COLUMNS = 100;

/** What the host answers. */
export type SampleTableHostMethods = {
  /** The table is there: answers with all it needs to begin. */
  ready: (params: null) => TableStart;
  /** Rows `[from, to)` of the view, at most 500. The answer is empty when `version` is not the present one. */
  rows: (params: {
    version: number;
    from: number;
    to: number;
    columns: readonly string[];
  }) => readonly TableRow[];
  detail: (params: { line: number }) => TableDetail;
  setFilter: (params: { filter: TableFilter }) => null;
  /** The next row of the view that matches; null when there is none. Cancellable; progress: share searched, 0 to 1. */
  find: (params: FindParams) => { index: number; line: number } | null;
  /** Where a line is in the view: the index of that line, or else of the next one after it. */
  indexOfLine: (params: { line: number }) => number;
  /** `version`: of the view that the place's indices are of. */
  remember: (params: { version: number; place: TablePlace }) => null;
  /** Which row has the focus: the Lineage panel follows. */
  focus: (params: { line: number }) => null;
  run: (params: {
    action: TableAction;
    version: number;
    ranges: readonly (readonly [number, number])[];
  }) => null;
  /** What concerns the dataset as a whole. */
  runOnDataset: (params: { action: 'sign' | 'verify' | 'exportJsonl' | 'openAsText' }) => null;
  reload: (params: null) => null;
  copy: (params: { text: string }) => null;
  trustSigner: (params: { keyId: string }) => null;
};

/** What the host announces. */
export type SampleTableHostEvents = {
  state: TableState;
  /** Go to a line: a command asked for it. */
  reveal: { line: number };
};

/** The table answers nothing. */
export type SampleTableMethods = Record<never, never>;
