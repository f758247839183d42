import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { webLink } from '../../../src/host/markdown.ts';
import { webAddress } from '../../../src/host/webAddress.ts';

test('Only addresses of web pages become links', () => {
  assert.equal(webAddress('https://acme.example/advisories/1'), 'https://acme.example/advisories/1');
  for (const refused of [
    'javascript:alert(1)',
    'command:workbench.action.quit',
    'file:///etc/passwd',
    'vscode://x/y',
    'https://user:secret@acme.example/',
    'https://',
    'acme.example',
    '',
    ` https://acme.example`,
    `https://acme.example/${'x'.repeat(3000)}`,
  ]) {
    assert.equal(webAddress(refused), undefined, refused);
    assert.equal(webLink(refused), undefined, refused);
  }
});

test('An address cannot end the link that it is put into, or begin other markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (path) => {
      const link = webLink(`https://acme.example/${path}`);
      if (link === undefined) return;
      const [, text = '', address = ''] = /^\[((?:[^\\\]]|\\.)*)\]\(([^()]*)\)$/su.exec(link) ?? [];
      assert.ok(text.length > 0 && address.length > 0, link);
      assert.match(address, /^https:\/\/acme\.example[^\s()<>[\]`*_|"'\\]*$/);
    }),
  );
});
