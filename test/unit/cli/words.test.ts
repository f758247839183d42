import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as cli from '../../../src/cli/words.ts';
import { CATEGORIES } from '../../../src/core/evidence/predicates.ts';
import { DATASET_VERDICTS, STATUSES, type Standing } from '../../../src/core/trust/status.ts';
import * as host from '../../../src/host/explain.ts';
import * as hostOrigin from '../../../src/host/originRows.ts';
import * as hostWords from '../../../src/host/words.ts';
import type { AssessmentData, StatementData } from '../../../src/protocol/datasetWorker.ts';

const STATEMENT: StatementData = {
  envelopeDigest: 'ab'.repeat(32),
  bundle: '/data/.provenance/raw.jsonl.intoto.jsonl',
  line: 1,
  dataset: '/data/raw.jsonl',
  own: false,
  advisory: false,
  kind: 'dataset',
  standing: 'trusted',
  keyId: 'SHA256:x',
  principal: 'anna@example.org',
  samples: 3,
};

/** The editor and the program say the same thing with the same words. What only one of them can point at differs. */
describe('words', () => {
  const editor = (text: string) => text.replace(/ See Problems\.$/, '');

  test('of a standing and a category', () => {
    const standings: Standing[] = ['trusted', 'untrusted', 'expired', 'revoked', 'unverifiable', 'invalid'];
    for (const standing of standings)
      assert.equal(cli.standingWord(standing), hostWords.standingWord(standing));
    for (const category of CATEGORIES)
      assert.equal(cli.categoryWord(category), hostWords.categoryWord(category));
    for (const status of STATUSES) assert.equal(status, hostWords.statusWord(status));
    for (const verdict of DATASET_VERDICTS) assert.equal(verdict, hostWords.verdictWord(verdict));
  });

  test('of a status', () => {
    const statements: (StatementData | undefined)[] = [
      undefined,
      STATEMENT,
      { ...STATEMENT, kind: 'sample' },
      { ...STATEMENT, standing: 'expired' },
    ];
    for (const status of STATUSES) {
      for (const statement of statements) {
        assert.equal(cli.explainStatus(status, statement), editor(host.explainStatus(status, statement)));
      }
    }
  });

  test('of a verdict', () => {
    const counts = Object.fromEntries(
      STATUSES.map((status, i) => [status, status === 'revoked' ? 0 : i + 1]),
    );
    for (const baseline of [undefined, 0]) {
      for (const verdict of DATASET_VERDICTS) {
        const assessment = {
          verdict,
          counts,
          samples: Object.values(counts).reduce((a, b) => a + b),
          moved: 2,
          removed: 3,
          flagged: 4,
          baseline,
          statements: [STATEMENT],
        } as unknown as AssessmentData;
        const said = cli.explainVerdict(assessment, [STATEMENT]);
        assert.equal(said, editor(host.explainVerdict(assessment)));
        assert.equal(cli.statusCounts(assessment), host.statusCounts(assessment));
      }
    }
  });

  test('of a claim and an origin', () => {
    const step = { kind: 'filter', inputs: [{ name: 'a.jsonl', sha256: 'ab'.repeat(32) }] };
    for (const kind of ['dataset', 'sample', 'review', 'step', 'revocation', 'other'] as const) {
      for (const more of [{}, { step }, { verdict: 'cleared' as const }, { predicateType: 'urn:x' }]) {
        const statement = { ...STATEMENT, kind, ...more };
        assert.equal(cli.explainClaim(statement), host.explainClaim(statement));
      }
    }
    const origin = {
      ...{
        source: 's',
        url: 'u',
        title: 't',
        issuer: 'i',
        collectedAt: 'c',
        createdAt: 'd',
        generatedBy: 'g',
      },
      ...{
        generationMethod: 'other' as const,
        licence: 'l',
        consents: 'o',
        geography: 'e',
        stage: 'rl' as const,
      },
    };
    assert.deepEqual(cli.originRows(origin), hostOrigin.originRows(origin));
  });
});
