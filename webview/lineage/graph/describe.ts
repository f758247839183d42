import * as l10n from '@vscode/l10n';
import type { Standing } from '../../../src/core/trust/status.ts';
import type {
  LineageDatasetBox,
  LineageIssue,
  LineageSampleAt,
  LineageStepBox,
} from '../../../src/protocol/lineagePanel.ts';
import { standingWord } from '../../../src/language/words.ts';
import { untrustedText } from '../../../src/protocol/untrustedText.ts';
import type { IconName } from '../../ui/icons.ts';
import { numberText } from '../../ui/strings.ts';
import { capitalised, standingSign, type Sign } from '../../ui/words.ts';
import { isStep, type DrawnBox, type FoldBox } from './fold.ts';

/** What stands in a box, row by row, and the same as one sentence. */
export interface BoxText {
  readonly icon: IconName;
  readonly tone: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** For screen readers. */
  readonly label: string;
}

/** Text with an icon before it where colour means something. */
export interface Row {
  readonly text: string;
  readonly icon?: IconName | undefined;
  readonly tone?: string | undefined;
}

const NAME_LIMIT = 300;

/** What a box says. Its issues are those of everything that it stands for. */
export function describe(box: DrawnBox, issues: readonly LineageIssue[]): BoxText {
  const { icon, tone, title, rows } = content(box);
  const untold = issues.filter(({ kind }) => !isTold(box, kind));
  const withIssues = untold.length > 0 ? [...rows, issueRow(untold)] : rows;
  return {
    icon,
    tone,
    title,
    rows: withIssues,
    label: [kindWord(box), title, ...withIssues.map(({ text }) => text)].join(', '),
  };
}

/** Whether the rows of a box say already what an issue is about. */
function isTold(box: DrawnBox, kind: LineageIssue['kind']): boolean {
  switch (kind) {
    case 'untrusted-step':
      return isStep(box);
    case 'changed-input':
      return box.kind === 'dataset' && box.presence === 'changed';
    case 'missing-input':
      return box.kind === 'dataset' && box.presence === 'absent';
    default:
      return false;
  }
}

function content(box: DrawnBox): Omit<BoxText, 'label'> {
  switch (box.kind) {
    case 'dataset':
      return datasetText(box);
    case 'step':
      return stepText(box);
    case 'fold':
      return foldText(box);
    case 'more':
      return {
        icon: 'more',
        tone: 'plain',
        title: l10n.t('{0} more', numberText(box.count)),
        rows: [{ text: l10n.t('Show from here') }],
      };
  }
}

function kindWord(box: DrawnBox): string {
  if (box.kind === 'more') return l10n.t('Not drawn');
  return isStep(box) ? l10n.t('Step') : l10n.t('Dataset');
}

function datasetText(box: LineageDatasetBox): Omit<BoxText, 'label'> {
  const vouched = vouchedSign(box);
  const { flagged = 0, upstream = 0, sample } = box;
  const presence = presenceSign(box.presence);
  const size = box.samples === undefined ? [] : [samplesText(box.samples)];
  const rows: Row[] = [
    ...(sample
      ? [{ text: [rowText(sample), ...endText(sample)].join(' · ') }]
      : box.presence === 'present' && size.length > 0
        ? [{ text: size.join('') }]
        : []),
    ...(box.presence === 'present' || box.claimed
      ? []
      : [
          {
            icon: presence.icon,
            tone: presence.tone,
            text: [presence.word, ...(sample ? [] : size)].join(' · '),
          },
        ]),
    { text: vouched.word },
    ...(flagged > 0 ? [{ icon: 'flagged', text: flaggedText(flagged) } as const] : []),
    ...(upstream > 0 ? [{ icon: 'upstream', text: upstreamText(upstream) } as const] : []),
  ];
  return { icon: vouched.icon, tone: vouched.tone ?? vouched.icon, title: datasetName(box), rows };
}

/** The best name of a dataset, to be shown. */
export function datasetName({ names }: LineageDatasetBox): string {
  return untrustedText(names[0] ?? '', NAME_LIMIT);
}

function stepText(box: LineageStepBox): Omit<BoxText, 'label'> {
  const { counts, sample } = box;
  const by = stepSign(box);
  const rows: Row[] = [
    ...(counts ? [{ text: passedText(counts) }] : []),
    ...(sample ? [{ text: howText(sample.how, sample.changes.length) }] : counts ? changedText(counts) : []),
    { icon: by.icon, tone: by.tone, text: by.word },
  ];
  return { icon: 'step', tone: 'plain', title: untrustedText(box.step, NAME_LIMIT), rows };
}

/** "7,473 → 6,901": how many samples went in and came out. */
export function passedText(counts: { in: number; out: number }): string {
  return l10n.t('{0} → {1}', numberText(counts.in), numberText(counts.out));
}

