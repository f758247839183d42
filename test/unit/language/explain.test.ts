import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CATEGORIES, SEVERITIES } from '../../../src/core/evidence/predicates.ts';
import { DATASET_VERDICTS, STATUSES, type Standing, type Status } from '../../../src/core/trust/status.ts';
import {
  explainClaim,
  explainStatus,
  explainVerdict,
  fullSignerName,
  signerName,
  statusCounts,
  type Judgement,
} from '../../../src/language/explain.ts';
import { stepRows } from '../../../src/language/history.ts';
import { originRows } from '../../../src/language/originRows.ts';
import {
  categoryWord,
  severityWord,
  standingWord,
  statusWord,
  verdictWord,
} from '../../../src/language/words.ts';
import type { StatementData } from '../../../src/protocol/datasetWorker.ts';

const KEY = 'SHA256:aApxQYkXeY/46G7YvJ6gEkOEZE+7dEt+xndbIxD5EIg';

const STATEMENT: StatementData = {
  envelopeDigest: 'ab'.repeat(32),
  bundle: '/data/.provenance/raw.jsonl.intoto.jsonl',
  line: 1,
  dataset: '/data/raw.jsonl',
  own: true,
  advisory: false,
  kind: 'dataset',
  standing: 'trusted',
  keyId: KEY,
  principal: 'anna@example.org',
  samples: 3,
};

const STANDINGS: Standing[] = ['trusted', 'untrusted', 'expired', 'revoked', 'unverifiable', 'invalid'];

/** A judgement on a dataset that is compared with {@link STATEMENT}. */
function judged(
  verdict: Judgement['verdict'],
  counts: Partial<Record<Status, number>> = {},
  more: Partial<Judgement> = {},
): Judgement {
  const none = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  return {
    verdict,
    counts: { ...none, ...counts },
    moved: 0,
    removed: 0,
    baseline: 0,
    statements: [STATEMENT],
    ...more,
  };
}

/** Every sentence that these make, with names, numbers of one and of many, and without. */
function* everything(): Generator<string> {
  for (const status of STATUSES) {
    for (const statement of [undefined, ...STANDINGS.map((standing) => ({ ...STATEMENT, standing }))])
      yield explainStatus(status, statement);
  }
  for (const verdict of DATASET_VERDICTS) {
    for (const n of [0, 1, 2]) {
      for (const status of STATUSES) {
        yield explainVerdict(judged(verdict, { [status]: n }, { moved: n, removed: n }));
        yield explainVerdict(judged(verdict, { [status]: n, unsigned: 2 }, { moved: n, removed: n }));
      }
    }
  }
  for (const kind of ['dataset', 'sample', 'review', 'step', 'revocation', 'other'] as const) {
    for (const verdict of ['flagged', 'cleared'] as const) {
      for (const samples of [1, 2]) yield explainClaim({ kind, samples, verdict });
    }
  }
}

