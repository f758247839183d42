import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFlags } from '../../../../src/features/reviews/model.ts';
import type { LineReview } from '../../../../src/protocol/datasetWorker.ts';
import { review } from '../table/support.ts';

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
