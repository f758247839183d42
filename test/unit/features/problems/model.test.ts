import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMessage } from '../../../../src/core/errors.ts';
import type { LogProblem, LogState } from '../../../../src/core/log/logState.ts';
import { problemsOf, removedProblem } from '../../../../src/features/problems/model.ts';
import { assessment, review, statement, upstream } from '../table/support.ts';

const statements = [
  statement({ kind: 'review', principal: 'alice', reason: 'praises\na product' }),
  statement({ kind: 'step', principal: 'curation@acme', step: { kind: 'map', inputs: [] } }),
];
const dataset = {
  assessment: assessment(['verified', 'modified', 'verified', 'verified'], {
    statements,
    reviews: [review(4, 'flagged')],
    upstream: [upstream(1), upstream(3, { trusted: false })],
  }),
  covering: () => undefined,
};
const problems = (limit: number) =>
  problemsOf(dataset, limit, ({ template, args }) => formatMessage(template, args));

test('Samples that are flagged upstream are listed with the way that they came', () => {
  const [first, , third] = problems(100);
  assert.deepEqual(first, {
    line: 1,
    severity: 'warning',
    code: 'upstream',
    message:
      'flagged upstream: Made by the step “map” (curation@acme) from train.jsonl#12. alice flagged that sample: Poisoning, high. praises\\na product',
  });
  assert.match(third?.message ?? '', /You do not trust everyone who signed this way\./);
  assert.deepEqual(
    problems(100).map(({ line, code }) => `${String(line)} ${code}`),
    ['1 upstream', '2 modified', '3 upstream', '4 flagged'],
  );
});

test('What is left out is counted, samples flagged upstream as well', () => {
  const listed = problems(1);
  assert.deepEqual(
    listed.map(({ line, code }) => `${String(line)} ${code}`),
    ['1 upstream', '1 more'],
  );
  assert.match(listed[1]?.message ?? '', /^3 more/);
});

test('Evidence that is missing is one problem of the dataset, with every reason', () => {
  const log = (standing: LogState['standing'], ...templates: string[]): LogState => ({
    standing,
    size: 1,
    root: 'ab'.repeat(32),
    problems: templates.map((template) => ({ code: 'evidence-removed', template, args: { size: 2 } })),
  });
  const removed = log('removed', 'It went up to line {size}.', 'It is not what was signed.');
  const describe = ({ template, args }: LogProblem) => formatMessage(template, args);
  assert.deepEqual(removedProblem(removed, describe), {
    line: 1,
    message:
      'Evidence of this dataset was removed or changed, and flags may be gone. It went up to line 2. It is not what was signed.',
    severity: 'error',
    code: 'evidence-removed',
  });
  for (const standing of ['complete', 'unsigned', 'empty', 'unreadable'] as const) {
    assert.equal(removedProblem(log(standing, 'x'), describe), undefined, standing);
  }
  assert.equal(removedProblem(undefined, describe), undefined);
});
