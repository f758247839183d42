import * as l10n from '@vscode/l10n';
import { STATUSES, type Status } from '../../src/core/trust/status.ts';
import type { LineageDataset } from '../../src/protocol/lineagePanel.ts';
import { h, svg } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { busyRing, button } from '../ui/parts.ts';
import { numberText } from '../ui/strings.ts';
import { untrusted } from '../ui/text.ts';
import { statusSign, verdictSign, type Sign } from '../ui/words.ts';
import type { PanelContext } from './context.ts';

/** Which dataset this is, what it is worth as a whole, and what can be done with it. */
export function header(context: PanelContext, dataset: LineageDataset): HTMLElement {
  const verdict = verdictSign(dataset.verdict, dataset.signerUntrusted === true);
  return h(
    'header',
    { class: 'dataset', key: 'header' },
    h(
      'div',
      { class: 'title' },
      icon('dataset', 'plain'),
      h('h1', { class: 'name ellipsis' }, untrusted(dataset.name, 200)),
      dataset.busy && busyRing(l10n.t('Working…')),
    ),
    dataset.path !== dataset.name && h('div', { class: 'path muted ellipsis' }, untrusted(dataset.path, 400)),
    h(
      'div',
      { class: 'verdict', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true', key: 'verdict' },
      icon(verdict.icon, verdict.tone),
      h(
        'div',
        {},
        h('strong', { class: 'verdict-word' }, verdict.word),
        h('div', { class: 'summary' }, untrusted(dataset.summary)),
      ),
    ),
    bar(dataset),
    h(
      'ul',
      { class: 'counts', 'aria-label': l10n.t('Samples by status'), key: 'counts' },
      STATUSES.filter((status) => dataset.counts[status] > 0).map((status) =>
        count(statusSign(status), dataset.counts[status]),
      ),
      dataset.flagged > 0 && count({ icon: 'flagged', word: l10n.t('Flagged') }, dataset.flagged),
    ),
    h(
      'div',
      { class: 'actions', key: 'actions' },
      button(
        l10n.t('Verify'),
        () => {
          context.call('verifyDataset', null);
        },
        { appearance: 'primary' },
      ),
      !context.restricted &&
        button(l10n.t('Sign dataset'), () => {
          context.call('signDataset', null);
        }),
    ),
    context.restricted &&
      h(
        'p',
        { class: 'muted hint', key: 'restricted' },
        l10n.t('This workspace is not trusted: you can verify here, but not sign, flag or trust.'),
      ),
  );
}

function count({ icon: name, word, tone }: Sign, value: number): HTMLElement {
  return h(
    'li',
    { class: 'count-chip', key: name },
    icon(name, tone),
    h('span', { class: 'count-word' }, word),
    h('span', { class: 'count-number' }, numberText(value)),
  );
}

/** A part that is there is never too thin to be seen: two bad samples in a million are the point. */
const THINNEST = 0.02;

/** The proportions of the statuses. Decoration: the counts below say the same in words. */
function bar({ counts }: LineageDataset): SVGElement | false {
  const present = STATUSES.filter((status) => counts[status] > 0);
  const total = present.reduce((sum, status) => sum + counts[status], 0);
  if (total === 0) return false;
  const widths = present.map((status) => Math.max(counts[status] / total, THINNEST));
  const scale = 100 / widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  const part = (status: Status, width: number) => {
    const rect = svg('rect', { class: `tone-${status}`, x, y: 0, width, height: 4, fill: 'currentColor' });
    x += width;
    return rect;
  };
  return svg(
    'svg',
    { class: 'bar', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true', key: 'bar' },
    present.map((status, index) => part(status, (widths[index] ?? 0) * scale)),
  );
}