function changedText({ changed, dropped, added }: NonNullable<LineageStepBox['counts']>): Row[] {
  const parts = [
    ...(changed > 0 ? [l10n.t('{0} changed', numberText(changed))] : []),
    ...(dropped > 0 ? [l10n.t('{0} dropped', numberText(dropped))] : []),
    ...(added > 0 ? [l10n.t('{0} new', numberText(added))] : []),
  ];
  return parts.length > 0 ? [{ text: parts.join(' · ') }] : [];
}

/** What a step did to the sample. */
export function howText(how: NonNullable<LineageStepBox['sample']>['how'], changes: number): string {
  const fields =
    changes === 0
      ? ''
      : changes === 1
        ? ` · ${l10n.t('1 field')}`
        : ` · ${l10n.t('{0} fields', numberText(changes))}`;
  switch (how) {
    case 'unchanged':
      return l10n.t('Left it as it was');
    case 'dropped':
      return l10n.t('Dropped it');
    case 'key':
      return l10n.t('Changed it, by key') + fields;
    case 'position':
      return l10n.t('Changed it, by position') + fields;
    case 'similar':
      return l10n.t('Changed it, by similar text') + fields;
  }
}

function foldText(box: FoldBox): Omit<BoxText, 'label'> {
  const [first] = box.members;
  const last = box.members.at(-1);
  const { flagged, upstream } = flagsOf(box);
  const rows: Row[] = [];
  if (box.of === 'chain') {
    const kinds = [
      ...new Set(box.members.flatMap((member) => (member.kind === 'step' ? [member.step] : []))),
    ];
    rows.push({ text: untrustedText(kinds.join(', '), NAME_LIMIT) });
    const [counts, end] = [countsOf(first), countsOf(last)];
    if (counts && end) rows.push({ text: passedText({ in: counts.in, out: end.out }) });
    rows.push(...signerRows(box));
  } else if (first?.kind === 'dataset' && last?.kind === 'dataset') {
    rows.push({ text: `${datasetName(first)} … ${datasetName(last)}` });
    const total = box.members.reduce(
      (sum, member) => sum + (member.kind === 'dataset' && !member.sample ? (member.samples ?? 0) : 0),
      0,
    );
    if (total > 0) rows.push({ text: samplesText(total) });
    const presence = presenceSign(first.presence);
    if (first.presence !== 'present' && !first.claimed) rows.push({ ...presence, text: presence.word });
    rows.push({ text: vouchedSign(first).word });
  } else {
    rows.push(...signerRows(box));
  }
  if (flagged > 0) rows.push({ icon: 'flagged', text: flaggedText(flagged) });
  if (upstream > 0) rows.push({ icon: 'upstream', text: upstreamText(upstream) });
  const count = numberText(box.count);
  switch (box.of) {
    case 'chain':
      return { icon: 'step', tone: 'plain', title: l10n.t('{0} steps', count), rows };
    case 'steps': {
      const kind = first?.kind === 'step' ? untrustedText(first.step, 40) : '';
      return { icon: 'step', tone: 'plain', title: l10n.t('{0} × {1}', kind, count), rows };
    }
    case 'datasets': {
      const sign = first?.kind === 'dataset' ? vouchedSign(first) : undefined;
      const icon = sign?.icon ?? 'dataset';
      return { icon, tone: sign?.tone ?? icon, title: l10n.t('{0} datasets', count), rows };
    }
  }
}

/** Signers of folded steps; one row each standing, so that none hides behind another. */
function signerRows({ members }: FoldBox): Row[] {
  const signs = new Map<string, Sign>();
  for (const member of members) {
    if (member.kind !== 'step') continue;
    const sign = stepSign(member);
    signs.set(`${sign.icon} ${sign.word}`, sign);
  }
  return [...signs.values()].slice(0, 3).map(({ icon, tone, word }) => ({ icon, tone, text: word }));
}

function flagsOf({ members }: FoldBox): { flagged: number; upstream: number } {
  let [flagged, upstream] = [0, 0];
  for (const member of members) {
    if (member.kind !== 'dataset') continue;
    flagged += member.flagged ?? 0;
    upstream += member.upstream ?? 0;
  }
  return { flagged, upstream };
}

function countsOf(box: FoldBox['members'][number] | undefined): LineageStepBox['counts'] {
  return box?.kind === 'step' ? box.counts : undefined;
}

/** Standings from the best to the worst. */
const STANDINGS: readonly Standing[] = [
  'trusted',
  'untrusted',
  'unverifiable',
  'expired',
  'revoked',
  'invalid',
];

