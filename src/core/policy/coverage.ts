import { DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';
import { isDataset, isFileSignature, isIntact } from '../trust/baseline.ts';
import { packSubjects } from '../trust/packedSubjects.ts';
import type { StatementInScope } from '../trust/scope.ts';
import { STATUS_CODE } from '../trust/status.ts';
import type { ReadDatasetFacts } from './facts.ts';
import { logDoubt, type LogDemand } from './logs.ts';

/** Which samples of a dataset some statements vouch for: all that have a digest, or those that are marked with 1. */
export type Coverage = 'all' | Uint8Array;

/**
 * What trusted statements vouch for. A statement about these very bytes, or about the same samples in other bytes, does for
 * all; others for the samples that they name, or that their leaves hold.
 */
export function coverageBy(facts: ReadDatasetFacts, statements: readonly StatementInScope[]): Coverage {
  const { samples, scope } = facts;
  const trusted = statements.filter(({ standing }) => standing === 'trusted');
  if (trusted.some((scoped) => coversFile(facts, scoped))) return 'all';
  const marks = new Uint8Array(samples.count);
  if (samples.digests.length < samples.count * DIGEST_LENGTH) return marks;
  const mark = (table: DigestTable) => {
    for (let row = 0; row < samples.count; row++) {
      if (marks[row] === 0 && table.has(samples.digests, row)) marks[row] = 1;
    }
  };
  const named = trusted.filter(({ statement }) => statement.kind === 'sample');
  if (named.length > 0) mark(new DigestTable(packSubjects(named).digests));
  for (const scoped of trusted.filter(isDataset)) {
    const leaves = scope.leaves.get(scoped.index);
    if (leaves) mark(leaves.table);
  }
  return marks;
}

/** Whether a row is verified, and covered. */
export function isCoveredRow({ assessment }: ReadDatasetFacts, coverage: Coverage, row: number): boolean {
  return assessment.statuses[row] === STATUS_CODE.verified && (coverage === 'all' || coverage[row] === 1);
}

/**
 * Trusted statements that vouch for samples. Those in the log of another dataset count where it is as the policy asks: else
 * what takes them back may be gone from it. The dataset's own log is what the rule `log` is about.
 */
export function vouchingStatements(
  { scope, bundle, logs }: ReadDatasetFacts,
  log: LogDemand,
): StatementInScope[] {
  return scope.statements.filter(
    (scoped) =>
      scoped.standing === 'trusted' &&
      (isFileSignature(scoped) ||
        ((scoped.statement.kind === 'dataset' || scoped.statement.kind === 'sample') &&
          (scoped.bundle === bundle || logDoubt(logs.get(scoped.bundle), log) === undefined))),
  );
}

function coversFile({ samples, scope, assessment }: ReadDatasetFacts, scoped: StatementInScope): boolean {
  if (isFileSignature(scoped)) return isIntact(scoped, samples.sha256);
  if (!isDataset(scoped)) return false;
  if (isIntact(scoped, samples.sha256)) return true;
  const baseline = assessment.baseline === undefined ? undefined : scope.statements[assessment.baseline];
  // A trusted signer says that these bytes hold the samples of that root.
  return (
    baseline !== undefined &&
    isDataset(baseline) &&
    baseline.standing === 'trusted' &&
    isIntact(baseline, samples.sha256) &&
    baseline.statement.predicate.samples.root === scoped.statement.predicate.samples.root
  );
}
