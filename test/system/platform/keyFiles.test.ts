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
import fc from 'fast-check';
import { ProvenanceError, type ErrorCode } from '../../../src/core/errors.ts';
import type { Signer } from '../../../src/core/evidence/signer.ts';
import { fingerprint, formatSshPublicKey, verifySignature } from '../../../src/core/evidence/sshKey.ts';
import { configFolder } from '../../../src/platform/configFolder.node.ts';
import {
  defaultKeyPath,
  generateKeyPem,
  openKeyFile,
  readKeyFile,
  readKeyText,
  signerFromPem,
  writeKeyFile,
} from '../../../src/platform/keyFiles.node.ts';
import { openOpenSshKey, readOpenSshKeyHeader } from '../../../src/platform/openSshKey.node.ts';
import { nodeSshAccess } from '../../../src/platform/sshAccess.node.ts';
import { bytesOf, failure, missing } from '../../unit/core/evidence/support.ts';
import { temporaryFolder } from '../../support/processes.ts';

const root = temporaryFolder('keys');
const PASSPHRASE = 'correct horse';
const needsSshKeygen = { skip: missing('ssh-keygen') };
const posix = { skip: process.platform === 'win32' ? 'Windows has no modes' : false };

/** Opens a key file, answering with these passphrases. @returns the signer, and what was asked */
async function opened(path: string, answers: readonly (string | undefined)[] = []) {
  const asked: number[] = [];
  const file = await readKeyFile(path);
  assert.notEqual(file.kind, 'public');
  if (file.kind === 'public') throw new Error('unreachable');
  const signer = await openKeyFile(file, path, {
    ssh: nodeSshAccess(),
    askPassphrase: ({ path: about, attempt }) => {
      assert.equal(about, path);
      asked.push(attempt);
      return Promise.resolve(answers[attempt - 1]);
    },
  });
  return { signer, asked };
}

/** The public half that ssh-keygen wrote. */
function publicLine(path: string): string {
  return readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
}

async function assertSigns(signer: Signer, path: string): Promise<void> {
  const message = bytesOf('message');
  assert.equal(formatSshPublicKey(signer.publicKey), publicLine(path));
  assert.equal(verifySignature(signer.publicKey, await signer.sign(message), message), 'valid');
}

function sshKeygen(name: string, ...args: string[]): string {
  const path = join(root, name);
  execFileSync('ssh-keygen', ['-q', '-f', path, '-C', 'anna@example.org', ...args], { stdio: 'pipe' });
  return path;
}

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
  const { signer } = await opened(path);
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
const WRONG: readonly [kind: string, code: ErrorCode, pem: string, words: RegExp][] = [
  [
    'an RSA key',
    'unsupported-key',
    rsa.privateKey.export(pkcs8) as string,
    /of type rsa, and only Ed25519 keys sign.*ssh-keygen -t ed25519/,
  ],
  [
    'an RSA key in PKCS#1',
    'unsupported-key',
    rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }) as string,
    /of type RSA/,
  ],
  [
    'an X25519 key',
    'unsupported-key',
    crypto.generateKeyPairSync('x25519').privateKey.export(pkcs8) as string,
    /of type x25519/,
  ],
  [
    'an encrypted key of the old kind',
    'unsupported-key',
    rsa.privateKey.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-256-cbc', passphrase: 'x' }) as string,
    /of type RSA/,
  ],
  [
    'a public key',
    'invalid-key',
    ed25519.publicKey.export({ format: 'pem', type: 'spki' }) as string,
    /is a public key/,
  ],
  [
    "a damaged key in OpenSSH's format",
    'invalid-key',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n',
    /is damaged/,
  ],
  [
    'a certificate',
    'invalid-key',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    /is no private key/,
  ],
  ['a key that was cut short', 'invalid-key', generated.slice(0, 60), /is damaged, or not/],
  ['a damaged key', 'invalid-key', generated.replace('MC4', 'MC5'), /is damaged, or not/],
  ['a damaged public key', 'invalid-key', 'ssh-ed25519 AAAA', /damaged public key/],
  ['nothing', 'invalid-key', '', /is no key/],
  ['garbage', 'invalid-key', '\0'.repeat(1000), /is no key/],
  ['too much', 'invalid-key', 'x'.repeat(100_000), /has 100000 bytes/],
];
for (const [kind, code, pem, words] of WRONG) {
  test(`not a signing key: ${kind}`, async () => {
    const path = join(root, `${kind}.pem`);
    writeFileSync(path, pem, { mode: 0o600 });
    await assert.rejects(readKeyFile(path), (error) => {
      failure(code, words)(error);
      assert.ok((error as Error).message.startsWith(`${path} `));
      return true;
    });
  });
}

for (const cipher of ['aes256-ctr', 'aes128-ctr', 'aes256-cbc', 'aes256-gcm@openssh.com']) {
  test(`a key that ssh-keygen encrypted with ${cipher}`, needsSshKeygen, async () => {
    const path = sshKeygen(cipher, '-t', 'ed25519', '-N', PASSPHRASE, '-Z', cipher, '-a', '1');
    // Its public half is known before it is opened.
    const file = await readKeyFile(path);
    assert.ok(file.kind === 'closed' && file.encrypted && file.publicKey);
    assert.equal(formatSshPublicKey(file.publicKey), publicLine(path));
    const { signer, asked } = await opened(path, ['wrong', '', PASSPHRASE]);
    assert.deepEqual(asked, [1, 2, 3]);
    await assertSigns(signer, path);
  });
}

