import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import {
  formatSshPublicKey,
  parseSshPublicKey,
  type SshPublicKey,
} from '../../../../src/core/evidence/sshKey.ts';
import { armorSshSig } from '../../../../src/core/evidence/sshSig.ts';
import { joinBytes, wireString, wireUint32 } from '../../../../src/core/evidence/sshWire.ts';
import { parseAllowedSigners } from '../../../../src/core/trust/allowedSigners.ts';
import { verifySshSig } from '../../../../src/core/trust/verifySshSig.ts';
import { bytesOf, missing } from '../evidence/support.ts';
import { sshKeyOf, wireMpint } from './opensslKeys.ts';

const NAMESPACE = 'dataset-provenance';
const PRINCIPAL = 'anna@example.org';
const MESSAGE = 'message';
const TIME = Date.UTC(2026, 0, 31);

const sha256 = (data: Uint8Array | string) => new Uint8Array(createHash('sha256').update(data).digest());

/** What is signed for the message (PROTOCOL.sshsig). */
const SIGNED = joinBytes(
  bytesOf('SSHSIG'),
  wireString(NAMESPACE),
  wireString(''),
  wireString('sha512'),
  wireString(new Uint8Array(createHash('sha512').update(MESSAGE).digest())),
);

/** A signature file, with parts that ssh-keygen would not write. */
function blobOf(key: SshPublicKey, signature: Uint8Array, { namespace = NAMESPACE, reserved = '' } = {}) {
  return joinBytes(
    bytesOf('SSHSIG'),
    wireUint32(1),
    wireString(key.blob),
    wireString(namespace),
    wireString(reserved),
    wireString('sha512'),
    wireString(signature),
  );
}

const raw = (hash: string | null, data: Uint8Array, key: KeyObject) =>
  new Uint8Array(sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }));

const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 });
const rsaKey = sshKeyOf(rsa.publicKey);
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ecKey = sshKeyOf(ec.publicKey);
const ed = generateKeyPairSync('ed25519');
const edKey = sshKeyOf(ed.publicKey);
const skEd = sshKeyOf(ed.publicKey, 'ssh:');
const skEc = sshKeyOf(ec.publicKey, 'ssh:');

const FLAGS = 1;
const COUNTER = 7;

/** What an authenticator signs (PROTOCOL.u2f). */
function asAuthenticator(flags = FLAGS, application = 'ssh:'): Uint8Array {
  return joinBytes(sha256(application), Uint8Array.of(flags), wireUint32(COUNTER), sha256(SIGNED));
}

const additions = (flags = FLAGS, counter = COUNTER) => joinBytes(Uint8Array.of(flags), wireUint32(counter));

function rsaSignature(algorithm: string, hash: string, change = (bytes: Uint8Array) => bytes): Uint8Array {
  return joinBytes(wireString(algorithm), wireString(change(raw(hash, SIGNED, rsa.privateKey))));
}

const EC_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** @param write makes the two numbers of ECDSA into those of the signature */
function ecNumbers(
  data: Uint8Array,
  write: (r: Uint8Array, s: Uint8Array) => Uint8Array[] = (r, s) => [wireMpint(r), wireMpint(s)],
): Uint8Array {
  const both = raw('sha256', data, ec.privateKey);
  return wireString(joinBytes(...write(both.subarray(0, 32), both.subarray(32))));
}

const ecSignature = (...args: Parameters<typeof ecNumbers>) =>
  joinBytes(wireString('ecdsa-sha2-nistp256'), ecNumbers(...args));

const edSignature = joinBytes(wireString('ssh-ed25519'), wireString(raw(null, SIGNED, ed.privateKey)));

function edAuthenticator(signed: Uint8Array, added: Uint8Array, type = skEd.type): Uint8Array {
  return joinBytes(wireString(type), wireString(raw(null, signed, ed.privateKey)), added);
}

