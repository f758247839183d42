import * as l10n from '@vscode/l10n';
import type { LineageReview, LineageSample } from '../../src/protocol/lineagePanel.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { numberText } from '../ui/strings.ts';
import { untrusted } from '../ui/text.ts';
import { capitalised, signLabel, statusSign } from '../ui/words.ts';
import type { PanelContext } from './context.ts';
import { statementItem } from './evidence.ts';
import { button, digest, longList, section, signature } from './parts.ts';

/** Everything about the sample under the cursor. */
export function sampleSection(context: PanelContext, sample: LineageSample | undefined): HTMLElement {
  return section(
    context,
    'sample',
    l10n.t('This sample'),
    undefined,
    sample
      ? sampleDetails(context, sample)
      : h('p', { class: 'muted hint' }, l10n.t('Place the cursor on a line to see its history.')),
  );
}

function sampleDetails(context: PanelContext, sample: LineageSample): readonly Child[] {
  const { line } = sample;
  return [
    h(
      'div',
      { class: 'sample-head' },
      h(
        'button',
        {
          type: 'button',
          class: 'link sample-line',
          title: l10n.t('Show this line in the editor'),
          on: {
            click: () => {
              context.call('revealLine', { line });
            },
          },
        },
        l10n.t('Line {0}', numberText(line)),
      ),
      signLabel(statusSign(sample.status), 'sample-status'),
    ),
    h('p', { class: 'explanation', key: 'explanation' }, untrusted(sample.explanation)),
    sample.reviews.length > 0 && longList(context, 'reviews', l10n.t('Reviews'), sample.reviews, review),
    facts(context, sample),
    sample.coveredBy.length > 0 && [
      h('h3', { class: 'subheading', key: 'covered-title' }, l10n.t('Vouched for by')),
      longList(context, 'covered', l10n.t('Vouched for by'), sample.coveredBy, (statement) =>
        statementItem(context, statement),
      ),
    ],
    // Without a digest there is nothing that a signature could name.
    sample.digest !== undefined &&
      !context.restricted &&
      h(
        'div',
        { class: 'actions', key: 'actions' },
        button(
          l10n.t('Sign'),
          () => {
            context.call('signSample', { line });
          },
          { describedAs: l10n.t('Sign line {0}', numberText(line)) },
        ),
        button(
          l10n.t('Flag…'),
          () => {
            context.call('flagSample', { line });
          },
          { describedAs: l10n.t('Flag line {0}…', numberText(line)) },
        ),
      ),
  ];
}

/** Origin and digest. */
function facts(context: PanelContext, sample: LineageSample): Child {
  if (sample.origin.length === 0 && sample.digest === undefined) return false;
  return h(
    'dl',
    { class: 'facts', 'aria-label': l10n.t('Origin'), key: 'facts' },
    sample.origin.map(([label, value]) => [
      h('dt', {}, untrusted(label, 60)),
      h('dd', {}, untrusted(value, 300)),
    ]),
    sample.digest !== undefined && [
      h('dt', {}, l10n.t('Digest')),
      h('dd', {}, digest(context, sample.digest)),
    ],
  );
}

function review({ verdict, category, severity, reason, ...signed }: LineageReview): HTMLElement {
  const flagged = verdict === 'flagged';
  return h(
    'li',
    { class: `entry review ${verdict}` },
    icon(verdict),
    h(
      'div',
      { class: 'entry-body' },
      h(
        'div',
        { class: 'review-head' },
        h('strong', {}, flagged ? l10n.t('Flagged') : l10n.t('Cleared')),
        untrusted(category, 40),
        h('span', { class: 'tag severity' }, untrusted(capitalised(severity), 20)),
      ),
      reason !== '' && h('p', { class: 'reason' }, untrusted(reason)),
      signature(signed.signer, signed.standing, signed.time),
    ),
  );
}
