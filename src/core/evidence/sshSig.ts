import { sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import type { VerifyEd25519 } from './algorithms/ed25519.ts';
import type { Signer } from './signer.ts';
import {
  ED25519_TYPE,
  fingerprint,
  readSshKeyBlob,
  type SignatureCheck,
  type SshPublicKey,
} from './sshKey.ts';
import { ed25519SshSignature, verifySshSignature } from './sshSignature.ts';
import { equalBytes, joinBytes, readWire, wireString, wireUint32 } from './sshWire.ts';

/** Longest signature that is read, in bytes, armored or not: more than the longest key and signature need. */
export const MAX_SSHSIG_BYTES = 128 * 1024;

const MAGIC = new TextEncoder().encode('SSHSIG');
const VERSION = 1;
const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const END = '\n-----END SSH SIGNATURE-----';
/** As ssh-keygen breaks the lines of what it armors. */
const LINE_LENGTH = 70;

const HASHES = {
  sha256,
  sha512: (bytes: Uint8Array) => nobleSha512(bytes),
} as const;

export type SshSigHash = keyof typeof HASHES;

/** A signature in OpenSSH's form (PROTOCOL.sshsig), without its armor. */
export interface SshSig {
  /** The key that the signature names, or its certificate. That it names one is no reason to trust it. */
  readonly publicKey: SshPublicKey;
  readonly namespace: string;
  readonly hash: SshSigHash;
  /** As SSH encodes signatures: see `verifySshSignature`. */
  readonly signature: Uint8Array;
}

/**
 * Reads a signature that `ssh-keygen -Y sign` made: armored, as strictly as ssh-keygen, or the bytes within.
 *
 * @throws ProvenanceError `invalid-signature`, `too-large`
 */
export function parseSshSig(data: Uint8Array | string): SshSig {
  if (data.length > MAX_SSHSIG_BYTES) {
    throw new ProvenanceError(
      'too-large',
      'The signature has {size} bytes, more than the {limit} that an SSH signature may have; look whether it is the right file.',
      { size: data.length, limit: MAX_SSHSIG_BYTES },
    );
  }
  const binary = typeof data !== 'string' && equalBytes(data.subarray(0, MAGIC.length), MAGIC);
  const blob = binary ? data : dearmor(typeof data === 'string' ? data : new TextDecoder().decode(data));
  const read = readWire(blob, (reader) => {
    if (!equalBytes(reader.take(MAGIC.length), MAGIC)) throw invalid('it does not start with "SSHSIG"');
    const version = reader.uint32();
    if (version > VERSION) throw invalid('its version is {version}, and 1 is supported', { version });
    const publicKey = readSshKeyBlob(reader.string());
    const namespace = reader.text();
    // Reserved: to be ignored (PROTOCOL.sshsig). What was signed has it empty.
    reader.string();
    return { publicKey, namespace, hash: reader.text(), signature: reader.string().slice() };
  });
  if (!read) throw invalid('it is cut short, or has bytes that do not belong there');
  const { publicKey, namespace, hash, signature } = read;
  if (!publicKey) throw invalid('it holds no valid public key');
  if (namespace === '') throw invalid('its namespace is empty');
  if (!isHash(hash)) throw invalid('its hash algorithm is neither sha256 nor sha512');
  return { publicKey, namespace, hash, signature };
}

function isHash(name: string): name is SshSigHash {
  return Object.hasOwn(HASHES, name);
}

function dearmor(text: string): Uint8Array {
  if (!text.startsWith(BEGIN)) throw invalid('it does not start with "-----BEGIN SSH SIGNATURE-----"');
  const end = text.indexOf(END, BEGIN.length);
  if (end < 0) throw invalid('it has no line "-----END SSH SIGNATURE-----"');
  const encoded = text.slice(BEGIN.length, end).replace(/[ \t\r\n]/g, '');
  const blob = /[-_]/.test(encoded) ? undefined : fromBase64(encoded);
  if (!blob) throw invalid('what stands between its first and last line is not base64');
  return blob;
}

function invalid(reason: string, args: Record<string, string | number> = {}): ProvenanceError {
  return new ProvenanceError(
    'invalid-signature',
    `Not an SSH signature: ${reason}. Take the file that "ssh-keygen -Y sign" wrote.`,
    args,
  );
}

/**
 * Whether the signature is one of the message, by whoever: what `ssh-keygen -Y check-novalidate` says. Never throws.
 */
export function checkSshSig(
  sig: SshSig,
  message: Uint8Array,
  namespace: string,
  ed25519?: VerifyEd25519,
): SignatureCheck {
  if (sig.namespace !== namespace) return 'invalid';
  const signed = signedBytes(message, namespace, sig.hash);
  return verifySshSignature(sig.publicKey, sig.signature, signed, ed25519);
}

/** What is signed for a message (PROTOCOL.sshsig, "Signed Data"). */
function signedBytes(message: Uint8Array, namespace: string, hash: SshSigHash): Uint8Array {
  const digest = HASHES[hash](message);
  return joinBytes(MAGIC, wireString(namespace), wireString(''), wireString(hash), wireString(digest));
}

/** The bytes of a signature: what stands armored in a `.sig` file. */
export function sshSigBlob({ publicKey, namespace, hash, signature }: SshSig): Uint8Array {
  return joinBytes(
    MAGIC,
    wireUint32(VERSION),
    wireString(publicKey.blob),
    wireString(namespace),
    wireString(''),
    wireString(hash),
    wireString(signature),
  );
}

/** @returns the text of a `.sig` file as ssh-keygen writes it, with a line end */
export function armorSshSig(blob: Uint8Array): string {
  const lines = toBase64(blob).match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return `${BEGIN}${lines.join('\n')}${END}\n`;
}

/**
 * Signs a message as `ssh-keygen -Y sign -n NAMESPACE` does, with SHA-512. The signature is verified before it is
 * handed out.
 *
 * @returns the text of a `.sig` file
 * @throws ProvenanceError `invalid-argument` for an empty namespace, `unsupported-key` when the key is not Ed25519,
 *   `invalid-key` when its signature does not verify, and what the signer throws
 */
export async function signSshSig(signer: Signer, message: Uint8Array, namespace: string): Promise<string> {
  const { publicKey, keyId } = signer;
  if (namespace === '' || namespace.includes('\0')) {
    throw new ProvenanceError(
      'invalid-argument',
      'The namespace of a signature is a text that is not empty.',
    );
  }
  if ((publicKey.certified ?? publicKey).type !== ED25519_TYPE) {
    throw new ProvenanceError(
      'unsupported-key',
      'The key {keyId} is of type {type}, and only Ed25519 keys sign here; choose another key.',
      { keyId, type: publicKey.type },
    );
  }
  const raw = await signer.sign(signedBytes(message, namespace, 'sha512'));
  const sig: SshSig = { publicKey, namespace, hash: 'sha512', signature: ed25519SshSignature(raw) };
  if (keyId !== fingerprint(publicKey) || checkSshSig(sig, message, namespace) !== 'valid') {
    throw new ProvenanceError(
      'invalid-key',
      'The key {keyId} made a signature that does not verify under its own public key; sign with another key.',
      { keyId },
    );
  }
  return armorSshSig(sshSigBlob(sig));
}
