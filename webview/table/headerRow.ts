import * as l10n from '@vscode/l10n';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { FIXED_COLUMNS } from './cells.ts';
import { isNumeric, type ShownColumn } from './columns.ts';

export function headerId(column: number): string {
  return `header-${column}`;
}

/** The row of column headers. Clicks are the grid's: it finds the column by `data-column`, and what was meant by class. */
export function headerRow(columns: readonly ShownColumn[]): HTMLElement {
  return h(
    'div',
    { role: 'row', class: 'header', 'aria-rowindex': 1 },
    h('div', { ...fixed(0), class: 'cell number' }, l10n.t('Line')),
    h('div', { ...fixed(1), class: 'cell status' }, l10n.t('Status'), handle()),
    h(
      'div',
      { role: 'presentation', class: 'cells' },
      columns.map((shown, place) => columnHeader(shown, FIXED_COLUMNS + place, twistyOf(columns, place))),
    ),
  );
}

function fixed(column: number) {
  return { role: 'columnheader', 'aria-colindex': column + 1, id: headerId(column), 'data-column': column };
}

function columnHeader(
  { column, within }: ShownColumn,
  place: number,
  twisty: Twisty | undefined,
): HTMLElement {
  const name = untrustedText(column.name, 100);
  const type = untrustedText(column.type, 40);
  const path = untrustedText([...within, column.name].join(' › '), 400);
  return h(
    'div',
    {
      ...fixed(place),
      class: isNumeric(column.type) ? 'cell numeric' : 'cell',
      key: column.pointer,
      'aria-label': l10n.t('{0}, {1}', path, type),
      'aria-haspopup': 'menu',
      title: [
        `${path} · ${untrustedText(column.type, 400)}`,
        l10n.t('Rows are in the order of the file, which is part of what is signed.'),
      ].join('\n'),
    },
    twisty &&
      h(
        'span',
        {
          class: `twisty ${twisty}`,
          'aria-hidden': 'true',
          title: twisty === 'open' ? l10n.t('Back to one column') : l10n.t('Show members as columns'),
        },
        icon('chevron', 'plain'),
      ),
    within.length > 0 && h('bdi', { class: 'column-within' }, `${untrustedText(within.join('.'), 100)}.`),
    h('bdi', { class: 'column-name' }, name),
    h('bdi', { class: 'column-type' }, type),
    handle(),
  );
}

type Twisty = 'open' | 'closed';

/** What a click on the twisty of this column does: an object opens, the first of its members closes it again. */
export function twistyOf(columns: readonly ShownColumn[], place: number): Twisty | undefined {
  const shown = columns[place];
  if (!shown) return undefined;
  if (shown.column.children.length > 0) return 'closed';
  return shown.parent !== undefined && columns[place - 1]?.parent !== shown.parent ? 'open' : undefined;
}

/** What the mouse drags to make a column wider; with the keyboard, Alt+Shift and an arrow key do. */
function handle(): HTMLElement {
  return h('span', { class: 'resize', 'aria-hidden': 'true' });
}
