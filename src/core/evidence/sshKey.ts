import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import { isEcdsaPoint, verifyEcdsa, type EcdsaCurve } from './algorithms/ecdsa.ts';
import { verifyEd25519, type VerifyEd25519 } from './algorithms/ed25519.ts';
import { isUsableRsaKey, MIN_RSA_BITS, rsaBits, verifyRsa, type RsaPublicKey } from './algorithms/rsa.ts';
import { equalBytes, joinBytes, readWire, wireString, type WireReader } from './sshWire.ts';

export const ED25519_TYPE = 'ssh-ed25519';
export const RSA_TYPE = 'ssh-rsa';

/** Longest public key that is read, in bytes of its blob: more than an RSA key of 16,384 bits needs. */
const MAX_BLOB_BYTES = 16 * 1024;
const MAX_TYPE_LENGTH = 100;
const TYPE = /^[a-z][a-z0-9.@-]*$/;

/** A public key in OpenSSH's form (RFC 4253 §6.6, RFC 8709 §4), or a certificate of one (PROTOCOL.certkeys). */
export interface SshPublicKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** The wire form that stands in base64 after the type, and that fingerprints hash where it is no certificate. */
  readonly blob: Uint8Array;
  /** The raw key, 32 bytes, when the type is `ssh-ed25519`: the only one that signs here. */
  readonly ed25519?: Uint8Array;
  /** The key that signs, when this is a certificate. */
  readonly certified?: SshPublicKey;
}

/** What a plain public key consists of. */
export type KeyMaterial = (
  | { readonly algorithm: 'ed25519'; readonly publicKey: Uint8Array }
  | { readonly algorithm: 'ecdsa'; readonly curve: EcdsaCurve; readonly point: Uint8Array }
  | { readonly algorithm: 'rsa'; readonly key: RsaPublicKey }
) & {
  /** Of a key in a FIDO authenticator (PROTOCOL.u2f): `ssh:` in most. */
  readonly application?: Uint8Array;
};

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
 * The key of a type and base64 blob, or undefined when they are not one: the blob must name the same type, and have
 * the parts of it where the type is known.
 */
export function readSshPublicKey(type: string, encoded: string): SshPublicKey | undefined {
  if (encoded.length > Math.ceil(MAX_BLOB_BYTES / 3) * 4 || /[-_]/.test(encoded)) return undefined;
  const blob = fromBase64(encoded);
  const key = blob && readSshKeyBlob(blob);
  return key?.type === type ? key : undefined;
}

/** The key of a blob, as it stands in certificates and signatures; undefined when it is not one. */
export function readSshKeyBlob(blob: Uint8Array): SshPublicKey | undefined {
  if (blob.length > MAX_BLOB_BYTES) return undefined;
  return readWire(blob, (reader): SshPublicKey | undefined => {
    const type = reader.text();
    if (type.length > MAX_TYPE_LENGTH || !TYPE.test(type)) return undefined;
    const key = { type, blob: Uint8Array.from(blob) };
    const certifiedType = CERTIFICATE_TYPES.get(type);
    if (certifiedType !== undefined) {
      reader.string();
      const start = reader.position;
      if (!readMaterial(certifiedType, reader)) return undefined;
      const certified = readSshKeyBlob(
        joinBytes(wireString(certifiedType), blob.subarray(start, reader.position)),
      );
      reader.rest();
      return certified && { ...key, certified };
    }
    if (!MATERIAL.has(type)) {
      reader.rest();
      return key;
    }
    const material = readMaterial(type, reader);
    if (!material) return undefined;
    return type === ED25519_TYPE && material.algorithm === 'ed25519'
      ? { ...key, ed25519: material.publicKey }
      : key;
  });
}

/** What the key consists of, of a certificate the key in it; undefined when the type is not known. */
export function keyMaterial(key: SshPublicKey): KeyMaterial | undefined {
  const { type, blob } = key.certified ?? key;
  return readWire(blob, (reader) => {
    reader.string();
    return readMaterial(type, reader);
  });
}

function readMaterial(type: string, reader: WireReader): KeyMaterial | undefined {
  return MATERIAL.get(type)?.(reader);
}

function readEd25519(reader: WireReader): KeyMaterial | undefined {
  const publicKey = reader.string().slice();
  return publicKey.length === 32 ? { algorithm: 'ed25519', publicKey } : undefined;
}

function readEcdsa(curve: EcdsaCurve, reader: WireReader): KeyMaterial | undefined {
  const named = reader.text();
  const point = reader.string().slice();
  return named === curve && isEcdsaPoint(curve, point) ? { algorithm: 'ecdsa', curve, point } : undefined;
}

function readRsa(reader: WireReader): KeyMaterial {
  const exponent = reader.mpint().slice();
  return { algorithm: 'rsa', key: { exponent, modulus: reader.mpint().slice() } };
}

/** Of a key in a FIDO authenticator, behind which the application stands. */
function inAuthenticator(read: (reader: WireReader) => KeyMaterial | undefined) {
  return (reader: WireReader): KeyMaterial | undefined => {
    const material = read(reader);
    return material && { ...material, application: reader.string().slice() };
  };
}

