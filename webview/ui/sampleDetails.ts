import * as l10n from '@vscode/l10n';
import type {
  LineageAdvisory,
  LineageReview,
  LineageSample,
  LineageUpstream,
} from '../../src/protocol/lineagePanel.ts';
import { h, type Child } from './dom.ts';
import type { EvidenceContext } from './evidenceContext.ts';
import { icon } from './icons.ts';
import { digest, longList, signature } from './parts.ts';
import { statementItem } from './statementItem.ts';
import { untrusted } from './text.ts';
import { capitalised } from './words.ts';

/** How many of an advisory's references are shown. */
const MAX_REFERENCES = 5;

/** What evidence says about a sample, below the line that names it: why its status, reviews, origin, who vouches. */
export function sampleDetails(context: EvidenceContext, sample: LineageSample): readonly Child[] {
  return [
    h('p', { class: 'explanation', key: 'explanation' }, untrusted(sample.explanation)),
    sample.reviews.length > 0 && longList(context, 'reviews', l10n.t('Reviews'), sample.reviews, review),
    sample.upstream && upstream(sample.upstream),
    sample.noFlag !== undefined && h('p', { class: 'muted', key: 'no-flag' }, untrusted(sample.noFlag)),
    facts(context, sample),
    claimed(sample.claimed ?? []),
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

/** What the record says of its own past: nobody signed that. */
function claimed(rows: NonNullable<LineageSample['claimed']>): Child {
  return (
    rows.length > 0 && [
      h(
        'h3',
        { class: 'subheading', key: 'claimed-title' },
        l10n.t('Its own history'),
        ' ',
        h('span', { class: 'tag' }, l10n.t('claimed, not signed')),
      ),
      h(
        'dl',
        { class: 'facts claimed', 'aria-label': l10n.t('Its own history'), key: 'claimed' },
        rows.map(([label, value]) => [h('dt', {}, label), h('dd', {}, untrusted(value, 300))]),
      ),
    ]
  );
}

/** How it was made of something flagged: a list of one, as it stands among reviews. */
function upstream({ category, severity, explanation, reason, doubts }: LineageUpstream): HTMLElement {
  return h(
    'ul',
    { class: 'list list-upstream', 'aria-label': l10n.t('Flagged upstream'), key: 'upstream' },
    h(
      'li',
      { class: 'entry review upstream' },
      icon('upstream'),
      h(
        'div',
        { class: 'entry-body' },
        h(
          'div',
          { class: 'review-head' },
          h('strong', {}, l10n.t('Flagged upstream')),
          untrusted(category, 40),
          h('span', { class: 'tag severity' }, untrusted(capitalised(severity), 20)),
        ),
        h('p', { class: 'way' }, untrusted(explanation)),
        reason !== undefined && h('p', { class: 'reason' }, untrusted(reason)),
        doubts.map((doubt) => h('p', { class: 'muted doubt' }, doubt)),
      ),
    ),
  );
}

function review({ verdict, category, severity, reason, advisory, ...signed }: LineageReview): HTMLElement {
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
      advisory ? advisoryText(advisory) : reason !== '' && h('p', { class: 'reason' }, untrusted(reason)),
      signature(signed.signer, signed.standing, signed.time),
    ),
  );
}

/** Its id and title, and where to read more: as text, since nothing in the page can be a link to elsewhere. */
function advisoryText({ id, title, references }: LineageAdvisory): Child {
  return [
    h('p', { class: 'reason' }, l10n.t('Advisory'), ' ', untrusted(id, 100), ': ', untrusted(title)),
    references.length > 0 &&
      h(
        'p',
        { class: 'references' },
        references
          .slice(0, MAX_REFERENCES)
          .map((reference, i) => [i > 0 && ' · ', untrusted(reference, 200)]),
      ),
  ];
}
