import type { RuleKind } from './ruleKind.ts';
import { age } from './rules/age.ts';
import { advisories, flags } from './rules/flags.ts';
import { lineage } from './rules/lineage.ts';
import { log } from './rules/log.ts';
import { origins } from './rules/origins.ts';
import { signers } from './rules/signers.ts';
import { unchanged } from './rules/unchanged.ts';
import { verified } from './rules/verified.ts';

/**
 * All rules that a policy may have (docs/formats.md, "Policy"): the parser, the JSON Schema and the check go by this table.
 * To add one: a file in `rules/`, and a row here.
 */
export const RULES = { verified, unchanged, signers, origins, lineage, flags, advisories, age, log } as const;

export type RuleName = keyof typeof RULES;

type Wanted<N extends RuleName> = (typeof RULES)[N] extends RuleKind<infer T> ? T : never;

/** A rule as it stands in a policy. */
export type ParsedRule = { [N in RuleName]: { readonly name: N; readonly wanted: Wanted<N> } }[RuleName];

export function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(RULES, name);
}

/** The rule of this name, if the policy has it. */
export function ruleOf<N extends RuleName>(rules: readonly ParsedRule[], name: N): Wanted<N> | undefined {
  return rules.find((rule) => rule.name === name)?.wanted as Wanted<N> | undefined;
}
