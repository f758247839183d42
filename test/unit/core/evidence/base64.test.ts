import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../../../../src/core/bytes/base64.ts';

test('encodes as Buffer does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
    }),
  );
});

test('decodes both alphabets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const standard = Buffer.from(bytes).toString('base64');
      const urlSafe = standard.replaceAll('+', '-').replaceAll('/', '_');
      assert.deepEqual(fromBase64(standard), bytes);
      assert.deepEqual(fromBase64(urlSafe), bytes);
    }),
  );
});

test('any text that is decoded is the one encoding of its bytes', () => {
  const character = fc.constantFrom(...'ABzaz09+/-_= \n\u00e9\u2713');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
      const bytes = fromBase64(text);
      if (bytes) assert.equal(toBase64(bytes), text.replaceAll('-', '+').replaceAll('_', '/'));
    }),
    { numRuns: 5000 },
  );
});

const REFUSED: readonly [text: string, why: string][] = [
  ['QQ', 'padding is missing'],
  ['QQ=', 'padding is short'],
  ['QQ===', 'padding is long'],
  ['====', 'there is only padding'],
  ['QR==', 'unused bits are not zero'],
  ['QUF=', 'unused bits are not zero'],
  ['QQ==QQ==', 'padding stands inside'],
  ['Q=Q=', 'padding stands inside'],
  ['+-AA', 'alphabets are mixed'],
  ['QUF\n', 'there is a line end'],
  ['QUF ', 'there is a space'],
  ['QUFé', 'there is a character beyond ASCII'],
];
for (const [text, why] of REFUSED) {
  test(`refuses ${JSON.stringify(text)}: ${why}`, () => {
    assert.equal(fromBase64(text), undefined);
  });
}
