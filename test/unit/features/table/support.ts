import { ProvenanceError } from '../../../../src/core/errors.ts';
import { STATUS_CODE, STATUSES, type Status } from '../../../../src/core/trust/status.ts';
import type { RowCalls } from '../../../../src/features/table/session.ts';
import {
  NO_SAMPLE,
  type AssessmentData,
  type LineReview,
  type LineUpstream,
  type StatementData,
} from '../../../../src/protocol/datasetWorker.ts';
import type { CallOptions } from '../../../../src/protocol/rpc.ts';
import type {
  FileCondition,
  RowCells,
  RowQuery,
  RowWorkerMethods,
  SearchParams,
  SearchProgress,
} from '../../../../src/protocol/rowWorker.ts';

export function statement(more: Partial<StatementData> = {}): StatementData {
  return {
    envelopeDigest: 'e',
    bundle: '/w/.provenance/a.jsonl.intoto.jsonl',
    line: 1,
    dataset: '/w/a.jsonl',
    own: true,
    advisory: false,
    kind: 'dataset',
    standing: 'trusted',
    keyId: 'SHA256:ann',
    principal: 'ann',
    samples: 1,
    ...more,
  };
}

export function review(line: number, state: 'flagged' | 'cleared'): LineReview {
  return {
    line,
    state,
    category: 'poisoning',
    severity: 'high',
    trusted: true,
    advisory: false,
    threads: [],
  };
}

/** A line made of a flagged sample by one step: statement 1, after the review, statement 0. */
export function upstream(line: number, more: Partial<LineUpstream> = {}): LineUpstream {
  return {
    line,
    category: 'poisoning',
    severity: 'high',
    trusted: true,
    way: {
      flagged: 'sample',
      review: 0,
      name: 'train.jsonl#12',
      digest: 'ab'.repeat(32),
      steps: [{ statement: 1, pairing: 'key' }],
    },
    ...more,
  };
}

/** An assessment of lines, each a status or `-` for no sample, with the statement that decides it where it has one. */
export function assessment(
  lines: readonly (Status | '-')[],
  more: Partial<AssessmentData> & { by?: readonly number[] } = {},
): AssessmentData {
  const { by = lines.map(() => -1), ...rest } = more;
  const counts = Object.fromEntries(
    STATUSES.map((status) => [status, lines.filter((line) => line === status).length]),
  ) as Record<Status, number>;
  return {
    lineCount: lines.length,
    samples: lines.filter((line) => line !== '-').length,
    statuses: Uint8Array.from(lines, (line) => (line === '-' ? NO_SAMPLE : STATUS_CODE[line])),
    coveredBy: Int32Array.from(by),
    verdict: 'unsigned',
    counts,
    moved: 0,
    removed: 0,
    flagged: (rest.reviews ?? []).filter(({ state }) => state === 'flagged').length,
    flaggedUpstream: (rest.upstream ?? []).length,
    reviews: [],
    upstream: [],
    malformed: [],
    statements: [],
    problems: [],
    movedLines: [],
    removedPositions: [],
    ...rest,
  };
}

/** A row worker over lines in memory. It finds some rows at a time, and searches some at a time. */
export class FakeRowWorker implements RowCalls {
  condition: FileCondition = 'same';
  readonly calls: string[] = [];
  failure: ProvenanceError | undefined;
  private readonly open = new Set<string>();

  constructor(
    public lines: string[],
    private readonly step = 3,
  ) {}

  get openTables(): number {
    return this.open.size;
  }

  async call<Name extends keyof RowWorkerMethods>(
    method: Name,
    params: Parameters<RowWorkerMethods[Name]>[0],
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<RowWorkerMethods[Name]>>> {
    this.calls.push(method);
    await Promise.resolve();
    if (options.signal?.aborted) throw new ProvenanceError('cancelled', 'Cancelled.');
    const answer = await this.answer(method, params as never, options);
    return answer as Awaited<ReturnType<RowWorkerMethods[Name]>>;
  }

  private async answer(
    method: keyof RowWorkerMethods,
    params: never,
    options: CallOptions,
  ): Promise<unknown> {
    const { table } = params as { table: string };
    if (method === 'open') {
      if (this.failure) throw this.failure;
      this.open.add(table);
      return { format: 'jsonl', columns: [], size: 1, notices: [], ...this.extent(this.step) };
    }
    if (!this.open.has(table)) throw new ProvenanceError('not-found', '{table} is not open.', { table });
    switch (method) {
      case 'index':
        for (let known = this.step; known < this.lines.length; known += this.step) {
          await Promise.resolve();
          options.onProgress?.(this.extent(known));
        }
        return this.extent(this.lines.length);
      case 'rows':
        return this.rows(params);
      case 'record': {
        const { line } = params as { line: number };
        const text = this.lines[line - 1] ?? '';
        return { line, text, raw: text, length: text.length, cut: false };
      }
      case 'text':
        return (params as { lines: number[] }).lines
          .map((line) => `${this.lines[line - 1] ?? ''}\n`)
          .join('');
      case 'search':
        return this.search(params, options);
      case 'check':
        return this.condition;
      case 'close':
        this.open.delete(table);
        return null;
      default:
        throw new Error(`nobody expected ${method}`);
    }
  }

  private extent(known: number) {
    const lines = Math.min(known, this.lines.length);
    return { lines, complete: lines === this.lines.length, bytes: lines };
  }

  private rows({ lines }: { lines: readonly number[] }): RowCells[] {
    return lines.flatMap((line) => {
      const text = this.lines[line - 1];
      return text === undefined ? [] : [{ line, kind: 'record' as const, cells: [{ kind: 'string', text }] }];
    });
  }

  private async search(params: SearchParams, options: CallOptions): Promise<{ complete: boolean }> {
    const { backwards = false, from, limit = Infinity } = params;
    const all = params.lines ? [...params.lines] : this.lines.map((_, i) => i + 1);
    const ordered = backwards ? all.reverse() : all;
    const start = ordered.findIndex(
      (line) => from === undefined || (backwards ? line <= from : line >= from),
    );
    const wanted = start < 0 ? [] : ordered.slice(start);
    let found = 0;
    for (let at = 0; at < wanted.length; at += this.step) {
      await Promise.resolve();
      if (options.signal?.aborted) throw new ProvenanceError('cancelled', 'Cancelled.');
      const matches = wanted
        .slice(at, at + this.step)
        .filter((line) => params.queries.every((query) => matchesQuery(this.lines[line - 1] ?? '', query)))
        .slice(0, limit - found);
      found += matches.length;
      const progress: SearchProgress = {
        matches: Uint32Array.from(matches),
        searched: Math.min(wanted.length, at + this.step),
        total: wanted.length,
      };
      options.onProgress?.(progress);
      if (found >= limit) return { complete: true };
    }
    return { complete: true };
  }
}

function matchesQuery(text: string, query: RowQuery): boolean {
  return text.includes(query.text);
}
