import { eddsa } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';

export const ED25519_TYPE = 'ssh-ed25519';

/** Longest public key that is read, in bytes of its blob: more than an RSA key of 16,384 bits needs. */
const MAX_BLOB_BYTES = 16 * 1024;
const MAX_TYPE_LENGTH = 100;
const TYPE = /^[a-z][a-z0-9.@-]*$/;

/** A public key in OpenSSH's form (RFC 4253 §6.6, RFC 8709 §4). */
export interface SshPublicKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** The wire form that fingerprints hash and that stands in base64 after the type. */
  readonly blob: Uint8Array;
  /** The raw key, 32 bytes, when the type is `ssh-ed25519`: the only one whose signatures can be verified so far. */
  readonly ed25519?: Uint8Array;
}

/** What {@link verifySignature} finds. `unsupported`: keys of this type cannot be checked; it says nothing of the signature. */
export type SignatureCheck = 'valid' | 'invalid' | 'unsupported';

/**
 * Reads a public key as it stands in a `.pub` file: `TYPE BASE64 [COMMENT]`. The comment is dropped. A key of a type
 * that is not known parses too, so that it can be named and trusted; see {@link verifySignature}.
 *
 * @throws ProvenanceError `invalid-key`
 */
export function parseSshPublicKey(line: string): SshPublicKey {
  const [, type, encoded] = /^[ \t]*([^ \t]+)[ \t]+([^ \t\r\n]+)(?:[ \t][^\r\n]*)?\r?\n?$/.exec(line) ?? [];
  const key = type !== undefined && encoded !== undefined ? readSshPublicKey(type, encoded) : undefined;
  if (key !== undefined) return key;
  throw new ProvenanceError(
    'invalid-key',
    'The text is not an OpenSSH public key; give one line such as a .pub file holds, "ssh-ed25519 AAAA…".',
  );
}

/**
 * The key of a type and base64 blob, or undefined when they are not one: the blob must name the same type, and an
 * Ed25519 key must be exactly 32 bytes.
 */
export function readSshPublicKey(type: string, encoded: string): SshPublicKey | undefined {
  if (type.length > MAX_TYPE_LENGTH || !TYPE.test(type)) return undefined;
  if (encoded.length > Math.ceil(MAX_BLOB_BYTES / 3) * 4 || /[-_]/.test(encoded)) return undefined;
  const blob = fromBase64(encoded);
  const named = blob && readString(blob, 0);
  if (!blob || !named || !equalBytes(named, new TextEncoder().encode(type))) return undefined;
  if (type !== ED25519_TYPE) return { type, blob };
  const raw = readString(blob, 4 + named.length);
  if (raw?.length !== 32 || blob.length !== 4 + named.length + 4 + 32) return undefined;
  return { type, blob, ed25519: raw };
}

/** @returns `TYPE BASE64 [COMMENT]`, without a line end. @throws ProvenanceError `invalid-argument` for a comment of several lines */
export function formatSshPublicKey(key: SshPublicKey, comment?: string): string {
  const text = `${key.type} ${toBase64(key.blob)}`;
  if (comment === undefined || comment === '') return text;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(comment)) {
    throw new ProvenanceError(
      'invalid-argument',
      'A key comment is one line of text without control characters.',
    );
  }
  return `${text} ${comment}`;
}

/** @param raw the 32 bytes of RFC 8032. @throws ProvenanceError `invalid-key` when it has another length */
export function ed25519PublicKey(raw: Uint8Array): SshPublicKey {
  if (raw.length !== 32) {
    const args = { length: raw.length };
    throw new ProvenanceError('invalid-key', 'An Ed25519 public key has 32 bytes, not {length}.', args);
  }
  const name = new TextEncoder().encode(ED25519_TYPE);
  const blob = new Uint8Array(4 + name.length + 4 + 32);
  blob[3] = name.length;
  blob.set(name, 4);
  blob[4 + name.length + 3] = 32;
  blob.set(raw, 4 + name.length + 4);
  return { type: ED25519_TYPE, blob, ed25519: raw.slice() };
}

/** @returns the fingerprint as `ssh-keygen -l` prints it: `SHA256:` and unpadded base64 */
export function fingerprint(key: SshPublicKey): string {
  return `SHA256:${toBase64(sha256(key.blob)).replace(/=+$/, '')}`;
}

/** SHA-512 of bytes in several parts: 64 bytes. */
export type Sha512 = (...parts: Uint8Array[]) => Uint8Array;

/**
 * Verifies an Ed25519 signature strictly (RFC 8032 §5.1.7: canonical encodings only, `s` below the group order).
 * Never throws, whatever the bytes are.
 *
 * @param signature the 64 bytes of RFC 8032
 * @param message in one part or several
 */
export type VerifySignature = (
  key: SshPublicKey,
  signature: Uint8Array,
  ...message: Uint8Array[]
) => SignatureCheck;

/**
 * A {@link VerifySignature} that differs only in its SHA-512, which is what a message of many megabytes takes: a platform
 * may have a faster one, tested equal.
 */
export function signatureVerifier(sha512: Sha512): VerifySignature {
  return (key, signature, ...message) => {
    if (key.ed25519 === undefined) return 'unsupported';
    if (signature.length !== 64 || key.ed25519.length !== 32) return 'invalid';
    // The scheme hashes R, A and the message, one copied behind the other; so it gets an empty one, and the hash the parts.
    const scheme = eddsa(ed25519.Point, (start: Uint8Array) => sha512(start, ...message));
    try {
      return scheme.verify(signature, NO_BYTES, key.ed25519, { zip215: false }) ? 'valid' : 'invalid';
    } catch {
      return 'invalid';
    }
  };
}

const NO_BYTES = new Uint8Array(0);

/** The portable {@link VerifySignature}. */
export const verifySignature: VerifySignature = signatureVerifier((...parts) => {
  const hash = portableSha512.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
});

/** An SSH string (RFC 4251 §5): four bytes of length, then as many bytes; undefined when the blob is too short. */
function readString(blob: Uint8Array, offset: number): Uint8Array | undefined {
  if (offset + 4 > blob.length) return undefined;
  const length = new DataView(blob.buffer, blob.byteOffset, blob.byteLength).getUint32(offset);
  const end = offset + 4 + length;
  return end > blob.length ? undefined : blob.slice(offset + 4, end);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
