import type { Category } from '../core/evidence/predicates.ts';
import type { RecordOrigin } from '../core/sample/origin.ts';
import type { Assessment } from '../core/trust/assess.ts';
import { STATUSES, type Standing, type Status } from '../core/trust/status.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';

/**
 * The product's words. The editor has the same ones in host/words.ts and host/explain.ts, where they are translated; a
 * test compares the two.
 */

/** `1 sample`, `2 samples`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The name that `allowed_signers` gives, or the key's fingerprint. */
export function signerName(statement: Pick<StatementData, 'principal' | 'keyId'>): string {
  return statement.principal ?? (statement.keyId === '' ? 'an unknown key' : statement.keyId);
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function standingWord(standing: Standing): string {
  switch (standing) {
    case 'trusted':
      return 'trusted';
    case 'untrusted':
      return 'not trusted';
    case 'expired':
      return 'key expired';
    case 'revoked':
      return 'revoked';
    case 'unverifiable':
      return 'key not known';
    case 'invalid':
      return 'signature wrong';
  }
}

const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  poisoning: 'Poisoning',
  'backdoor-trigger': 'Backdoor trigger',
  'prompt-injection': 'Prompt injection',
  'label-error': 'Label error',
  pii: 'Personal data',
  licence: 'Licence',
  toxicity: 'Toxicity',
  duplicate: 'Duplicate',
  other: 'Other',
};

export function categoryWord(category: Category): string {
  return CATEGORY_WORDS[category];
}

/** Why a sample has its status, and what to do next where something is to be done. */
export function explainStatus(status: Status, statement: StatementData | undefined): string {
  const signer = statement ? signerName(statement) : '';
  switch (status) {
    case 'verified':
      if (!statement) return 'A trusted signer vouches for this sample.';
      return statement.kind === 'sample'
        ? `${signer} vouches for this sample.`
        : `${signer} vouches for it as part of ${fileName(statement.dataset)}.`;
    case 'untrusted':
      return `The signature of ${signer} is valid, but you do not trust this signer.`;
    case 'modified':
      return `${signer} signed something else at this place. Undo the change, or check the sample and sign it.`;
    case 'added':
      return `This sample was not in what ${signer} signed. Remove it, or check it and sign it.`;
    case 'unsigned':
      return 'Nobody vouches for this sample.';
    case 'revoked':
      return statement?.standing === 'expired'
        ? `The key of ${signer} was not valid when it signed. Ask for a new signature.`
        : `The signature of ${signer} was taken back. Ask why before you use this sample.`;
    case 'malformed':
      return 'This line is not a sample: it has no digest and cannot be signed. Correct or remove it.';
    case 'unknown':
      return statement
        ? `A signature of ${signer} exists, but it could not be checked.`
        : 'This sample could not be checked: the evidence is unreadable or incomplete.';
  }
}

/** What the words about a dataset as a whole are made of. */
export type Verdict = Pick<Assessment, 'verdict' | 'counts' | 'moved' | 'removed' | 'flagged'> & {
  readonly baseline?: number | undefined;
};

/** A dataset's verdict in one sentence. */
export function explainVerdict(assessment: Verdict, statements: readonly StatementData[]): string {
  const baseline = assessment.baseline === undefined ? undefined : statements[assessment.baseline];
  const signer = baseline ? signerName(baseline) : '';
  switch (assessment.verdict) {
    case 'intact':
      return `Every byte is as ${signer} signed it.`;
    case 'reformatted':
      return `The same samples in the same order as ${signer} signed, written differently.`;
    case 'reordered':
      return `The same samples as ${signer} signed; ${assessment.moved} moved.`;
    case 'subset':
      return assessment.removed === 1
        ? `Every sample is as ${signer} signed it; one signed sample is not here.`
        : `Every sample is as ${signer} signed it; ${assessment.removed} signed samples are not here.`;
    case 'changed':
      return `Not as ${signer} signed it: ${changeCounts(assessment)}.`;
    case 'unsigned': {
      const { verified, untrusted, revoked } = assessment.counts;
      if (verified + untrusted + revoked === 0) return 'Nobody has signed this dataset.';
      if (verified + untrusted === 0)
        return 'What was signed here does not count: it was taken back, or its key had expired.';
      const samples = Object.values(assessment.counts).reduce((sum, count) => sum + count, 0);
      return `Nobody has signed this dataset as a whole; ${verified} of its ${samples} samples are vouched for.`;
    }
    case 'unknown':
      return 'The evidence could not be checked.';
  }
}

/** "3 modified, 1 added, 1 removed, 2 moved": what is not zero. */
function changeCounts({ verdict, counts, removed, moved }: Verdict): string {
  const parts = [
    counts.modified > 0 && `${counts.modified} modified`,
    counts.added > 0 && `${counts.added} added`,
    removed > 0 && `${removed} removed`,
    moved > 0 && `${moved} moved`,
    counts.malformed > 0 && `${counts.malformed} malformed`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : verdict;
}

/** "57 verified, 1 modified, …": every status that occurs, and the flags. */
export function statusCounts({ counts, flagged }: Pick<Verdict, 'counts' | 'flagged'>): string {
  const parts = STATUSES.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${status}`,
  );
  if (flagged > 0) parts.push(`${flagged} flagged`);
  return parts.length > 0 ? parts.join(', ') : 'no samples';
}

/** What a statement claims, in a few words. */
export function explainClaim(statement: StatementData): string {
  const { samples, step } = statement;
  switch (statement.kind) {
    case 'dataset':
      return samples === 1 ? 'Vouches for its one sample' : `Vouches for all ${samples} samples`;
    case 'sample':
      return samples === 1 ? 'Vouches for one sample' : `Vouches for ${samples} samples`;
    case 'review':
      return statement.verdict === 'cleared'
        ? `Clears a flag on ${countOf(samples, 'sample')}`
        : `Flags ${countOf(samples, 'sample')}`;
    case 'step':
      if (!step) return 'Records a step';
      return `Records the step “${step.kind}” from ${step.inputs.map(({ name }) => name).join(', ')}`;
    case 'revocation':
      return 'Takes back a statement or a key';
    case 'other':
      return `A statement of another kind (${statement.predicateType ?? ''})`;
  }
}

/** An origin as labelled values, in the order in which people ask. Values are untrusted text. */
export function originRows(origin: RecordOrigin): [label: string, value: string][] {
  const rows: [string, string | undefined][] = [
    ['Source', origin.source],
    ['URL', origin.url === origin.source ? undefined : origin.url],
    ['Title', origin.title],
    ['Issuer', origin.issuer],
    ['Collected', origin.collectedAt],
    ['Created', origin.createdAt],
    ['Made by', origin.generationMethod],
    ['Generated by', origin.generatedBy],
    ['Licence', origin.licence],
    ['Consents', origin.consents],
    ['Geography', origin.geography],
    ['Stage', origin.stage],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
}