test('a key of ssh-keygen without a passphrase', needsSshKeygen, async () => {
  const path = sshKeygen('open', '-t', 'ed25519', '-N', '');
  const { signer, asked } = await opened(path);
  assert.deepEqual(asked, []);
  await assertSigns(signer, path);
});

test('encrypted PKCS#8 of node and of openssl', { skip: missing('openssl') }, async () => {
  const path = join(root, 'encrypted.pem');
  const pem = ed25519.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: PASSPHRASE });
  writeFileSync(path, pem, { mode: 0o600 });
  const { signer } = await opened(path, ['no', PASSPHRASE]);
  const ours = signerFromPem(ed25519.privateKey.export(pkcs8) as string);
  assert.equal(signer.keyId, ours.keyId);

  const other = join(root, 'openssl-encrypted.pem');
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-aes256', '-pass', 'stdin', '-out', other], {
    input: `${PASSPHRASE}\n`,
  });
  chmodSync(other, 0o600);
  const message = bytesOf('message');
  const { signer: second } = await opened(other, [PASSPHRASE]);
  assert.equal(verifySignature(second.publicKey, await second.sign(message), message), 'valid');
});

test('three wrong passphrases, and none at all', needsSshKeygen, async () => {
  const path = sshKeygen('tries', '-t', 'ed25519', '-N', PASSPHRASE, '-a', '1');
  await assert.rejects(
    opened(path, ['a', 'b', 'c', PASSPHRASE]),
    failure('wrong-passphrase', /None of 3 passphrases opens .*tries/),
  );
  await assert.rejects(opened(path, ['a', undefined]), failure('cancelled'));
});

test("keys in OpenSSH's format that cannot sign here", needsSshKeygen, async () => {
  const rsaKey = sshKeygen('rsa', '-t', 'rsa', '-b', '2048', '-N', PASSPHRASE, '-a', '1');
  await assert.rejects(opened(rsaKey), failure('unsupported-key', /of type ssh-rsa/));
  const ecdsa = sshKeygen('ecdsa', '-t', 'ecdsa', '-N', '');
  await assert.rejects(opened(ecdsa), failure('unsupported-key', /of type ecdsa-sha2-nistp256/));
  const cipher = ['-Z', 'chacha20-poly1305@openssh.com'];
  const chacha = sshKeygen('chacha', '-t', 'ed25519', '-N', PASSPHRASE, ...cipher);
  await assert.rejects(
    opened(chacha, [PASSPHRASE]),
    failure('unsupported-key', /chacha20-poly1305@openssh.com.*ssh-add .*ssh-keygen -p -Z aes256-ctr/),
  );
});

test('as many rounds as would take hours are refused', needsSshKeygen, async () => {
  const path = sshKeygen('rounds', '-t', 'ed25519', '-N', PASSPHRASE, '-a', '7');
  const text = readFileSync(path, 'utf8');
  const bytes = Buffer.from(text.replace(/-----.*-----/g, ''), 'base64');
  // string cipher, string kdf, then string kdfoptions: a salt of 16 bytes and the rounds.
  const at = bytes.indexOf('bcrypt') + 'bcrypt'.length + 4 + 4 + 16;
  assert.equal(bytes.readUInt32BE(at), 7);
  bytes.writeUInt32BE(4_000_000_000, at);
  const hostile = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
  await assert.rejects(
    openOpenSshKey(hostile, 'k', PASSPHRASE),
    failure('unsupported-key', /takes 4000000000 rounds/),
  );
});

test('a private half that belongs to another public half is not used', needsSshKeygen, async () => {
  const first = readOpenSshKeyHeader(readFileSync(sshKeygen('one', '-t', 'ed25519', '-N', ''), 'utf8'))!;
  const text = readFileSync(sshKeygen('two', '-t', 'ed25519', '-N', ''), 'utf8');
  const second = readOpenSshKeyHeader(text)!;
  const bytes = Buffer.from(text.replace(/-----.*-----/g, ''), 'base64');
  bytes.set(first.publicKey.blob, bytes.indexOf(second.publicKey.blob));
  const mixed = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`;
  await assert.rejects(openOpenSshKey(mixed, 'k'), failure('invalid-key', /damaged/));
});

test('whatever the bytes of a key file, it is read or refused', needsSshKeygen, async () => {
  const valid = readFileSync(sshKeygen('fuzzed', '-t', 'ed25519', '-N', ''), 'utf8');
  const body = Buffer.from(valid.replace(/-----.*-----/g, ''), 'base64');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(body.length),
      async (changes, length) => {
        const bytes = Buffer.from(body);
        for (const [at, value] of changes) bytes[at] = value;
        const shown = bytes.subarray(0, length < 200 ? length : undefined).toString('base64');
        const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${shown}\n-----END OPENSSH PRIVATE KEY-----\n`;
        try {
          const file = readKeyText(text, 'k');
          if (file.kind === 'closed') await openOpenSshKey(text, 'k', 'x');
        } catch (error) {
          assert.ok(error instanceof ProvenanceError, String(error));
          assert.match(error.code, /^(invalid-key|unsupported-key|wrong-passphrase)$/);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a .pub file is a public key, with its comment', needsSshKeygen, async () => {
  const path = sshKeygen('pub', '-t', 'ed25519', '-N', '');
  const file = await readKeyFile(`${path}.pub`);
  assert.ok(file.kind === 'public');
  assert.equal(file.comment, 'anna@example.org');
  const { signer } = await opened(path);
  assert.equal(fingerprint(file.publicKey), signer.keyId);
});

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
    assert.equal((await readKeyFile(path)).kind, 'private');
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
