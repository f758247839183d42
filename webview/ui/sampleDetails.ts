import * as l10n from '@vscode/l10n';
import type { LineageReview, LineageSample } from '../../src/protocol/lineagePanel.ts';
import { h, type Child } from './dom.ts';
import type { EvidenceContext } from './evidenceContext.ts';
import { icon } from './icons.ts';
import { digest, longList, signature } from './parts.ts';
import { statementItem } from './statementItem.ts';
import { untrusted } from './text.ts';
import { capitalised } from './words.ts';

/** What evidence says about a sample, below the line that names it: why its status, reviews, origin, who vouches. */
export function sampleDetails(context: EvidenceContext, sample: LineageSample): readonly Child[] {
  return [
    h('p', { class: 'explanation', key: 'explanation' }, untrusted(sample.explanation)),
    sample.reviews.length > 0 && longList(context, 'reviews', l10n.t('Reviews'), sample.reviews, review),
    facts(context, sample),
    sample.coveredBy.length > 0 && [
      h('h3', { class: 'subheading', key: 'covered-title' }, l10n.t('Vouched for by')),
      longList(context, 'covered', l10n.t('Vouched for by'), sample.coveredBy, (statement) =>
        statementItem(context, statement),
      ),
    ],
  ];
}

/** Origin and digest. */
function facts(context: EvidenceContext, sample: LineageSample): Child {
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
