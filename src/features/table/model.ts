import * as l10n from '@vscode/l10n';
import { isCovered, STATUSES, statusOf, type Status } from '../../core/trust/status.ts';
import { fileName, isSignerUntrusted, signerName } from '../../language/explain.ts';
import { explainDataset } from '../../language/log.ts';
import type {
  AssessmentData,
  LineReview,
  LineUpstream,
  StatementData,
} from '../../protocol/datasetWorker.ts';
import type { RowCells, TableExtent } from '../../protocol/rowWorker.ts';
import type { TableFilter, TableJudgement, TableRow } from '../../protocol/sampleTable.ts';

/**
 * What a sample table shows, computed from an assessment. There may be ten million lines: passes go over its packed
 * arrays, a million lines at a time.
 */

/** Lines looked at before others have a turn: some milliseconds. */
const CHUNK_LINES = 1 << 20;

/** What a filter asks of the assessment: everything but the queries, which only the rows themselves answer. */
export function asksAssessment(filter: TableFilter): boolean {
  const { statuses = [], reviews = [], signers = [], origins = [] } = filter;
  return [statuses, reviews, signers, origins].some((part) => part.length > 0);
}

export function isFiltered(filter: TableFilter): boolean {
  return asksAssessment(filter) || (filter.queries ?? []).length > 0;
}

/**
 * The lines (1-based, increasing) that the filter's statuses, reviews, signers and origins let through.
 * @param pause gives others a turn
 * @param isWanted whether the result is still of use; an empty one is returned once it is not
 */
export async function assessedLines(
  filter: TableFilter,
  assessment: AssessmentData,
  pause: () => Promise<void>,
  isWanted: () => boolean,
): Promise<Uint32Array> {
  const { statuses, coveredBy } = assessment;
  const statusPasses = statusMask(filter.statuses);
  const statementPasses = statementMask(filter, assessment.statements);
  const passes = (at: number) => {
    const status = statuses[at]!;
    if (statusPasses[status] === 0) return false;
    return !statementPasses || (COVERED[status] === 1 && statementPasses[coveredBy[at]!] === 1);
  };
  const reviewed = reviewedLines(filter.reviews, assessment);
  // Those are few: no need to look at all lines.
  if (reviewed) return Uint32Array.from(reviewed.filter((line) => passes(line - 1)));
  const found = new LineList();
  for (let from = 0; from < statuses.length; from += CHUNK_LINES) {
    const to = Math.min(statuses.length, from + CHUNK_LINES);
    const chunk = new Uint32Array(to - from);
    let count = 0;
    for (let at = from; at < to; at++) if (passes(at)) chunk[count++] = at + 1;
    found.append(chunk.subarray(0, count));
    if (to < statuses.length) await pause();
    if (!isWanted()) return new Uint32Array(0);
  }
  return found.lines;
}

/** By status code, for every code that a byte can be: whether the statement that decides the status covers the sample. */
const COVERED = byCode(isCovered);

/** By code: 1 where `holds`. Codes that are no status (no sample there) are 0. */
function byCode(holds: (status: Status) => boolean): Uint8Array {
  const mask = new Uint8Array(256);
  STATUSES.forEach((status, code) => (mask[code] = holds(status) ? 1 : 0));
  return mask;
}

/** With no statuses asked for, what is no sample passes as well. */
function statusMask(statuses: readonly Status[] | undefined): Uint8Array {
  if (!statuses || statuses.length === 0) return new Uint8Array(256).fill(1);
  return byCode((status) => statuses.includes(status));
}

/** By index of the statement: 1 where its samples pass; undefined where all pass. */
function statementMask(
  { signers = [], origins = [] }: TableFilter,
  statements: readonly StatementData[],
): Uint8Array | undefined {
  if (signers.length === 0 && origins.length === 0) return undefined;
  return Uint8Array.from(statements, (statement) =>
    (signers.length === 0 || signers.includes(statement.keyId)) &&
    (origins.length === 0 || origins.includes(originIdOf(statement)))
      ? 1
      : 0,
  );
}

