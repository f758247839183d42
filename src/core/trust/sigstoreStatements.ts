import type { CancelSignal, ProvenanceError } from '../errors.ts';
import type { ParsedStatement } from '../evidence/statement.ts';
import {
  findIdentity,
  keyIdOfIdentity,
  type AllowedIdentity,
  type SigstoreIdentity,
} from './sigstoreIdentities.ts';
import type { Standing } from './status.ts';

/** Whom of Sigstore the user trusts, from the user's own configuration only. */
export interface SigstoreTrust {
  /** Path of the trusted root (Sigstore's `trusted_root.json`), which may be missing. */
  readonly trustedRoot: string;
  readonly identities: readonly AllowedIdentity[];
}

/** A Sigstore bundle beside a dataset, with the statement in it. */
export interface SigstoreStatement {
  /** Path of the bundle. It holds one statement. */
  readonly path: string;
  readonly line: 1;
  /** SHA-256 of the bundle's bytes, hex. */
  readonly envelopeDigest: string;
  readonly statement: ParsedStatement;
  /** Who signed, once everything was checked; undefined where there is no trusted root to check it with. */
  readonly identity: SigstoreIdentity | undefined;
}

export interface SigstoreStatements {
  readonly statements: readonly SigstoreStatement[];
  /** Bundles that are broken or wrong: what stands in them does not count. */
  readonly problems: readonly { readonly path: string; readonly error: ProvenanceError }[];
}

/**
 * Finds and checks the Sigstore bundles beside a dataset. Offline.
 * @param dataset path of the dataset
 * @throws ProvenanceError `cancelled` only
 */
export type ReadSigstore = (
  dataset: string,
  trustedRoot: string,
  signal?: CancelSignal,
) => Promise<SigstoreStatements>;

/** What a checked Sigstore signature is worth: its identity counts as a key does. */
export function gradeIdentity(
  { identity }: Pick<SigstoreStatement, 'identity'>,
  identities: readonly AllowedIdentity[],
): { readonly standing: Standing; readonly keyId: string; readonly principal?: string } {
  if (!identity) return { standing: 'unverifiable', keyId: '' };
  const allowed = findIdentity(identities, identity);
  const keyId = keyIdOfIdentity(identity);
  return allowed ? { standing: 'trusted', keyId, principal: allowed.name } : { standing: 'untrusted', keyId };
}
