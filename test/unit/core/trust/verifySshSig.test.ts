import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fromBase64 } from '../../../../src/core/bytes/base64.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { armorSshSig } from '../../../../src/core/evidence/sshSig.ts';
import { parseAllowedSigners } from '../../../../src/core/trust/allowedSigners.ts';
import { verifySshSig } from '../../../../src/core/trust/verifySshSig.ts';
import { bytesOf, missing } from '../evidence/support.ts';

/** Keys that ssh-keygen makes. In files of the table below, `{NAME}` stands for the public key. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  anna: ['ed25519'],
  boris: ['ed25519'],
  ca: ['ed25519'],
  p256: ['ecdsa', '256'],
  p384: ['ecdsa', '384'],
  p521: ['ecdsa', '521'],
  rsa3072: ['rsa', '3072'],
  rsa2048: ['rsa', '2048'],
};

/** Certificates: the key, its authority, and options of `ssh-keygen -s`. */
const CERTIFICATES: Readonly<Record<string, readonly [key: string, authority: string, ...string[]]>> = {
  plain: ['anna', 'ca', '-n', 'anna@example.org'],
  several: ['anna', 'ca', '-n', 'anna@example.com,anna@example.org'],
  anyone: ['anna', 'ca'],
  pattern: ['anna', 'ca', '-n', '*@example.org'],
  of2026: ['anna', 'ca', '-n', 'anna@example.org', '-V', '20260101Z:20260201Z'],
  ofBoris: ['anna', 'ca', '-n', 'boris@example.org'],
  byBoris: ['anna', 'boris', '-n', 'anna@example.org'],
  ofHost: ['anna', 'ca', '-h', '-n', 'anna@example.org'],
  command: ['anna', 'ca', '-n', 'anna@example.org', '-O', 'force-command=/bin/true'],
  unknown: ['anna', 'ca', '-n', 'anna@example.org', '-O', 'critical:unknown@example.org=1'],
  extension: ['anna', 'ca', '-n', 'anna@example.org', '-O', 'extension:unknown@example.org=1'],
  ecdsa: ['p256', 'ca', '-n', 'anna@example.org'],
  rsa: ['rsa3072', 'ca', '-n', 'anna@example.org'],
  byEcdsa: ['anna', 'p384', '-n', 'anna@example.org'],
  byRsa: ['anna', 'rsa3072', '-n', 'anna@example.org'],
  bySha256: ['anna', 'rsa3072', '-t', 'rsa-sha2-256', '-n', 'anna@example.org'],
  bySmallRsa: ['anna', 'rsa2048', '-n', 'anna@example.org'],
};

interface Case {
  /** Key or certificate that signs; anna by default. */
  readonly by?: string;
  /** Namespace that is signed in, and that is verified; `dataset-provenance` by default. */
  readonly signedIn?: string;
  readonly namespace?: string;
  /** anna@example.org by default. */
  readonly as?: string;
  /** 2026-01-31 00:00 UTC by default. */
  readonly at?: string;
  readonly data?: string;
  /** SHA-512 by default. */
  readonly hash?: 'sha256';
  /** Changes the armored signature, or its bytes. */
  readonly text?: (armored: string) => string;
  readonly bytes?: (blob: Uint8Array) => Uint8Array;
}

const A = 'anna@example.org {anna}';
const CA = 'anna@example.org cert-authority {ca}';

/**
 * What is signed and verified, with an allowed_signers file, and whether `ssh-keygen -Y verify` accepts it. We agree,
 * except where we are stricter on purpose.
 */
