import * as l10n from '@vscode/l10n';
import type { RoleRefusal } from '../core/policy/roles.ts';
import type { RevokedBy } from '../core/trust/revocations.ts';
import { identityOfKeyId } from '../core/trust/sigstoreIdentities.ts';
import { STATUSES, type Standing, type Status } from '../core/trust/status.ts';
import type { AssessmentData, StatementData } from '../protocol/datasetWorker.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { verdictWord } from './words.ts';

/** How much of a reason is shown, in UTF-16 code units. */
const SHOWN_REASON = 300;

/** Sentences about samples, datasets and statements that several surfaces show. No surface makes its own. */

/** Of a statement: who signed it. */
export type Signed = Pick<StatementData, 'principal' | 'keyId'>;

/** How a sentence calls who signed: {@link signerName} or {@link fullSignerName}. */
export type Naming = (statement: Signed) => string;

/** Who signed: the name that the user's lists give, an identity, or the start of the key's fingerprint. */
export function signerName({ principal, keyId }: Signed): string {
  return principal ?? identityName(keyId) ?? (shortKeyId(keyId) || l10n.t('an unknown key'));
}

/** As {@link signerName}, with the whole fingerprint: where there is no other place to see it. */
export function fullSignerName({ principal, keyId }: Signed): string {
  return principal ?? identityName(keyId) ?? (keyId || l10n.t('an unknown key'));
}

