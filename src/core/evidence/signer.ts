import { ed25519 } from '@noble/curves/ed25519.js';
import { ProvenanceError } from '../errors.ts';
import { ed25519PublicKey, fingerprint, type SshPublicKey } from './sshKey.ts';

/** Whoever can sign: a key in memory, in the editor's secret storage, in an agent. The private key stays inside. */
export interface Signer {
  /** OpenSSH SHA-256 fingerprint: `SHA256:…`. */
  readonly keyId: string;
  readonly publicKey: SshPublicKey;
  /** For people: whose key it is. */
  readonly comment?: string;
  /** @returns the signature in the key type's raw form; 64 bytes for Ed25519 (RFC 8032) */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * A signer of an Ed25519 seed (`@noble/curves`, runs everywhere).
 *
 * @param seed the private key of RFC 8032: 32 bytes; copied
 * @throws ProvenanceError `invalid-key` when the seed has another length
 */
export function ed25519Signer(seed: Uint8Array, comment?: string): Signer {
  if (seed.length !== 32) {
    const args = { length: seed.length };
    throw new ProvenanceError('invalid-key', 'An Ed25519 private key has 32 bytes, not {length}.', args);
  }
  const secret = seed.slice();
  const publicKey = ed25519PublicKey(ed25519.getPublicKey(secret));
  return {
    keyId: fingerprint(publicKey),
    publicKey,
    ...(comment !== undefined && { comment }),
    sign: (message) => Promise.resolve(ed25519.sign(message, secret)),
  };
}
