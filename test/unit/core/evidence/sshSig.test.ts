import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { fromBase64 } from '../../../../src/core/bytes/base64.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import { fingerprint, formatSshPublicKey, parseSshPublicKey } from '../../../../src/core/evidence/sshKey.ts';
import {
  armorSshSig,
  checkSshSig,
  parseSshSig,
  signSshSig,
  sshSigBlob,
} from '../../../../src/core/evidence/sshSig.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';
import { bytesOf, failure, missing } from './support.ts';

const SIGNER = ed25519Signer(new Uint8Array(32).fill(7));
const MESSAGE = bytesOf('the message');

const vectors = vectorsFolder('sshsig-openssh', 'testdata');
describe("OpenSSH's own signatures", skipWithout(vectors), () => {
  const read = (name: string) => readFileSync(join(vectors, name), 'utf8');
  const SUPPORTED = ['ed25519', 'ecdsa', 'rsa', 'ed25519_sk', 'ecdsa_sk', 'ecdsa_sk_webauthn'];
  for (const name of SUPPORTED) {
    test(`${name} verifies, and nothing that differs from it`, () => {
      const sig = parseSshSig(read(`${name}.sig`));
      const data = readFileSync(join(vectors, 'signed-data'));
      const namespace = read('namespace').trim();
      assert.equal(fingerprint(sig.publicKey), fingerprint(parseSshPublicKey(read(`${name}.pub`))));
      assert.equal(checkSshSig(sig, data, namespace), 'valid');
      assert.equal(checkSshSig(sig, data.subarray(1), namespace), 'invalid');
      assert.equal(checkSshSig(sig, data, `${namespace}2`), 'invalid');
      assert.equal(
        checkSshSig({ ...sig, hash: sig.hash === 'sha256' ? 'sha512' : 'sha256' }, data, namespace),
        'invalid',
      );
      assert.equal(checkSshSig({ ...sig, publicKey: SIGNER.publicKey }, data, namespace), 'invalid');
      for (let at = 0; at < sig.signature.length; at++) {
        const signature = Uint8Array.from(sig.signature);
        signature[at]! ^= 0x10;
        assert.notEqual(checkSshSig({ ...sig, signature }, data, namespace), 'valid', `byte ${at}`);
      }
      assert.deepEqual(parseSshSig(sshSigBlob(sig)), sig);
      assert.equal(armorSshSig(sshSigBlob(sig)), read(`${name}.sig`));
    });
  }

  test('of an algorithm that is not supported they are that, and not wrong', () => {
    const sig = parseSshSig(read('mldsa44-ed25519.sig'));
    const namespace = read('namespace').trim();
    assert.equal(checkSshSig(sig, readFileSync(join(vectors, 'signed-data')), namespace), 'unsupported');
  });
});

test('what is signed here verifies with ssh-keygen', { skip: missing('ssh-keygen') }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-signature-'));
  after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'sig'), await signSshSig(SIGNER, MESSAGE, 'dataset-provenance'));
  writeFileSync(join(folder, 'signers'), `anna ${formatSshPublicKey(SIGNER.publicKey)}\n`);
  const verify = (input: string) =>
    spawnSync(
      'ssh-keygen',
      ['-Y', 'verify', '-f', 'signers', '-I', 'anna', '-n', 'dataset-provenance', '-s', 'sig'],
      { cwd: folder, input, encoding: 'utf8' },
    );
  assert.equal(verify('the message').status, 0);
  assert.notEqual(verify('another message').status, 0);
});

test('only keys and namespaces that can sign do', async () => {
  await assert.rejects(signSshSig(SIGNER, MESSAGE, ''), failure('invalid-argument'));
  const other = { ...SIGNER, publicKey: { type: 'ssh-rsa', blob: new Uint8Array() } };
  await assert.rejects(signSshSig(other, MESSAGE, 'n'), failure('unsupported-key', /ssh-rsa/));
  const faulty = { ...SIGNER, sign: () => Promise.resolve(new Uint8Array(64)) };
  await assert.rejects(signSshSig(faulty, MESSAGE, 'n'), failure('invalid-key'));
});

const NO_SIGNATURES: readonly [text: string, words: RegExp][] = [
  ['', /does not start/],
  ['-----BEGIN SSH SIGNATURE-----\n', /no line "-----END/],
  ['-----BEGIN SSH SIGNATURE-----\nU1NI!\n-----END SSH SIGNATURE-----', /not base64/],
  ['-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----', /cut short/],
];
for (const [text, words] of NO_SIGNATURES) {
  test(`no signature: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSshSig(text), failure('invalid-signature', words));
    assert.throws(() => parseSshSig(bytesOf(text)), failure('invalid-signature', words));
  });
}

test('a signature of any size is not read', () => {
  assert.throws(() => parseSshSig('x'.repeat(1 << 20)), failure('too-large', /1048576/));
});

test('changed bytes are refused with a code, or do not verify', async () => {
  const armored = await signSshSig(SIGNER, MESSAGE, 'n');
  const blob = fromBase64(armored.replaceAll(/-----.*-----|\n/g, ''))!;
  const change = fc.record({
    at: fc.nat(blob.length - 1),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'remove', 'insert', 'cut', 'length'),
  });
  let parsed = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes = [...blob];
      for (const { at, byte, kind } of changes) {
        if (kind === 'set') bytes[at] = byte;
        else if (kind === 'remove') bytes.splice(at, 1);
        else if (kind === 'insert') bytes.splice(at, 0, byte);
        else if (kind === 'cut') bytes = bytes.slice(0, at);
        else bytes.splice(at, 4, 0xff, 0xff, 0xff, byte);
      }
      if (Buffer.from(bytes).equals(blob)) return;
      try {
        const sig = parseSshSig(Uint8Array.from(bytes));
        parsed++;
        // Only the version and the reserved part are no part of what is signed.
        if (checkSshSig(sig, MESSAGE, 'n') === 'valid') assert.deepEqual(sig, parseSshSig(blob));
      } catch (error) {
        if (!(error instanceof ProvenanceError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
  assert.notEqual(parsed, 0);
});
