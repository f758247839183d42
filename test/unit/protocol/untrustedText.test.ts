import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { untrustedText } from '../../../src/protocol/untrustedText.ts';

/** Shown text, then the text it was made from. Written as escapes: nobody could review the characters themselves. */
const CASES: readonly (readonly [shown: string, text: string, why: string])[] = [
  ['plain text, ünïcödé, 漢字, עברית', 'plain text, ünïcödé, 漢字, עברית', 'visible text stays'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>', 'markup is text'],
  ['a\\nb\\r\\nc\\td', 'a\nb\r\nc\td', 'white space that would move what follows'],
  ['a\\u0000b', 'a\0b', 'NUL'],
  ['\\u001B[31m', '\x1b[31m', 'terminal escapes'],
  ['\\u0085', '\x85', 'C1 controls'],
  ['\\u202Egnp.exe\\u202C', '\u202Egnp.exe\u202C', 'bidirectional overrides'],
  ['\\u2066x\\u2069', '\u2066x\u2069', 'bidirectional isolates'],
  ['\\u200E\\u200F\\u061C', '\u200E\u200F\u061C', 'bidirectional marks'],
  ['pa\\u200Byp\\u200Dal\\uFEFF', 'pa\u200Byp\u200Dal\uFEFF', 'zero-width characters'],
  ['a\\u2028b\\u2029c', 'a\u2028b\u2029c', 'line and paragraph separators'],
  ['\\u{E0041}\\u{E0042}', '\u{E0041}\u{E0042}', 'tag characters, which carry hidden instructions'],
  ['x\\uFE00\\u{E0101}', 'x\uFE00\u{E0101}', 'variation selectors, which carry hidden bytes'],
  ['soft\\u00ADhyphen', 'soft\u00ADhyphen', 'soft hyphen'],
  ['\\u3164\\u115F', '\u3164\u115F', 'fillers that are letters'],
  ['\\uD800x\\uDC00', '\uD800x\uDC00', 'lone surrogates'],
  ['\\uE000\\u{F0000}', '\uE000\u{F0000}', 'private use'],
  ['e\u0301\u0301\u0301\u0301\\u0301', 'e\u0301\u0301\u0301\u0301\u0301', 'a pile of combining marks'],
  ['👩🏽\u200D🚀 ❤️ 1️⃣', '👩🏽\u200D🚀 ❤️ 1️⃣', 'emoji sequences stay'],
  ['👩\\u200D\\u200D', '👩\u200D\u200D', 'joiners after an emoji that join nothing'],
];

describe('untrustedText', () => {
  for (const [shown, text, why] of CASES) {
    it(`shows ${why}`, () => {
      assert.equal(untrustedText(text), shown);
    });
  }

  it('cuts long text, and says so', () => {
    assert.equal(untrustedText('abcdef', 3), 'abc…');
    assert.equal(untrustedText('abc', 3), 'abc');
    assert.equal(untrustedText('x'.repeat(100_000)).length, 1001);
  });

  it('does not cut a character in two', () => {
    assert.equal(untrustedText('ab😀c', 3), 'ab…');
    assert.equal(untrustedText('ab😀c', 4), 'ab😀…');
  });

  it('leaves nothing that hides, and does nothing the second time', () => {
    const hidden =
      /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u202A-\u202E\u2066-\u2069\u200B\u200E\u200F\u061C\u{E0000}-\u{E0FFF}]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = untrustedText(text);
        assert.doesNotMatch(shown, hidden);
        assert.equal(untrustedText(shown, Infinity), shown);
      }),
    );
  });
});
