import { OriginTally } from './originTally.ts';
import type { Policy, PolicyNeeds } from './policy.ts';
import { ruleOf } from './rules.ts';

/** What has to be gathered for the rules of a policy. */
export function needsOf({ rules }: Pick<Policy, 'rules'>): PolicyNeeds {
  return {
    lineage: ruleOf(rules, 'lineage') !== undefined,
    origins: ruleOf(rules, 'origins') !== undefined,
    digests: ruleOf(rules, 'signers') !== undefined || ruleOf(rules, 'age') !== undefined,
  };
}

/** What the origins of a dataset's samples are counted with: a new one for each dataset. Undefined where no rule asks. */
export function originTally({ rules, originFields }: Policy): OriginTally | undefined {
  const allowed = ruleOf(rules, 'origins');
  return allowed && new OriginTally(allowed, originFields);
}
