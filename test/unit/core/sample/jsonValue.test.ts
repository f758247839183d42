import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalBytes, canonicalize } from '../../../../src/core/sample/canonicalJson.ts';
import { parseJsonValue } from '../../../../src/core/sample/jsonValue.ts';

describe('JSON values', () => {
  it('keeps integers that a double would round, at any depth', () => {
    assert.deepEqual(
      parseJsonValue('{"a":[9007199254740993,-18446744073709551615],"b":1.5e3,"c":"12345678901234567"}'),
      {
        a: [9007199254740993n, -18446744073709551615n],
        b: 1500,
        c: '12345678901234567',
      },
    );
  });

  it('keeps members called like those of all objects', () => {
    const value = parseJsonValue('{"__proto__":9007199254740993,"constructor":{}}');
    assert.deepEqual(Object.entries(value as object), [
      ['__proto__', 9007199254740993n],
      ['constructor', {}],
    ]);
  });

  it('has the canonical form of the text', () => {
    const texts = fc
      .json()
      .map((json) => json.replace(/^\{/, '{ "big":\n12345678901234567890, ').replace(/, \}/, '}'));
    fc.assert(
      fc.property(texts, fc.boolean(), (text, spaced) => {
        const written = spaced ? text.replace(/^\[/, '[\t9007199254740993 , ').replace(/, \]/, ']') : text;
        const bytes = new TextEncoder().encode(written);
        assert.deepEqual(canonicalBytes(parseJsonValue(written)), canonicalize(bytes));
      }),
    );
  });
});
