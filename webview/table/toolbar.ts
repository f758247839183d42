import * as l10n from '@vscode/l10n';
import { STATUSES } from '../../src/core/trust/status.ts';
import { upstreamWord } from '../../src/language/upstream.ts';
import {
  REVIEW_FILTERS,
  type ReviewFilter,
  type TableFilter,
  type TableJudgement,
  type TableState,
} from '../../src/protocol/sampleTable.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { openMenu } from '../ui/menu.ts';
import { numberText } from '../ui/strings.ts';
import { untrusted } from '../ui/text.ts';
import { capitalised, statusSign, verdictSign, type Sign } from '../ui/words.ts';
import { openColumnChooser } from './columnChooser.ts';
import { openColumnFilter } from './columnFilter.ts';
import type { TableContext } from './context.ts';
import { tool } from './controls.ts';
import { describeQuery, isFiltering, lets, NO_FILTER, toggledValue, withoutQuery } from './filter.ts';
import { openGoToRow } from './goToRow.ts';
import { searchBox } from './searchBox.ts';

/** What the dataset is, what is shown of it, and what can be done with it. */
export function toolbar(context: TableContext, state: TableState): HTMLElement {
  return h(
    'header',
    { class: 'toolbar', key: 'toolbar' },
    h(
      'div',
      { class: 'bar identity-bar' },
      identity(state),
      searchBox(context),
      h('div', { class: 'tools' }, tools(context, state)),
    ),
    filterBar(context, state),
  );
}

function identity({ name, judged, judging, error }: TableState): HTMLElement {
  const verdict: Sign | undefined = judged && verdictSign(judged.verdict, judged.signerUntrusted);
  return h(
    'div',
    { class: 'identity' },
    icon(verdict?.icon ?? 'dataset', verdict ? (verdict.tone ?? verdict.icon) : 'plain'),
    h('h1', { class: 'name ellipsis' }, untrusted(name, 200)),
    h(
      'div',
      {
        class: 'verdict ellipsis',
        role: 'status',
        key: 'verdict',
        title: judged && untrustedText(judged.summary),
      },
      verdict && h('strong', {}, verdict.word),
      judged && h('span', { class: 'summary' }, untrusted(judged.summary)),
      !judged && judging !== undefined && h('span', { class: 'muted' }, l10n.t('Checking signatures…')),
      !judged &&
        judging === undefined &&
        error === undefined &&
        h('span', { class: 'muted' }, l10n.t('Not checked yet')),
    ),
  );
}

function tools(context: TableContext, state: TableState): Child {
  return [
    tool(
      l10n.t('Go to row (Ctrl+G)'),
      (button) => {
        openGoToRow(context, button);
      },
      { icon: 'goto', popup: 'dialog', className: 'go-to-row' },
    ),
    tool(
      l10n.t('Columns'),
      (button) => {
        openColumnChooser(context, button);
      },
      { icon: 'columns', popup: 'menu' },
    ),
    tool(
      l10n.t('More actions'),
      (button) => {
        const restricted = state.restricted ? restrictedReason() : undefined;
        openMenu(l10n.t('More actions'), button.getBoundingClientRect(), () => [
          [
            { label: l10n.t('Sign dataset…'), disabled: restricted, run: onDataset(context, 'sign') },
            { label: l10n.t('Verify'), run: onDataset(context, 'verify') },
          ],
          [
            // A JSONL file is what it would be exported as.
            ...(state.format === 'parquet'
              ? [{ label: l10n.t('Export as JSONL…'), run: onDataset(context, 'exportJsonl') }]
              : [{ label: l10n.t('Open as text'), run: onDataset(context, 'openAsText') }]),
            {
              label: l10n.t('Read the file again'),
              run: () => {
                void context.call('reload', null);
              },
            },
          ],
        ]);
      },
      { icon: 'more', popup: 'menu' },
    ),
  ];
}

/** Why signing and flagging are not offered. */
export function restrictedReason(): string {
  return l10n.t('This workspace is not trusted.');
}

function onDataset(context: TableContext, action: 'sign' | 'verify' | 'exportJsonl' | 'openAsText') {
  return () => {
    void context.call('runOnDataset', { action });
  };
}

function filterBar(context: TableContext, state: TableState): HTMLElement {
  return h(
    'div',
    { class: 'bar filter-bar', role: 'group', 'aria-label': l10n.t('Filters'), key: 'filters' },
    h('div', { class: 'chips' }, chips(context, state)),
    h('span', { class: 'row-count muted', role: 'status', key: 'count' }, countText(state)),
  );
}

