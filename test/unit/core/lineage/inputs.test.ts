import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  inputTree,
  type InputNode,
  type LineageEvidence,
  type RecordedStep,
} from '../../../../src/core/lineage/inputs.ts';

/** Evidence of a step that made `output` from `inputs`; digests are letters here. */
function step(output: string, inputs: string, more: Partial<LineageEvidence> = {}): LineageEvidence {
  return {
    kind: 'step',
    own: true,
    standing: 'trusted',
    sha256: output,
    step: { kind: 'filter', inputs: [...inputs].map((sha256) => ({ name: `${sha256}.jsonl`, sha256 })) },
    ...more,
  };
}

const signed = (sha256: string): LineageEvidence => ({
  kind: 'dataset',
  own: true,
  standing: 'trusted',
  sha256,
});

/** A tree as a picture: `b(a) c`. */
function picture(nodes: readonly InputNode<RecordedStep>[]): string {
  return nodes
    .map(({ sha256, inputs }) => sha256 + (inputs.length > 0 ? `(${picture(inputs)})` : ''))
    .join(' ');
}

test('inputs are followed to the sources, through the evidence of other datasets', () => {
  const statements = [step('c', 'ab'), step('b', 'x', { own: false }), step('x', 'y', { own: false })];
  assert.equal(picture(inputTree({ statements, sha256: 'c' })), 'a b(x(y))');
});

test('a dataset is known by its bytes as they are, as they were signed, or as its newest step made them', () => {
  const statements = [step('a', '1'), signed('b'), step('b', '2'), step('c', '3')];
  assert.equal(picture(inputTree({ statements, baseline: 1, sha256: 'a' })), '1');
  assert.equal(picture(inputTree({ statements, baseline: 1, sha256: 'changed' })), '2');
  assert.equal(picture(inputTree({ statements, baseline: 1 })), '2');
  assert.equal(picture(inputTree({ statements, sha256: 'changed' })), '3');
  assert.equal(picture(inputTree({ statements: [signed('a')], baseline: 0, sha256: 'a' })), '');
});

test('a step that was taken back or whose signature is wrong counts for nothing, and hides no other', () => {
  for (const standing of ['invalid', 'revoked'] as const) {
    const statements = [step('a', '1'), step('b', '2', { standing })];
    assert.equal(picture(inputTree({ statements, sha256: 'b' })), '1');
  }
  for (const standing of ['untrusted', 'expired', 'unverifiable'] as const) {
    const [node] = inputTree({ statements: [step('a', '1', { standing })], sha256: 'a' });
    assert.equal(node?.step.statement.standing, standing);
  }
});

test('evidence that contradicts itself ends', () => {
  assert.equal(picture(inputTree({ statements: [step('a', 'ab'), step('b', 'a')], sha256: 'a' })), 'a b(a)');
});
