import { ProvenanceError } from '../errors.ts';
import type { VerifyEd25519 } from '../evidence/algorithms/ed25519.ts';
import { fingerprint, unsupportedKey, type SshPublicKey } from '../evidence/sshKey.ts';
import { checkSshSig, parseSshSig } from '../evidence/sshSig.ts';
import { findSigner, type AllowedSigner } from './allowedSigners.ts';
import type { Standing } from './status.ts';
import { whyNotTrusted } from './whyNotTrusted.ts';

/** A signature to verify, and by whose word. */
export interface SshSigRequest {
  /** What `ssh-keygen -Y sign` wrote: armored or not. */
  readonly signature: Uint8Array | string;
  readonly message: Uint8Array;
  readonly namespace: string;
  readonly allowedSigners: readonly AllowedSigner[];
  /** Who is said to have signed: `-I` of ssh-keygen. Anyone who is trusted when absent. */
  readonly principal?: string;
  /** When it was signed, in milliseconds since the epoch: `-O verify-time` of ssh-keygen. */
  readonly time: number;
  /** One of the platform, where it has a faster one. */
  readonly verifyEd25519?: VerifyEd25519;
}

/** What a signature is worth. */
export interface SshSigVerdict {
  /** `invalid`: not a signature of this message in this namespace. Never `revoked`. */
  readonly standing: Standing;
  /** The key that the signature names, or its certificate. */
  readonly publicKey: SshPublicKey;
  readonly keyId: string;
  /** As that of {@link findSigner}. */
  readonly principal?: string;
  /** Why it is not `trusted`: one sentence. */
  readonly refusal?: ProvenanceError;
}

/**
 * Verifies an SSH signature. It is `trusted` exactly when `ssh-keygen -Y verify` accepts it, except for what is refused
 * on purpose (docs/formats.md, "SSH signatures"): RSA keys below 3,072 bits, and certificates with critical options.
 *
 * @throws ProvenanceError `invalid-signature` when there is no signature to be read, `too-large`
 */
export function verifySshSig(request: SshSigRequest): SshSigVerdict {
  const { signature, message, namespace, allowedSigners, principal, time, verifyEd25519 } = request;
  const sig = parseSshSig(signature);
  const { publicKey } = sig;
  const signer = { publicKey, keyId: fingerprint(publicKey) };
  switch (checkSshSig(sig, message, namespace, verifyEd25519)) {
    case 'unsupported':
      return {
        standing: 'unverifiable',
        ...signer,
        refusal: unsupportedKey(publicKey) ?? weakHash(signer.keyId),
      };
    case 'invalid':
      return { standing: 'invalid', ...signer, refusal: wrong(namespace, sig.namespace) };
    case 'valid': {
      const found = findSigner(allowedSigners, publicKey, time, namespace, principal);
      return {
        standing: found.standing,
        ...signer,
        ...(found.standing !== 'untrusted' && { principal: found.principal }),
        ...(found.standing !== 'trusted' && {
          refusal: whyNotTrusted(found, signer.keyId, time, namespace, principal),
        }),
      };
    }
  }
}

function weakHash(keyId: string): ProvenanceError {
  return new ProvenanceError(
    'unsupported-key',
    'The signature of the key {keyId} is with SHA-1, which is not accepted; sign again with a newer ssh-keygen.',
    { keyId },
  );
}

function wrong(expected: string, actual: string): ProvenanceError {
  if (expected === actual) {
    return new ProvenanceError(
      'invalid-signature',
      'The signature is wrong: the data or the signature was changed or damaged since it was signed.',
    );
  }
  return new ProvenanceError(
    'invalid-signature',
    'The signature is for the namespace "{actual}", not for "{expected}"; sign again in that namespace.',
    { actual, expected },
  );
}
