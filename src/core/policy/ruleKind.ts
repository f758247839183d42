import type { ReadDatasetFacts, SharedFacts } from './facts.ts';
import type { LogDemand } from './logs.ts';
import type { Shape } from './shape.ts';
import type { RuleResult } from './verdict.ts';

/** A kind of rule that a policy may have: a row of the table in `rules.ts`. */
export interface RuleKind<T> {
  /** What stands behind the rule's name in the policy, with descriptions for the editor. */
  readonly shape: Shape<T>;
  /** Roles that it names, which the policy has to have. */
  readonly roles?: (wanted: T) => readonly string[];
  readonly begin: (wanted: T, context: RuleContext) => RuleCheck;
}

export interface RuleContext extends SharedFacts {
  readonly log: LogDemand;
}

/** One rule, being checked: it is given the datasets one by one, and keeps only what it is going to say. */
export interface RuleCheck {
  add(facts: ReadDatasetFacts): void;
  /** Called once, after the last dataset. */
  result(): RuleOutcome;
}

export type RuleOutcome = Omit<RuleResult, 'rule'>;
