import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { foldedDigest, foldedText, foldText } from '../../../../src/core/lineage/foldedText.ts';

const digestOf = (text: string) => {
  const digest = foldedDigest(new TextEncoder().encode(text));
  return digest && toHex(digest);
};

describe('folding a text', () => {
  const CASES: readonly [text: string, folded: string][] = [
    ['  Good\t\r\n Evening ', 'good evening'],
    ['STRASSE straße', 'strasse strasse'],
    ['ΣΟΦΟΣ σοφος', 'σοφοσ σοφοσ'],
    ['ﬁne ＡＢＣ', 'fine abc'],
    ['in\u200bvisi\u00adble\ufeff', 'invisible'],
    ['e\u0301 \u00e9', '\u00e9 \u00e9'],
    ['a\u00a0\u3000b', 'a b'],
    ['\u200b \n', ''],
  ];
  for (const [text, folded] of CASES) {
    test(JSON.stringify(text), () => {
      assert.equal(foldText(text), folded);
    });
  }

  test('property: folding once more changes nothing, nor does case or white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        const folded = foldText(text);
        assert.equal(foldText(folded), folded);
        assert.equal(foldText(text.toUpperCase()), folded);
        assert.equal(foldText(text.replaceAll(' ', '\n \t')), folded);
      }),
    );
  });
});

describe('the folded text of a sample', () => {
  test('is that of the members that hold text, in canonical order', () => {
    assert.equal(foldedText({ id: 'x', question: 'Q', answer: 'A' }), 'a\nq');
    assert.equal(
      foldedText({ source: 's', messages: [{ role: 'User', content: 'Hi' }, { content: 'Yo' }] }),
      'hi\nuser\nyo',
    );
  });

  test('is all text where no such member has any', () => {
    assert.equal(foldedText({ body: ['B', 1, { c: 'C' }], text: ' ' }), 'b\nc');
    assert.equal(foldedText('Plain'), 'plain');
    assert.equal(foldedText({ text: 1 }), undefined);
  });

  test('has a digest that does not depend on other members', () => {
    assert.equal(digestOf('{"text":"GOOD\\n evening","id":1}'), digestOf('{"id":2,"text":"good evening"}'));
    assert.notEqual(digestOf('{"text":"good evening"}'), digestOf('{"text":"good morning"}'));
    assert.notEqual(digestOf('{"text":"a","prompt":"b"}'), digestOf('{"text":"a b"}'));
  });

  test('malformed samples have none', () => {
    for (const text of ['{"text":"a"', '{"text":"a","text":"a"}', '{"text":"\\ud800"}', '['.repeat(600)]) {
      assert.equal(digestOf(text), undefined);
    }
  });
});
