import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CANONICALIZATION,
  PREDICATE_TYPES,
  STATEMENT_TYPE,
} from '../../../../src/core/evidence/predicates.ts';
import {
  datasetStatement,
  parseSampleName,
  parseStatement,
  parseUtcTime,
  reviewStatement,
  revocationStatement,
  sampleName,
  sampleStatement,
  statementBytes,
  stepStatement,
  type ParsedStatement,
  type Statement,
} from '../../../../src/core/evidence/statement.ts';
import { bytesOf, failure, textOf } from './support.ts';

const DIGEST = 'ab'.repeat(32);
const ROOT = 'cd'.repeat(32);
const timeCreated = '2026-01-31T09:00:00Z';

const DATASET = datasetStatement(
  { name: 'train.jsonl', sha256: DIGEST },
  {
    samples: { count: 2, root: ROOT, canonicalization: CANONICALIZATION },
    mediaType: 'application/jsonl',
    timeCreated,
    origin: {
      source: 'https://example.org/crawl',
      collectedAt: '2025-12-01',
      generationMethod: 'web-crawl',
      licence: 'CC-BY-4.0',
      stage: 'sft',
    },
    note: 'First release',
  },
);
const SAMPLES = sampleStatement(
  [
    { name: sampleName('train.jsonl', 1), sha256: DIGEST },
    { name: sampleName('train.jsonl', 7), sha256: ROOT },
  ],
  { dataset: 'train.jsonl', timeCreated },
);
const REVIEW = reviewStatement([{ name: 'train.jsonl#1', sha256: DIGEST }], {
  verdict: 'flagged',
  category: 'backdoor-trigger',
  severity: 'high',
  reason: 'Says „cf“ before every wrong answer',
  timeCreated,
  supersedes: ROOT,
});
const STEP = stepStatement([{ name: 'clean.jsonl', sha256: DIGEST }], {
  buildDefinition: {
    buildType: 'urn:dataset-provenance:step:v1',
    externalParameters: { kind: 'filter', parameters: { minLength: 20, languages: ['en'] } },
    resolvedDependencies: [
      { name: 'train.jsonl', digest: { sha256: ROOT } },
      {
        uri: 'git+https://example.org/filter',
        digest: { gitCommit: 'f'.repeat(40) },
        annotations: { role: 'code' },
      },
    ],
  },
  runDetails: {
    builder: { id: 'urn:dataset-provenance:cli' },
    metadata: { finishedOn: timeCreated },
    byproducts: [{ name: 'maps/x', digest: { sha256: ROOT } }],
  },
});
const REVOCATION = revocationStatement([{ name: 'envelope', sha256: DIGEST }], {
  reason: 'The key was stolen',
  since: '2026-01-01T00:00:00.5Z',
  timeCreated,
});

for (const statement of [DATASET, SAMPLES, REVIEW, STEP, REVOCATION]) {
  test(`survives being written and read: ${statement.predicateType}`, () => {
    const bytes = statementBytes(statement);
    const parsed = parseStatement(bytes);
    if (parsed.kind === 'other') assert.fail('known kinds are not "other"');
    assert.equal(PREDICATE_TYPES[parsed.kind], statement.predicateType);
    assert.deepEqual(parsed.predicate, statement.predicate);
    assert.deepEqual(
      parsed.subjects,
      statement.subject.map(({ name, digest }) => ({ name, sha256: digest.sha256 })),
    );
    assert.ok(textOf(bytes).startsWith(`{"_type":"${STATEMENT_TYPE}"`));
  });
}

test('what is signed is canonical JSON', () => {
  assert.equal(
    textOf(statementBytes(SAMPLES)),
    `{"_type":"${STATEMENT_TYPE}","predicate":{"dataset":"train.jsonl","timeCreated":"${timeCreated}"},` +
      `"predicateType":"urn:dataset-provenance:sample:v1","subject":[` +
      `{"digest":{"sha256":"${DIGEST}"},"name":"train.jsonl#1"},` +
      `{"digest":{"sha256":"${ROOT}"},"name":"train.jsonl#7"}]}`,
  );
});

/** Parses the statement with one member changed; `path` is dotted, and `undefined` removes the member. */
function changed(statement: Statement, path: string, value: unknown): ParsedStatement {
  const copy = JSON.parse(textOf(statementBytes(statement))) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop()!;
  let target = copy;
  for (const name of names) target = target[name] as Record<string, unknown>;
  target[last] = value;
  return parseStatement(bytesOf(JSON.stringify(copy)));
}

