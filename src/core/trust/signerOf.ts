import type { SshPublicKey } from '../evidence/sshKey.ts';
import { findSigner, type AllowedSigner, type SignerStanding } from './allowedSigners.ts';
import { STANDING_RANK } from './status.ts';

/**
 * Who signed, by the certificate that stands in the envelope, or by the key itself: a certificate is no part of what
 * was signed, so adding one must not make less of it.
 */
export function signerOf(
  key: SshPublicKey | undefined,
  keyId: string,
  signers: readonly AllowedSigner[],
  time: number,
): SignerStanding {
  const byKey = findSigner(signers, keyId, time);
  if (!key?.certified || byKey.standing === 'trusted') return byKey;
  const byCertificate = findSigner(signers, key, time);
  return STANDING_RANK[byCertificate.standing] <= STANDING_RANK[byKey.standing] ? byCertificate : byKey;
}