/** In order; undefined where no review is asked for. */
function reviewedLines(
  wanted: TableFilter['reviews'],
  { reviews, upstream }: AssessmentData,
): readonly number[] | undefined {
  if (!wanted || wanted.length === 0) return undefined;
  const reviewed = reviews.filter(({ state }) => wanted.includes(state)).map(({ line }) => line);
  if (!wanted.includes('upstream')) return reviewed;
  const all = new Set([...reviewed, ...upstream.map(({ line }) => line)]);
  return [...all].sort((a, b) => a - b);
}

/** An origin is told apart by its source; without one, by the dataset that was vouched for. */
function originIdOf({ origin, dataset }: StatementData): string {
  return origin?.source ?? dataset;
}

/** A growing list of lines. */
export class LineList {
  private buffer = new Uint32Array(1024);
  private length = 0;

  /** Those added so far; valid until the next `append`. */
  get lines(): Uint32Array {
    return this.buffer.subarray(0, this.length);
  }

  append(lines: Uint32Array): void {
    const needed = this.length + lines.length;
    if (needed > this.buffer.length) {
      const larger = new Uint32Array(Math.max(needed, this.buffer.length * 2));
      larger.set(this.lines);
      this.buffer = larger;
    }
    this.buffer.set(lines, this.length);
    this.length = needed;
  }
}

/** Which lines a view has, in which order: all of `lineCount`, or the `lines` that a filter let through. */
export interface View {
  readonly lineCount: number;
  /** Increasing. */
  readonly lines: Uint32Array | undefined;
}

export function countOf({ lines, lineCount }: View): number {
  return lines?.length ?? lineCount;
}

/** The line at an index of the view. */
export function lineAt({ lines }: View, index: number): number {
  return lines ? (lines[index] ?? 0) : index + 1;
}

/** The lines of `[from, to)` of the view. */
export function linesBetween(view: View, from: number, to: number): number[] {
  const end = Math.min(to, countOf(view));
  return Array.from({ length: Math.max(0, end - from) }, (_, i) => lineAt(view, from + i));
}

/** Index of a line in the view, or of the next one after it; the last index where there is none after it. */
export function indexOfLine(view: View, line: number): number {
  const { lines } = view;
  const last = Math.max(0, countOf(view) - 1);
  if (!lines) return Math.min(last, Math.max(0, line - 1));
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lines[middle]! < line) low = middle + 1;
    else high = middle;
  }
  return Math.min(last, low);
}

/** Whether two filters' results are the same rows. */
export function sameLines(a: Uint32Array | undefined, b: Uint32Array | undefined): boolean {
  return a === b || (a?.length === b?.length && a?.every((line, i) => line === b?.[i]) === true);
}

export type IndexRange = readonly [first: number, last: number];

/**
 * The lines of ranges of indices, both ends included, each line once and in order.
 * @returns undefined when there are more than `limit`
 */
export function linesOfRanges(
  view: View,
  ranges: readonly IndexRange[],
  limit: number,
): number[] | undefined {
  const lines: number[] = [];
  let next = 0;
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const from = Math.max(next, first);
    const to = Math.min(last + 1, countOf(view));
    if (to <= from) continue;
    if (lines.length + (to - from) > limit) return undefined;
    for (const line of linesBetween(view, from, to)) lines.push(line);
    next = to;
  }
  return lines;
}

/** Makes the table's rows of what was read and of what is known of these lines. */
export function tableRows(
  from: number,
  lines: readonly number[],
  read: readonly RowCells[],
  assessed: AssessedLines | undefined,
): TableRow[] {
  const indices = new Map(lines.map((line, i) => [line, from + i]));
  return read.flatMap((row) => {
    const index = indices.get(row.line);
    return index === undefined ? [] : [{ index, ...row, ...assessed?.of(row.line) }];
  });
}

type AssessedRow = Pick<TableRow, 'status' | 'signer' | 'review' | 'upstream'>;

