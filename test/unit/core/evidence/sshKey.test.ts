import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBase64 } from '../../../../src/core/bytes/base64.ts';
import { fromHex } from '../../../../src/core/bytes/hex.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import {
  ed25519PublicKey,
  fingerprint,
  formatSshPublicKey,
  parseSshPublicKey,
  signatureVerifier,
  unsupportedKey,
  verifySignature,
} from '../../../../src/core/evidence/sshKey.ts';
import { joinBytes, wireString } from '../../../../src/core/evidence/sshWire.ts';
import { nativeVerifyEd25519 } from '../../../../src/platform/ed25519.node.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';
import { bytesOf, failure, missing } from './support.ts';

interface Wycheproof {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; comment: string; msg: string; sig: string; result: string }[];
  }[];
}

const wycheproof = vectorsFolder('wycheproof', 'testvectors_v1', 'ed25519_test.json');
test('Wycheproof: every Ed25519 signature', skipWithout(wycheproof), () => {
  const { testGroups, numberOfTests } = JSON.parse(readFileSync(wycheproof, 'utf8')) as Wycheproof;
  let checked = 0;
  for (const { publicKey, tests } of testGroups) {
    const key = ed25519PublicKey(fromHex(publicKey.pk));
    for (const { tcId, comment, msg, sig, result } of tests) {
      for (const verify of [verifySignature, signatureVerifier(nativeVerifyEd25519)]) {
        assert.equal(verify(key, fromHex(sig), fromHex(msg)), result, `test ${tcId}: ${comment}`);
      }
      checked++;
    }
  }
  assert.equal(checked, numberOfTests);
});

const sshKeys = vectorsFolder('sshsig-openssh', 'testdata');
const noKeygen = missing('ssh-keygen');
test(
  'fingerprints are those of ssh-keygen -l, for every type of key',
  noKeygen ? { skip: noKeygen } : skipWithout(sshKeys),
  () => {
    let compared = 0;
    for (const name of readdirSync(sshKeys).filter((file) => file.endsWith('.pub'))) {
      const path = join(sshKeys, name);
      const key = parseSshPublicKey(readFileSync(path, 'utf8'));
      assert.equal(key.ed25519 !== undefined, name === 'ed25519.pub', name);
      const { status, stdout } = spawnSync('ssh-keygen', ['-l', '-E', 'sha256', '-f', path], {
        encoding: 'utf8',
      });
      // Old versions do not know the newest types.
      if (status !== 0) continue;
      assert.equal(fingerprint(key), stdout.split(' ')[1], name);
      compared++;
    }
    assert.ok(compared >= 4, `${compared} keys compared`);
  },
);

test(
  'keys of types that are not known parse, are named, and cannot be verified',
  skipWithout(sshKeys),
  () => {
    const key = parseSshPublicKey(readFileSync(join(sshKeys, 'mldsa44-ed25519.pub'), 'utf8'));
    assert.equal(verifySignature(key, new Uint8Array(64), new Uint8Array()), 'unsupported');
    failure(
      'unsupported-key',
      /its type ssh-mldsa44-ed25519@openssh.com is not supported/,
    )(unsupportedKey(key));
  },
);

test('RSA keys below 3,072 bits are named as too weak', () => {
  const rsa = (bits: number) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const { e, n } = publicKey.export({ format: 'jwk' });
    const number = (text: string) => {
      const bytes = Buffer.from(text, 'base64url');
      return wireString(bytes[0]! < 0x80 ? bytes : Uint8Array.of(0, ...bytes));
    };
    const blob = joinBytes(wireString('ssh-rsa'), number(e!), number(n!));
    return parseSshPublicKey(`ssh-rsa ${toBase64(blob)}`);
  };
  const weak = rsa(2048);
  assert.equal(verifySignature(weak, new Uint8Array(256), new Uint8Array()), 'unsupported');
  failure('unsupported-key', /it has 2048 bits and 3072 are the least/)(unsupportedKey(weak));
  assert.equal(unsupportedKey(rsa(3072)), undefined);
  assert.equal(unsupportedKey(KEY), undefined);
});

const KEY = ed25519Signer(new Uint8Array(32).fill(7)).publicKey;
const LINE = formatSshPublicKey(KEY);

test('a key survives formatting and parsing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (raw) => {
      const key = ed25519PublicKey(raw);
      assert.deepEqual(parseSshPublicKey(formatSshPublicKey(key, 'anna@example.org')), key);
    }),
  );
  for (const line of [`${LINE}\n`, `${LINE}\r\n`, ` ${LINE}  a comment `, LINE.replace(' ', '\t')]) {
    assert.deepEqual(parseSshPublicKey(line), KEY, line);
  }
});

const blob = LINE.split(' ')[1]!;
const NO_KEYS: readonly [line: string, why: string][] = [
  ['', 'empty'],
  ['ssh-ed25519', 'no blob'],
  [`${LINE}\n${LINE}`, 'two lines'],
  [`ssh-rsa ${blob}`, 'the blob names another type'],
  [`SSH-ED25519 ${blob}`, 'wrong case'],
  [`ssh-ed25519 ${blob.slice(0, -4)}`, 'cut short'],
  [`ssh-ed25519 ${blob}AAAA`, 'bytes behind the key'],
  [`ssh-ed25519 ${blob.replaceAll('/', '_').replace(/^A/, '-')}`, 'URL-safe alphabet'],
  [`ssh-ed25519 ${'A'.repeat(1 << 20)}`, 'too long'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----', 'private key'],
];
for (const [line, why] of NO_KEYS) {
  test(`no public key: ${why}`, () => {
    assert.throws(() => parseSshPublicKey(line), failure('invalid-key', /OpenSSH public key/));
  });
}

test('a comment cannot smuggle in a second line', () => {
  assert.throws(() => formatSshPublicKey(KEY, 'anna\nssh-ed25519 AAAA'), failure('invalid-argument'));
});

test('any text is parsed or refused with a code', () => {
  const piece = fc.oneof(fc.constantFrom('ssh-ed25519', ' ', '\t', blob, 'AAAA', '=', '\0'), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      try {
        parseSshPublicKey(pieces.join(''));
      } catch (error) {
        failure('invalid-key')(error);
      }
    }),
  );
});

test('verification never throws, and no change of a signature, key or message verifies', async () => {
  const message = bytesOf('the message');
  const signer = ed25519Signer(new Uint8Array(32).fill(7));
  const signature = await signer.sign(message);
  assert.equal(verifySignature(KEY, signature, message), 'valid');
  for (let bit = 0; bit < 512; bit++) {
    const changed = signature.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(verifySignature(KEY, changed, message), 'invalid', `bit ${bit}`);
  }
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 70 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (sig, raw) => {
        assert.equal(verifySignature(ed25519PublicKey(raw), sig, message), 'invalid');
      },
    ),
    { numRuns: 50 },
  );
});

test('seeds and raw keys of a wrong length are refused', () => {
  assert.throws(() => ed25519Signer(new Uint8Array(31)), failure('invalid-key', /not 31/));
  assert.throws(() => ed25519PublicKey(new Uint8Array(33)), failure('invalid-key', /not 33/));
});
