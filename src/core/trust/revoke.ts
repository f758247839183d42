import { ProvenanceError } from '../errors.ts';
import { datasetOfBundle, REVOCATIONS } from '../evidence/layout.ts';
import { revocationStatement, sampleName, type Statement } from '../evidence/statement.ts';
import { findSigner, type AllowedSigner } from './allowedSigners.ts';
import { keyDigestOf } from './revocations.ts';

/** What somebody wants to take back. */
export type RevocationTarget =
  | { readonly kind: 'key'; readonly keyId: string }
  | {
      readonly kind: 'statement';
      /** SHA-256 of its envelope, hex. */
      readonly envelopeDigest: string;
      /** Who signed it. */
      readonly keyId: string;
      /** Where it stands: path of a bundle, and its line there (1-based). */
      readonly bundle: string;
      readonly line: number;
    };

/**
 * The statement that takes back a key or a statement.
 * @param claim.since RFC 3339: only what was signed from then on
 * @throws ProvenanceError `invalid-argument` for a key without a SHA-256 fingerprint; `invalid-statement`
 */
export function revocationOf(
  target: RevocationTarget,
  claim: { readonly reason: string; readonly since?: string; readonly timeCreated: string },
): Statement<'revocation'> {
  if (target.kind === 'statement') {
    const { bundle, line, envelopeDigest } = target;
    const name = sampleName(bundle.slice(bundle.lastIndexOf('/') + 1), line);
    return revocationStatement([{ name, sha256: envelopeDigest }], claim);
  }
  const sha256 = keyDigestOf(target.keyId);
  if (sha256 === undefined) {
    throw new ProvenanceError(
      'invalid-argument',
      '"{keyId}" is no SHA256 fingerprint of a key, so it cannot be revoked.',
      { keyId: target.keyId.slice(0, 200) },
    );
  }
  return revocationStatement([{ name: target.keyId, sha256 }], claim);
}

/**
 * In the evidence of which datasets a revocation goes. That of a statement stands where the statement does. That of a key
 * stands at the root of each workspace folder, for whatever comes into it, and beside each dataset that the key signed:
 * there it is handed on with the dataset, and is a line of a log that cannot vanish unseen.
 *
 * @param folders of the workspace: absolute, with `/`
 * @param bundles in which the statement stands, or statements of the key do
 * @returns paths as `EvidenceStore.append` takes them
 */
export function revocationPlaces(
  target: RevocationTarget,
  folders: readonly string[],
  bundles: Iterable<string>,
): string[] {
  const roots = folders.map((folder) => `${folder}/${REVOCATIONS}`);
  const beside = [...new Set([...bundles].flatMap((bundle) => datasetOfBundle(bundle) ?? []))].sort();
  const places = target.kind === 'key' || beside.length === 0 ? [...roots, ...beside] : beside;
  return [...new Set(places)];
}

/**
 * Refuses a revocation that would not count: its signer has to be trusted, or to have signed what is taken back.
 * @param now milliseconds since the epoch
 * @throws ProvenanceError `invalid-argument`
 */
export function requireMayRevoke(
  target: RevocationTarget,
  signerKeyId: string,
  entries: readonly AllowedSigner[],
  now: number,
): void {
  const { standing } = findSigner(entries, signerKeyId, now);
  if (standing === 'trusted' || (standing === 'untrusted' && signerKeyId === target.keyId)) return;
  throw new ProvenanceError(
    'invalid-argument',
    standing === 'expired'
      ? 'Your key {keyId} is not valid now, so what it revokes would not count; use another key that is trusted here.'
      : 'Your key {keyId} is not trusted here and did not sign what you want to revoke, so that would not count; trust your key first, or use another one.',
    { keyId: signerKeyId },
  );
}
