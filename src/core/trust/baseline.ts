import { isReviewing } from './reviews.ts';
import type { StatementInScope } from './scope.ts';
import type { Standing } from './status.ts';

/** A statement about a whole dataset. */
export type DatasetInScope = StatementInScope & { readonly statement: { readonly kind: 'dataset' } };

export function isDataset(scoped: StatementInScope): scoped is DatasetInScope {
  return scoped.statement.kind === 'dataset';
}

/**
 * The statement that a file is compared with (docs/formats.md, "Status of a sample"): the last dataset statement in its
 * own bundle by a trusted signer; where there is none, the last by an untrusted one.
 */
export function baselineOf(statements: readonly StatementInScope[]): DatasetInScope | undefined {
  return newestDataset(statements, 'trusted') ?? newestDataset(statements, 'untrusted');
}

/**
 * The baseline, where it settles the status of every sample by the bytes of the file alone: they are as a trusted signer
 * signed them, and no review or advisory is in scope, so that nobody has to look at a digest.
 *
 * @param sha256 of the file's bytes, hex
 */
export function settledBy(
  statements: readonly StatementInScope[],
  sha256: string | undefined,
): DatasetInScope | undefined {
  const baseline = baselineOf(statements);
  return baseline?.standing === 'trusted' && isIntact(baseline, sha256) && !statements.some(isReviewing)
    ? baseline
    : undefined;
}

/** Whether these are the bytes that the statement is about. */
export function isIntact(baseline: DatasetInScope, sha256: string | undefined): boolean {
  return sha256 !== undefined && baseline.statement.subjects[0]?.sha256 === sha256;
}

function newestDataset(
  statements: readonly StatementInScope[],
  standing: Standing,
): DatasetInScope | undefined {
  return statements.filter(isDataset).findLast((scoped) => scoped.own && scoped.standing === standing);
}
