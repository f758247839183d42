import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { canonicalBytes } from '../../../../src/core/sample/canonicalJson.ts';
import { parseJsonValue, type JsonObject } from '../../../../src/core/sample/jsonValue.ts';
import { FormHints, type FormHint } from '../../../../src/core/trust/formHints.ts';
import { formDifferences } from '../../../../src/core/trust/valueForms.ts';

/** `pointer: kind` for each difference, or `different`. */
function picture(signed: string, found: string): string {
  const differences = formDifferences(parseJsonValue(signed), parseJsonValue(found));
  return differences?.map(({ pointer, kind }) => `${pointer}: ${kind}`).join(', ') ?? 'different';
}

describe('how values are written', () => {
  const cases: readonly (readonly [what: string, signed: string, found: string, expected: string])[] = [
    ['the same', '{"a":1,"b":"x"}', '{"b":"x","a":1}', ''],
    ['a null that was dropped', '{"a":1,"b":null}', '{"a":1}', '/b: dropped-null'],
    ['a value that was dropped', '{"a":1,"b":2}', '{"a":1}', '/b: dropped-member'],
    ['a member more', '{"a":1}', '{"a":1,"b":2}', '/b: extra-member'],
    ['ten decimals, as pandas has it', '{"a":0.12345678901234}', '{"a":0.123456789}', '/a: rounded-number'],
    ['single precision', '{"a":0.10000000149011612}', '{"a":0.1}', '/a: rounded-number'],
    [
      'an id that went through a double',
      '{"a":9007199254740993}',
      '{"a":9007199254740992}',
      '/a: rounded-number',
    ],
    ['another number', '{"a":0.5}', '{"a":0.25}', 'different'],
    ['another small number', '{"a":7}', '{"a":8}', 'different'],
    ['milliseconds', '{"t":"2024-05-01T12:00:00.250000Z"}', '{"t":1714564800250}', '/t: timestamp-form'],
    ['seconds', '{"t":"2024-05-01T12:00:00.000"}', '{"t":1714564800}', '/t: timestamp-form'],
    [
      'a space for the T',
      '{"t":"2024-05-01T12:00:00.250000"}',
      '{"t":"2024-05-01 12:00:00.25"}',
      '/t: timestamp-form',
    ],
    [
      'an offset',
      '{"t":"2024-05-01T12:00:00.000Z"}',
      '{"t":"2024-05-01T14:00:00+02:00"}',
      '/t: timestamp-form',
    ],
    ['days', '{"t":"2024-05-01"}', '{"t":19844}', '/t: timestamp-form'],
    ['a date with a time', '{"t":"2024-05-01"}', '{"t":"2024-05-01T00:00:00.000"}', '/t: timestamp-form'],
    ['another day', '{"t":"2024-05-01"}', '{"t":"2024-05-02"}', 'different'],
    ['a decimal as a number', '{"p":"12.50"}', '{"p":12.5}', '/p: number-or-text'],
    ['a number as text', '{"p":12.5}', '{"p":"12.50"}', '/p: number-or-text'],
    ['another decimal', '{"p":"12.50"}', '{"p":12.6}', 'different'],
    ['NaN as null', '{"x":"NaN"}', '{"x":null}', '/x: not-finite'],
    ['truth as a number', '{"x":true}', '{"x":1}', '/x: boolean-form'],
    ['a lie', '{"x":true}', '{"x":0}', 'different'],
    ['bytes', '{"x":{"$base64":"AAE="}}', '{"x":"\\\\x00\\\\x01"}', '/x: binary-form'],
    ['a map', '{"m":[{"key":"a","value":1}]}', '{"m":{"a":1}}', '/m: map-form'],
    ['JSON in a text', '{"m":[1,2]}', '{"m":"[1, 2]"}', '/m: json-text'],
    [
      'within items',
      '{"m":[{"t":"2024-05-01","n":null}]}',
      '{"m":[{"t":"2024-05-01 00:00:00"}]}',
      '/m/*/t: timestamp-form, /m/*/n: dropped-null',
    ],
    ['another text', '{"a":1,"b":"x"}', '{"a":1,"b":"y"}', 'different'],
    ['another length', '{"a":[1,2]}', '{"a":[1]}', 'different'],
    ['nothing in common', '{"a":1}', '{"b":1}', 'different'],
  ];
  for (const [what, signed, found, expected] of cases) {
    it(what, () => {
      assert.equal(picture(signed, found), expected);
    });
  }
});

const row = (line: number, value: JsonObject) => ({ line, value });
const shown = (hints: readonly FormHint[]) =>
  hints.map(
    ({ pointer, kind, rows, example }) =>
      `${pointer} ${kind} × ${String(rows)}, line ${String(example.line)}`,
  );

describe('hints', () => {
  it('knows a row again by a text in it, wherever it stands', () => {
    const hints = new FormHints([
      row(1, { text: 'the second sample', score: 0.33 }),
      row(2, { text: 'the first sample', score: 0.12 }),
      row(3, { text: 'was never signed', score: 1 }),
    ]);
    hints.offer({ text: 'the first sample', score: 0.1234 });
    hints.offer({ text: 'the second sample', score: 0.3333 });
    assert.deepEqual(shown(hints.hints), ['/score rounded-number × 2, line 2']);
    assert.equal(hints.remaining, 1);
  });

  it('knows a row without texts by its place', () => {
    const hints = new FormHints([row(7, { x: 0.12, ok: true })]);
    hints.offer({ x: 0.1234, ok: true }, 8);
    assert.deepEqual(hints.hints, []);
    hints.offer({ x: 0.1234, ok: true }, 7);
    assert.deepEqual(shown(hints.hints), ['/x rounded-number × 1, line 7']);
  });

  it('says nothing of a row that says something else', () => {
    const hints = new FormHints([row(1, { text: 'a prompt that was signed', answer: 'poison' })]);
    hints.offer({ text: 'a prompt that was signed', answer: 'antidote' }, 1);
    assert.deepEqual(hints.hints, []);
  });

  it('finds the form without the signed file, from its digests alone', () => {
    const signed = [
      { id: 1, at: '2024-05-01T12:00:00.250000', price: '12.50', note: null },
      { id: 2, at: '2024-05-02T00:00:00.000000', price: '3.00', note: 'x' },
      { id: 3, at: '2024-05-03T00:00:00.000000', price: '0.10', note: null },
    ];
    const digests = new Set(signed.map((value) => toHex(sha256(canonicalBytes(value)))));
    const hints = new FormHints([
      row(1, { id: 1, at: 1714564800250, price: 12.5 }),
      row(2, { id: 2, at: 1714608000000, price: 3, note: 'x' }),
      row(3, { id: 3, at: 1714694400000, price: 0.1 }),
      row(4, { id: 4, at: 1714694400000, price: 0.2 }),
    ]);
    hints.tryForms(['note'], (digest) => digests.has(toHex(digest)), sha256);
    assert.deepEqual(shown(hints.hints), [
      '/at timestamp-form × 3, line 1',
      '/price number-or-text × 3, line 1',
      '/note dropped-null × 2, line 1',
    ]);
    assert.equal(hints.remaining, 1);
  });
});
