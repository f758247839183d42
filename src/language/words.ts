import * as l10n from '@vscode/l10n';
import type { Category, Severity } from '../core/evidence/predicates.ts';
import type { DatasetVerdict, Standing, Status } from '../core/trust/status.ts';

/**
 * The product's words as users read them: the same word for the same thing on every surface. In English unless
 * `@vscode/l10n` was told of another language: the program never does, the editor does.
 */

export function statusWord(status: Status): string {
  switch (status) {
    case 'verified':
      return l10n.t('verified');
    case 'untrusted':
      return l10n.t('untrusted');
    case 'modified':
      return l10n.t('modified');
    case 'added':
      return l10n.t('added');
    case 'unsigned':
      return l10n.t('unsigned');
    case 'revoked':
      return l10n.t('revoked');
    case 'malformed':
      return l10n.t('malformed');
    case 'unknown':
      return l10n.t('unknown');
  }
}

export function verdictWord(verdict: DatasetVerdict): string {
  switch (verdict) {
    case 'intact':
      return l10n.t('intact');
    case 'reformatted':
      return l10n.t('reformatted');
    case 'reordered':
      return l10n.t('reordered');
    case 'subset':
      return l10n.t('subset');
    case 'changed':
      return l10n.t('changed');
    case 'unsigned':
      return l10n.t('unsigned');
    case 'unknown':
      return l10n.t('unknown');
  }
}

/** The verdict, and that its signer is not trusted where that is so. */
export function verdictPhrase(verdict: DatasetVerdict, signerUntrusted: boolean): string {
  const word = verdictWord(verdict);
  return signerUntrusted ? l10n.t('{0}, signer not trusted', word) : word;
}

export function standingWord(standing: Standing): string {
  switch (standing) {
    case 'trusted':
      return l10n.t('trusted');
    case 'untrusted':
      return l10n.t('not trusted');
    case 'expired':
      return l10n.t('key expired');
    case 'revoked':
      return l10n.t('revoked');
    case 'unverifiable':
      return l10n.t('key not known');
    case 'invalid':
      return l10n.t('signature wrong');
  }
}

export function categoryWord(category: Category): string {
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
  }
}

export function severityWord(severity: Severity): string {
  switch (severity) {
    case 'low':
      return l10n.t('low');
    case 'medium':
      return l10n.t('medium');
    case 'high':
      return l10n.t('high');
    case 'critical':
      return l10n.t('critical');
  }
}
