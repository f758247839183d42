import { asProvenanceError, type ProvenanceError } from '../errors.ts';
import { fingerprint } from '../evidence/sshKey.ts';
import { checkSshSig, parseSshSig } from '../evidence/sshSig.ts';
import { NAMESPACE } from '../trust/allowedSigners.ts';
import { formatNote, type SignedNote } from './signedNote.ts';

/**
 * What the SSHSIG beside a checkpoint is worth to those who verify it with `ssh-keygen -Y verify`
 * (docs/formats.md, "The evidence log"). It decides nothing of the standing of the log.
 *
 * - `valid`: it is over the checkpoint, and by whoever signed that
 * - `missing`: there is none
 * - `other-signer`: it is over the checkpoint, but by another key, or nobody here is known to have signed the checkpoint
 * - `invalid`: it is over something else, or cannot be read
 */
export type CheckpointSignature =
  | { readonly standing: 'missing' }
  | { readonly standing: 'valid' | 'other-signer'; readonly keyId: string }
  | { readonly standing: 'invalid'; readonly keyId?: string; readonly error?: ProvenanceError };

/**
 * Checks the SSHSIG over a checkpoint. Witnesses add lines to a checkpoint without signing it anew, so that it is of the
 * note with its first signature.
 *
 * @param signature the file, as it is; undefined where there is none
 * @param signer fingerprint of the key that signed the checkpoint; undefined where that is not known
 */
export function checkCheckpointSignature(
  note: SignedNote,
  signature: Uint8Array | undefined,
  signer: string | undefined,
): CheckpointSignature {
  if (!signature) return { standing: 'missing' };
  try {
    const sig = parseSshSig(signature);
    const keyId = fingerprint(sig.publicKey);
    const message = formatNote({ ...note, signatures: note.signatures.slice(0, 1) });
    if (checkSshSig(sig, message, NAMESPACE) !== 'valid') return { standing: 'invalid', keyId };
    return { standing: keyId === signer ? 'valid' : 'other-signer', keyId };
  } catch (error) {
    return { standing: 'invalid', error: asProvenanceError(error) };
  }
}
