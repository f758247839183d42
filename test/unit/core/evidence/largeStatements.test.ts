import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEnvelope, preAuthEncoding, serializeEnvelope } from '../../../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../../../src/core/evidence/predicates.ts';
import {
  advisoryStatement,
  parseStatement,
  statementBytes,
} from '../../../../src/core/evidence/statement.ts';
import { readSubjects } from '../../../../src/core/evidence/subjectList.ts';

const COUNT = 900;
const SUBJECTS = Array.from({ length: COUNT }, (_, i) => ({
  name: `feed#${String(i + 1)}`,
  sha256: createHash('sha256').update(String(i)).digest('hex'),
}));
const PREDICATE = {
  id: 'X-1',
  title: 'Title with "subject":[ in it',
  category: 'poisoning',
  severity: 'high',
  timeCreated: '2026-01-01T00:00:00Z',
} as const;
const payload = statementBytes(advisoryStatement(SUBJECTS, PREDICATE));
const text = new TextDecoder().decode(payload);
const bytesOf = (value: string) => new TextEncoder().encode(value);

test('the subjects of a large statement are read where they stand', () => {
  assert.ok(payload.length > 1 << 16);
  const statement = parseStatement(payload);
  assert.equal(statement.kind, 'advisory');
  assert.ok('digests' in statement && statement.digests, 'read apart');
  assert.deepEqual(
    statement.subjects.map(({ name, sha256 }) => ({ name, sha256 })),
    SUBJECTS,
  );
  assert.equal(Buffer.from(statement.digests).toString('hex'), SUBJECTS.map(({ sha256 }) => sha256).join(''));
  assert.deepEqual(statement.predicate, PREDICATE);
});

/** What `parseStatement` makes of a text: its subjects, or its error. With white space at its end it is read as a whole. */
function outcome(value: string): unknown {
  try {
    const { kind, subjects } = parseStatement(bytesOf(value));
    return { kind, subjects: subjects.map(({ name, sha256 }) => ({ name, sha256 })) };
  } catch (error) {
    // The white space moves the end of what is cut off.
    return (error as Error).message.replace(/byte \d+/, 'byte');
  }
}

const CHANGES: readonly [what: string, change: (text: string) => string][] = [
  ['another member in a subject', (t) => t.replace('"name":"feed#7"', '"name":"feed#7","uri":"x"')],
  ['another digest', (t) => t.replace('{"sha256":', `{"sha512":"${'0'.repeat(128)}","sha256":`)],
  ['a digest in upper case', (t) => t.replace(SUBJECTS[3]!.sha256, SUBJECTS[3]!.sha256.toUpperCase())],
  ['a short digest', (t) => t.replace(SUBJECTS[3]!.sha256, SUBJECTS[3]!.sha256.slice(1))],
  ['a name with an escape', (t) => t.replace('feed#9"', 'feed\\u0023#9"')],
  ['a name that is not ASCII', (t) => t.replace('feed#9"', 'fé#9"')],
  ['an empty name', (t) => t.replace('"feed#9"', '""')],
  ['a long name', (t) => t.replace('"feed#9"', `"${'x'.repeat(5000)}"`)],
  ['a member twice', (t) => t.replace('{"_type"', '{"subject":[],"_type"')],
  ['no comma', (t) => t.replace('},{"digest"', '}{"digest"')],
  ['a comma at the end', (t) => `${t.slice(0, -2)},]}`],
  ['something behind it', (t) => `${t}}`],
  ['cut off', (t) => t.slice(0, -1)],
  [
    'the list in the predicate, and none of its own',
    (t) =>
      t.replace('"predicate":{', '"predicate":{"x":1').replace('},"predicateType"', ',"predicateType"') + '}',
  ],
  ['another type', (t) => t.replace('advisory:v1', 'dataset:v1')],
  ['a type that is not ours', (t) => t.replace('advisory:v1', 'advisory:v9')],
  ['a predicate that is wrong', (t) => t.replace('"high"', '"huge"')],
];
for (const [what, change] of CHANGES) {
  test(`large or not, a statement means the same: ${what}`, () => {
    const changed = change(text);
    assert.notEqual(changed, text);
    const slow = outcome(`${changed} `);
    assert.equal(readSubjects(bytesOf(`${changed} `), 4096), undefined, 'the reference reads it as a whole');
    assert.deepEqual(outcome(changed), slow);
  });
}

test('property: any byte changed, a statement means the same either way', () => {
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
      const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      assert.deepEqual(outcome(changed), outcome(`${changed} `));
    }),
    { numRuns: 150 },
  );
});

test('a large envelope means what it means in another order', () => {
  const signatures = [{ keyid: 'k', sig: new Uint8Array([1, 2, 3]) }];
  const line = serializeEnvelope({ payload, payloadType: PAYLOAD_TYPE, signatures });
  const json = new TextDecoder().decode(line);
  const { preAuth, ...read } = parseEnvelope(line);
  assert.deepEqual(read, { payload, payloadType: PAYLOAD_TYPE, signatures });
  assert.deepEqual(parseEnvelope(bytesOf(` ${json}`)), read);
  assert.deepEqual(preAuth, preAuthEncoding(PAYLOAD_TYPE, payload));
  const refused = (changed: string) => {
    const messages = [changed, ` ${changed}`].map((each) => {
      assert.throws(() => parseEnvelope(bytesOf(each)), { code: 'invalid-envelope' });
      try {
        return parseEnvelope(bytesOf(each));
      } catch (error) {
        return (error as Error).message.replace(/\d+/g, '#');
      }
    });
    assert.equal(messages[0], messages[1]);
  };
  refused(json.replace('{"payload":"', '{"payload":"\\u0041'));
  refused(json.replace('","payloadType"', '=","payloadType"'));
  refused(json.replace('"payloadType"', '"payload":"AAAA","payloadType"'));
  refused(json.slice(0, -1));
});