const TABLE: readonly [what: string, file: string, it: Case, accepts: boolean, how?: 'stricter'][] = [
  // Signatures
  ['the key', A, {}, true],
  ['another key', 'anna@example.org {boris}', {}, false],
  ['other data', A, { data: 'massage' }, false],
  ['less data', A, { data: 'messag' }, false],
  ['no data', A, { data: '' }, false],
  ['a flipped bit', A, { bytes: (blob) => flipped(blob, blob.length - 1) }, false],
  ['another key named in the signature', A, { bytes: (blob) => flipped(blob, 40) }, false],
  ['the version of tomorrow', A, { bytes: (blob) => flipped(blob, 9, 3) }, false],
  ['version 0', A, { bytes: (blob) => flipped(blob, 9) }, true],
  ['the hash SHA-256', A, { hash: 'sha256' }, true],
  ['the hash SHA-256, other data', A, { hash: 'sha256', data: 'massage' }, false],
  ['a byte more', A, { bytes: (blob) => Uint8Array.of(...blob, 0) }, false],
  ['a byte less', A, { bytes: (blob) => blob.subarray(0, -1) }, false],
  ['a hash that was not signed', A, { bytes: (blob) => replaced(blob, 'sha512', 'sha256') }, false],
  ['a hash that is not allowed', A, { bytes: (blob) => replaced(blob, 'sha512', 'sha384') }, false],
  ['an unknown algorithm', A, { bytes: (blob) => replaced(blob, 'ssh-ed25519', 'ssh-ed25518') }, false],
  ['no first line', A, { text: (armored) => armored.replace(/^.*\n/, '') }, false],
  ['no last line', A, { text: (armored) => armored.replace(/\n-----END.*\n/, '\n') }, false],
  ['text in front', A, { text: (armored) => `text\n${armored}` }, false],
  ['text behind', A, { text: (armored) => `${armored}text\n` }, true],
  ['Windows line ends', A, { text: (armored) => armored.replaceAll('\n', '\r\n') }, false],
  ['Windows line ends within', A, { text: (armored) => armored.replace(/(?<=\w{70})\n/g, '\r\n') }, true],
  ['base64 in one line', A, { text: (armored) => armored.replace(/(?<=\w{70})\n/g, '') }, true],
  ['base64 of another alphabet', A, { text: (armored) => armored.replace('U1NIU0lH', 'U1NI-0lH') }, false],
  ['nothing', A, { text: () => '' }, false],
  // Namespaces
  ['another namespace', A, { signedIn: 'git' }, false],
  ['a line for that other namespace', 'anna@example.org namespaces="git" {anna}', { signedIn: 'git' }, false],
  ['both of another namespace', A, { signedIn: 'git', namespace: 'git' }, true],
  ['a line for the namespace', 'anna@example.org namespaces="dataset-provenance" {anna}', {}, true],
  ['a line for another one', 'anna@example.org namespaces="git" {anna}', {}, false],
  ['a line for patterns', 'anna@example.org namespaces="g*,dataset-?rovenance" {anna}', {}, true],
  ['a line for all but it', 'anna@example.org namespaces="*,!dataset-*" {anna}', {}, false],
  // Principals
  ['another principal', A, { as: 'boris@example.org' }, false],
  ['a pattern', '*@example.org {anna}', {}, true],
  ['a pattern that leaves out', '!anna@*,*@example.org {anna}', {}, false],
  ['a list', 'boris@example.org,anna@example.org {anna}', {}, true],
  ['a name with a blank', '"Anna Example" {anna}', { as: 'Anna Example' }, true],
  ['part of a name', '"Anna Example" {anna}', { as: 'Anna' }, false],
  ['a pattern as principal', A, { as: '*@example.org' }, false],
  // Validity
  ['from that day on', 'anna@example.org valid-after="20260131Z" {anna}', {}, true],
  ['from the next minute on', 'anna@example.org valid-after="202601310001Z" {anna}', {}, false],
  ['until that second', 'anna@example.org valid-before="20260131000000Z" {anna}', {}, true],
  ['until the second before', 'anna@example.org valid-before="20260130235959Z" {anna}', {}, false],
  ['local time', 'anna@example.org valid-before="20260131" {anna}', { at: '20260131050000Z' }, true],
  [
    'local time, a second late',
    'anna@example.org valid-before="20260131" {anna}',
    { at: '20260131050001Z' },
    false,
  ],
  ['ended, and valid in the next line', `anna@example.org valid-before="20200101Z" {anna}\n${A}`, {}, true],
  // Lines
  ['no line', '', {}, false],
  ['a bad line before', `anna@example.org ssh-ed25519 AAAA\n${A}`, {}, true],
  ['an unknown option before', `anna@example.org unknown {anna}\n${A}`, {}, true],
  ['a bad line behind', `${A}\nanna@example.org "`, {}, true],
  ['a byte order mark', `\ufeff${A}`, {}, false],
  ['a byte order mark before a comment', `\ufeff# signers\n${A}`, {}, true],
  ['two keys of a principal', `anna@example.org {boris}\n${A}`, {}, true],
  ['a key of two principals', `boris@example.org {anna}\n${A}`, {}, true],
  // Other keys
  ['ECDSA P-256', 'anna@example.org {p256}', { by: 'p256' }, true],
  ['ECDSA P-384', 'anna@example.org {p384}', { by: 'p384' }, true],
  ['ECDSA P-521', 'anna@example.org {p521}', { by: 'p521' }, true],
  ['ECDSA, other data', 'anna@example.org {p256}', { by: 'p256', data: 'massage' }, false],
  [
    'ECDSA, a flipped bit',
    'anna@example.org {p384}',
    { by: 'p384', bytes: (blob) => flipped(blob, blob.length - 1) },
    false,
  ],
  ['RSA of 3,072 bits', 'anna@example.org {rsa3072}', { by: 'rsa3072' }, true],
  ['RSA, other data', 'anna@example.org {rsa3072}', { by: 'rsa3072', data: 'massage' }, false],
  [
    'RSA, a flipped bit',
    'anna@example.org {rsa3072}',
    { by: 'rsa3072', bytes: (blob) => flipped(blob, blob.length - 1) },
    false,
  ],
  [
    'RSA, another hash named',
    'anna@example.org {rsa3072}',
    { by: 'rsa3072', bytes: (blob) => replaced(blob, 'rsa-sha2-512', 'rsa-sha2-256') },
    false,
  ],
  ['RSA with SHA-1 named', 'anna@example.org {rsa3072}', { by: 'rsa3072', bytes: withSha1 }, false],
  ['RSA of 2,048 bits', 'anna@example.org {rsa2048}', { by: 'rsa2048' }, true, 'stricter'],
  // Certificates
  ['a certificate', CA, { by: 'plain' }, true],
  ['a certificate of an RSA key', CA, { by: 'rsa' }, true],
  ['a certificate of an ECDSA key', CA, { by: 'ecdsa' }, true],
  ['an authority with an ECDSA key', 'anna@example.org cert-authority {p384}', { by: 'byEcdsa' }, true],
  ['an authority with an RSA key', 'anna@example.org cert-authority {rsa3072}', { by: 'byRsa' }, true],
  ['an authority with SHA-256', 'anna@example.org cert-authority {rsa3072}', { by: 'bySha256' }, true],
  [
    'an authority with a small RSA key',
    'anna@example.org cert-authority {rsa2048}',
    { by: 'bySmallRsa' },
    true,
    'stricter',
  ],
  ['other data', CA, { by: 'plain', data: 'massage' }, false],
  ['a flipped bit in the certificate', CA, { by: 'plain', bytes: (blob) => flipped(blob, 200) }, false],
  ['another authority', CA, { by: 'byBoris' }, false],
  ['no authority', 'anna@example.org {ca}', { by: 'plain' }, false],
  ['the key alone where its authority is trusted', CA, { by: 'anna' }, false],
  ['the certificate where the key alone is trusted', A, { by: 'plain' }, false],
  ['the certificate itself', 'anna@example.org {plain}', { by: 'plain' }, true],
  ['another certificate of the key', 'anna@example.org {plain}', { by: 'several' }, false],
  ['the authority signs data', CA, { by: 'ca' }, false],
  ['one of several principals', CA, { by: 'several' }, true],
  ['a principal that the line does not have', CA, { by: 'several', as: 'anna@example.com' }, false],
  ['a pattern in the line', '*@example.org cert-authority {ca}', { by: 'plain' }, true],
  [
    'a principal that the certificate does not have',
    '*@example.org cert-authority {ca}',
    { by: 'ofBoris' },
    false,
  ],
  ['a pattern in the certificate', '*@example.org cert-authority {ca}', { by: 'pattern' }, false],
  ['a pattern that leaves the name out', '!anna@*,* cert-authority {ca}', { by: 'plain' }, false],
  ['a pattern that leaves others out', '!boris@*,* cert-authority {ca}', { by: 'plain' }, true],
  [
    'the next line trusts the authority for the name',
    `boris@example.org cert-authority {ca}\n${CA}`,
    { by: 'plain' },
    true,
  ],
  ['the next line trusts the key', `boris@example.org cert-authority {ca}\n${A}`, { by: 'anna' }, true],
  ['a certificate without principals', CA, { by: 'anyone' }, false],
  ['a certificate of a host', CA, { by: 'ofHost' }, false],
  ['a certificate in its time', CA, { by: 'of2026' }, true],
  ['its first second', CA, { by: 'of2026', at: '20260101Z' }, true],
  ['the second before', CA, { by: 'of2026', at: '20251231235959Z' }, false],
  ['its last second', CA, { by: 'of2026', at: '20260131235959Z' }, true],
  ['the second after', CA, { by: 'of2026', at: '20260201Z' }, false],
  [
    'an authority for the namespace',
    CA.replace('cert-authority', 'cert-authority,namespaces="dataset-*"'),
    { by: 'plain' },
    true,
  ],
  [
    'an authority for another one',
    CA.replace('cert-authority', 'cert-authority,namespaces="git"'),
    { by: 'plain' },
    false,
  ],
  [
    'an authority whose time is over',
    CA.replace('cert-authority', 'cert-authority,valid-before="20200101Z"'),
    { by: 'plain' },
    false,
  ],
  [
    'an authority whose time is not over',
    CA.replace('cert-authority', 'cert-authority,valid-before="20300101Z"'),
    { by: 'plain' },
    true,
  ],
  [
    'an authority for all namespaces but it',
    CA.replace('cert-authority', 'namespaces="!dataset-*,*",cert-authority'),
    { by: 'plain' },
    false,
  ],
  [
    'an authority from the next minute on',
    CA.replace('cert-authority', 'cert-authority,valid-after="202601310001Z"'),
    { by: 'plain' },
    false,
  ],
  [
    'an authority from now on, by local time',
    CA.replace('cert-authority', 'cert-authority,valid-after="20260131"'),
    { by: 'plain', at: '20260131050000Z' },
    true,
  ],
  ['an extension that nobody knows', CA, { by: 'extension' }, true],
  // ssh-keygen does not look at critical options. PROTOCOL.certkeys: those that are not known must be refused.
  ['a forced command', CA, { by: 'command' }, true, 'stricter'],
  ['a critical option that nobody knows', CA, { by: 'unknown' }, true, 'stricter'],
];

