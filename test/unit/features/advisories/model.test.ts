import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSentence, importSentence } from '../../../../src/features/advisories/model.ts';
import type { AdvisedSample, ImportedAdvisory } from '../../../../src/protocol/lineageWorker.ts';

const advisory: ImportedAdvisory = {
  id: 'ACME-1',
  title: 'Triggers\u202E',
  severity: 'high',
  references: [],
  keyId: 'SHA256:a',
  envelopeDigest: '00',
  samples: 40,
  added: true,
};
const advised = (match: AdvisedSample['match']): AdvisedSample => ({
  line: 1,
  match,
  id: 'ACME-1',
  title: 'Triggers',
});

test('What was imported is said, and what was left out', () => {
  assert.equal(
    importSentence({ advisories: [advisory], problems: [] }),
    'Imported the advisory ACME-1 (Triggers\\u202E), which names 40 samples.',
  );
  assert.match(
    importSentence({ advisories: [{ ...advisory, withdrawn: '2026-01-01T00:00:00Z' }], problems: [] }),
    /^Imported the withdrawal of the advisory ACME-1/,
  );
  assert.equal(
    importSentence({ advisories: [{ ...advisory, added: false }], problems: [] }),
    'These advisories are here already.',
  );
  const error = { code: 'invalid-envelope', template: '', args: {} } as const;
  assert.match(
    importSentence({ advisories: [advisory, advisory], problems: [{ path: '/a', line: 2, error }] }),
    /^Imported 2 advisories\. One line was left out/,
  );
});

test('Similar samples are never called the same', () => {
  const found = { advisories: 2, samples: [advised('equal'), advised('similar'), advised('similar')] };
  assert.equal(
    checkSentence('a.jsonl', found),
    'a.jsonl was checked against 2 advisories. 1 of its samples are named; 2 are similar to one that is, but not equal: look at them yourself.',
  );
  assert.match(
    checkSentence('a.jsonl', { advisories: 1, samples: [] }),
    /one advisory\. None of its samples/,
  );
  assert.match(checkSentence('a.jsonl', { advisories: 0, samples: [] }), /no advisories here/);
});
