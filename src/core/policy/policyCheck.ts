import { evidencePaths } from '../evidence/layout.ts';
import { isDataset, isFileSignature, isIntact, type DatasetInScope } from '../trust/baseline.ts';
import type { DatasetFacts, PolicyFacts, ReadDatasetFacts, SharedFacts } from './facts.ts';
import { Findings } from './findings.ts';
import type { Policy } from './policy.ts';
import type { RuleCheck, RuleContext, RuleKind } from './ruleKind.ts';
import { RULES, ruleOf, type ParsedRule } from './rules.ts';
import { logDemand } from './rules/log.ts';
import {
  sentence,
  sentenceOf,
  type CheckedDataset,
  type PolicyVerdict,
  type RuleResult,
  type Sentence,
} from './verdict.ts';

/** Which policy it is: its path, and the SHA-256 of its bytes, hex. */
export type PolicyIdentity = PolicyVerdict['policy'];

/**
 * Checks datasets together against a policy. It passes only what every rule finds proven: what cannot be read, a policy
 * with problems, one without rules, and no dataset at all do not pass.
 */
export function evaluatePolicy(policy: Policy, identity: PolicyIdentity, facts: PolicyFacts): PolicyVerdict {
  const check = new PolicyCheck(policy, identity, facts);
  for (const dataset of facts.datasets) check.add(dataset);
  return check.verdict();
}

/** As {@link evaluatePolicy}, one dataset after the other: of each, only what the verdict says is kept. */
export class PolicyCheck {
  private readonly checks: readonly { readonly rule: string; readonly check: RuleCheck }[];
  private readonly datasets: CheckedDataset[] = [];
  private readonly unread = new Findings();

  constructor(
    private readonly policy: Policy,
    private readonly identity: PolicyIdentity,
    { now, lineage }: SharedFacts,
  ) {
    const wanted = ruleOf(policy.rules, 'log') ?? {};
    const context: RuleContext = { now, ...(lineage && { lineage }), log: logDemand(wanted) };
    const rules: readonly ParsedRule[] = policy.rules.some(({ name }) => name === 'log')
      ? policy.rules
      : [{ name: 'log', wanted }, ...policy.rules];
    this.checks = rules.map((rule) => ({
      rule: rule.name,
      check: (RULES[rule.name] as RuleKind<unknown>).begin(rule.wanted, context),
    }));
  }

  add(facts: DatasetFacts): void {
    const { path } = facts;
    if (facts.error) {
      const doubt = sentenceOf(facts.error);
      this.unread.add(() => ({ dataset: path, sentence: doubt }));
      this.datasets.push({ path, sha256: undefined, samples: 0 });
      return;
    }
    const { sha256, count } = facts.samples;
    this.datasets.push({ path, sha256, samples: count });
    const lacking = lacksLeaves(facts);
    if (lacking) this.unread.add(() => ({ dataset: path, sentence: leavesMissing(lacking) }));
    for (const { check } of this.checks) check.add(facts);
  }

  verdict(): PolicyVerdict {
    const rules = [
      ...this.aboutPolicy(),
      ...this.aboutDatasets(),
      ...this.checks.map(({ rule, check }): RuleResult => ({ rule, ...check.result() })),
    ];
    return {
      passed: rules.every(({ passed }) => passed),
      policy: this.identity,
      datasets: this.datasets,
      rules,
    };
  }

  private aboutPolicy(): RuleResult[] {
    const { problems, rules } = this.policy;
    const { path } = this.identity;
    if (problems.length > 0) {
      const findings = new Findings();
      for (const { template, args } of problems) {
        const { line } = args;
        findings.add(() => ({
          dataset: path,
          ...(typeof line === 'number' && { line }),
          // The finding says where.
          sentence: { template: template.replace(/^\{path\}(?::\{line\})?: /, ''), args },
        }));
      }
      return [
        {
          rule: 'policy',
          passed: false,
          summary: sentence('The policy has errors ({count}), so that it lets nothing pass.', {
            count: problems.length,
          }),
          remedy: sentence('Correct the policy.'),
          ...findings.result(),
        },
      ];
    }
    if (rules.length > 0) return [];
    return [
      {
        rule: 'policy',
        passed: false,
        summary: sentence('The policy has no rules, so that there is nothing to pass.'),
        remedy: sentence('Add "rules" to it, such as {"verified": {"minShare": 1}}.'),
        findings: [],
        more: 0,
      },
    ];
  }

  private aboutDatasets(): RuleResult[] {
    if (this.datasets.length > 0 && this.unread.none) return [];
    return [
      {
        rule: 'datasets',
        passed: false,
        summary:
          this.datasets.length === 0
            ? sentence('No dataset was checked.')
            : sentence('{unread} of {count} datasets could not be checked.', {
                unread: this.unread.total,
                count: this.datasets.length,
              }),
        remedy: sentence(
          'See that the datasets and their .provenance folders are complete and can be read, and check again.',
        ),
        ...this.unread.result(),
      },
    ];
  }
}

function leavesMissing(scoped: DatasetInScope): Sentence {
  return sentence(
    '{leaves} is missing or damaged: without it, copies and changes cannot be told from what was signed, nor who vouches for what.',
    { leaves: leavesPath(scoped) },
  );
}

/**
 * A dataset statement whose leaves are gone. Others may decide then on its samples, or none may: both could look better
 * than it does with the leaves. Bytes that are those of a trusted baseline need none.
 */
function lacksLeaves({ samples, assessment, scope }: ReadDatasetFacts): DatasetInScope | undefined {
  const { statements, leaves, problems } = scope;
  const baseline = assessment.baseline === undefined ? undefined : statements[assessment.baseline];
  if (
    baseline?.standing === 'trusted' &&
    (isDataset(baseline) || isFileSignature(baseline)) &&
    isIntact(baseline, samples.sha256)
  )
    return undefined;
  if (baseline && isDataset(baseline) && assessment.verdict === 'unknown') return baseline;
  // Those of other datasets, of which only so many are held in memory.
  const tooLarge = new Set(
    problems.filter(({ error }) => error.code === 'too-large').map(({ path }) => path),
  );
  return statements
    .filter(isDataset)
    .find(
      (scoped) =>
        scoped.standing === 'trusted' &&
        leaves.get(scoped.index) === undefined &&
        !tooLarge.has(leavesPath(scoped)),
    );
}

function leavesPath({ dataset, statement }: DatasetInScope): string {
  return evidencePaths(dataset).leaves(statement.predicate.samples.root);
}