/** What an assessment says of single lines. */
export class AssessedLines {
  private readonly reviews: ReadonlyMap<number, LineReview>;
  private readonly upstream: ReadonlyMap<number, LineUpstream>;

  constructor(readonly assessment: AssessmentData) {
    this.reviews = new Map(assessment.reviews.map((review) => [review.line, review]));
    this.upstream = new Map(assessment.upstream.map((upstream) => [upstream.line, upstream]));
  }

  /** Undefined where the line is no sample. */
  status(line: number): Status | undefined {
    const code = this.assessment.statuses[line - 1];
    return code === undefined || code >= STATUSES.length ? undefined : statusOf(code);
  }

  of(line: number): AssessedRow {
    const status = this.status(line);
    if (status === undefined) return {};
    const { statements, coveredBy } = this.assessment;
    const statement = isCovered(status) ? statements[coveredBy[line - 1] ?? -1] : undefined;
    const review = this.reviews.get(line);
    const upstream = this.upstream.get(line);
    return {
      status,
      ...(statement && { signer: signerName(statement) }),
      ...(review && {
        review: { state: review.state, category: review.category, severity: review.severity },
      }),
      ...(upstream && { upstream: { category: upstream.category, severity: upstream.severity } }),
    };
  }
}

/** The verdict on the whole and what can be filtered by. One pass over all lines: keep the result. */
export function tableJudgement(assessment: AssessmentData): TableJudgement {
  const { statements, flagged } = assessment;
  const rows = coveredRows(assessment);
  const signers = new Map<string, { keyId: string; name: string; rows: number }>();
  const origins = new Map<string, { id: string; name: string; rows: number }>();
  statements.forEach((statement, i) => {
    const count = rows[i]!;
    if (count === 0) return;
    const { keyId, origin } = statement;
    const signer = signers.get(keyId) ?? { keyId, name: signerName(statement), rows: 0 };
    signers.set(keyId, { ...signer, rows: signer.rows + count });
    const id = originIdOf(statement);
    const name = origin?.title ?? origin?.source ?? fileName(statement.dataset);
    const known = origins.get(id) ?? { id, name, rows: 0 };
    origins.set(id, { ...known, rows: known.rows + count });
  });
  const byRows = (a: { rows: number }, b: { rows: number }) => b.rows - a.rows;
  return {
    verdict: assessment.verdict,
    signerUntrusted: isSignerUntrusted(assessment),
    summary: explainDataset(assessment),
    counts: assessment.counts,
    flagged,
    cleared: assessment.reviews.filter(({ state }) => state === 'cleared').length,
    upstream: assessment.flaggedUpstream,
    signers: [...signers.values()].sort(byRows),
    origins: [...origins.values()].sort(byRows),
  };
}

/** How many lines each statement covers. */
function coveredRows({ statuses, coveredBy, statements }: AssessmentData): Uint32Array {
  const rows = new Uint32Array(statements.length);
  for (let at = 0; at < statuses.length; at++) {
    const statement = coveredBy[at]!;
    if (statement >= 0 && COVERED[statuses[at]!] === 1) rows[statement]!++;
  }
  return rows;
}

/** `a.parquet` becomes `a.jsonl`, `a.jsonl.gz` as well; a name that is JSONL already gets another one. */
export function jsonlPath(path: string): string {
  const stem = path.replace(/\.(parquet|pq|gz|zst)$/i, '');
  if (stem === path) return path.replace(/(\.\w+)$/, '-export$1');
  return /\.(jsonl|ndjson|jsonlines)$/i.test(stem) ? stem : `${stem}.jsonl`;
}

/** What is wrong with a row number. */
export function rowProblem(
  text: string,
  { lines, complete }: Pick<TableExtent, 'lines' | 'complete'>,
): string | undefined {
  const line = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : 0;
  if (line < 1) return l10n.t('Enter a number, 1 or more.');
  return complete && line > lines ? l10n.t('There are {0} rows.', lines) : undefined;
}
