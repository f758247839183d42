import * as l10n from '@vscode/l10n';
import { h, type Child } from '../ui/dom.ts';
import { numberText } from '../ui/strings.ts';
import type { TableContext } from './context.ts';
import { choice, field, tool } from './controls.ts';
import { columnChoices } from './filter.ts';

/** What the search field is found by, to focus it. */
export const SEARCH_FIELD = '.search-field';

/** The value of "all columns" in the list; JSON pointers begin with a slash. */
const EVERYWHERE = 'everywhere';

/** Looks for text in rows: a field, where to look, next and previous, and how it goes. */
export function searchBox(context: TableContext): HTMLElement {
  const { finder } = context;
  return h(
    'div',
    { class: 'search', role: 'search', key: 'search', on: { keydown: (event) => onKey(context, event) } },
    field(
      l10n.t('Find in rows'),
      { placeholder: l10n.t('Find (Enter for next)'), className: 'search-field', value: finder.text },
      (text) => {
        finder.change({ text });
      },
    ),
    tool(
      l10n.t('Match case'),
      () => {
        finder.change({ matchCase: !finder.matchCase });
      },
      { text: 'Aa', pressed: finder.matchCase, className: 'match-case' },
    ),
    choice(
      l10n.t('Find in'),
      [[EVERYWHERE, l10n.t('All columns')], ...columnChoices(context.allColumns, finder.column)],
      finder.column ?? EVERYWHERE,
      (value) => {
        finder.change({ column: value === EVERYWHERE ? undefined : value });
      },
    ),
    tool(
      l10n.t('Previous match (Shift+Enter)'),
      () => {
        context.find(true);
      },
      { icon: 'up' },
    ),
    tool(
      l10n.t('Next match (Enter)'),
      () => {
        context.find(false);
      },
      { icon: 'down' },
    ),
    h('span', { class: 'find-result', role: 'status', key: 'result' }, result(context)),
    finder.state.kind === 'searching' &&
      tool(
        l10n.t('Cancel the search'),
        () => {
          finder.cancel();
          context.focusSearch();
        },
        { icon: 'close' },
      ),
  );
}

function result({ finder: { state } }: TableContext): Child {
  switch (state.kind) {
    case 'idle':
      return undefined;
    case 'searching':
      return l10n.t('{0} %', Math.floor(state.share * 100));
    case 'found':
      return state.wrapped
        ? l10n.t('Line {0}, from the other end', numberText(state.line))
        : l10n.t('Line {0}', numberText(state.line));
    case 'none':
      return l10n.t('No results');
  }
}

function onKey(context: TableContext, event: Event): void {
  if (!(event instanceof KeyboardEvent)) return;
  if (!(event.target instanceof HTMLInputElement)) return;
  if (event.key === 'Enter') context.find(event.shiftKey);
  else if (event.key === 'Escape' && context.finder.state.kind === 'searching') context.finder.cancel();
  else if (event.key === 'Escape') context.focusGrid();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