/** Who signed with Sigstore: an address means nothing without the issuer who vouches for it. */
function identityName(keyId: string): string | undefined {
  const identity = identityOfKeyId(keyId);
  return identity && l10n.t('{0} via {1}', identity.subject, identity.issuer.replace(/^https:\/\//, ''));
}

export function shortKeyId(keyId: string): string {
  return keyId.length > 18 ? `${keyId.slice(0, 17)}…` : keyId;
}

export function shortDigest(digest: string): string {
  return digest.length > 12 ? `${digest.slice(0, 12)}…` : digest;
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The day (UTC) of an RFC 3339 time. */
export function day(time: string): string {
  return time.slice(0, 10);
}

/** Why a sample has its status, and what to do next where something is to be done. */
export function explainStatus(
  status: Status,
  statement:
    (Signed & Pick<StatementData, 'kind' | 'standing' | 'dataset' | 'revocation' | 'refusal'>) | undefined,
  nameOf: Naming = signerName,
): string {
  const signer = statement ? nameOf(statement) : '';
  switch (status) {
    case 'verified':
      if (!statement) return l10n.t('A trusted signer vouches for this sample.');
      if (statement.kind === 'other')
        return l10n.t('{0} vouches for every byte of the file that it stands in.', signer);
      return statement.kind === 'sample'
        ? l10n.t('{0} vouches for this sample.', signer)
        : l10n.t('{0} vouches for it as part of {1}.', signer, fileName(statement.dataset));
    case 'untrusted':
      return statement?.refusal === undefined
        ? l10n.t('The signature of {0} is valid, but you do not trust this signer.', signer)
        : explainRefusal(statement.refusal, signer);
    case 'modified':
      return l10n.t(
        '{0} signed something else at this place. Undo the change, or check the sample and sign it.',
        signer,
      );
    case 'added':
      return l10n.t('This sample was not in what {0} signed. Remove it, or check it and sign it.', signer);
    case 'unsigned':
      return l10n.t('Nobody vouches for this sample.');
    case 'revoked':
      if (statement?.standing === 'expired')
        return l10n.t('The key of {0} was not valid when it signed. Ask for a new signature.', signer);
      return statement?.revocation
        ? explainRevocation(statement, statement.revocation, nameOf)
        : l10n.t('The signature of {0} was taken back. Ask why before you use this sample.', signer);
    case 'malformed':
      return l10n.t(
        'This line is not a sample: it has no digest and cannot be signed. Correct or remove it.',
      );
    case 'unknown':
      // The signature of a baseline may well be good, and its leaves missing.
      if (statement?.kind === 'other') {
        return statement.standing === 'unverifiable'
          ? explainUnchecked()
          : l10n.t('The file is not as {0} signed it. Which samples changed cannot be told.', signer);
      }
      return statement?.standing === 'unverifiable'
        ? l10n.t('A signature of {0} exists, but it could not be checked.', signer)
        : l10n.t(
            'This sample could not be checked: the evidence is unreadable or incomplete. See its problems.',
          );
  }
}

/** Why a signature is not trusted although its key is: what the roles of the policy say. */
export function explainRefusal(refusal: RoleRefusal, signer: string): string {
  switch (refusal) {
    case 'no-role':
      return l10n.t('The signature of {0} is valid, but the policy gives this signer no role.', signer);
    case 'may-not-vouch':
      return l10n.t(
        'The signature of {0} is valid, but by the policy this signer may not vouch for data.',
        signer,
      );
    case 'may-not-review':
      return l10n.t(
        'The signature of {0} is valid, but by the policy this signer may not review data.',
        signer,
      );
    case 'path':
      return l10n.t(
        'The signature of {0} is valid, but by the policy this signer may not vouch for datasets in this place.',
        signer,
      );
    case 'source':
      return l10n.t(
        'The signature of {0} is valid, but by the policy this signer may not vouch for the source that it states.',
        signer,
      );
    case 'stage':
      return l10n.t(
        'The signature of {0} is valid, but by the policy this signer may not vouch for the stage that it states.',
        signer,
      );
  }
}

/** Who took back a statement or its key, when and why. */
export function explainRevocation(
  statement: Signed,
  revocation: RevokedBy,
  nameOf: Naming = signerName,
): string {
  const { keyId, time, wholeKey } = revocation;
  const reason = untrustedText(revocation.reason, SHOWN_REASON);
  const signer = nameOf(statement);
  if (keyId === statement.keyId) {
    return wholeKey
      ? l10n.t('{0} took back their own key on {1}: {2}', signer, day(time), reason)
      : l10n.t('{0} took this back on {1}: {2}', signer, day(time), reason);
  }
  return wholeKey
    ? l10n.t('The key of {0} was revoked by {1} on {2}: {3}', signer, nameOf(revocation), day(time), reason)
    : l10n.t(
        'What {0} signed was taken back by {1} on {2}: {3}',
        signer,
        nameOf(revocation),
        day(time),
        reason,
      );
}

/** What sentences about a dataset as a whole are made of. */
export type Judgement = Pick<AssessmentData, 'verdict' | 'counts' | 'moved' | 'removed'> & {
  /** Index, in {@link statements}, of the statement that the dataset is compared with. */
  readonly baseline?: number | undefined;
  readonly statements: readonly (Signed & Pick<StatementData, 'kind' | 'own' | 'standing' | 'refusal'>)[];
};

/** The statement that a dataset is compared with. */
export function baselineOf<S>(judgement: {
  readonly baseline?: number | undefined;
  readonly statements: readonly S[];
}): S | undefined {
  const { baseline, statements } = judgement;
  return baseline === undefined ? undefined : statements[baseline];
}

/** Whether a verdict rests on a signer who is not trusted: it is no good news then. */
export function isSignerUntrusted(judgement: Pick<Judgement, 'baseline' | 'statements'>): boolean {
  return baselineOf(judgement)?.standing === 'untrusted';
}

/** A dataset's verdict in a sentence, and where its signer is not trusted, that too: it is no good news then. */
export function explainVerdict(judgement: Judgement, nameOf: Naming = signerName): string {
  const sentence = verdictSentence(judgement, nameOf);
  if (!isSignerUntrusted(judgement)) return sentence;
  return baselineOf(judgement)?.refusal === undefined
    ? `${sentence} ${l10n.t('You do not trust this signer.')}`
    : `${sentence} ${l10n.t('By the policy, this signer may not vouch for it.')}`;
}

function verdictSentence(judgement: Judgement, nameOf: Naming): string {
  const { statements, moved, removed } = judgement;
  const baseline = baselineOf(judgement);
  const signer = baseline ? nameOf(baseline) : '';
  switch (judgement.verdict) {
    case 'intact':
      return l10n.t('Every byte is as {0} signed it.', signer);
    case 'reformatted':
      return l10n.t('The same samples in the same order as {0} signed, written differently.', signer);
    case 'reordered':
      return l10n.t('The same samples as {0} signed; {1} moved.', signer, moved);
    case 'subset':
      return removed === 1
        ? l10n.t('Every sample is as {0} signed it; one signed sample is not here.', signer)
        : l10n.t('Every sample is as {0} signed it; {1} signed samples are not here.', signer, removed);
    case 'changed':
      return l10n.t('Not as {0} signed it: {1}.', signer, changeCounts(judgement));
    case 'unsigned':
      return explainUnsigned(judgement);
    case 'unknown':
      if (baseline?.kind === 'other')
        return l10n.t(
          'Not as {0} signed it: the file has other bytes. What was signed is the file as a whole, so which samples changed cannot be told.',
          signer,
        );
      // Without a baseline: a key that is not known is no problem of the evidence.
      if (!baseline && statements.some((s) => s.own && s.kind === 'other' && s.standing === 'unverifiable'))
        return explainUnchecked();
      return !baseline &&
        statements.some((s) => s.own && s.kind === 'dataset' && s.standing === 'unverifiable')
        ? l10n.t(
            'A signature of this dataset exists, but it could not be checked: its key is not known here, or of a kind that is not supported.',
          )
        : l10n.t('The evidence could not be checked. See its problems.');
  }
}

function explainUnchecked(): string {
  return l10n.t(
    'A Sigstore signature exists, but it could not be checked: there is no trusted root to check it with (setting provenance.sigstore.trustedRoot, option --sigstore-root), or it was made with a bare key.',
  );
}

/** Nobody signed the whole, or what they signed does not count; someone may vouch for single samples all the same. */
function explainUnsigned({ counts, statements }: Judgement): string {
  const samples = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  const { verified, untrusted, revoked } = counts;
  if (verified > 0) {
    if (samples === 1)
      return l10n.t('Nobody has signed this dataset as a whole; its one sample is vouched for.');
    return verified === 1
      ? l10n.t('Nobody has signed this dataset as a whole; one of its {0} samples is vouched for.', samples)
      : l10n.t(
          'Nobody has signed this dataset as a whole; {0} of its {1} samples are vouched for.',
          verified,
          samples,
        );
  }
  if (untrusted > 0) return l10n.t('Only signers whom you do not trust vouch for samples of this dataset.');
  const lapsed: readonly Standing[] = ['revoked', 'expired'];
  const wasSigned = statements.some(
    ({ own, kind, standing }) =>
      own && (kind === 'dataset' || kind === 'sample') && lapsed.includes(standing),
  );
  return revoked > 0 || wasSigned
    ? l10n.t('What was signed here does not count: it was taken back, or its key was not valid at the time.')
    : l10n.t('Nobody has signed this dataset.');
}

/** "3 modified, 1 added, 1 removed, 2 moved": what is not zero. */
function changeCounts({ verdict, counts, removed, moved }: Judgement): string {
  const parts = [
    counts.modified > 0 && l10n.t('{0} modified', counts.modified),
    counts.added > 0 && l10n.t('{0} added', counts.added),
    removed > 0 && l10n.t('{0} removed', removed),
    moved > 0 && l10n.t('{0} moved', moved),
    counts.malformed > 0 && l10n.t('{0} malformed', counts.malformed),
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : verdictWord(verdict);
}

/** "57 verified, 1 modified, …": every status that occurs, the flags, and what was made of something flagged. */
export function statusCounts({
  counts,
  flagged,
  flaggedUpstream,
}: Pick<AssessmentData, 'counts' | 'flagged' | 'flaggedUpstream'>): string {
  const parts = [
    counts.verified > 0 && l10n.t('{0} verified', counts.verified),
    counts.untrusted > 0 && l10n.t('{0} untrusted', counts.untrusted),
    counts.modified > 0 && l10n.t('{0} modified', counts.modified),
    counts.added > 0 && l10n.t('{0} added', counts.added),
    counts.unsigned > 0 && l10n.t('{0} unsigned', counts.unsigned),
    counts.revoked > 0 && l10n.t('{0} revoked', counts.revoked),
    counts.malformed > 0 && l10n.t('{0} malformed', counts.malformed),
    counts.unknown > 0 && l10n.t('{0} unknown', counts.unknown),
    flagged > 0 && l10n.t('{0} flagged', flagged),
    flaggedUpstream > 0 && l10n.t('{0} flagged upstream', flaggedUpstream),
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : l10n.t('no samples');
}

/** What a statement claims, in a few words. */
export function explainClaim(
  statement: Pick<
    StatementData,
    'kind' | 'samples' | 'verdict' | 'step' | 'advised' | 'predicateType' | 'sha256'
  >,
): string {
  const { samples, step } = statement;
  switch (statement.kind) {
    case 'dataset':
      return samples === 1
        ? l10n.t('Vouches for its one sample')
        : l10n.t('Vouches for all {0} samples', samples);
    case 'sample':
      return samples === 1 ? l10n.t('Vouches for one sample') : l10n.t('Vouches for {0} samples', samples);
    case 'review':
      if (statement.verdict === 'cleared') {
        return samples === 1
          ? l10n.t('Clears a flag on one sample')
          : l10n.t('Clears a flag on {0} samples', samples);
      }
      return samples === 1 ? l10n.t('Flags one sample') : l10n.t('Flags {0} samples', samples);
    case 'step':
      return step
        ? l10n.t('Records the step “{0}” from {1}', step.kind, step.inputs.map(({ name }) => name).join(', '))
        : l10n.t('Records a step');
    case 'revocation':
      return l10n.t('Takes back a statement or a key');
    case 'acceptance':
      return l10n.t('Accepts that lines of the evidence are gone');
    case 'advisory': {
      const id = statement.advised?.id ?? '';
      if (statement.advised?.withdrawn !== undefined) return l10n.t('Withdraws the advisory {0}', id);
      return samples === 1
        ? l10n.t('Warns of one sample ({0})', id)
        : l10n.t('Warns of {0} samples ({1})', samples, id);
    }
    case 'other':
      if (statement.sha256 !== undefined)
        return l10n.t('Vouches for a file with the SHA-256 {0}', shortDigest(statement.sha256));
      return l10n.t('A statement of another kind ({0})', statement.predicateType ?? '');
  }
}
