import * as l10n from '@vscode/l10n';
import type { Status } from '../core/trust/status.ts';
import type { AssessmentData, StatementData } from '../protocol/datasetWorker.ts';
import { verdictWord } from './words.ts';

/** Sentences about samples, datasets and statements that several surfaces show. No surface makes its own. */

/** Who signed: the name that `allowed_signers` gives, or the start of the key's fingerprint. */
export function signerName(statement: Pick<StatementData, 'principal' | 'keyId'>): string {
  return statement.principal ?? shortKeyId(statement.keyId);
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
export function explainStatus(status: Status, statement: StatementData | undefined): string {
  const signer = statement ? signerName(statement) : '';
  switch (status) {
    case 'verified':
      if (!statement) return l10n.t('A trusted signer vouches for this sample.');
      return statement.kind === 'sample'
        ? l10n.t('{0} vouches for this sample.', signer)
        : l10n.t('{0} vouches for it as part of {1}.', signer, fileName(statement.dataset));
    case 'untrusted':
      return l10n.t('The signature of {0} is valid, but you do not trust this signer.', signer);
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
      return statement?.standing === 'expired'
        ? l10n.t('The key of {0} was not valid when it signed. Ask for a new signature.', signer)
        : l10n.t('The signature of {0} was taken back. Ask why before you use this sample.', signer);
    case 'malformed':
      return l10n.t(
        'This line is not a sample: it has no digest and cannot be signed. Correct or remove it.',
      );
    case 'unknown':
      return statement
        ? l10n.t('A signature of {0} exists, but it could not be checked.', signer)
        : l10n.t('This sample could not be checked: the evidence is unreadable or incomplete. See Problems.');
  }
}

/** A dataset's verdict in one sentence. */
export function explainVerdict(assessment: AssessmentData): string {
  const baseline = assessment.baseline === undefined ? undefined : assessment.statements[assessment.baseline];
  const signer = baseline ? signerName(baseline) : '';
  switch (assessment.verdict) {
    case 'intact':
      return l10n.t('Every byte is as {0} signed it.', signer);
    case 'reformatted':
      return l10n.t('The same samples in the same order as {0} signed, written differently.', signer);
    case 'reordered':
      return l10n.t('The same samples as {0} signed; {1} moved.', signer, assessment.moved);
    case 'subset':
      return l10n.t(
        'Every sample is as {0} signed it; {1} signed samples are not here.',
        signer,
        assessment.removed,
      );
    case 'changed':
      return l10n.t('Not as {0} signed it: {1}.', signer, changeCounts(assessment));
    case 'unsigned': {
      const { verified, untrusted } = assessment.counts;
      if (verified + untrusted === 0) return l10n.t('Nobody has signed this dataset.');
      return l10n.t(
        'Nobody has signed this dataset as a whole; {0} of its {1} samples are vouched for.',
        verified,
        assessment.samples,
      );
    }
    case 'unknown':
      return l10n.t('The evidence could not be checked. See Problems.');
  }
}

/** "3 modified, 1 added, 1 removed, 2 moved": what is not zero. */
export function changeCounts(assessment: AssessmentData): string {
  const { counts, removed, moved } = assessment;
  const parts = [
    counts.modified > 0 && l10n.t('{0} modified', counts.modified),
    counts.added > 0 && l10n.t('{0} added', counts.added),
    removed > 0 && l10n.t('{0} removed', removed),
    moved > 0 && l10n.t('{0} moved', moved),
    counts.malformed > 0 && l10n.t('{0} malformed', counts.malformed),
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : verdictWord(assessment.verdict);
}

/** "57 verified, 1 modified, …": every status that occurs, and the flags. */
export function statusCounts(assessment: AssessmentData): string {
  const { counts, flagged } = assessment;
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
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : l10n.t('no samples');
}

/** What a statement claims, in a few words. */
export function explainClaim(statement: StatementData): string {
  switch (statement.kind) {
    case 'dataset':
      return l10n.t('Vouches for all {0} samples', statement.samples);
    case 'sample':
      return statement.samples === 1
        ? l10n.t('Vouches for one sample')
        : l10n.t('Vouches for {0} samples', statement.samples);
    case 'review':
      return statement.verdict === 'cleared'
        ? l10n.t('Clears a flag on {0} samples', statement.samples)
        : l10n.t('Flags {0} samples', statement.samples);
    case 'step':
      return statement.step
        ? l10n.t(
            'Records the step “{0}” from {1}',
            statement.step.kind,
            statement.step.inputs.map(({ name }) => name).join(', '),
          )
        : l10n.t('Records a step');
    case 'revocation':
      return l10n.t('Takes back a statement or a key');
    case 'other':
      return l10n.t('A statement of another kind ({0})', statement.predicateType ?? '');
  }
}
