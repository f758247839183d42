import type { Subject } from '../evidence/statement.ts';
import { isReviewing } from './reviews.ts';
import type { StatementInScope } from './scope.ts';
import { identityOfKeyId } from './sigstoreIdentities.ts';
import type { Standing } from './status.ts';

/** A statement about a whole dataset. */
export type DatasetInScope = StatementInScope & { readonly statement: { readonly kind: 'dataset' } };

export function isDataset(scoped: StatementInScope): scoped is DatasetInScope {
  return scoped.statement.kind === 'dataset';
}

/** A signature over the bytes of a file, which another tool made: nothing is known of the samples. */
export type FileInScope = StatementInScope & {
  readonly statement: { readonly kind: 'other'; readonly file: Subject };
};

export function isFileSignature(scoped: StatementInScope): scoped is FileInScope {
  return scoped.statement.kind === 'other' && scoped.statement.file !== undefined;
}

/**
 * The statement that a file is compared with (docs/formats.md, "Status of a sample"): the last dataset statement in its
 * own bundle by a trusted signer; where there is none, the last by an untrusted one.
 */
export function baselineOf(statements: readonly StatementInScope[]): DatasetInScope | undefined {
  return newestDataset(statements, 'trusted') ?? newestDataset(statements, 'untrusted');
}

/**
 * The baseline, where the bytes of the file are as a trusted signer signed them: nobody has to look at leaves then.
 *
 * @param sha256 of the file's bytes, hex
 */
export function intactBaseline(
  statements: readonly StatementInScope[],
  sha256: string | undefined,
): DatasetInScope | undefined {
  const baseline = baselineOf(statements);
  return baseline?.standing === 'trusted' && isIntact(baseline, sha256) ? baseline : undefined;
}

/**
 * The baseline, where it settles the status of every sample by the bytes of the file alone: they are as a trusted signer
 * signed them, and no review or advisory is in scope, so that nobody has to look at a digest either.
 *
 * @param sha256 of the file's bytes, hex
 */
export function settledBy(
  statements: readonly StatementInScope[],
  sha256: string | undefined,
): DatasetInScope | undefined {
  return statements.some(isReviewing) ? undefined : intactBaseline(statements, sha256);
}

/**
 * What a file is compared with: its {@link baselineOf}, or what a Sigstore identity signed beside it, where that is
 * trusted and nothing in the bundle is, or where nothing is in the bundle. Of several such signatures one over these bytes
 * goes before: they stand in no log, so that deleting one must not make another look better.
 *
 * @param sha256 of the file's bytes, hex
 */
export function comparedWith(
  statements: readonly StatementInScope[],
  sha256: string | undefined,
): DatasetInScope | FileInScope | undefined {
  for (const standing of ['trusted', 'untrusted'] as const) {
    const signed = statements
      .filter((scoped) => scoped.own && scoped.standing === standing)
      .filter((scoped) => isDataset(scoped) || isFileSignature(scoped));
    const inBundle = signed.filter(isDataset).findLast((scoped) => !isBySigstore(scoped));
    const beside = signed.filter(isBySigstore);
    const found = inBundle ?? beside.find((scoped) => isIntact(scoped, sha256)) ?? beside[0];
    if (found) return found;
  }
  return undefined;
}

function isBySigstore({ keyId }: StatementInScope): boolean {
  return identityOfKeyId(keyId) !== undefined;
}

/** Whether these are the bytes that the statement is about. */
export function isIntact({ statement }: DatasetInScope | FileInScope, sha256: string | undefined): boolean {
  const signed = statement.kind === 'dataset' ? statement.subjects[0] : statement.file;
  return sha256 !== undefined && signed?.sha256 === sha256;
}

function newestDataset(
  statements: readonly StatementInScope[],
  standing: Standing,
): DatasetInScope | undefined {
  return statements.filter(isDataset).findLast((scoped) => scoped.own && scoped.standing === standing);
}