const MATERIAL: ReadonlyMap<string, (reader: WireReader) => KeyMaterial | undefined> = new Map([
  [ED25519_TYPE, readEd25519],
  ['ecdsa-sha2-nistp256', (reader: WireReader) => readEcdsa('nistp256', reader)],
  ['ecdsa-sha2-nistp384', (reader: WireReader) => readEcdsa('nistp384', reader)],
  ['ecdsa-sha2-nistp521', (reader: WireReader) => readEcdsa('nistp521', reader)],
  [RSA_TYPE, readRsa],
  ['sk-ssh-ed25519@openssh.com', inAuthenticator(readEd25519)],
  ['sk-ecdsa-sha2-nistp256@openssh.com', inAuthenticator((reader) => readEcdsa('nistp256', reader))],
]);

/** Types of certificates, with the type of the key in them: `…-cert-v01@openssh.com`. */
const CERTIFICATE_TYPES: ReadonlyMap<string, string> = new Map(
  [...MATERIAL.keys()].map((type) => [`${type.replace(/@openssh\.com$/, '')}-cert-v01@openssh.com`, type]),
);

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
  const blob = joinBytes(wireString(ED25519_TYPE), wireString(raw));
  return { type: ED25519_TYPE, blob, ed25519: raw.slice() };
}

/**
 * @returns the fingerprint as `ssh-keygen -l` prints it: `SHA256:` and unpadded base64; of a certificate that of the key
 *   in it
 */
export function fingerprint(key: SshPublicKey): string {
  return `SHA256:${toBase64(sha256((key.certified ?? key).blob)).replace(/=+$/, '')}`;
}

/** Whether they are the same key, or the same certificate. */
export function sameKey(a: SshPublicKey, b: SshPublicKey): boolean {
  return equalBytes(a.blob, b.blob);
}

/**
 * Verifies the signature of a DSSE envelope, of a certificate with the key in it. Never throws, whatever the bytes are.
 *
 * @param signature Ed25519: the 64 bytes of RFC 8032; ECDSA: ASN.1 DER (RFC 3279 §2.2.3), with the hash that the curve
 *   has in SSH; RSA of 3,072 bits and more: PKCS #1 v1.5 or PSS, with SHA-256 or SHA-512
 * @param message in one part or several
 */
export type VerifySignature = (
  key: SshPublicKey,
  signature: Uint8Array,
  ...message: readonly Uint8Array[]
) => SignatureCheck;

/** A {@link VerifySignature} with an Ed25519 of the platform, tested equal to {@link verifyEd25519}. */
export function signatureVerifier(ed25519: VerifyEd25519): VerifySignature {
  return (key, signature, ...message) => {
    const material = keyMaterial(key);
    // What a key in a FIDO authenticator signs is more than the message: only SSH signatures have a place for that.
    if (material?.application !== undefined) return 'unsupported';
    switch (material?.algorithm) {
      case 'ed25519':
        return checked(ed25519(material.publicKey, signature, ...message));
      case 'ecdsa':
        return checked(verifyEcdsa(material.curve, material.point, signature, ...message));
      case 'rsa':
        if (!isUsableRsaKey(material.key)) return 'unsupported';
        return checked(verifyRsa(material.key, signature, ...message));
      case undefined:
        return 'unsupported';
    }
  };
}

/** The portable {@link VerifySignature}. */
export const verifySignature: VerifySignature = signatureVerifier(verifyEd25519);

function checked(valid: boolean): SignatureCheck {
  return valid ? 'valid' : 'invalid';
}

/**
 * Why no envelope is verified that a key signed, of code `unsupported-key`; undefined when they are. See
 * {@link unsupportedKey} for SSH signatures.
 */
export function unsupportedInEnvelopes(key: SshPublicKey): ProvenanceError | undefined {
  if (keyMaterial(key)?.application === undefined) return unsupportedKey(key);
  return new ProvenanceError(
    'unsupported-key',
    'The signature of the key {keyId} cannot be verified, as it is in a FIDO device ({type}), which signs more than what stands in an envelope; sign with an Ed25519 key.',
    { keyId: fingerprint(key), type: key.type },
  );
}

/** Why no SSH signature of a key is verified, of code `unsupported-key`; undefined when they are. */
export function unsupportedKey(key: SshPublicKey): ProvenanceError | undefined {
  const material = keyMaterial(key);
  const keyId = fingerprint(key);
  if (!material) {
    return new ProvenanceError(
      'unsupported-key',
      'Signatures of the key {keyId} cannot be verified, as its type {type} is not supported; sign with an Ed25519 key.',
      { keyId, type: key.type },
    );
  }
  if (material.algorithm !== 'rsa' || isUsableRsaKey(material.key)) return undefined;
  return new ProvenanceError(
    'unsupported-key',
    'Signatures of the RSA key {keyId} are not accepted, as it has {bits} bits and {minimum} are the least; sign with an Ed25519 key.',
    { keyId, bits: rsaBits(material.key), minimum: MIN_RSA_BITS },
  );
}
