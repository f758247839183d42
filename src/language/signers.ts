import * as l10n from '@vscode/l10n';
import type { SignerLine, SignerState, SignerSummary } from '../core/trust/signers.ts';
import type { DatasetEffect, TrustEffect } from '../core/trust/trustEffect.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { day, explainRevocation, shortKeyId } from './explain.ts';
import { standingWord } from './words.ts';

/** Sentences about signers, and about what a change of trust does. */

/** How a path is shown: from where the reader is. */
export type ShowPath = (path: string) => string;

const SHOWN_NAME = 100;

/** The name that allowed_signers gives a signer, or the start of the fingerprint. */
export function nameOfSigner({ names, keyId }: Pick<SignerSummary, 'names' | 'keyId'>): string {
  const [name] = names;
  return untrustedText(name ?? shortKeyId(keyId), SHOWN_NAME);
}

export function signerStateWord(state: SignerState): string {
  switch (state) {
    case 'trusted':
      return l10n.t('trusted');
    case 'ended':
      return l10n.t('key expired');
    case 'not-yet':
      return l10n.t('not valid yet');
    case 'revoked':
      return l10n.t('revoked');
    case 'untrusted':
      return l10n.t('not trusted');
    case 'unverifiable':
      return l10n.t('key not known');
  }
}

/** Why a signer is trusted or not, a sentence for each reason. */
export function explainSigner(signer: SignerSummary, show: ShowPath): string[] {
  return [...signerReasons(signer), ...signer.lines.map((line) => explainLine(line, show))];
}

/** The reasons that are no lines of an allowed_signers file. */
export function signerReasons(signer: SignerSummary): string[] {
  const { state, lines, revocation, keyId, names, roles } = signer;
  const [principal] = names;
  const sentences: string[] = [];
  if (revocation) {
    sentences.push(
      explainRevocation({ keyId, ...(principal !== undefined && { principal }) }, revocation),
      revocation.since === undefined
        ? l10n.t('What it signed does not vouch for anything any more.')
        : l10n.t('What it signed from {0} on does not vouch for anything.', revocation.since),
    );
  }
  if (lines.length === 0) {
    sentences.push(
      state === 'trusted'
        ? l10n.t('It is trusted by a certificate.')
        : l10n.t('No allowed_signers file names this key.'),
    );
  }
  if (roles && names.length > 0) {
    const list = roles.map((role) => untrustedText(role, SHOWN_NAME)).join(', ');
    sentences.push(
      roles.length > 0
        ? l10n.t('Roles by the policy: {0}.', list)
        : l10n.t('The policy gives it no role, so it vouches for nothing here.'),
    );
  }
  if (state === 'unverifiable') {
    sentences.push(
      l10n.t(
        'Its signatures could not be checked: the key is not known here, or of a kind that is not supported.',
      ),
    );
  }
  return sentences;
}

/** What a line of an allowed_signers file does for a key. */
export function explainLine(line: SignerLine, show: ShowPath): string {
  const place = l10n.t('{0}, line {1}', show(line.path), line.line);
  switch (line.effect) {
    case 'trusts':
      return line.validBefore === undefined
        ? l10n.t('Trusted by {0}.', place)
        : l10n.t('Trusted by {0} until {1}.', place, timeText(line.validBefore));
    case 'ended':
      return l10n.t('{0}: its validity ended on {1}.', place, timeText(line.validBefore ?? 0));
    case 'not-yet':
      return l10n.t('{0}: it is valid from {1} on.', place, timeText(line.validAfter ?? 0));
    case 'other-namespace':
      return l10n.t('{0} names it for {1} only.', place, untrustedText(line.namespaces ?? '', SHOWN_NAME));
    case 'authority':
      return l10n.t('{0} names it as an authority for certificates, not for data.', place);
  }
}

/** What a signer signed, in a few words: `datasets: 2, reviews: 1`. */
export function signedKinds({ byKind }: Pick<SignerSummary, 'byKind'>): string {
  const { dataset = 0, sample = 0, step = 0, review = 0, advisory = 0, revocation = 0 } = byKind;
  const all = Object.values(byKind).reduce((sum, count) => sum + count, 0);
  const others = all - dataset - sample - step - review - advisory - revocation;
  const parts = [
    dataset > 0 && l10n.t('datasets: {0}', dataset),
    sample > 0 && l10n.t('single samples: {0}', sample),
    step > 0 && l10n.t('steps: {0}', step),
    review > 0 && l10n.t('reviews: {0}', review),
    advisory > 0 && l10n.t('advisories: {0}', advisory),
    revocation > 0 && l10n.t('revocations: {0}', revocation),
    others > 0 && l10n.t('other statements: {0}', others),
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : l10n.t('nothing here');
}

/** What a change does to the evidence here, a sentence for each dataset; at most `limit` of them. */
export function explainEffect({ datasets }: TrustEffect, show: ShowPath, limit = 10): string[] {
  if (datasets.length === 0) return [l10n.t('Nothing that is signed here changes.')];
  const sentences = datasets.slice(0, limit).map((dataset) => explainDataset(dataset, show));
  const more = datasets.length - limit;
  if (more > 0) sentences.push(l10n.t('And {0} more datasets.', more));
  return sentences;
}

function explainDataset(effect: DatasetEffect, show: ShowPath): string {
  const { dataset, changes, vouched, flagsLost, clearingsLost } = effect;
  const parts = changes.map(({ from, to, statements, samples }) =>
    l10n.t('{0}, {1} → {2}', countedStatements(statements, samples), standingWord(from), standingWord(to)),
  );
  const sentences = [l10n.t('{0}: {1}.', show(dataset), parts.join('; '))];
  if (vouched.before && !vouched.after) {
    sentences.push(l10n.t('Nobody you trust vouches for it as a whole then.'));
  }
  if (!vouched.before && vouched.after) {
    sentences.push(l10n.t('Somebody you trust vouches for it as a whole then.'));
  }
  if (flagsLost === 1) sentences.push(l10n.t('One flag does not count any more.'));
  if (flagsLost > 1) sentences.push(l10n.t('{0} flags do not count any more.', flagsLost));
  if (clearingsLost === 1) sentences.push(l10n.t('One answer that cleared a flag does not count any more.'));
  if (clearingsLost > 1)
    sentences.push(l10n.t('{0} answers that cleared flags do not count any more.', clearingsLost));
  return sentences.join(' ');
}

function countedStatements(statements: number, samples: number): string {
  const counted = statements === 1 ? l10n.t('one statement') : l10n.t('{0} statements', statements);
  if (samples === 0) return counted;
  return samples === 1
    ? l10n.t('{0} on one sample', counted)
    : l10n.t('{0} on up to {1} samples', counted, samples);
}

/** The day and minute (UTC) of a time. @param time milliseconds since the epoch */
export function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** When a signer was last seen, by its own account. */
export function lastSeenText({ lastSeen }: Pick<SignerSummary, 'lastSeen'>): string {
  return lastSeen === undefined ? l10n.t('never seen here') : l10n.t('last signed {0}', day(lastSeen));
}
