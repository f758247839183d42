import type { Category, Severity } from '../evidence/predicates.ts';
import { SEVERITIES } from '../evidence/predicates.ts';
import { mayClear, type SignerRights } from '../policy/roles.ts';
import { advisoriesInEffect, type AdvisoryInScope } from './advisories.ts';
import type { StatementInScope } from './scope.ts';

/** A statement that reviews what it is about: a review, or an advisory. */
export type ReviewingStatement =
  AdvisoryInScope | (StatementInScope & { readonly statement: { readonly kind: 'review' } });

/** Whether a statement may flag or clear anything. */
export function isReviewing(scoped: StatementInScope): scoped is ReviewingStatement {
  return scoped.statement.kind === 'review' || scoped.statement.kind === 'advisory';
}

/** The reviews in scope, and the advisories that hold. */
export function reviewingStatements(statements: readonly StatementInScope[]): ReviewingStatement[] {
  const advisories = new Set<StatementInScope>(advisoriesInEffect(statements));
  return statements
    .filter(isReviewing)
    .filter((scoped) => scoped.statement.kind === 'review' || advisories.has(scoped));
}

/** One review of one sample, as its envelope states it. */
export interface Review {
  /** Index of its statement in the scope. */
  readonly statement: number;
  readonly envelopeDigest: string;
  readonly verdict: 'flagged' | 'cleared';
  readonly category: Category;
  readonly severity: Severity;
  readonly reason: string;
  readonly supersedes?: string;
  readonly keyId: string;
  readonly standing: StatementInScope['standing'];
  /** Of its signer, where a policy with roles is in force. */
  readonly rights?: SignerRights;
  readonly time: string;
}

/** A flag and what answers it. */
export interface ReviewThread {
  /** The flag first, then what answers it, in the order of the evidence. */
  readonly reviews: readonly Review[];
  /** The review whose verdict holds. */
  readonly effective: Review;
}

/** The review state of a sample: the worst of its threads. */
export interface ReviewState {
  readonly state: 'flagged' | 'cleared';
  readonly category: Category;
  readonly severity: Severity;
  /** The review that decides. */
  readonly deciding: Review;
  /** Whether it is signed by a trusted signer. */
  readonly trusted: boolean;
  readonly threads: readonly ReviewThread[];
}

/** What a statement says of each of its subjects. An advisory flags them; one that is withdrawn clears them. */
export function toReview(scoped: ReviewingStatement): Review {
  const { index, envelopeDigest, keyId, standing, rights, statement } = scoped;
  const common = { statement: index, envelopeDigest, keyId, standing, ...(rights && { rights }) };
  const { category, severity, timeCreated } = statement.predicate;
  if (statement.kind === 'review') {
    const { verdict, reason, supersedes } = statement.predicate;
    return {
      ...common,
      verdict,
      category,
      severity,
      reason,
      ...(supersedes !== undefined && { supersedes }),
      time: timeCreated,
    };
  }
  const { id, title, withdrawn } = statement.predicate;
  return {
    ...common,
    verdict: withdrawn === undefined ? 'flagged' : 'cleared',
    category,
    severity,
    reason: `${id}: ${title}`,
    time: withdrawn ?? timeCreated,
  };
}

/** Whether a review counts at all. An expired signer's flag still does: data must not look better for it. */
export function counts(review: Pick<Review, 'standing' | 'verdict'>): boolean {
  switch (review.standing) {
    case 'trusted':
    case 'untrusted':
      return true;
    case 'expired':
      return review.verdict === 'flagged';
    case 'revoked':
    case 'unverifiable':
    case 'invalid':
      return false;
  }
}

/**
 * Groups the reviews of one sample into threads. An answer takes effect only when it comes from a trusted signer or
 * from the one it answers: nobody else can clear or play down a flag. Where roles are in force, who clears it has to be
 * allowed to. Other answers stay visible in the thread.
 * @param reviews all reviews that name the sample, in the order of the evidence
 */
export function reviewThreads(reviews: readonly Review[]): ReviewThread[] {
  // A bundle that was copied with its dataset brings each envelope once more: it is still one review. Counted twice, a
  // flag would have a twin that no answer reaches.
  const byDigest = new Map<string, Review>();
  for (const review of reviews) {
    if (counts(review) && !byDigest.has(review.envelopeDigest)) byDigest.set(review.envelopeDigest, review);
  }
  const valid = [...byDigest.values()];
  const rootOf = (review: Review): Review => {
    const seen = new Set<Review>();
    let root = review;
    while (root.supersedes !== undefined && !seen.has(root)) {
      seen.add(root);
      const target = byDigest.get(root.supersedes);
      if (!target) break;
      root = target;
    }
    return root;
  };
  const threads = new Map<Review, Review[]>();
  for (const review of valid) {
    const root = rootOf(review);
    const thread = threads.get(root) ?? [];
    if (!threads.has(root)) threads.set(root, thread);
    if (review === root) thread.unshift(review);
    else thread.push(review);
  }
  return [...threads.values()].map((thread) => {
    return { reviews: thread, effective: effectiveReview(thread) };
  });
}

function effectiveReview(thread: readonly Review[]): Review {
  let effective = thread[0]!;
  // Flags that nobody has cleared since: to confirm one with another gives no right to clear the first.
  let open = [effective];
  for (const answer of thread.slice(1)) {
    if (answer.standing !== 'trusted' && answer.keyId !== effective.keyId) continue;
    const isGraver = answer.verdict === 'flagged' && gravity(answer) >= gravity(effective);
    if (!isGraver && answer.rights && !open.every((flag) => mayClear(answer, flag))) continue;
    open = isGraver && effective.verdict === 'flagged' ? [...open, answer] : [answer];
    effective = answer;
  }
  return effective;
}

/** The state that the threads of one sample add up to, or undefined where there are none. */
export function reviewState(reviews: readonly Review[]): ReviewState | undefined {
  const threads = reviewThreads(reviews);
  if (threads.length === 0) return undefined;
  const worst = threads.map((thread) => thread.effective).reduce((a, b) => (weight(b) > weight(a) ? b : a));
  return {
    state: worst.verdict,
    category: worst.category,
    severity: worst.severity,
    deciding: worst,
    trusted: worst.standing === 'trusted',
    threads,
  };
}

function weight(review: Review): number {
  if (review.verdict === 'cleared') return -1;
  return gravity(review) * 2 + (review.standing === 'trusted' ? 1 : 0);
}

function gravity({ verdict, severity }: Review): number {
  return verdict === 'cleared' ? -1 : SEVERITIES.indexOf(severity);
}
