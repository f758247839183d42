import { parseUtcTime, type KnownStatement } from '../evidence/statement.ts';
import type { StatementInScope } from './scope.ts';

/** An advisory in scope. */
export type AdvisoryInScope = StatementInScope & { readonly statement: KnownStatement<'advisory'> };

export function isAdvisory(scoped: StatementInScope): scoped is AdvisoryInScope {
  return scoped.statement.kind === 'advisory';
}

/**
 * The advisories that hold (docs/formats.md, "Advisory"), in the order of the scope: of those with one id by one signer
 * the newest, by the time that it states. What was revoked, or whose signature is not valid, neither holds nor replaces.
 * An advisory of an expired key warns all the same, and replaces none: data must not look better for it.
 */
export function advisoriesInEffect(statements: readonly StatementInScope[]): AdvisoryInScope[] {
  const newest = new Map<string, AdvisoryInScope>();
  for (const scoped of statements.filter(isAdvisory)) {
    if (scoped.standing !== 'trusted' && scoped.standing !== 'untrusted') continue;
    const key = `${scoped.keyId} ${scoped.statement.predicate.id}`;
    const other = newest.get(key);
    if (!other || timeOf(scoped) >= timeOf(other)) newest.set(key, scoped);
  }
  const holding = new Set(newest.values());
  return statements
    .filter(isAdvisory)
    .filter(
      (scoped) =>
        holding.has(scoped) ||
        (scoped.standing === 'expired' && scoped.statement.predicate.withdrawn === undefined),
    );
}

function timeOf({ statement }: AdvisoryInScope): number {
  return parseUtcTime(statement.predicate.timeCreated) ?? 0;
}
