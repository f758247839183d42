import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { formatSshPublicKey, verifySignature } from '../../../src/core/evidence/sshKey.ts';
import {
  configFolder,
  defaultKeyPath,
  generateKeyPem,
  readKeyFile,
  signerFromPem,
  writeKeyFile,
} from '../../../src/platform/keys.node.ts';
import { bytesOf, failure, missing } from '../core/evidence/support.ts';
import { temporaryFolder } from './support.ts';

const root = temporaryFolder('keys');
const posix = { skip: process.platform === 'win32' ? 'Windows has no modes' : false };

test('a generated key signs', async () => {
  const signer = signerFromPem(generateKeyPem(), 'anna');
  const message = bytesOf('message');
  assert.equal(signer.comment, 'anna');
  assert.equal(verifySignature(signer.publicKey, await signer.sign(message), message), 'valid');
  assert.notEqual(signerFromPem(generateKeyPem()).keyId, signer.keyId);
});

test('the private key shows nowhere in the signer', () => {
  const pem = generateKeyPem();
  const seed = crypto.createPrivateKey(pem).export({ format: 'jwk' }).d!;
  const shown =
    inspect(signerFromPem(pem), { depth: 9, showHidden: true }) + JSON.stringify(signerFromPem(pem));
  assert.ok(!shown.includes(seed) && !shown.includes(Buffer.from(seed, 'base64url').toString('hex')));
});

test('a key of openssl is the same key here', { skip: missing('openssl') }, async () => {
  const path = join(root, 'openssl.pem');
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', path]);
  chmodSync(path, 0o600);
  const der = execFileSync('openssl', ['pkey', '-in', path, '-pubout', '-outform', 'DER']);
  const signer = await readKeyFile(path);
  assert.deepEqual(Buffer.from(signer.publicKey.ed25519!), der.subarray(-32));
  // The reverse: openssl reads what we write.
  const ours = join(root, 'ours.pem');
  const pem = generateKeyPem();
  await writeKeyFile(ours, pem);
  const public_ = execFileSync('openssl', ['pkey', '-in', ours, '-pubout', '-outform', 'DER']);
  assert.deepEqual(Buffer.from(signerFromPem(pem).publicKey.ed25519!), public_.subarray(-32));
});

const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = crypto.generateKeyPairSync('ed25519');
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;
const generated = generateKeyPem();
const WRONG: readonly [kind: string, pem: string, words: RegExp][] = [
  ['an RSA key', rsa.privateKey.export(pkcs8) as string, /of type rsa.*openssl genpkey -algorithm ed25519/],
  ['an RSA key in PKCS#1', rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }) as string, /of type rsa/],
  [
    'an X25519 key',
    crypto.generateKeyPairSync('x25519').privateKey.export(pkcs8) as string,
    /of type x25519/,
  ],
  [
    'an encrypted key',
    ed25519.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }) as string,
    /is encrypted; decrypt it with "openssl pkey/,
  ],
  [
    'an encrypted key of the old kind',
    rsa.privateKey.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'x' }) as string,
    /is encrypted/,
  ],
  ['a public key', ed25519.publicKey.export({ format: 'pem', type: 'spki' }) as string, /is a public key/],
  ['an OpenSSH public key', formatSshPublicKey(signerFromPem(generated).publicKey), /is a public key/],
  ["OpenSSH's format", '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n', /OpenSSH's own private format/],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /is damaged, or not/],
  ['a key that was cut short', generated.slice(0, 60), /is damaged, or not/],
  ['a damaged key', generated.replace('MC4', 'MC5'), /is damaged, or not/],
  ['nothing', '', /is not a private key in PEM/],
  ['garbage', '\0'.repeat(1000), /is not a private key in PEM/],
  ['too much', 'x'.repeat(100_000), /too long/],
];
for (const [kind, pem, words] of WRONG) {
  test(`not a signing key: ${kind}`, async () => {
    assert.throws(
      () => signerFromPem(pem, undefined, '/keys/k.pem'),
      (error) => {
        failure('invalid-key', words)(error);
        assert.match((error as Error).message, /^\/keys\/k\.pem /);
        return true;
      },
    );
    const path = join(root, `${kind}.pem`);
    writeFileSync(path, pem, { mode: 0o600 });
    await assert.rejects(readKeyFile(path), failure('invalid-key'));
  });
}

