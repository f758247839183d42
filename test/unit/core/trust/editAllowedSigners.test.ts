import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSshPublicKey } from '../../../../src/core/evidence/sshKey.ts';
import { findSigner, NAMESPACE, parseAllowedSigners } from '../../../../src/core/trust/allowedSigners.ts';
import {
  distrustKey,
  replaceKey,
  signersTime,
  type FileEdit,
} from '../../../../src/core/trust/editAllowedSigners.ts';
import { signer } from '../../../support/judged.ts';
import { failure } from '../evidence/support.ts';

const OLD = signer('old');
const NEW = signer('new');
const OTHER = signer('other');
const NOW = Date.UTC(2026, 10, 25, 4, 30);
const MINUTE = 60_000;
const PATH = '/home/anna/allowed_signers';

const keyText = (one: typeof OLD) => formatSshPublicKey(one.publicKey);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const entriesOf = (bytes: Uint8Array) => parseAllowedSigners(new TextDecoder().decode(bytes), PATH).entries;

function file(text: string) {
  return { path: PATH, bytes: bytesOf(text) };
}

const replaced = (text: string, at = NOW) =>
  replaceKey(file(text), OLD.keyId, { key: NEW.publicKey, keyId: NEW.keyId, comment: 'new laptop' }, at);

/** The text of an edit with keys written as OLD and NEW. */
function shown(edit: FileEdit | undefined): string | undefined {
  return edit && textOf(edit.edited).replaceAll(keyText(OLD), 'OLD').replaceAll(keyText(NEW), 'NEW');
}

describe('taking trust from a key', () => {
  test('comments out its lines and nothing else', () => {
    const text = `# who signs\r\nanna ${keyText(OLD)} laptop\r\n\r\nbert ${keyText(OTHER)}\nanna  namespaces="git"  ${keyText(OLD)}\n`;
    assert.equal(
      shown(distrustKey(file(text), OLD.keyId)),
      `# who signs\r\n# anna OLD laptop\r\n\r\nbert ${keyText(OTHER)}\nanna  namespaces="git"  OLD\n`,
    );
  });

  test('a last line needs no end; one that trusts nobody, for its byte order mark, stays as it is', () => {
    const edit = distrustKey(file(`anna ${keyText(OLD)}`), OLD.keyId);
    assert.equal(shown(edit), '# anna OLD');
    assert.equal(distrustKey(file(`\ufeffanna ${keyText(OLD)}`), OLD.keyId), undefined);
    assert.deepEqual(
      edit?.lines.map(({ line, text }) => ({ line, text })),
      [{ line: 1, text: `anna ${keyText(OLD)}` }],
    );
  });

  test('authorities and other namespaces are left alone', () => {
    const text = `*@x cert-authority ${keyText(OLD)}\nanna namespaces="file,!${NAMESPACE},*" ${keyText(OLD)}\n`;
    assert.equal(distrustKey(file(text), OLD.keyId), undefined);
  });
});

describe('replacing a key', () => {
  const cases: readonly [before: string, after: string][] = [
    ['anna OLD', 'anna valid-before="20261125043000Z" OLD\nanna NEW new laptop'],
    [
      'anna namespaces="dataset-provenance" OLD c',
      'anna namespaces="dataset-provenance",valid-before="20261125043000Z" OLD c\nanna namespaces="dataset-provenance" NEW new laptop',
    ],
    [
      '"anna b"\tVALID-BEFORE="20270101Z",namespaces="a,dataset-*"  OLD',
      '"anna b"\tvalid-before="20261125043000Z",namespaces="a,dataset-*"  OLD\n"anna b"\tnamespaces="a,dataset-*" NEW new laptop',
    ],
    [
      '  *@x,!b@x valid-after="20200101Z" OLD\r\n',
      '  *@x,!b@x valid-after="20200101Z",valid-before="20261125043000Z" OLD\r\n  *@x,!b@x NEW new laptop\r\n',
    ],
    ['"anna"OLD', '"anna"valid-before="20261125043000Z" OLD\n"anna"NEW new laptop'],
    ['anna NEW\nanna OLD\n', 'anna NEW\nanna valid-before="20261125043000Z" OLD\n'],
  ];
  for (const [before, after] of cases) {
    test(before, () => {
      const text = before.replaceAll('OLD', keyText(OLD)).replaceAll('NEW', keyText(NEW));
      assert.equal(shown(replaced(text)), after);
    });
  }

  test('a line that has ended already is left alone', () => {
    assert.equal(replaced(`anna valid-before="20261124Z" ${keyText(OLD)}`), undefined);
  });

  test('a line that only begins later cannot end now', () => {
    assert.throws(
      () => replaced(`anna valid-after="20270101Z" ${keyText(OLD)}`),
      failure('invalid-argument', /line 1.*2027-01-01T00:00:00Z.*2026-11-25T04:30:00Z/),
    );
  });
});

