import { createPublicKey, verify } from 'node:crypto';
import { isEd25519Key, verifyEd25519, type VerifyEd25519 } from '../core/evidence/algorithms/ed25519.ts';

/** DER of a SubjectPublicKeyInfo, up to the key (RFC 8410 §4). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Ed25519 by OpenSSL or BoringSSL. They compare the encoding of R, and refuse an `s` that is not below the group order,
 * as the portable one does; which keys are none is decided by the same {@link isEd25519Key}.
 */
export const nativeVerifyEd25519: VerifyEd25519 = (publicKey, signature, ...message) => {
  if (signature.length !== 64 || !isEd25519Key(publicKey)) return false;
  const [first] = message;
  const whole = first && message.length === 1 ? first : Buffer.concat(message);
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' });
    return verify(undefined, whole, key, signature);
  } catch {
    // A platform without Ed25519.
    return verifyEd25519(publicKey, signature, ...message);
  }
};
