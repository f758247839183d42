import * as l10n from '@vscode/l10n';
import type { ProvenanceError } from '../../core/errors.ts';
import type { PolicyVerdict, RuleFinding, RuleResult, Sentence } from '../../core/policy/verdict.ts';
import { sentenceText } from '../../language/policy.ts';

/** What is known of a dataset and the policy that it is under. */
export type PolicyState =
  /** There is no policy: nothing is shown. */
  | { readonly kind: 'none' }
  /** The workspace has one, which has no effect as long as the user does not trust the workspace. */
  | { readonly kind: 'restricted' }
  /** Too large to be checked unasked. */
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'failed'; readonly error: ProvenanceError }
  | { readonly kind: 'checked'; readonly verdict: PolicyVerdict };

/** A line of the checklist. */
export type ChecklistNode =
  | { readonly kind: 'rule'; readonly result: RuleResult }
  | { readonly kind: 'remedy'; readonly sentence: Sentence }
  | { readonly kind: 'finding'; readonly finding: RuleFinding }
  | { readonly kind: 'more'; readonly count: number };

/** The rules, those that did not pass first, else in the order of the policy. */
export function checklist({ rules }: PolicyVerdict): ChecklistNode[] {
  return [...rules.filter(({ passed }) => !passed), ...rules.filter(({ passed }) => passed)].map(
    (result) => ({
      kind: 'rule',
      result,
    }),
  );
}

/** Below a rule: what to do, and where it did not pass. */
export function checklistChildren(node: ChecklistNode): ChecklistNode[] {
  if (node.kind !== 'rule' || node.result.passed) return [];
  const { remedy, findings, more } = node.result;
  return [
    ...(remedy ? [{ kind: 'remedy' as const, sentence: remedy }] : []),
    ...findings.map((finding) => ({ kind: 'finding' as const, finding })),
    ...(more > 0 ? [{ kind: 'more' as const, count: more }] : []),
  ];
}

/** What the status bar says: an icon, a word, and all of it in a sentence. Undefined where there is no policy. */
export function policyItem(
  state: PolicyState,
):
  | { readonly icon: string; readonly text: string; readonly tooltip: string; readonly warning: boolean }
  | undefined {
  switch (state.kind) {
    case 'none':
      return undefined;
    case 'restricted':
      return {
        icon: 'shield',
        text: l10n.t('Policy: not in force'),
        tooltip: l10n.t(
          'This workspace has a policy. It has no effect until you trust the workspace: a policy that came with the data proves nothing.',
        ),
        warning: false,
      };
    case 'unchecked':
      return {
        icon: 'shield',
        text: l10n.t('Policy: not checked'),
        tooltip: l10n.t('This dataset is large: it is checked against the policy when you ask for it.'),
        warning: false,
      };
    case 'checking':
      return {
        icon: 'sync~spin',
        text: l10n.t('Policy…'),
        tooltip: l10n.t('Checking against the policy'),
        warning: false,
      };
    case 'failed':
      return {
        icon: 'question',
        text: l10n.t('Policy: could not be checked'),
        tooltip: l10n.t(state.error.template, { ...state.error.args }),
        warning: true,
      };
    case 'checked': {
      const { rules, passed } = state.verdict;
      const failed = rules.filter((rule) => !rule.passed);
      return {
        icon: passed ? 'pass' : 'error',
        text: passed ? l10n.t('Policy: passed') : deniedText(failed),
        tooltip: passed
          ? l10n.t('All that the policy asks for is there ({0} rules).', rules.length)
          : failed.map(({ rule, summary }) => `${rule}: ${sentenceText(summary)}`).join('\n'),
        warning: !passed,
      };
    }
  }
}

function deniedText(failed: readonly RuleResult[]): string {
  if (failed.some(({ rule }) => rule === POLICY_RULE)) return l10n.t('Policy: denied, it has errors');
  return failed.length === 1
    ? l10n.t('Policy: denied by 1 rule')
    : l10n.t('Policy: denied by {0} rules', failed.length);
}

/** The result that is about the policy itself. */
const POLICY_RULE = 'policy';

/** What is wrong with the policy itself, by a verdict. */
export function policyErrors({ policy, rules }: PolicyVerdict): readonly RuleFinding[] {
  return rules
    .filter(({ rule }) => rule === POLICY_RULE)
    .flatMap(({ findings }) => findings)
    .filter(({ dataset }) => dataset === policy.path);
}
