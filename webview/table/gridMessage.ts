import * as l10n from '@vscode/l10n';
import type { TableState } from '../../src/protocol/sampleTable.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { busyRing, button } from '../ui/parts.ts';
import { untrusted } from '../ui/text.ts';
import type { TableContext } from './context.ts';
import { isFiltering, NO_FILTER } from './filter.ts';

/** The page before the first state. */
export function loading(): HTMLElement {
  return message(busyRing(l10n.t('Loading…')));
}

/** What stands in the grid's place while there is no row to show; nothing where there are rows. */
export function gridMessage(context: TableContext, state: TableState): Child {
  if (state.count > 0) return undefined;
  if (state.error !== undefined) {
    return message(
      icon('malformed'),
      h('p', {}, untrusted(state.error)),
      button(l10n.t('Try again'), () => {
        void context.call('reload', null);
      }),
    );
  }
  if (state.filtering !== undefined)
    return message(busyRing(l10n.t('Looking for rows…')), h('p', {}, l10n.t('Looking for rows…')));
  if (isFiltering(state.filter) && state.lines > 0) {
    return message(
      icon('filter', 'plain'),
      h('p', {}, l10n.t('No row passes the filters.')),
      button(l10n.t('Clear filters'), () => {
        context.setFilter(NO_FILTER);
        context.focusGrid();
      }),
    );
  }
  if (!state.complete) return message(busyRing(l10n.t('Reading…')), h('p', {}, l10n.t('Reading…')));
  return message(icon('dataset', 'plain'), h('p', {}, l10n.t('This file has no rows.')));
}

function message(...children: readonly Child[]): HTMLElement {
  return h('div', { class: 'empty', key: 'message' }, children);
}
