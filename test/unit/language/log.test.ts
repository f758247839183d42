import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogStanding, LogState } from '../../../src/core/log/logState.ts';
import { explainLog, explainNoFlag, explainNoFlagOn } from '../../../src/language/log.ts';

function log(standing: LogStanding, size = 3): LogState {
  return { standing, size, root: 'ab'.repeat(32), problems: [] };
}

test('“No flag” is said of complete logs only, with how far they go', () => {
  assert.equal(explainNoFlag([log('complete')]), 'No flag; log complete to 3.');
  assert.equal(
    explainNoFlag([log('complete'), log('empty'), log('complete')]),
    'No flag; all 2 logs are complete.',
  );
  for (const standing of ['unsigned', 'unreadable', 'removed'] as const) {
    for (const logs of [
      [log(standing)],
      [log('complete'), log(standing)],
      [log(standing), log('complete')],
    ]) {
      assert.doesNotMatch(explainNoFlag(logs) ?? '', /No flag/, standing);
      assert.match(explainNoFlag(logs) ?? '', /cannot be told|may be gone/, standing);
    }
  }
  assert.match(explainNoFlag([log('unsigned'), log('removed')]) ?? '', /may be gone/);
  assert.equal(explainNoFlag([log('empty')]), undefined);
  assert.equal(explainNoFlag([]), undefined);
});

test('of a sample it is not said either where the evidence of another dataset is missing', () => {
  const problem = (code: string) => ({ error: { code } });
  assert.match(explainNoFlagOn({ log: log('complete'), problems: [] }) ?? '', /^No flag/);
  assert.match(
    explainNoFlagOn({ log: log('complete'), problems: [problem('io')] }) ?? '',
    /cannot be told: evidence has problems/,
  );
  assert.match(
    explainNoFlagOn({ log: log('complete'), problems: [problem('evidence-removed')] }) ?? '',
    /may be gone/,
  );
  assert.equal(explainNoFlagOn({ problems: [] }), undefined);
});

test('a log that goes on behind its checkpoint is complete to there only', () => {
  const checkpoint = { size: 2, root: '', keyId: 'SHA256:x', principal: 'ann', trusted: true, witnesses: 0 };
  assert.match(
    explainLog({ ...log('unsigned'), checkpoint }) ?? '',
    /^Log complete to 2 of 3 lines; whether/,
  );
  assert.match(explainLog({ ...log('complete'), checkpoint }) ?? '', /^Log complete to 3, says ann/);
  assert.match(
    explainLog({ ...log('complete'), checkpoint: { ...checkpoint, witnesses: 2 } }) ?? '',
    /seen by 2 witnesses/,
  );
});