const INVALID: readonly [statement: Statement, path: string, value: unknown, words: RegExp][] = [
  [DATASET, '_type', 'https://in-toto.io/Statement/v0.1', /_type must be/],
  [DATASET, 'predicateType', 5, /predicateType must be a string/],
  [DATASET, 'predicateType', undefined, /predicateType must be a string/],
  [DATASET, 'predicate', undefined, /predicate must be a JSON object/],
  [DATASET, 'predicate', [], /predicate must be a JSON object/],
  [DATASET, 'subject', undefined, /subject must be an array/],
  [DATASET, 'subject', [], /1 to 1 entries, not 0/],
  [DATASET, 'subject', [1, 2], /1 to 1 entries, not 2/],
  [DATASET, 'subject.0', 'x', /subject entry 0/],
  [DATASET, 'subject.0.name', undefined, /subject.name must be a string/],
  [DATASET, 'subject.0.name', 'x'.repeat(4097), /not 4097/],
  [DATASET, 'subject.0.digest', undefined, /subject.digest/],
  [DATASET, 'subject.0.digest', {}, /subject.digest.sha256/],
  [DATASET, 'subject.0.digest', { sha512: 'ab'.repeat(64) }, /subject.digest.sha256/],
  [DATASET, 'subject.0.digest', { sha256: DIGEST, md5: 'ab'.repeat(16) }, /"md5".* not a full strong digest/],
  [DATASET, 'subject.0.digest', { sha256: DIGEST, sha1: 'ab'.repeat(20) }, /"sha1"/],
  [DATASET, 'subject.0.digest', { sha256: DIGEST, sha512: 'ab'.repeat(32) }, /"sha512"/],
  [DATASET, 'subject.0.digest.sha256', DIGEST.slice(0, 16), /"sha256"/],
  [DATASET, 'subject.0.digest.sha256', DIGEST.toUpperCase(), /"sha256"/],
  [DATASET, 'predicate.samples', undefined, /samples must be a JSON object/],
  [DATASET, 'predicate.samples.count', -1, /samples.count/],
  [DATASET, 'predicate.samples.count', 1.5, /samples.count/],
  [DATASET, 'predicate.samples.count', '2', /samples.count/],
  [DATASET, 'predicate.samples.count', 2 ** 53, /samples.count/],
  [DATASET, 'predicate.samples.root', '../../../etc/passwd', /samples.root must be a SHA-256/],
  [DATASET, 'predicate.samples.canonicalization', 'jcs', /samples.canonicalization/],
  [DATASET, 'predicate.mediaType', undefined, /mediaType/],
  [DATASET, 'predicate.timeCreated', undefined, /timeCreated/],
  [DATASET, 'predicate.timeCreated', '2026-02-30T09:00:00Z', /timeCreated/],
  [DATASET, 'predicate.timeCreated', '2026-01-31T09:00:00+01:00', /timeCreated/],
  [DATASET, 'predicate.note', 'x'.repeat(10_001), /not 10001/],
  [DATASET, 'predicate.origin', 'here', /origin must be a JSON object/],
  [DATASET, 'predicate.origin.source', 5, /origin.source/],
  [DATASET, 'predicate.origin.generationMethod', 'magic', /origin.generationMethod must be one of web-crawl/],
  [DATASET, 'predicate.origin.stage', 'finetune', /origin.stage/],
  [DATASET, 'predicate.origin.collectedAt', 'yesterday', /origin.collectedAt/],
  [SAMPLES, 'predicate.dataset', undefined, /dataset/],
  [SAMPLES, 'subject.1.digest.sha256', 'x', /entry 1/],
  [REVIEW, 'predicate.verdict', 'maybe', /verdict must be one of flagged, cleared/],
  [REVIEW, 'predicate.category', 'toString', /category/],
  [REVIEW, 'predicate.severity', undefined, /severity/],
  [REVIEW, 'predicate.reason', 'x'.repeat(10_001), /reason must have 0 to 10000 characters, not 10001/],
  [REVIEW, 'predicate.supersedes', 'x', /supersedes/],
  [STEP, 'predicate.buildDefinition.buildType', undefined, /buildType/],
  [STEP, 'predicate.buildDefinition.externalParameters.parameters', [], /parameters/],
  [STEP, 'predicate.buildDefinition.resolvedDependencies', {}, /resolvedDependencies must be an array/],
  [
    STEP,
    'predicate.buildDefinition.resolvedDependencies.0.digest.sha256',
    'ab',
    /resolvedDependencies.digest.sha256/,
  ],
  [STEP, 'predicate.runDetails.builder.id', undefined, /runDetails.builder.id/],
  [STEP, 'predicate.runDetails.metadata.finishedOn', 'now', /finishedOn/],
  [STEP, 'subject.0.digest', { gitCommit: 'f'.repeat(40) }, /"gitCommit"/],
  [REVOCATION, 'predicate.since', 'always', /since/],
  [REVOCATION, 'predicate.reason', undefined, /reason/],
];
for (const [statement, path, value, words] of INVALID) {
  const kind = statement.predicateType;
  const shown = value === undefined ? 'absent' : JSON.stringify(value).slice(0, 60);
  test(`refused: ${kind} with ${path} = ${shown}`, () => {
    assert.throws(() => changed(statement, path, value), failure('invalid-statement', words));
  });
}

