import * as l10n from '@vscode/l10n';
import type {
  LineageDatasetBox,
  LineageIssue,
  LineageSigner,
  LineageStepBox,
} from '../../../src/protocol/lineagePanel.ts';
import type { FieldChange } from '../../../src/protocol/lineageWorker.ts';
import { untrustedText } from '../../../src/protocol/untrustedText.ts';
import { h, type Child } from '../../ui/dom.ts';
import type { EvidenceContext } from '../../ui/evidenceContext.ts';
import { icon } from '../../ui/icons.ts';
import { button, digest, signature } from '../../ui/parts.ts';
import { numberText } from '../../ui/strings.ts';
import { untrusted, when } from '../../ui/text.ts';
import { signLabel } from '../../ui/words.ts';
import {
  datasetName,
  describe,
  endSentence,
  flaggedText,
  howText,
  issueSign,
  presenceSign,
  rowText,
  samplesText,
  stepSign,
  upstreamText,
  vouchedSign,
} from './describe.ts';
import type { DrawnBox, FoldBox } from './fold.ts';

/** What a card offers to do. */
export interface CardAction {
  readonly label: string;
  readonly run: () => void;
}

const MAX_NAMES = 20;
const MAX_VALUE = 400;
const MAX_VOUCHERS = 10;

/** Everything that is known of a box. */
export function card(
  context: EvidenceContext,
  box: DrawnBox,
  issues: readonly LineageIssue[],
  actions: readonly CardAction[],
): HTMLElement {
  const { title, icon: name, tone } = describe(box, []);
  return h(
    'div',
    { class: 'card', role: 'dialog', 'aria-label': title, tabindex: -1 },
    h('div', { class: 'card-title' }, icon(name, tone), untrusted(title, 300)),
    content(context, box),
    issues.map(({ kind, text }) => {
      const sign = issueSign(kind);
      return h('p', { class: 'card-issue' }, icon(sign.icon, sign.tone), h('span', {}, untrusted(text)));
    }),
    actions.length > 0 &&
      h(
        'div',
        { class: 'actions' },
        actions.map(({ label, run }) => button(label, run)),
      ),
  );
}

function content(context: EvidenceContext, box: DrawnBox): Child {
  switch (box.kind) {
    case 'dataset':
      return datasetContent(context, box);
    case 'step':
      return stepContent(context, box);
    case 'fold':
      return foldContent(box);
    case 'more':
      return h('p', {}, l10n.t('More is known here than is drawn.'));
  }
}

function datasetContent(context: EvidenceContext, box: LineageDatasetBox): Child {
  const {
    names,
    path,
    sha256,
    samples,
    root,
    presence,
    vouchers,
    claimed,
    flagged = 0,
    upstream = 0,
    sample,
  } = box;
  const otherNames = names.slice(1, MAX_NAMES).filter((name) => name !== path);
  const end = sample && endSentence(sample);
  return [
    sample && h('p', {}, [rowText(sample), end].filter((text) => text !== undefined).join('. ')),
    facts([
      otherNames.length > 0 && [
        l10n.t('Also called'),
        otherNames.map((name) => h('div', {}, untrusted(name, 200))),
      ],
      path !== undefined && [l10n.t('File'), untrusted(path, 400)],
      !claimed && [l10n.t('Bytes'), signLabel(presenceSign(presence))],
      samples !== undefined && [l10n.t('Samples'), numberText(samples)],
      sample && [l10n.t('Sample digest'), digest(context, sample.digest)],
      sha256 !== undefined && ['SHA-256', digest(context, sha256)],
      root !== undefined && [l10n.t('Merkle root'), digest(context, root)],
    ]),
    flagged > 0 && h('p', { class: 'card-issue' }, icon('flagged'), h('span', {}, flaggedText(flagged))),
    upstream > 0 && h('p', { class: 'card-issue' }, icon('upstream'), h('span', {}, upstreamText(upstream))),
    vouchers.length === 0
      ? signLabel(vouchedSign(box))
      : [
          h('h3', { class: 'subheading' }, l10n.t('Vouched for by')),
          vouchers.slice(0, MAX_VOUCHERS).map((voucher) => signedBy(voucher)),
        ],
  ];
}

