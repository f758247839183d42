import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  explainUpstream,
  upstreamDoubts,
  upstreamReason,
  type Upstream,
  type UpstreamStatement,
} from '../../../src/language/upstream.ts';

const alice = { principal: 'alice', keyId: 'SHA256:alice' };
const statements: UpstreamStatement[] = [
  { ...alice, kind: 'review', reason: 'praises a product' },
  { principal: 'curation@acme', keyId: 'SHA256:c', kind: 'step', step: { kind: 'map', inputs: [] } },
  { keyId: 'SHA256:0123456789abcdefgh', kind: 'step', step: { kind: 'merge', inputs: [] } },
  {
    ...alice,
    kind: 'advisory',
    reason: 'Triggers',
    advised: { id: 'ACME-1', title: 'Triggers', severity: 'high', references: [] },
  },
];

function upstream(way: Partial<Upstream['way']> = {}, trusted = true): Upstream {
  return {
    category: 'poisoning',
    severity: 'high',
    trusted,
    way: {
      flagged: 'sample',
      review: 0,
      name: 'train.jsonl#12',
      digest: 'ab'.repeat(32),
      steps: [{ statement: 1, pairing: 'key' }],
      ...way,
    },
  };
}

const sentence = (way: Partial<Upstream['way']> = {}) => explainUpstream(upstream(way), statements);
const [map, merge] = [{ statement: 1 }, { statement: 2 }] as const;

test('The way from what was flagged is told in a sentence, and who flagged it', () => {
  assert.equal(
    sentence(),
    'Made by the step “map” (curation@acme) from train.jsonl#12. alice flagged that sample: Poisoning, high.',
  );
  assert.equal(
    sentence({ steps: [map, merge] }),
    'Made from train.jsonl#12 by the steps “map” (curation@acme), “merge” (SHA256:0123456789…). alice flagged that sample: Poisoning, high.',
  );
  assert.equal(
    sentence({ flagged: 'dataset', name: 'train.jsonl', steps: [] }),
    'Part of train.jsonl. alice flagged that dataset: Poisoning, high.',
  );
  assert.equal(
    sentence({ flagged: 'step', name: 'map (clean.jsonl)', steps: [map] }),
    'Made by the step “map” (curation@acme). alice flagged that step: Poisoning, high.',
  );
  assert.match(
    sentence({ flagged: 'step', name: 'map (clean.jsonl)', steps: [map, merge] }),
    /^Made from what the step “map” \(curation@acme\) had made, by “merge” \(SHA256/,
  );
  assert.match(sentence({ review: 3 }), /The advisory ACME-1 of alice warns of it: Poisoning, high\.$/);
});

test('A statement that is not at hand leaves a sentence that is true', () => {
  assert.equal(
    sentence({ review: 99 }),
    'Made by the step “map” (curation@acme) from train.jsonl#12. Poisoning, high.',
  );
});

test('What makes the way less than certain is said', () => {
  assert.deepEqual(upstreamDoubts(upstream()), []);
  assert.equal(upstreamDoubts(upstream({}, false)).length, 1);
  const guessed = upstream({
    steps: [
      { statement: 1, pairing: 'similar' },
      { statement: 2, pairing: 'position' },
    ],
  });
  assert.deepEqual(upstreamDoubts(guessed), [
    'On this way samples were paired by similar text.',
    'On this way samples were paired by position.',
  ]);
});

test('The reason is that of the flag', () => {
  assert.equal(upstreamReason(upstream(), statements), 'praises a product');
  assert.equal(upstreamReason(upstream({ review: 1 }), statements), undefined);
});