function chips(context: TableContext, { filter, judged }: TableState): Child {
  return [
    judged && [statusChips(context, filter, judged), originChips(context, judged)],
    (filter.queries ?? []).map((query, index) =>
      queryChip(describeQuery(query, context.allColumns), index, () => {
        context.setFilter(withoutQuery(filter, query));
      }),
    ),
    tool(
      l10n.t('Filter by a column…'),
      (button) => {
        openColumnFilter(context, button.getBoundingClientRect());
      },
      { icon: 'filter', text: l10n.t('Filter…'), popup: 'dialog', className: 'chip add' },
    ),
    isFiltering(filter) &&
      tool(
        l10n.t('Clear filters'),
        () => {
          context.setFilter(NO_FILTER);
        },
        { text: l10n.t('Clear filters'), className: 'chip plain' },
      ),
  ];
}

/** A comparison that rows have to pass, with a way to drop it. */
function queryChip(text: string, index: number, drop: () => void): HTMLElement {
  return tool(l10n.t('Remove the filter: {0}', text), drop, {
    text: [h('bdi', { class: 'chip-text ellipsis' }, text), icon('close', 'plain')],
    className: 'chip chosen',
    key: `query-${index}`,
    title: text,
  });
}

/** Who signed and where from, where there is more than one to choose. */
function originChips(context: TableContext, { signers, origins }: TableJudgement): Child {
  const keys = signers.map(({ keyId, name, rows }) => ({ id: keyId, name, rows }));
  return [
    keys.length > 1 && manyChoices(context, l10n.t('Signer'), 'signers', keys),
    origins.length > 1 && manyChoices(context, l10n.t('Origin'), 'origins', origins),
  ];
}

/** One chip a status that occurs, and the reviews: icon, word and number. */
function statusChips(context: TableContext, filter: TableFilter, judged: TableJudgement): Child {
  const chip = (sign: Sign, count: number, pressed: boolean, onClick: () => void) =>
    tool(l10n.t('{0}: {1}', sign.word, numberText(count)), onClick, {
      icon: sign.icon,
      tone: sign.icon,
      text: [`${sign.word} `, h('span', { class: 'chip-number' }, numberText(count))],
      pressed,
      className: 'chip',
      title: pressed ? l10n.t('Show others too') : l10n.t('Show only these'),
      key: sign.icon,
    });
  // A chip that is pressed stays, or nobody could release it.
  const statuses = STATUSES.filter((status) => judged.counts[status] > 0 || lets(filter, 'statuses', status));
  const reviews = REVIEW_FILTERS.filter((state) => judged[state] > 0 || lets(filter, 'reviews', state));
  return [
    statuses.map((status) =>
      chip(statusSign(status), judged.counts[status], lets(filter, 'statuses', status), () => {
        context.setFilter(toggledValue(filter, 'statuses', status));
      }),
    ),
    reviews.map((review) => {
      return chip(
        { icon: review, word: reviewFilterWord(review) },
        judged[review],
        lets(filter, 'reviews', review),
        () => {
          context.setFilter(toggledValue(filter, 'reviews', review));
        },
      );
    }),
  ];
}

function reviewFilterWord(review: ReviewFilter): string {
  switch (review) {
    case 'flagged':
      return l10n.t('Flagged');
    case 'upstream':
      return capitalised(upstreamWord());
    case 'cleared':
      return l10n.t('Cleared');
  }
}

/** A menu of what may be let through. */
function manyChoices(
  context: TableContext,
  label: string,
  part: 'signers' | 'origins',
  choices: readonly { readonly id: string; readonly name: string; readonly rows: number }[],
): HTMLElement {
  const chosen = context.state.filter[part]?.length ?? 0;
  return tool(
    chosen === 0 ? label : l10n.t('{0}: {1} chosen', label, chosen),
    (button) => {
      openMenu(label, button.getBoundingClientRect(), () => [
        choices.map(({ id, name, rows }) => {
          const filter = context.state.filter;
          return {
            label: untrustedText(name, 80),
            hint: numberText(rows),
            checked: lets(filter, part, id),
            run: () => {
              context.setFilter(toggledValue(filter, part, id));
            },
          };
        }),
      ]);
    },
    {
      text: [label, chosen > 0 && ` (${numberText(chosen)})`, icon('down', 'plain')],
      popup: 'menu',
      className: chosen > 0 ? 'chip chosen' : 'chip',
      key: part,
    },
  );
}

/** How many rows there are, and how many of them are shown. */
function countText({ lines, count, complete, filter, filtering }: TableState): string {
  if (filtering !== undefined)
    return l10n.t('{0} rows so far, {1} % looked at', numberText(count), Math.floor(filtering * 100));
  if (isFiltering(filter)) return l10n.t('{0} of {1} rows', numberText(count), numberText(lines));
  if (!complete) return l10n.t('{0} rows so far', numberText(lines));
  return lines === 1 ? l10n.t('1 row') : l10n.t('{0} rows', numberText(lines));
}
