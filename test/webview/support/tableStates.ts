import type { Column } from '../../../src/core/table/rowSource.ts';
import type { Status } from '../../../src/core/trust/status.ts';
import type { Cell } from '../../../src/protocol/rowWorker.ts';
import type { TableDetail, TableJudgement, TableRow, TableState } from '../../../src/protocol/sampleTable.ts';
import { counts, SAMPLE } from './states.ts';

function column(name: string, type: string, children: readonly Column[] = [], parent = ''): Column {
  return { name, pointer: `${parent}/${name}`, type, children };
}

export const COLUMNS: readonly Column[] = [
  column('id', 'integer'),
  column('role', 'string'),
  column('text', 'string'),
  column('score', 'number'),
  column('meta', 'object', [
    column('source', 'string', [], '/meta'),
    column('licence', 'string | null', [], '/meta'),
  ]),
  column('tags', 'array'),
];

export const JUDGEMENT: TableJudgement = {
  verdict: 'changed',
  signerUntrusted: false,
  summary: 'Not as acme-curation signed it: 2 modified, 1 added.',
  counts: counts({ verified: 9_999_990, modified: 2, added: 1, untrusted: 7 }),
  flagged: 3,
  cleared: 0,
  upstream: 2,
  signers: [
    { keyId: 'SHA256:k1', name: 'acme-curation@example.org', rows: 9_999_990 },
    { keyId: 'SHA256:k2', name: 'labels@example.com', rows: 7 },
  ],
  origins: [
    { id: 'crawl', name: 'crawl-2026-01.jsonl', rows: 9_000_000 },
    { id: 'forum', name: 'https://forum.example.com', rows: 999_990 },
  ],
};

/** A state of this many rows that are all known, judged and shown. */
export function tableState(more: Partial<TableState> = {}): TableState {
  const lines = more.lines ?? 10_000_000;
  return {
    name: 'train.jsonl',
    format: 'jsonl',
    columns: COLUMNS,
    lines,
    complete: true,
    count: lines,
    filter: {},
    version: 1,
    judged: JUDGEMENT,
    notices: [],
    restricted: false,
    ...more,
  };
}

/** The row that always stands at this line. */
export function rowOf(index: number, line: number, pointers: readonly string[]): TableRow {
  const odd = ODD[line];
  if (odd) return { index, line, ...odd };
  const status: Status =
    line === 5 ? 'modified' : line === 8 ? 'added' : line % 11 === 0 ? 'untrusted' : 'verified';
  return {
    index,
    line,
    kind: 'record',
    cells: pointers.map((pointer) => cellOf(pointer, line)),
    status,
    signer: status === 'untrusted' ? 'labels@example.com' : 'acme-curation@example.org',
    ...(line === 12
      ? { review: { state: 'flagged', category: 'backdoor-trigger', severity: 'high' } as const }
      : {}),
    ...(line === 9 || line === 14
      ? { upstream: { category: 'poisoning', severity: 'critical' } as const }
      : {}),
  };
}

/** Lines that are no samples. */
const ODD: Readonly<Record<number, Omit<TableRow, 'index' | 'line'>>> = {
  15: { kind: 'blank', cells: [{ kind: 'text', text: '' }] },
  17: {
    kind: 'unreadable',
    cells: [{ kind: 'text', text: '{"id": 17, "text": "no end' }],
    status: 'malformed',
  },
  19: {
    kind: 'too-long',
    cells: [{ kind: 'text', text: '{"id":19,"blob":"AAAAAAAA', cut: true }],
    status: 'verified',
  },
};

function cellOf(pointer: string, line: number): Cell {
  switch (pointer) {
    case '/id':
      return { kind: 'number', text: String(line) };
    case '/role':
      return { kind: 'string', text: line % 2 === 0 ? 'assistant' : 'user' };
    case '/text':
      return {
        kind: 'string',
        text: `Sample ${line}: ${SENTENCES[line % SENTENCES.length]}`,
        ...(line % 3 ? {} : { cut: true }),
      };
    case '/score':
      return line % 7 === 0
        ? { kind: 'null', text: 'null' }
        : { kind: 'number', text: ((line % 100) / 100).toFixed(2) };
    case '/meta':
      return { kind: 'object', text: `{"source": "crawl-${line % 9}", "licence": "CC-BY-4.0"}` };
    case '/meta/source':
      return { kind: 'string', text: `crawl-${line % 9}` };
    case '/tags':
      return line % 5 === 0 ? { kind: 'missing', text: '' } : { kind: 'array', text: '["sft", "en"]' };
    default:
      return { kind: 'boolean', text: String(line % 2 === 0) };
  }
}

const SENTENCES = [
  'How do I reset a router that does not answer any more?',
  'The quick brown fox jumps over the lazy dog, again and again and again.',
  'Übersetze bitte den folgenden Satz ins Französische.',
  'Write a haiku about provenance.',
];

export function detailOf(line: number): TableDetail {
  const record = {
    id: line,
    role: line % 2 === 0 ? 'assistant' : 'user',
    text: `Sample ${line}: first paragraph.\n\nSecond paragraph, which says more about it.`,
    score: 0.25,
    meta: { source: 'crawl-3', licence: null, reviewed: true },
    tags: ['sft', 'en'],
  };
  const text = JSON.stringify(record, undefined, 2);
  return { line, text, cut: false, length: text.length, sample: { ...SAMPLE, line } };
}
