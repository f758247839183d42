import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import type { PolicyVerdict, RuleResult } from '../../../../src/core/policy/verdict.ts';
import {
  checklist,
  checklistChildren,
  policyErrors,
  policyItem,
} from '../../../../src/features/policy/model.ts';

const failing: RuleResult = {
  rule: 'flags',
  passed: false,
  summary: { template: '{count} flagged', args: { count: 2 } },
  remedy: { template: 'Look.', args: {} },
  findings: [{ dataset: '/w/t.jsonl', line: 3, sentence: { template: 'flagged', args: {} } }],
  more: 1,
};
const passing: RuleResult = {
  rule: 'log',
  passed: true,
  summary: { template: 'complete', args: {} },
  findings: [],
  more: 0,
};

function verdictOf(...rules: RuleResult[]): PolicyVerdict {
  return {
    passed: rules.every(({ passed }) => passed),
    policy: { path: '/w/.provenance/policy.jsonc', sha256: '' },
    datasets: [],
    rules,
  };
}

test('The checklist has what failed first, and below it what to do and where', () => {
  const nodes = checklist(verdictOf(passing, failing));
  assert.deepEqual(
    nodes.map((node) => node.kind === 'rule' && node.result.rule),
    ['flags', 'log'],
  );
  assert.deepEqual(
    checklistChildren(nodes[0]!).map(({ kind }) => kind),
    ['remedy', 'finding', 'more'],
  );
  assert.deepEqual(checklistChildren(nodes[1]!), []);
});

test('The status bar says passed only where everything did', () => {
  assert.equal(policyItem({ kind: 'checked', verdict: verdictOf(passing) })?.text, 'Policy: passed');
  const denied = policyItem({ kind: 'checked', verdict: verdictOf(passing, failing) });
  assert.equal(denied?.text, 'Policy: denied by 1 rule');
  assert.equal(denied.tooltip, 'flags: 2 flagged');
  assert.equal(denied.warning, true);
});

test('Errors of the policy are said in the status bar, and found in the verdict', () => {
  const finding = { dataset: '/w/.provenance/policy.jsonc', line: 2, sentence: failing.summary };
  const verdict = verdictOf({ ...failing, rule: 'policy', findings: [finding] }, failing);
  assert.equal(policyItem({ kind: 'checked', verdict })?.text, 'Policy: denied, it has errors');
  assert.deepEqual(policyErrors(verdict), [finding]);
  assert.deepEqual(policyErrors(verdictOf(failing)), []);
});

test('The status bar shows nothing without a policy, and never “passed” where nothing was checked', () => {
  assert.equal(policyItem({ kind: 'none' }), undefined);
  const error = new ProvenanceError('io', '{path} could not be read.', { path: '/w/p' });
  const states = [
    { kind: 'restricted' },
    { kind: 'unchecked' },
    { kind: 'checking' },
    { kind: 'failed', error },
  ] as const;
  for (const state of states) assert.doesNotMatch(policyItem(state)?.text ?? '', /passed|denied/, state.kind);
  assert.match(policyItem({ kind: 'restricted' })?.tooltip ?? '', /no effect until you trust the workspace/);
  assert.equal(policyItem({ kind: 'failed', error })?.tooltip, '/w/p could not be read.');
});
