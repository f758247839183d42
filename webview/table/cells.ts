import * as l10n from '@vscode/l10n';
import type { Cell } from '../../src/protocol/rowWorker.ts';
import type { TableRow } from '../../src/protocol/sampleTable.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { upstreamWord } from '../../src/language/upstream.ts';
import { categoryWord, severityWord } from '../../src/language/words.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { numberText } from '../ui/strings.ts';
import { capitalised, signLabel, statusSign } from '../ui/words.ts';

/** Text to mark where it stands in cells. */
export interface Mark {
  readonly text: string;
  readonly matchCase: boolean;
}

/** As much text as a cell shows, and its tooltip. */
const CELL_LIMIT = 300;
const TITLE_LIMIT = 1000;

/** Columns before those of the samples: line number and status. */
export const FIXED_COLUMNS = 2;

export function cellId(row: number, column: number): string {
  return `cell-${row}-${column}`;
}

/** A row of the grid. @param row undefined while it is not there yet */
export function rowElement(
  index: number,
  row: TableRow | undefined,
  columns: number,
  mark: Mark | undefined,
): HTMLElement {
  return h(
    'div',
    {
      role: 'row',
      class: row ? `row row-${row.kind}` : 'row row-loading',
      // The row of headers is the first.
      'aria-rowindex': index + 2,
      'data-index': index,
    },
    h(
      'div',
      { role: 'rowheader', class: 'cell number', 'aria-colindex': 1, id: cellId(index, 0) },
      row ? numberText(row.line) : '',
    ),
    h(
      'div',
      {
        role: 'gridcell',
        class: 'cell status',
        'aria-colindex': 2,
        id: cellId(index, 1),
        title: row && statusTitle(row),
      },
      row && status(row),
    ),
    h(
      'div',
      { role: 'presentation', class: 'cells' },
      row ? cellsOf(index, row, columns, mark) : placeholders(index, columns),
    ),
  );
}

function cellsOf(index: number, row: TableRow, columns: number, mark: Mark | undefined): Child {
  if (row.kind === 'record') {
    return Array.from({ length: columns }, (_, place) => cell(index, place, row.cells[place], mark));
  }
  return h(
    'div',
    {
      role: 'gridcell',
      class: 'cell spanning',
      'aria-colindex': FIXED_COLUMNS + 1,
      'aria-colspan': Math.max(1, columns),
      id: cellId(index, FIXED_COLUMNS),
    },
    h('span', { class: 'row-note' }, rowNote(row.kind)),
    ' ',
    row.cells[0] && h('bdi', { class: 'row-text' }, untrustedText(row.cells[0].text, CELL_LIMIT)),
  );
}

function rowNote(kind: Exclude<TableRow['kind'], 'record'>): string {
  switch (kind) {
    case 'blank':
      return l10n.t('Blank line');
    case 'unreadable':
      return l10n.t('Not readable as JSON');
    case 'too-long':
      return l10n.t('Too long for columns');
  }
}

function cell(index: number, place: number, value: Cell | undefined, mark: Mark | undefined): HTMLElement {
  const { kind, text, cut }: Cell = value ?? { kind: 'missing', text: '' };
  const props = {
    role: 'gridcell',
    class: `cell value-${kind}`,
    'aria-colindex': FIXED_COLUMNS + place + 1,
    id: cellId(index, FIXED_COLUMNS + place),
  };
  if (kind === 'missing') return h('div', { ...props, 'aria-label': l10n.t('Not there') }, '');
  const shown = untrustedText(cut ? `${text}…` : text, CELL_LIMIT);
  const title = shown.length > 20 ? untrustedText(text, TITLE_LIMIT) : undefined;
  return h('div', { ...props, title }, h('bdi', {}, marked(shown, mark)));
}

/** The text with what was searched for marked. */
function marked(text: string, mark: Mark | undefined): Child {
  if (!mark || mark.text === '') return text;
  const [where, what] = mark.matchCase ? [text, mark.text] : [text.toLowerCase(), mark.text.toLowerCase()];
  // Lower case may be longer: the places would not be the same.
  if (where.length !== text.length) return text;
  const parts: Child[] = [];
  let from = 0;
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, from)) {
    parts.push(text.slice(from, at), h('mark', {}, text.slice(at, at + what.length)));
    from = at + what.length;
  }
  return [...parts, text.slice(from)];
}

function status(row: TableRow): Child {
  if (row.kind === 'blank') return undefined;
  return [
    row.status
      ? signLabel(statusSign(row.status))
      : h('span', { class: 'pending', 'aria-label': l10n.t('Not checked yet') }, '…'),
    row.review &&
      h(
        'span',
        { class: `review-mark ${row.review.state}` },
        icon(row.review.state),
        h('span', {}, row.review.state === 'flagged' ? categoryWord(row.review.category) : l10n.t('Cleared')),
      ),
    row.upstream &&
      h(
        'span',
        { class: 'review-mark upstream' },
        icon('upstream'),
        h('span', {}, capitalised(upstreamWord())),
      ),
  ];
}

function statusTitle({ kind, status, signer, review, upstream }: TableRow): string | undefined {
  if (kind === 'blank') return undefined;
  if (!status) return l10n.t('Not checked yet');
  const { word } = statusSign(status);
  const lines = [signer === undefined ? word : `${word} · ${untrustedText(signer, 200)}`];
  if (review) {
    const category = categoryWord(review.category);
    const severity = severityWord(review.severity);
    lines.push(
      review.state === 'flagged'
        ? l10n.t('Flagged: {0}, {1}', category, severity)
        : l10n.t('Flag cleared: {0}, {1}', category, severity),
    );
  }
  if (upstream) {
    lines.push(
      l10n.t('Flagged upstream: {0}, {1}', categoryWord(upstream.category), severityWord(upstream.severity)),
    );
  }
  return lines.join('\n');
}

/** What stands in the place of cells that are on their way. */
function placeholders(index: number, columns: number): Child {
  return Array.from({ length: columns }, (_, place) =>
    h(
      'div',
      {
        role: 'gridcell',
        class: 'cell',
        'aria-colindex': FIXED_COLUMNS + place + 1,
        id: cellId(index, FIXED_COLUMNS + place),
      },
      h('span', { class: 'skeleton', 'aria-hidden': 'true' }),
    ),
  );
}
