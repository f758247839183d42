import { ProvenanceError } from '../errors.ts';
import { parseSshPublicKey } from '../evidence/sshKey.ts';
import { millisecondsOf, rfc3339 } from '../evidence/statedTime.ts';
import { NAMESPACE, type AllowedSigner, type SignerStanding } from './allowedSigners.ts';
import { signerOf } from './signerOf.ts';

/**
 * Why a key is not trusted, in one sentence.
 *
 * @param found what {@link findSigner} says of it for the same time, namespace and principal
 */
export function whyNotTrusted(
  found: Exclude<SignerStanding, { readonly standing: 'trusted' }>,
  keyId: string,
  time: number,
  namespace: string,
  principal?: string,
): ProvenanceError {
  if (found.refusal) return found.refusal;
  if (found.standing === 'expired') {
    const { path, line } = found.signer;
    return new ProvenanceError(
      'invalid-signature',
      '{path}, line {line}: the key {keyId} of {principal} was not valid at {time}, when it signed; sign again with a valid one.',
      {
        path,
        line,
        keyId,
        principal: found.principal,
        time: Number.isFinite(time) ? rfc3339(time) : 'an unknown time',
      },
    );
  }
  const place = { path: found.signer?.path ?? '', line: found.signer?.line ?? 0, keyId };
  switch (found.why) {
    case 'namespace':
      return new ProvenanceError(
        'invalid-signature',
        '{path}, line {line}: the key {keyId} is not trusted in the namespace "{namespace}"; add it there if it should be.',
        { ...place, namespace },
      );
    case 'cert-authority':
      return new ProvenanceError(
        'invalid-signature',
        '{path}, line {line}: the key {keyId} is trusted to sign certificates, not data; add a line without "cert-authority" if it should be.',
        place,
      );
    case 'not-listed':
    case 'certificate':
      return principal === undefined
        ? new ProvenanceError(
            'invalid-signature',
            'No allowed_signers file trusts the key {keyId} or its authority; add it if you know whose it is.',
            { keyId },
          )
        : new ProvenanceError(
            'invalid-signature',
            'No allowed_signers file trusts the key {keyId} as {principal}; add it if you know whose it is.',
            { keyId, principal },
          );
  }
}

/**
 * Why a statement is not trusted although a line names its key, or the authority of its certificate; undefined when none
 * does, or its signer is trusted.
 *
 * @param statement.time RFC 3339; now when absent
 */
export function whyNamedIsNotTrusted(
  statement: {
    readonly keyId: string;
    readonly publicKey?: string | undefined;
    readonly time?: string | undefined;
  },
  entries: readonly AllowedSigner[],
): ProvenanceError | undefined {
  const { keyId, publicKey, time } = statement;
  const key = publicKey === undefined ? undefined : parseSshPublicKey(publicKey);
  const at = millisecondsOf(time);
  const found = signerOf(key, keyId, entries, at);
  return found.standing === 'trusted' || !found.signer
    ? undefined
    : whyNotTrusted(found, keyId, at, NAMESPACE);
}