describe('sentences', () => {
  test('are grammatical where there is one, and leave no placeholder', () => {
    for (const sentence of everything()) {
      assert.doesNotMatch(
        sentence,
        /\b(1|all 1|1 of its 1) (signed )?samples\b|\b1 of|\{|undefined/,
        sentence,
      );
    }
  });

  test('name who signed: by name, by a key that is cut or whole, or as unknown', () => {
    const { principal: _, ...nameless } = STATEMENT;
    assert.equal(signerName(STATEMENT), 'anna@example.org');
    assert.equal(signerName(nameless), 'SHA256:aApxQYkXeY…');
    assert.equal(fullSignerName(nameless), KEY);
    for (const name of [signerName, fullSignerName])
      assert.equal(name({ ...nameless, keyId: '' }), 'an unknown key');
    assert.equal(
      explainStatus('untrusted', nameless, fullSignerName),
      `The signature of ${KEY} is valid, but you do not trust this signer.`,
    );
    assert.equal(
      explainVerdict(judged('intact', {}, { statements: [nameless] }), fullSignerName),
      `Every byte is as ${KEY} signed it.`,
    );
  });

  test('never make the signature of a stranger sound like good news', () => {
    const stranger = { ...STATEMENT, principal: undefined, standing: 'untrusted' as const };
    for (const verdict of ['intact', 'reformatted', 'reordered', 'subset', 'changed'] as const) {
      const sentence = explainVerdict(judged(verdict, {}, { statements: [stranger as never] }));
      assert.match(sentence, /You do not trust this signer\.$/);
    }
  });

  test('say of a dataset without a baseline what is true', () => {
    const unsigned = (counts: Partial<Record<Status, number>>, statements: StatementData[] = []) =>
      explainVerdict(judged('unsigned', counts, { baseline: undefined, statements }));
    const lapsed =
      'What was signed here does not count: it was taken back, or its key was not valid at the time.';
    assert.equal(unsigned({ unsigned: 3 }), 'Nobody has signed this dataset.');
    assert.equal(unsigned({ revoked: 1, unsigned: 2 }), lapsed);
    // Everything was changed since, so that no sample is revoked any more.
    assert.equal(unsigned({ unsigned: 3 }, [{ ...STATEMENT, standing: 'revoked' }]), lapsed);
    assert.equal(unsigned({ unsigned: 3 }, [{ ...STATEMENT, standing: 'expired' }]), lapsed);
    // Of other datasets, and flags.
    for (const more of [{ own: false }, { kind: 'review' as const }]) {
      const statement: StatementData = { ...STATEMENT, ...more, standing: 'revoked' };
      assert.equal(unsigned({ unsigned: 3 }, [statement]), 'Nobody has signed this dataset.');
    }
    assert.equal(
      unsigned({ untrusted: 2, unsigned: 1 }),
      'Only signers whom you do not trust vouch for samples of this dataset.',
    );
    const whole = 'Nobody has signed this dataset as a whole;';
    assert.equal(unsigned({ verified: 1 }), `${whole} its one sample is vouched for.`);
    assert.equal(unsigned({ verified: 1, revoked: 2 }), `${whole} one of its 3 samples is vouched for.`);
    assert.equal(unsigned({ verified: 2, malformed: 1 }), `${whole} 2 of its 3 samples are vouched for.`);
  });

  test('say what differs from what was signed', () => {
    assert.equal(
      explainVerdict(judged('changed', { modified: 2, malformed: 1 }, { removed: 1, moved: 4 })),
      'Not as anna@example.org signed it: 2 modified, 1 removed, 4 moved, 1 malformed.',
    );
    assert.equal(
      statusCounts({ ...judged('changed', { verified: 2 }), flagged: 1, flaggedUpstream: 3 }),
      '2 verified, 1 flagged, 3 flagged upstream',
    );
    assert.equal(statusCounts({ ...judged('unsigned'), flagged: 0, flaggedUpstream: 0 }), 'no samples');
  });

  test('do not call a good signature unchecked because the leaves are missing', () => {
    const incomplete = explainStatus('unknown', undefined);
    assert.equal(explainStatus('unknown', STATEMENT), incomplete);
    const unverifiable = { ...STATEMENT, standing: 'unverifiable' as const };
    assert.notEqual(explainStatus('unknown', unverifiable), incomplete);
    // Nor send someone to problems that are not there.
    assert.match(explainVerdict(judged('unknown')), /problems/);
    const keyless = judged('unknown', {}, { baseline: undefined, statements: [unverifiable] });
    assert.match(explainVerdict(keyless), /its key is not known/);
  });
});

test('each word stands for one thing', () => {
  const lists = [
    STATUSES.map(statusWord),
    DATASET_VERDICTS.map(verdictWord),
    STANDINGS.map(standingWord),
    CATEGORIES.map(categoryWord),
    SEVERITIES.map(severityWord),
  ];
  for (const words of lists) assert.equal(new Set(words).size, words.length, words.join());
  // The program prints these two as they are.
  assert.deepEqual(lists[0], STATUSES);
  assert.deepEqual(lists[1], DATASET_VERDICTS);
});

test('an origin is shown without what is empty or said twice', () => {
  assert.deepEqual(originRows({ source: 's', url: 's', title: '', licence: 'l', createdAt: 'c' }), [
    ['Source', 's'],
    ['Created', 'c'],
    ['Licence', 'l'],
  ]);
});

test('a step is listed once, the last one first', () => {
  const [newer, older] = [
    { output: 'c', kind: 'filter', inputs: ['a', 'b'], statement: STATEMENT },
    { output: 'a', kind: 'map', inputs: ['x'], statement: { ...STATEMENT, standing: 'untrusted' as const } },
  ].map((step) => ({ ...step, inputs: step.inputs.map((sha256) => ({ name: `${sha256}.jsonl`, sha256 })) }));
  const source = { name: 'x.jsonl', sha256: 'x', step: older!, inputs: [] };
  const tree = [
    { name: 'a.jsonl', sha256: 'a', step: newer!, inputs: [source] },
    { name: 'b.jsonl', sha256: 'b', step: newer!, inputs: [] },
  ];
  const signer = 'anna@example.org';
  assert.deepEqual(stepRows(tree), [
    {
      statement: newer!.statement,
      kind: 'filter',
      inputs: ['a.jsonl', 'b.jsonl'],
      signer,
      standing: 'trusted',
    },
    { statement: older!.statement, kind: 'map', inputs: ['x.jsonl'], signer, standing: 'untrusted' },
  ]);
});