/** Lines as people write them, and as they should not: each with its line end. */
const lines = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom('', '# anna', '   ', 'not a line', `anna ${keyText(OTHER)}`, '"open', '\ufeff'),
      fc
        .record({
          indent: fc.constantFrom('', ' ', '\t '),
          principal: fc.constantFrom('anna', '"anna, b"', '*@x.example,!b@x.example', 'zoé'),
          gap: fc.constantFrom(' ', '\t', '   '),
          options: fc.constantFrom(
            '',
            'namespaces="git" ',
            'namespaces="dataset-provenance"\t',
            'namespaces="*" ',
            'cert-authority ',
            'valid-after="20240101Z",namespaces="dataset-*" ',
            'valid-before="20251231235959Z" ',
            'namespaces="a\\"b,*",valid-before="20301231Z",valid-after="20200101" ',
          ),
          key: fc.constantFrom(OLD, OLD, NEW, OTHER),
          rest: fc.constantFrom('', ' anna@laptop', '  # not a comment', ' "quoted"'),
        })
        .map(({ indent, principal, gap, options, key, rest }) =>
          [indent, principal, gap, options, keyText(key), rest].join(''),
        ),
    ),
    fc.constantFrom('\n', '\n', '\r\n'),
  ),
  { maxLength: 12 },
);
const files = fc
  .tuple(lines, fc.boolean(), fc.constantFrom([], [0xff, 0xfe, 0x0a], [0x23, 0xc3, 0x0a]))
  .map(([parts, isEnded, junk]) => {
    const text = parts.map(([line, end]) => line + end).join('');
    return Uint8Array.from([...junk, ...bytesOf(isEnded ? text : text.replace(/\r?\n$/, ''))]);
  });
const times = fc.integer({ min: Date.UTC(2019, 0), max: Date.UTC(2032, 0) });

/** What stays when the edited lines are taken out, before and after. */
function untouched(bytes: Uint8Array, edit: FileEdit | undefined): { before: string; after: string } {
  const latin = (all: Uint8Array) => Buffer.from(all).toString('latin1').split('\n');
  const before = latin(bytes);
  const after = latin(edit?.edited ?? bytes);
  for (const { line } of [...(edit?.lines ?? [])].reverse()) before.splice(line - 1, 1);
  let shift = 0;
  for (const { line, becomes } of edit?.lines ?? []) {
    after.splice(line - 1 + shift, becomes.length);
    shift -= 1;
  }
  return { before: before.join('\n'), after: after.join('\n') };
}

describe('any file', () => {
  test('distrusting leaves every other byte alone, and nobody else loses or wins', () => {
    fc.assert(
      fc.property(files, times, (bytes, time) => {
        const edit = distrustKey({ path: PATH, bytes }, OLD.keyId);
        const { before, after } = untouched(bytes, edit);
        assert.equal(after, before);
        for (const { text, becomes } of edit?.lines ?? []) assert.deepEqual(becomes, [`# ${text}`]);
        const entries = entriesOf(edit?.edited ?? bytes);
        assert.equal(findSigner(entries, OLD.keyId, time).standing, 'untrusted');
        for (const { keyId } of [NEW, OTHER]) {
          assert.equal(
            findSigner(entries, keyId, time).standing,
            findSigner(entriesOf(bytes), keyId, time).standing,
          );
        }
        assert.equal(distrustKey({ path: PATH, bytes: edit?.edited ?? bytes }, OLD.keyId), undefined);
      }),
      { numRuns: 500 },
    );
  });

  test('replacing ends the old key, keeps what it signed before, and trusts the new one as it was', () => {
    fc.assert(
      fc.property(files, times, (bytes, time) => {
        const edit = replaceKey(
          { path: PATH, bytes },
          OLD.keyId,
          { key: NEW.publicKey, keyId: NEW.keyId },
          NOW,
        );
        const { before, after } = untouched(bytes, edit);
        assert.equal(after, before);
        const entries = entriesOf(edit?.edited ?? bytes);
        const was = findSigner(entriesOf(bytes), OLD.keyId, time);
        const is = findSigner(entries, OLD.keyId, time);
        assert.equal(
          is.standing,
          was.standing === 'trusted' && time >= NOW + 1000 ? 'expired' : was.standing,
        );
        if (findSigner(entriesOf(bytes), OLD.keyId, NOW + MINUTE).standing === 'trusted') {
          assert.equal(findSigner(entries, NEW.keyId, NOW + MINUTE).standing, 'trusted');
        }
        assert.equal(
          findSigner(entries, OTHER.keyId, time).standing,
          findSigner(entriesOf(bytes), OTHER.keyId, time).standing,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('a time is written as OpenSSH reads it', () => {
    assert.equal(signersTime(NOW + 999), '20261125043000Z');
  });
});