test('no error has any part of a key in it', () => {
  const secret = Buffer.from(crypto.createPrivateKey(generated).export({ format: 'jwk' }).d!, 'base64url');
  const body = generated.split('\n')[1]!;
  for (const damaged of [generated.replace('MC4', 'MC5'), generated.replace('-----END', '----END'), body]) {
    assert.throws(
      () => signerFromPem(damaged),
      (error) => {
        const shown = inspect(error, { depth: 9, showHidden: true });
        assert.ok(!shown.includes(body.slice(-20)) && !shown.includes(secret.toString('hex').slice(0, 16)));
        return failure('invalid-key')(error);
      },
    );
  }
});

test('a key file is for its owner only, and never overwritten', posix, async () => {
  const path = join(root, 'config', 'dataset-provenance', 'signing-key.pem');
  const pem = generateKeyPem();
  await writeKeyFile(path, pem);
  assert.equal(readFileSync(path, 'utf8'), pem);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  await assert.rejects(writeKeyFile(path, generateKeyPem()), failure('key-exists', /left as it is/));
  const link = join(root, 'link.pem');
  symlinkSync(join(root, 'nowhere'), link);
  await assert.rejects(writeKeyFile(link, pem), failure('key-exists'));
  assert.equal(readFileSync(path, 'utf8'), pem);
  assert.deepEqual(readdirSync(dirname(path)), ['signing-key.pem']);
  await assert.rejects(writeKeyFile(join(root, 'bad.pem'), 'nonsense'), failure('invalid-key'));
  await assert.rejects(writeKeyFile(join(path, 'below.pem'), pem), failure('not-a-file'));
});

test('a key that others may read is refused', posix, async () => {
  const path = join(root, 'readable.pem');
  writeFileSync(path, generateKeyPem());
  for (const mode of [0o640, 0o604, 0o620, 0o660, 0o644]) {
    chmodSync(path, mode);
    await assert.rejects(
      readKeyFile(path),
      failure('key-permissions', new RegExp(`readable.pem has mode 0${mode.toString(8)}.*chmod 600`)),
    );
  }
  for (const mode of [0o600, 0o400]) {
    chmodSync(path, mode);
    assert.match((await readKeyFile(path)).keyId, /^SHA256:/);
  }
});

test('a key that is not there, or not a file', async () => {
  await assert.rejects(readKeyFile(join(root, 'none.pem')), failure('key-missing', /none.pem/));
  const folder = join(root, 'folder.pem');
  mkdirSync(folder, { mode: 0o700 });
  await assert.rejects(readKeyFile(folder), failure('not-a-file'));
});

test('where the configuration lies', () => {
  const of = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) =>
    configFolder(env, platform, '/home/a');
  assert.equal(of('linux'), '/home/a/.config/dataset-provenance');
  assert.equal(of('linux', { XDG_CONFIG_HOME: '/x' }), '/x/dataset-provenance');
  assert.equal(of('linux', { XDG_CONFIG_HOME: 'relative' }), '/home/a/.config/dataset-provenance');
  assert.equal(
    of('darwin', { XDG_CONFIG_HOME: '/x' }),
    '/home/a/Library/Application Support/dataset-provenance',
  );
  assert.equal(of('win32', { APPDATA: 'C:\\Users\\a\\Roaming' }), 'C:/Users/a/Roaming/dataset-provenance');
  assert.equal(of('win32'), '/home/a/AppData/Roaming/dataset-provenance');
  assert.equal(defaultKeyPath('/x'), '/x/signing-key.pem');
});