/** Who vouches for a dataset: the best signature counts, since one good one is enough. */
export function vouchedSign({ claimed, vouchers }: LineageDatasetBox): Sign {
  if (claimed) return { icon: 'other', tone: 'plain', word: l10n.t('Claimed, not signed') };
  const [best] = [...vouchers].sort((a, b) => STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing));
  if (!best) return { icon: 'unsigned', word: l10n.t('Nobody vouches for it') };
  const sign = standingSign(best.standing);
  const signer = untrustedText(best.signer, NAME_LIMIT);
  return {
    ...sign,
    word: best.standing === 'trusted' ? signer : l10n.t('{0}, {1}', standingPhrase(best.standing), signer),
  };
}

/** Who says that a step was done. */
export function stepSign({ by }: LineageStepBox): Sign {
  if ('claimedBy' in by) {
    return {
      icon: 'other',
      tone: 'plain',
      word: l10n.t('Claimed by {0}', untrustedText(by.claimedBy, NAME_LIMIT)),
    };
  }
  const signer = untrustedText(by.signer, NAME_LIMIT);
  return {
    ...standingSign(by.standing),
    word: by.standing === 'trusted' ? signer : l10n.t('{0}, {1}', standingPhrase(by.standing), signer),
  };
}

function standingPhrase(standing: Standing): string {
  return capitalised(standingWord(standing));
}

/** Whether the bytes of a dataset are here. */
export function presenceSign(presence: LineageDatasetBox['presence']): Sign {
  switch (presence) {
    case 'present':
      return { icon: 'verified', word: l10n.t('Here') };
    case 'changed':
      return { icon: 'modified', word: l10n.t('Changed since') };
    case 'absent':
      return { icon: 'absent', word: l10n.t('Not here') };
    case 'unknown':
      return { icon: 'unknown', word: l10n.t('Not looked at yet') };
  }
}

export function samplesText(samples: number): string {
  return samples === 1 ? l10n.t('1 sample') : l10n.t('{0} samples', numberText(samples));
}

export function rowText({ row, copies }: LineageSampleAt): string {
  if (row === undefined) return l10n.t('Row not known');
  const text = l10n.t('Row {0}', numberText(row));
  return copies > 1 ? `${text} · ${l10n.t('{0} copies', numberText(copies))}` : text;
}

/** Where the way of the sample begins, in a word. */
function endText({ end }: LineageSampleAt): string[] {
  if (end === undefined) return [];
  switch (end) {
    case 'source':
      return [l10n.t('source')];
    case 'added':
      return [l10n.t('made here')];
    case 'unknown':
      return [l10n.t('origin not known')];
  }
}

/** The same in a sentence. */
export function endSentence({ end }: LineageSampleAt): string | undefined {
  if (end === undefined) return undefined;
  switch (end) {
    case 'source':
      return l10n.t('No earlier step is recorded: here it comes from.');
    case 'added':
      return l10n.t('The step before made this sample anew; it stands in none of its inputs.');
    case 'unknown':
      return l10n.t('What would tell where it came from is missing.');
  }
}

export function flaggedText(count: number): string {
  return l10n.t('{0} flagged', numberText(count));
}

export function upstreamText(count: number): string {
  return l10n.t('{0} flagged upstream', numberText(count));
}

function issueRow(issues: readonly LineageIssue[]): Row {
  const [first] = issues;
  const sign = issueSign(first?.kind ?? 'cycle');
  const text = issues.length === 1 ? sign.word : l10n.t('{0} problems', numberText(issues.length));
  return {
    icon: issues.length === 1 ? sign.icon : 'malformed',
    tone: issues.length === 1 ? sign.tone : undefined,
    text,
  };
}

/** What an issue of the graph is, in a word. */
export function issueSign(kind: LineageIssue['kind']): Sign {
  switch (kind) {
    case 'cycle':
      return { icon: 'malformed', word: l10n.t('Goes round in a circle') };
    case 'missing-input':
      return { icon: 'absent', word: l10n.t('Input not found') };
    case 'conflicting-steps':
      return { icon: 'malformed', word: l10n.t('Steps contradict each other') };
    case 'conflicting-samples':
      return { icon: 'malformed', word: l10n.t('Statements contradict each other') };
    case 'untrusted-step':
      return { icon: 'untrusted', word: l10n.t('Step of an untrusted signer') };
    case 'changed-input':
      return { icon: 'modified', word: l10n.t('Input changed since') };
    case 'leaves-missing':
      return { icon: 'unknown', word: l10n.t('Sample digests missing') };
    case 'map-missing':
      return { icon: 'unknown', word: l10n.t('Derivation map missing') };
    case 'invalid-map':
      return { icon: 'malformed', word: l10n.t('Derivation map invalid') };
    case 'too-large':
      return { icon: 'info', tone: 'plain', word: l10n.t('Not all is drawn') };
  }
}
