import * as l10n from '@vscode/l10n';
import type { DatasetVerdict, Standing, Status } from '../../src/core/trust/status.ts';
import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';

/** An icon and its word: neither ever stands alone. */
export interface Sign {
  readonly icon: IconName;
  readonly word: string;
  /** Which of the colours of ui.css; the icon's own unless it says otherwise. */
  readonly tone?: string;
}

/** A sample's status. */
export function statusSign(status: Status): Sign {
  return { icon: status, word: statusWord(status) };
}

/** The word for a status. */
export function statusWord(status: Status): string {
  switch (status) {
    case 'verified':
      return l10n.t('Verified');
    case 'untrusted':
      return l10n.t('Untrusted');
    case 'modified':
      return l10n.t('Modified');
    case 'added':
      return l10n.t('Added');
    case 'unsigned':
      return l10n.t('Unsigned');
    case 'revoked':
      return l10n.t('Revoked');
    case 'malformed':
      return l10n.t('Malformed');
    case 'unknown':
      return l10n.t('Unknown');
  }
}

/** What a dataset as a whole is. As an untrusted signer signed it is no reason for a check mark. */
export function verdictSign(verdict: DatasetVerdict, signerUntrusted: boolean): Sign {
  const sign = plainVerdictSign(verdict);
  if (!signerUntrusted) return sign;
  const word = l10n.t('{0}, signer not trusted', sign.word);
  return verdict === 'changed' ? { ...sign, word } : { icon: 'untrusted', word };
}

function plainVerdictSign(verdict: DatasetVerdict): Sign {
  switch (verdict) {
    case 'intact':
      return { icon: 'verified', word: l10n.t('Intact') };
    case 'reformatted':
      return { icon: 'same', word: l10n.t('Reformatted'), tone: 'verified' };
    case 'reordered':
      return { icon: 'reordered', word: l10n.t('Reordered'), tone: 'verified' };
    case 'subset':
      return { icon: 'subset', word: l10n.t('Subset'), tone: 'verified' };
    case 'changed':
      return { icon: 'modified', word: l10n.t('Changed') };
    case 'unsigned':
      return { icon: 'unsigned', word: l10n.t('Unsigned') };
    case 'unknown':
      return { icon: 'unknown', word: l10n.t('Unknown') };
  }
}

/** What a signature is worth. */
export function standingSign(standing: Standing): Sign {
  switch (standing) {
    case 'trusted':
      return { icon: 'verified', word: l10n.t('Trusted') };
    case 'untrusted':
      return { icon: 'untrusted', word: l10n.t('Untrusted') };
    case 'expired':
      return { icon: 'clock', word: l10n.t('Expired'), tone: 'revoked' };
    case 'revoked':
      return { icon: 'revoked', word: l10n.t('Revoked') };
    case 'unverifiable':
      return { icon: 'unknown', word: l10n.t('Not checkable') };
    case 'invalid':
      return { icon: 'malformed', word: l10n.t('Invalid') };
  }
}

/** The word for how bad a flag is; a word that we do not know stays as it is. */
export function severityWord(severity: string): string {
  switch (severity) {
    case 'low':
      return l10n.t('Low');
    case 'medium':
      return l10n.t('Medium');
    case 'high':
      return l10n.t('High');
    case 'critical':
      return l10n.t('Critical');
    default:
      return severity;
  }
}

/** The word for what a flag is about; a word that we do not know stays as it is. */
export function categoryWord(category: string): string {
  switch (category) {
    case 'poisoning':
      return l10n.t('Poisoning');
    case 'backdoor-trigger':
      return l10n.t('Backdoor trigger');
    case 'prompt-injection':
      return l10n.t('Prompt injection');
    case 'label-error':
      return l10n.t('Label error');
    case 'pii':
      return l10n.t('Personal data');
    case 'licence':
      return l10n.t('Licence');
    case 'toxicity':
      return l10n.t('Toxicity');
    case 'duplicate':
      return l10n.t('Duplicate');
    case 'other':
      return l10n.t('Other');
    default:
      return category;
  }
}

/** Icon and word, side by side. */
export function signLabel({ icon: name, word, tone }: Sign, className = ''): HTMLElement {
  return h('span', { class: `sign ${className}`.trim() }, icon(name, tone), h('span', {}, word));
}
