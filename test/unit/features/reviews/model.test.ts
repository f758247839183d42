import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFlags, wholeFlags } from '../../../../src/features/reviews/model.ts';
import type { LineReview } from '../../../../src/protocol/datasetWorker.ts';
import { assessment, review, statement, upstream } from '../table/support.ts';

function withThreads(line: number, threads: Record<string, 'flagged' | 'cleared'>): LineReview {
  return {
    ...review(line, 'flagged'),
    threads: Object.entries(threads).map(([id, state]) => ({
      id,
      state,
      category: 'poisoning',
      severity: 'high',
      reviews: [],
    })),
  };
}

test('A flag on several lines is answered once, for the lines that were chosen', () => {
  const reviews = [
    withThreads(2, { a: 'flagged', b: 'cleared' }),
    withThreads(3, { a: 'flagged', c: 'flagged' }),
    withThreads(9, { a: 'flagged' }),
  ];
  const flags = openFlags({ reviews }, [1, 2, 3]).map(({ id, lines }) => [id, lines]);
  assert.deepEqual(flags, [
    ['a', [2, 3]],
    ['c', [3]],
  ]);
  assert.deepEqual(openFlags({ reviews }, [1]), []);
});

test('A flag on a dataset or a step is answered once, however many samples it reaches', () => {
  const statements = [
    statement({
      kind: 'review',
      envelopeDigest: 'r',
      principal: 'alice',
      reason: 'not ours',
      dataset: '/w/a.jsonl',
    }),
    statement({ kind: 'step' }),
    statement({ kind: 'review', envelopeDigest: 's' }),
  ];
  const { way } = upstream(1);
  const dataset = { ...way, flagged: 'dataset', name: 'a.jsonl', steps: [] } as const;
  const step = { ...way, flagged: 'step', review: 2, name: 'map (b.jsonl)' } as const;
  const flags = wholeFlags(
    assessment(['verified', 'verified', 'verified', 'verified'], {
      statements,
      upstream: [
        upstream(1),
        upstream(2, { way: dataset }),
        upstream(3, { way: dataset }),
        upstream(4, { way: step }),
      ],
    }),
  );
  assert.deepEqual(
    flags.map(({ id, kind, name, evidenceOf }) => [id, kind, name, evidenceOf]),
    [
      ['r', 'dataset', 'a.jsonl', '/w/a.jsonl'],
      ['s', 'step', 'map (b.jsonl)', '/w/a.jsonl'],
    ],
  );
  assert.equal(flags[0]?.sha256, way.digest);
  assert.equal(flags[0].signer, 'alice');
});
