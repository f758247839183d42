import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gutterMarks } from '../../../../src/features/annotations/model.ts';
import type { Status } from '../../../../src/core/trust/status.ts';

test('A flag, and then one upstream, stand in the gutter before the status', () => {
  const statuses: (Status | undefined)[] = ['verified', 'verified', 'modified', 'verified', undefined];
  const marks = gutterMarks(
    {
      status: (line) => statuses[line - 1],
      review: (line) => (line === 2 ? { state: 'flagged' } : line === 4 ? { state: 'cleared' } : undefined),
      upstream: (line) => (line === 2 || line === 3 || line === 5 ? {} : undefined),
    },
    [{ first: 1, last: 5 }],
  );
  assert.deepEqual(Object.fromEntries(marks), { verified: [1, 4], flagged: [2], upstream: [3] });
});