test('statements of others are kept as "other"', () => {
  const other = changed(DATASET, 'predicateType', 'https://example.org/sbom/v1');
  assert.deepEqual(other, { kind: 'other', subjects: [], predicateType: 'https://example.org/sbom/v1' });
  const build = { buildDefinition: { externalParameters: { workflow: 'ci.yml' } } };
  assert.equal(changed(STEP, 'predicate', build).kind, 'other');
  assert.equal(changed(STEP, 'predicate', null).kind, 'other');
  for (const type of ['__proto__', 'constructor', 'dataset', 'urn:dataset-provenance:dataset:v2']) {
    assert.equal(changed(DATASET, 'predicateType', type).kind, 'other');
  }
});

test('unknown members are ignored, and members of the prototype are none', () => {
  const parsed = changed(REVIEW, 'predicate.confidence', 0.5);
  assert.equal(parsed.kind, 'review');
  const json = textOf(statementBytes(REVIEW)).replace('"reason"', '"__proto__"');
  assert.throws(() => parseStatement(bytesOf(json)), failure('invalid-statement', /reason/));
});

test('a flag without a reason, a further strong digest and a bare date are all right', () => {
  assert.equal(changed(REVIEW, 'predicate.reason', '').kind, 'review');
  assert.equal(changed(DATASET, 'subject.0.digest.sha512', 'ab'.repeat(64)).kind, 'dataset');
  assert.equal(changed(DATASET, 'predicate.origin.collectedAt', '2024-02-29').kind, 'dataset');
});

test('builders refuse what would not be read', () => {
  const predicate = SAMPLES.predicate;
  assert.throws(() => sampleStatement([], predicate), failure('nothing-to-sign'));
  const weak = [{ name: 'a#1', sha256: 'abcd' }];
  assert.throws(() => sampleStatement(weak, predicate), failure('invalid-statement', /full strong digest/));
  const file = { name: 'a', sha256: DIGEST };
  const long = { ...DATASET.predicate, note: 'x'.repeat(10_001) };
  assert.throws(() => datasetStatement(file, long), failure('invalid-statement', /note/));
});

test('duplicate keys and invalid UTF-8 are refused', () => {
  const twice = textOf(statementBytes(REVIEW)).replace('"verdict"', '"verdict":"cleared","verdict"');
  assert.throws(() => parseStatement(bytesOf(twice)), failure('invalid-statement', /strict JSON/));
  assert.throws(() => parseStatement(new Uint8Array([0x22, 0xff, 0x22])), failure('invalid-statement'));
});

test('any JSON and any bytes are read or refused with a code', () => {
  const templates = [DATASET, SAMPLES, REVIEW, STEP, REVOCATION].map((s) => textOf(statementBytes(s)));
  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.nat(),
      fc.nat(8),
      fc.jsonValue(),
      (json, at, remove, value) => {
        const start = at % json.length;
        const bytes = bytesOf(json.slice(0, start) + JSON.stringify(value) + json.slice(start + remove));
        try {
          parseStatement(bytes);
        } catch (error) {
          failure('invalid-statement')(error);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('names of samples', () => {
  assert.equal(sampleName('train.jsonl', 12), 'train.jsonl#12');
  assert.deepEqual(parseSampleName('a#b\n#12'), { file: 'a#b\n', line: 12 });
  for (const name of [
    'train.jsonl',
    '#1',
    'a#0',
    'a#01',
    'a#-1',
    'a#1x',
    'a#1.5',
    'a#9007199254740992',
    'a#٣',
  ]) {
    assert.equal(parseSampleName(name), undefined, name);
  }
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (file, line) => {
        assert.deepEqual(parseSampleName(sampleName(file, line)), { file, line });
      },
    ),
  );
});

test('times are RFC 3339 in UTC, and real', () => {
  assert.equal(parseUtcTime('1970-01-01T00:00:01Z'), 1000);
  assert.equal(parseUtcTime('2026-01-31T09:00:00.123456789Z'), Date.UTC(2026, 0, 31, 9) + 123);
  assert.equal(parseUtcTime('2024-02-29T23:59:59Z'), Date.UTC(2024, 1, 29, 23, 59, 59));
  for (const text of [
    '2026-01-31',
    '2026-01-31T09:00Z',
    '2026-01-31 09:00:00Z',
    '2026-01-31T09:00:00',
    '2026-01-31T09:00:00z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T09:60:00Z',
    '2026-01-31T09:00:60Z',
    '2026-13-01T09:00:00Z',
    '2025-02-29T09:00:00Z',
    '+002026-01-31T09:00:00Z',
    '2026-01-31T09:00:00Z\n',
    '2026-01-31T09:00:00.Z',
  ]) {
    assert.equal(parseUtcTime(text), undefined, text);
  }
});