function stepContent(context: EvidenceContext, box: LineageStepBox): Child {
  const { by, counts, sample, facts: more, envelope, startedOn, finishedOn } = box;
  return [
    'claimedBy' in by ? signLabel(stepSign(box)) : signedBy(by),
    'claimedBy' in by && h('p', { class: 'muted' }, l10n.t('No signature stands behind this step.')),
    sample && [
      h('p', { class: 'card-did' }, howText(sample.how, sample.changes.length)),
      sample.changes.length > 0 && diff(sample.changes),
    ],
    facts([
      counts && [l10n.t('Read'), samplesText(counts.in)],
      counts && [l10n.t('Wrote'), samplesText(counts.out)],
      counts && [l10n.t('Unchanged'), numberText(counts.unchanged)],
      counts && counts.changed > 0 && [l10n.t('Changed'), numberText(counts.changed)],
      counts && counts.added > 0 && [l10n.t('New'), numberText(counts.added)],
      counts && counts.dropped > 0 && [l10n.t('Dropped'), numberText(counts.dropped)],
      ...more.map(([label, value]) => [untrusted(label, 60), untrusted(value, MAX_VALUE, 'mono')] as const),
      startedOn !== undefined && [l10n.t('Started'), when(startedOn)],
      finishedOn !== undefined && [l10n.t('Finished'), when(finishedOn)],
      envelope !== undefined && [l10n.t('Statement'), digest(context, envelope)],
    ]),
  ];
}

function foldContent({ members, of, count }: FoldBox): Child {
  const names = members.flatMap((member) =>
    member.kind === 'dataset'
      ? of === 'datasets'
        ? [datasetName(member)]
        : []
      : [`${untrustedText(member.step, 60)} · ${stepSign(member).word}`],
  );
  return [
    h(
      'ul',
      { class: 'card-members' },
      names.slice(0, MAX_NAMES).map((name) => h('li', { class: 'ellipsis' }, h('bdi', {}, name))),
    ),
    count > MAX_NAMES && h('p', { class: 'muted' }, l10n.t('and {0} more', numberText(count - MAX_NAMES))),
  ];
}

/** What a step changed in the sample, member by member: its value before and after. */
function diff(changes: readonly FieldChange[]): HTMLElement {
  const value = (text: string | undefined, name: 'before' | 'after') =>
    text !== undefined &&
    h(
      'div',
      { class: `diff-value diff-${name}` },
      h('span', { class: 'visually-hidden' }, name === 'before' ? l10n.t('before') : l10n.t('after'), ' '),
      h('span', { class: 'diff-sign', 'aria-hidden': 'true' }, name === 'before' ? '−' : '+'),
      untrusted(text, MAX_VALUE, 'mono'),
    );
  return h(
    'ul',
    { class: 'diff', 'aria-label': l10n.t('Changed members') },
    changes
      .slice(0, MAX_NAMES)
      .map(({ pointer, before, after }) =>
        h(
          'li',
          {},
          h(
            'div',
            { class: 'diff-pointer mono' },
            untrusted(pointer === '' ? l10n.t('whole record') : pointer, 200),
          ),
          value(before, 'before'),
          value(after, 'after'),
        ),
      ),
    changes.length > MAX_NAMES &&
      h('li', { class: 'muted' }, l10n.t('and {0} more', numberText(changes.length - MAX_NAMES))),
  );
}

function signedBy({ signer, standing, time }: LineageSigner): HTMLElement {
  return signature(signer, standing, time);
}

function facts(rows: readonly (false | undefined | readonly [label: Child, value: Child])[]): Child {
  const shown = rows.filter((row) => row !== false && row !== undefined);
  return (
    shown.length > 0 &&
    h(
      'dl',
      { class: 'facts' },
      shown.map(([label, value]) => [h('dt', {}, label), h('dd', {}, value)]),
    )
  );
}
