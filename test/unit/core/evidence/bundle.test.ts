import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_BAD_LINES,
  MAX_BUNDLE_PROBLEMS,
  parseBundle,
  type Bundle,
} from '../../../../src/core/evidence/bundle.ts';
import { MAX_ENVELOPE_BYTES, serializeEnvelope, signEnvelope } from '../../../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../../../src/core/evidence/predicates.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import { revocationStatement, statementBytes } from '../../../../src/core/evidence/statement.ts';
import { bytesOf, textOf } from './support.ts';

const signer = ed25519Signer(new Uint8Array(32).fill(1));

async function envelopeLine(reason: string, type = PAYLOAD_TYPE): Promise<string> {
  const subject = { name: 'envelope', sha256: 'ab'.repeat(32) };
  const statement = revocationStatement([subject], { reason, timeCreated: '2026-01-31T09:00:00Z' });
  return textOf(serializeEnvelope(await signEnvelope(statementBytes(statement), type, signer)));
}

const A = await envelopeLine('a');
const B = await envelopeLine('b');
const C = await envelopeLine('c');
const OTHER = textOf(
  serializeEnvelope(
    await signEnvelope(
      bytesOf(
        '{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://x.example","predicate":{}}',
      ),
      PAYLOAD_TYPE,
      signer,
    ),
  ),
);
const WRONG_TYPE = await envelopeLine('d', 'text/plain');

/** What a bundle holds, as a picture: `line:what`, in order. */
function picture({ entries, problems }: Bundle): string {
  const parts = [
    ...entries.map(({ line, statement }) => {
      const what = statement.kind === 'revocation' ? statement.predicate.reason : statement.kind;
      return { line, text: `${line}:${what}` };
    }),
    ...problems.map(({ line, code }) => ({ line, text: `${line}:!${code}` })),
  ];
  return parts
    .sort((a, b) => a.line - b.line)
    .map(({ text }) => text)
    .join(' ');
}

const read = (text: string) => picture(parseBundle(bytesOf(text)));

const CASES: readonly [name: string, text: string, expected: string][] = [
  ['an empty file', '', ''],
  ['one line', `${A}\n`, '1:a'],
  ['no line end at the end', `${A}\n${B}`, '1:a 2:b'],
  ['CRLF', `${A}\r\n${B}\r\n`, '1:a 2:b'],
  ['blank lines, which count', `\n${A}\n\n \t\r\n${B}\n\n`, '2:a 5:b'],
  ['a torn last line', `${A}\n${B.slice(0, 200)}`, '1:a 2:!invalid-envelope'],
  [
    'a torn line that others were added to',
    `${A}\n${B.slice(0, 200)}\n${C}\n`,
    '1:a 2:!invalid-envelope 3:c',
  ],
  ['garbage in the middle', `${A}\n\0\x01\x02\n${C}\n`, '1:a 2:!invalid-envelope 3:c'],
  ['two envelopes in one line', `${A}${B}\n${C}\n`, '1:!invalid-envelope 2:c'],
  ['a predicate of others', `${OTHER}\n${A}\n`, '1:other 2:a'],
  ['a payload that is no statement', `${WRONG_TYPE}\n${A}\n`, '1:!invalid-statement 2:a'],
];
for (const [name, text, expected] of CASES) {
  test(`reads ${name}`, () => assert.equal(read(text), expected));
}

test('an envelope is named by the SHA-256 of its line, whatever the line end', () => {
  const expected = createHash('sha256').update(A).digest('hex');
  for (const end of ['', '\n', '\r\n']) {
    assert.equal(parseBundle(bytesOf(A + end)).entries[0]!.envelopeDigest, expected);
  }
});

test('problems name the line and say why', () => {
  const messages = (line: string) =>
    parseBundle(bytesOf(`${A}\n${line}\n${B}\n`)).problems.map(({ error }) => error.message);
  const rest = 'The other lines count; to mend this one, get the file again from where it came from.';
  for (const [line, reason] of [
    ['nonsense', 'not a DSSE envelope: it is not strict JSON at byte 1 (invalid-json).'],
    [B.slice(0, 100), 'not a DSSE envelope: it is cut off at byte 100.'],
    [WRONG_TYPE, 'its payload is "text/plain", not an in-toto statement.'],
  ] as const) {
    assert.deepEqual(messages(line), [`Line 2 of the evidence was skipped: ${reason} ${rest}`]);
  }
});

test('a line that is too long is skipped, and the next one is read', () => {
  const long = Buffer.alloc(MAX_ENVELOPE_BYTES + 2, 'x');
  long[long.length - 1] = 0x0a;
  assert.equal(picture(parseBundle(Buffer.concat([long, bytesOf(A)]))), '1:!too-large 2:a');
});

test('of many problems the first are listed, and how many more there are', () => {
  const { entries, problems } = parseBundle(bytesOf(`${'x\n'.repeat(5000)}${A}\n`));
  assert.equal(entries.length, 1);
  assert.equal(problems.length, MAX_BUNDLE_PROBLEMS - 1);
  assert.match(problems.at(-1)!.error.message, /^4002 more lines of the evidence up to line 5000/);
});

test('a flood of bad lines ends the reading, which is said first', () => {
  // Blank lines are cheap and do not count.
  const blank = '\n'.repeat(2 * MAX_BAD_LINES);
  const read = (bad: number) => parseBundle(bytesOf(`${blank}${A}\n${'x\n'.repeat(bad)}${B}\n`));
  assert.equal(read(MAX_BAD_LINES).entries.length, 2);
  const flood = read(MAX_BAD_LINES + 1);
  assert.equal(flood.entries.length, 1);
  assert.equal(flood.problems.length, MAX_BUNDLE_PROBLEMS);
  assert.match(flood.problems[0]!.error.message, /read up to line 30002 only/);
});

test('any damage to a bundle leaves the other lines readable', () => {
  const lines = [A, B, C, OTHER];
  const text = bytesOf(lines.map((line) => `${line}\n`).join(''));
  const ends = lines.map((_, index) => bytesOf(lines.slice(0, index + 1).join('\n')).length);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, damage) => {
      const bytes = text.slice();
      bytes.set(damage.subarray(0, text.length - at), at);
      const { entries } = parseBundle(bytes);
      const read = new Set(entries.map(({ envelopeDigest }) => envelopeDigest));
      lines.forEach((line, index) => {
        const start = index === 0 ? 0 : ends[index - 1]! + 1;
        if (at + damage.length < start || at > ends[index]!) {
          assert.ok(read.has(createHash('sha256').update(line).digest('hex')), `line ${index + 1}`);
        }
      });
    }),
    { numRuns: 300 },
  );
});
