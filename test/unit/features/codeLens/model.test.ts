import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lenses, MAX_LINE_LENSES } from '../../../../src/features/codeLens/model.ts';
import { assessment, review, statement, upstream } from '../table/support.ts';

const statements = [
  statement({ kind: 'review', principal: 'alice' }),
  statement({ kind: 'step', principal: 'curation@acme', step: { kind: 'map\u202E', inputs: [] } }),
];

test('A line that is flagged upstream has a lens that leads to what was flagged', () => {
  const made = lenses(
    'file:///w/a.jsonl',
    assessment(['verified', 'verified', 'verified'], {
      statements,
      reviews: [review(3, 'flagged')],
      upstream: [upstream(1), upstream(2, { trusted: false })],
    }),
    [],
    () => undefined,
  );
  assert.deepEqual(
    made.map(({ line, title, command }) => `${String(line)} ${command} ${title}`),
    [
      '1 showLineage Provenance: unsigned — 3 verified, 1 flagged, 2 flagged upstream',
      '1 goToUpstream flagged upstream: Poisoning, high',
      '2 goToUpstream flagged upstream: Poisoning, high (signer not trusted)',
      '3 clearFlag flagged: Poisoning, high',
    ],
  );
  assert.deepEqual(made[1]?.target, { uri: 'file:///w/a.jsonl', lines: [1] });
  assert.match(made[1].tooltip ?? '', /by the step “map\\u202E” \(curation@acme\) from train\.jsonl#12/);
});

test('So many lines are flagged upstream that not all have a lens', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => i + 1);
  const made = lenses(
    'file:///w/a.jsonl',
    assessment(
      lines.map(() => 'verified'),
      { statements, upstream: lines.map((line) => upstream(line)) },
    ),
    [],
    () => undefined,
  );
  assert.equal(made.length, 1 + MAX_LINE_LENSES);
});
