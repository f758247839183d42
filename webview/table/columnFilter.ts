import * as l10n from '@vscode/l10n';
import type { RowQuery } from '../../src/protocol/rowWorker.ts';
import { h } from '../ui/dom.ts';
import { button } from '../ui/parts.ts';
import { Popup, type Anchor } from '../ui/popup.ts';
import type { TableContext } from './context.ts';
import { choice, field, tool } from './controls.ts';
import { columnChoices, operatorWord, withQuery } from './filter.ts';

const OPERATORS = ['contains', 'equals', 'not-equals', 'less', 'greater', 'exists'] as const;
/** The value of "anywhere in the row" in the list; JSON pointers begin with a slash. */
const ANYWHERE = 'anywhere';

/** Asks for a column, a comparison and a value, and adds them to the filter. */
export function openColumnFilter(context: TableContext, anchor: Anchor, pointer?: string): void {
  let column: string | undefined = pointer ?? context.columns[0]?.column.pointer;
  let operator: RowQuery['operator'] = 'contains';
  let text = '';
  let matchCase = false;

  const form = () =>
    h(
      'form',
      {
        class: 'form',
        role: 'dialog',
        'aria-label': l10n.t('Filter by a column'),
        on: {
          submit: (event) => {
            event.preventDefault();
            add();
          },
        },
      },
      choice(
        l10n.t('Column'),
        [...columnChoices(context.allColumns, column), [ANYWHERE, l10n.t('Anywhere in the row')]],
        column ?? ANYWHERE,
        (value) => {
          column = value === ANYWHERE ? undefined : value;
          // Only text can be anywhere.
          if (column === undefined) operator = 'contains';
          popup.update(form());
        },
      ),
      column !== undefined &&
        choice(
          l10n.t('Comparison'),
          OPERATORS.map((name) => [name, operatorWord(name)] as const),
          operator,
          (value) => {
            operator = OPERATORS.find((name) => name === value) ?? 'contains';
            popup.update(form());
          },
        ),
      operator !== 'exists' &&
        h(
          'div',
          { class: 'form-row', key: 'value' },
          field(l10n.t('Value'), { placeholder: l10n.t('Value') }, (value) => {
            text = value;
          }),
          tool(
            l10n.t('Match case'),
            () => {
              matchCase = !matchCase;
              popup.update(form());
            },
            { text: 'Aa', pressed: matchCase, className: 'match-case' },
          ),
        ),
      h(
        'div',
        { class: 'actions', key: 'actions' },
        button(l10n.t('Add filter'), add, { appearance: 'primary' }),
      ),
    );

  const add = () => {
    if (text === '' && operator === 'contains') return;
    const query: RowQuery = {
      text: operator === 'exists' ? '' : text,
      operator,
      matchCase,
      ...(column === undefined ? {} : { column }),
    };
    popup.close();
    context.setFilter(withQuery(context.state.filter, query));
  };

  const content = form();
  const popup: Popup = new Popup(content, anchor);
  const first = pointer === undefined ? 'select' : 'input';
  content.querySelector<HTMLElement>(first)?.focus();
}
