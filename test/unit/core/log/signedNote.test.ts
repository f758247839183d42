import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { verifySignature } from '../../../../src/core/evidence/sshKey.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { parseCheckpoint } from '../../../../src/core/log/checkpoint.ts';
import {
  checkNote,
  cosignedText,
  formatNote,
  formatVerifierKey,
  noteKey,
  parseNote,
  parseVerifierKey,
} from '../../../../src/core/log/signedNote.ts';
import { parseWitnesses } from '../../../../src/core/log/witnessList.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';
import { bytesOf, failure } from '../evidence/support.ts';

const SEED = new Uint8Array(32).fill(7);
const PUBLIC = ed25519.getPublicKey(SEED);
const TEXT = 'example.org/log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

function signed(text: string, name = 'example.org/log') {
  const key = noteKey(name, 'ed25519', PUBLIC);
  const signature = ed25519.sign(bytesOf(text), SEED);
  return { key, note: { text, signatures: [{ name, keyId: key.keyId, signature }] } };
}

const vectors = vectorsFolder('signed-note', 'vectors.json');
test('the vectors of C2SP', skipWithout(vectors), () => {
  const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as {
    cases: { name: string; vkey: string; note: string; valid: boolean }[];
  };
  assert.ok(cases.length > 0);
  for (const { name, vkey, note, valid } of cases) {
    const key = parseVerifierKey(vkey);
    assert.equal(formatVerifierKey(key), vkey, name);
    const parsed = parseNote(bytesOf(note));
    assert.equal(checkNote(parsed, key, verifySignature) === 'valid', valid, name);
    assert.equal(new TextDecoder().decode(formatNote(parsed)), note, name);
  }
});

test('the example of C2SP tlog-cosignature is read, with the keys that it names', () => {
  const note = parseNote(
    bytesOf(`example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`),
  );
  assert.deepEqual(
    note.signatures.map(({ name, keyId, signature }) => [name, keyId.toString(16), signature.length]),
    [
      ['example.com/behind-the-sofa', '33de0ae', 64],
      ['witness.example.com/w1', '8d66cf3f', 72],
    ],
  );
});

test('a note is valid as it was signed, and invalid with any byte of its text or signature changed', () => {
  const { key, note } = signed(TEXT);
  const bytes = formatNote(note);
  assert.equal(checkNote(parseNote(bytes), key, verifySignature), 'valid');
  assert.equal(checkNote(parseNote(bytes), noteKey('other', 'ed25519', PUBLIC), verifySignature), 'absent');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = bytes.slice();
      changed[at]! ^= flip;
      let check: string;
      try {
        check = checkNote(parseNote(changed), key, verifySignature);
      } catch (error) {
        assert.ok(error instanceof ProvenanceError && error.code === 'invalid-checkpoint');
        return;
      }
      assert.notEqual(check, 'valid');
    }),
    { numRuns: 300 },
  );
});

test('of two signatures of one key, a wrong one counts', () => {
  const { key, note } = signed(TEXT);
  const wrong = { ...note.signatures[0]!, signature: new Uint8Array(64) };
  assert.equal(
    checkNote({ ...note, signatures: [...note.signatures, wrong] }, key, verifySignature),
    'invalid',
  );
});

test('a cosignature is over the time as well', () => {
  const key = noteKey('witness.example', 'cosignature', PUBLIC);
  const time = 1_679_315_147n;
  const signature = new Uint8Array(72);
  new DataView(signature.buffer).setBigUint64(0, time);
  signature.set(ed25519.sign(bytesOf(cosignedText(TEXT, time)), SEED), 8);
  const note = { text: TEXT, signatures: [{ name: key.name, keyId: key.keyId, signature }] };
  assert.equal(checkNote(note, key, verifySignature), 'valid');
  const later = signature.slice();
  new DataView(later.buffer).setBigUint64(0, time + 1n);
  assert.equal(
    checkNote(
      { text: TEXT, signatures: [{ ...note.signatures[0]!, signature: later }] },
      key,
      verifySignature,
    ),
    'invalid',
  );
});

test('what is no note, no checkpoint or no verifier key is refused with a reason', () => {
  const { note } = signed(TEXT);
  const good = new TextDecoder().decode(formatNote(note));
  for (const bad of [
    '',
    '\n',
    'text\n',
    'text\n\n',
    good.slice(0, -1),
    good.replace('\u2014', '-'),
    good.replace('3\n', '3\t\n'),
    `${good}\n`,
    `${good}\u2014 a+b AAAAAAA=\n`,
    `${good}\u2014 a b AAAAAAA=\n`,
    `${good}\u2014 a AAAA\n`,
  ]) {
    assert.throws(() => parseNote(bytesOf(bad)), failure('invalid-checkpoint'), JSON.stringify(bad));
  }
  assert.throws(() => parseNote(Uint8Array.of(0xff, 0x0a)), failure('invalid-checkpoint', /UTF-8/));
  assert.throws(() => parseNote(new Uint8Array(1 << 20)), failure('invalid-checkpoint', /more than/));
  for (const text of [
    'o\n03\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'o\n99999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    'o\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n',
    'o\n3\n',
    '\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
  ]) {
    const bytes = formatNote(signed(text, 'o').note);
    assert.throws(() => parseCheckpoint(bytes), failure('invalid-checkpoint'), JSON.stringify(text));
  }
  const key = formatVerifierKey(signed(TEXT).key);
  assert.equal(formatVerifierKey(parseVerifierKey(key)), key);
  for (const bad of ['', 'a+b', key.slice(0, -4), key.replace('example', 'exemple'), `${key} `]) {
    assert.throws(() => parseVerifierKey(bad), failure('invalid-key'), bad);
  }
  assert.throws(() => parseVerifierKey('a+00000000+BgAA'), failure('unsupported-key', /type 6/));
});

test('arbitrary bytes are never read as a note by accident, nor throw anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.throws(() => parseCheckpoint(bytes), failure('invalid-checkpoint'));
    }),
  );
});

test('a list of witnesses: bad lines are reported and stop nothing', () => {
  const vkey = formatVerifierKey(noteKey('w.example/1', 'cosignature', PUBLIC));
  const text = `# mine\n${vkey}\n\nwitness W ${vkey} https://w.example\nnonsense\n${formatVerifierKey(signed(TEXT).key)}\n`;
  const { witnesses, problems } = parseWitnesses(text, '/w');
  assert.deepEqual(
    witnesses.map(({ name }) => name),
    ['w.example/1', 'w.example/1'],
  );
  assert.deepEqual(
    problems.map(({ code, args }) => [code, args['line']]),
    [
      ['invalid-key', 5],
      ['unsupported-key', 6],
    ],
  );
});