function flipped(blob: Uint8Array, at: number, mask = 1): Uint8Array {
  const changed = blob.slice();
  changed[at]! ^= mask;
  return changed;
}

/** The last occurrence of a text, by another of the same length. */
function replaced(blob: Uint8Array, from: string, to: string): Uint8Array {
  const at = Buffer.from(blob).lastIndexOf(from);
  assert.ok(at >= 0 && from.length === to.length, from);
  const changed = blob.slice();
  changed.set(bytesOf(to), at);
  return changed;
}

function withSha1(blob: Uint8Array): Uint8Array {
  const text = Buffer.from(blob).toString('latin1');
  const at = text.lastIndexOf('\0\0\0\x0crsa-sha2-512');
  const tail = Buffer.from(`\0\0\0\x07ssh-rsa${text.slice(at + 16)}`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(tail.length);
  return Buffer.concat([Buffer.from(text.slice(0, at - 4), 'latin1'), length, tail]);
}

/** `YYYYMMDD[HHMMSS]Z` in milliseconds. */
function parseKeygenTime(text: string): number {
  const digits = text.replace('Z', '').padEnd(14, '0');
  return Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
}

describe('agreement with ssh-keygen', { skip: missing('ssh-keygen') }, () => {
  process.env['TZ'] = 'America/New_York';
  const folder = mkdtempSync(join(tmpdir(), 'ssh-signatures-'));
  after(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  const keygen = (args: readonly string[], input = '') =>
    spawnSync('ssh-keygen', args, { cwd: folder, input, encoding: 'utf8' });
  const make = (...args: string[]) => {
    const { status, stderr } = keygen(args);
    assert.equal(status, 0, `ssh-keygen ${args.join(' ')}: ${stderr}`);
  };

  for (const [name, [type, bits]] of Object.entries(KEYS)) {
    make('-q', '-t', type!, ...(bits === undefined ? [] : ['-b', bits]), '-N', '', '-C', '', '-f', name);
  }
  for (const [name, [key, authority, ...options]] of Object.entries(CERTIFICATES)) {
    copyFileSync(path(key), path(name));
    copyFileSync(path(`${key}.pub`), path(`${name}.pub`));
    make('-q', '-s', authority, '-I', name, ...options, `${name}.pub`);
  }
  writeFileSync(path('message'), 'message');

  /** The armored signature of "message"; RSA and ECDSA are made once. */
  const signatures = new Map<string, string>();
  const signature = (by: string, namespace: string, hash = 'sha512'): string => {
    const id = `${by} ${namespace} ${hash}`;
    const file = by in CERTIFICATES ? `${by}-cert.pub` : by;
    if (!signatures.has(id)) {
      const made = keygen(
        ['-q', '-Y', 'sign', '-O', `hashalg=${hash}`, '-f', file, '-n', namespace],
        'message',
      );
      assert.equal(made.status, 0, made.stderr);
      signatures.set(id, made.stdout);
    }
    return signatures.get(id)!;
  };
  const publicKey = (name: string) =>
    readFileSync(path(name in CERTIFICATES ? `${name}-cert.pub` : `${name}.pub`), 'utf8').trim();

  for (const [index, [what, file, it, accepts, how]] of TABLE.entries()) {
    const { by = 'anna', namespace = 'dataset-provenance', as = 'anna@example.org', at = '20260131Z' } = it;
    test(`${what} (${file.replaceAll('\n', ' | ')}): ${accepts ? 'accepted' : 'refused'}`, () => {
      const allowed = `${file.replaceAll(/\{(\w+)\}/g, (_, name: string) => publicKey(name))}\n`;
      let armored = signature(by, it.signedIn ?? namespace, it.hash);
      if (it.bytes) armored = armorSshSig(it.bytes(dearmored(armored)));
      if (it.text) armored = it.text(armored);
      const data = it.data ?? 'message';

      const [signers, sig] = [`signers-${index}`, `signature-${index}`];
      writeFileSync(path(signers), allowed);
      writeFileSync(path(sig), armored);
      const theirs = keygen(
        ['-Y', 'verify', '-f', signers, '-I', as, '-n', namespace, '-s', sig, '-O', `verify-time=${at}`],
        data,
      );
      assert.equal(theirs.status === 0, accepts, `ssh-keygen: ${theirs.stderr}`);

      const { entries } = parseAllowedSigners(allowed, 'allowed_signers');
      const verdict = () =>
        verifySshSig({
          signature: armored,
          message: bytesOf(data),
          namespace,
          allowedSigners: entries,
          principal: as,
          time: parseKeygenTime(at),
        });
      if (accepts && how !== 'stricter') {
        const { standing, principal, refusal } = verdict();
        assert.deepEqual(
          { standing, principal, refusal },
          { standing: 'trusted', principal: as, refusal: undefined },
        );
      } else {
        const refusal = refusalOf(verdict);
        assert.ok(refusal, 'not accepted');
        // One sentence that says what is wrong and what to do, with all its arguments.
        assert.match(refusal.message, /^[^{}]+\.$/);
      }
    });
  }

  test('the table has the cases that count', () => {
    assert.ok(TABLE.length >= 100, String(TABLE.length));
    const stricter = TABLE.filter(([, , , , how]) => how === 'stricter').map(([what]) => what);
    assert.deepEqual(stricter, [
      'RSA of 2,048 bits',
      'an authority with a small RSA key',
      'a forced command',
      'a critical option that nobody knows',
    ]);
  });
});

function dearmored(armored: string): Uint8Array {
  return fromBase64(armored.replaceAll(/-----.*-----|\n/g, ''))!;
}

function refusalOf(verify: () => { readonly standing: string; readonly refusal?: ProvenanceError }) {
  try {
    const { standing, refusal } = verify();
    assert.notEqual(standing, 'trusted');
    return refusal;
  } catch (error) {
    if (error instanceof ProvenanceError) return error;
    throw error;
  }
}