/** The other signature of the same message that anyone can make: of n − s. */
function otherS(s: Uint8Array): Uint8Array {
  const value = EC_ORDER - BigInt(`0x${Buffer.from(s).toString('hex')}`);
  return wireMpint(new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')));
}

const ZERO = Uint8Array.of(0);

/** Signatures that ssh-keygen does not make, and whether it accepts them. */
const MADE: readonly [what: string, blob: Uint8Array, accepts: boolean, how?: 'stricter'][] = [
  ['Ed25519', blobOf(edKey, edSignature), true],
  ['a reserved part that is not empty', blobOf(edKey, edSignature, { reserved: 'x' }), true],
  [
    'a NUL behind the namespace',
    blobOf(edKey, edSignature, { namespace: `${NAMESPACE}\0` }),
    true,
    'stricter',
  ],
  ['bytes behind the signature in it', blobOf(edKey, joinBytes(edSignature, wireUint32(0))), false],
  ['bytes behind the key', blobOf({ ...edKey, blob: joinBytes(edKey.blob, ZERO) }, edSignature), false],
  ['a signature of another type of key', blobOf(ecKey, edSignature), false],
  ['RSA with SHA-256', blobOf(rsaKey, rsaSignature('rsa-sha2-256', 'sha256')), true],
  ['RSA with SHA-512', blobOf(rsaKey, rsaSignature('rsa-sha2-512', 'sha512')), true],
  ['RSA with SHA-1', blobOf(rsaKey, rsaSignature('ssh-rsa', 'sha1')), false],
  ['RSA with SHA-1 that says SHA-256', blobOf(rsaKey, rsaSignature('rsa-sha2-256', 'sha1')), false],
  ['RSA with SHA-384', blobOf(rsaKey, rsaSignature('rsa-sha2-384', 'sha384')), false],
  [
    'RSA, a byte too long',
    blobOf(
      rsaKey,
      rsaSignature('rsa-sha2-512', 'sha512', (bytes) => joinBytes(ZERO, bytes)),
    ),
    false,
  ],
  ['ECDSA', blobOf(ecKey, ecSignature(SIGNED)), true],
  [
    'ECDSA, n − s',
    blobOf(
      ecKey,
      ecSignature(SIGNED, (r, s) => [wireMpint(r), otherS(s)]),
    ),
    true,
  ],
  [
    'ECDSA, zeros in front',
    blobOf(
      ecKey,
      ecSignature(SIGNED, (r, s) => [
        wireString(joinBytes(ZERO, ZERO, r)),
        wireString(joinBytes(ZERO, ZERO, s)),
      ]),
    ),
    true,
  ],
  [
    'ECDSA, a negative number',
    blobOf(
      ecKey,
      ecSignature(SIGNED, (r, s) => [
        wireMpint(r),
        wireString(Uint8Array.of(0x80 | s[0]!, ...s.subarray(1))),
      ]),
    ),
    false,
  ],
  [
    'ECDSA, s is 0',
    blobOf(
      ecKey,
      ecSignature(SIGNED, (r) => [wireMpint(r), wireString('')]),
    ),
    false,
  ],
  [
    'ECDSA, one number',
    blobOf(
      ecKey,
      ecSignature(SIGNED, (r) => [wireMpint(r)]),
    ),
    false,
  ],
  ['FIDO Ed25519', blobOf(skEd, edAuthenticator(asAuthenticator(), additions())), true],
  ['FIDO, no user present', blobOf(skEd, edAuthenticator(asAuthenticator(0), additions(0))), true],
  ['FIDO, other flags than signed', blobOf(skEd, edAuthenticator(asAuthenticator(1), additions(5))), false],
  ['FIDO, another counter', blobOf(skEd, edAuthenticator(asAuthenticator(), additions(1, 8))), false],
  [
    'FIDO, another application',
    blobOf(skEd, edAuthenticator(asAuthenticator(1, 'ssh:other'), additions())),
    false,
  ],
  ['FIDO, without flags', blobOf(skEd, edAuthenticator(asAuthenticator(), new Uint8Array())), false],
  [
    'FIDO, the message alone is signed',
    blobOf(skEd, edAuthenticator(SIGNED, additions(), 'ssh-ed25519')),
    false,
  ],
  [
    'FIDO ECDSA',
    blobOf(skEc, joinBytes(wireString(skEc.type), ecNumbers(asAuthenticator()), additions())),
    true,
  ],
];

describe('agreement with ssh-keygen -Y verify', { skip: missing('ssh-keygen') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'agreement-'));
  after(() => rmSync(folder, { recursive: true }));
  const keygen = (args: readonly string[], input: string) =>
    spawnSync('ssh-keygen', args, { cwd: folder, input, encoding: 'utf8' });
  const make = (...args: string[]) => {
    const { status, stderr } = keygen(['-q', ...args], '');
    assert.equal(status, 0, stderr);
  };

  /** Whether each of both accepts a signature. Ours may refuse with a ProvenanceError, and nothing else. */
  function accepted(file: string, armored: string): { theirs: boolean; ours: boolean; said: string } {
    writeFileSync(join(folder, 'signers'), file);
    writeFileSync(join(folder, 'signature'), armored);
    const who = ['-f', 'signers', '-I', PRINCIPAL, '-n', NAMESPACE, '-s', 'signature'];
    const { status, stderr } = keygen(['-Y', 'verify', ...who, '-O', 'verify-time=20260131Z'], MESSAGE);
    const theirs = status === 0;
    try {
      const verdict = verifySshSig({
        signature: armored,
        message: bytesOf(MESSAGE),
        namespace: NAMESPACE,
        allowedSigners: parseAllowedSigners(file, 'allowed_signers').entries,
        principal: PRINCIPAL,
        time: TIME,
      });
      return { theirs, ours: verdict.standing === 'trusted', said: stderr };
    } catch (error) {
      if (!(error instanceof ProvenanceError)) throw error;
      return { theirs, ours: false, said: stderr };
    }
  }

  const keys = [edKey, rsaKey, ecKey, skEd, skEc];
  const all = keys.map((key) => `${PRINCIPAL} ${formatSshPublicKey(key)}\n`).join('');
  for (const [what, blob, accepts, how] of MADE) {
    test(`${what}: ${accepts ? 'accepted' : 'refused'}`, () => {
      const { theirs, ours, said } = accepted(all, armorSshSig(blob));
      assert.equal(theirs, accepts, said);
      assert.equal(ours, how === 'stricter' ? false : accepts);
    });
  }

  make('-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'ca'));
  make('-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'anna'));
  make('-s', join(folder, 'ca'), '-I', 'anna', '-n', PRINCIPAL, join(folder, 'anna.pub'));
  const line = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
  const signedBy = (file: string) =>
    keygen(['-q', '-Y', 'sign', '-f', join(folder, file), '-n', NAMESPACE], MESSAGE).stdout;
  const certified = signedBy('anna-cert.pub');
  const plain = signedBy('anna');
  const certificate = parseSshPublicKey(line('anna-cert.pub'));

  test('no changed signature or certificate passes that ssh-keygen refuses', () => {
    const trust = `${all}${PRINCIPAL} cert-authority ${line('ca.pub')}\n`;
    assert.ok(accepted(trust, certified).ours);
    const edRaw = wireString(joinBytes(wireString('ssh-ed25519'), wireString(new Uint8Array(64))));
    const ofCertificate = new Uint8Array(Buffer.from(certified.replaceAll(/-----.*-----|\n/g, ''), 'base64'));
    assert.equal(
      ofCertificate.length,
      blobOf(certificate, edRaw.subarray(4)).length,
      'what is changed has a certificate in it',
    );
    const blobs = [
      ofCertificate,
      ofCertificate,
      ...MADE.filter(([, , accepts]) => accepts).map(([, blob]) => blob),
    ];
    const change = fc.record({
      where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.nat(255),
      kind: fc.constantFrom('bit', 'set', 'remove', 'insert'),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...blobs),
        fc.array(change, { minLength: 1, maxLength: 2 }),
        (blob, changes) => {
          const bytes = [...blob];
          for (const { where, byte, kind } of changes) {
            const at = Math.floor(where * bytes.length);
            if (kind === 'bit') bytes[at]! ^= 1 << (byte & 7);
            else if (kind === 'set') bytes[at] = byte;
            else bytes.splice(at, kind === 'remove' ? 1 : 0, ...(kind === 'insert' ? [byte] : []));
          }
          const { theirs, ours } = accepted(trust, armorSshSig(Uint8Array.from(bytes)));
          assert.ok(theirs || !ours);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('no allowed_signers file passes that ssh-keygen refuses', () => {
    const option = fc.oneof(
      fc.constantFrom(
        'cert-authority',
        'namespaces="*"',
        'namespaces="git,dataset-*"',
        'namespaces="!data*,*"',
      ),
      fc.constantFrom('valid-after="20250101Z"', 'valid-before="20260131Z"', 'valid-before="20251231"'),
      fc.constantFrom('namespaces=""', 'namespaces="a\\"', 'namespaces=x', 'verify-required', 'x="', ''),
    );
    const principals = fc.oneof(
      fc.constantFrom(PRINCIPAL, '*@example.org', '*', `"${PRINCIPAL}"`, `x,${PRINCIPAL}`, `!x,*`),
      fc.constantFrom(`!${PRINCIPAL},*`, `${PRINCIPAL}"`, '""', '\ufeff*', 'anna', ',', '*"', '#*'),
    );
    const blank = fc.oneof(
      { weight: 9, arbitrary: fc.constant(' ') },
      fc.constantFrom('\t', '\r', '  ', '\f', ''),
    );
    const key = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(line('anna.pub'), line('ca.pub'), line('anna-cert.pub')) },
      fc.constantFrom(
        `${line('anna.pub')}=`,
        line('anna.pub').slice(0, -2),
        'ssh-ed25519',
        `"${line('ca.pub')}"`,
      ),
    );
    const entry = fc
      .tuple(
        principals,
        blank,
        fc.array(option, { maxLength: 2 }),
        blank,
        key,
        fc.constantFrom('', '\r', ' c', '#'),
      )
      .map(([names, before, options, behind, listed, rest]) =>
        [names, before, ...(options.length > 0 ? [options.join(), behind] : []), listed, rest].join(''),
      );
    let both = 0;
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(plain, certified),
        (lines, end, armored) => {
          const { theirs, ours } = accepted(lines.join(end) + end, armored);
          assert.equal(ours, theirs);
          if (ours) both++;
        },
      ),
      { numRuns: 80 },
    );
    assert.ok(both > 0);
  });
});
