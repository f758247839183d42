import { stat } from 'node:fs/promises';
import process from 'node:process';
import { ProvenanceError } from '../core/errors.ts';
import { ALLOWED_SIGNERS } from '../core/evidence/layout.ts';
import { findSigner } from '../core/trust/allowedSigners.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { readSigstoreTrust, userSigstoreFiles } from '../platform/sigstoreTrust.node.ts';
import { readTrustRoots, type TrustRoots } from '../platform/trustRoots.node.ts';
import type { SigstoreFiles } from '../protocol/datasetWorker.ts';
import type { Io } from './terminal.ts';

/**
 * Who is trusted: by the files that the user names, the user's own, git's, and the nearest `.provenance` of the
 * current directory or above it. Where a dataset lies does not matter: it may have come with a download.
 *
 * @param paths files in the format of allowed_signers
 * @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io` about one of `paths`
 */
export async function readTrust(io: Io, paths: readonly string[] = []): Promise<TrustRoots> {
  for (const path of paths) await requireFile(path, 'give a file in the format of allowed_signers');
  return await readTrustRoots({ paths, folders: [process.cwd()], env: io.env });
}

/**
 * Whom of Sigstore the user trusts: by the files in the user's configuration folder, or those named instead of them.
 * Never by files of the workspace or of a dataset.
 *
 * @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io` about a file that was named
 */
export async function readSigstore(
  io: Io,
  named: Partial<SigstoreFiles> = {},
): Promise<Awaited<ReturnType<typeof readSigstoreTrust>>> {
  for (const path of Object.values(named)) await requireFile(path, 'give a file');
  return await readSigstoreTrust({ ...userSigstoreFiles(configFolder(io.env)), ...named });
}

/** The user's own allowed_signers file. */
export function userAllowedSigners(io: Io): string {
  return `${configFolder(io.env)}/${ALLOWED_SIGNERS}`;
}

/** Where the user lists whom they trust. */
export function trustLists(io: Io): { readonly signers: string; readonly identities: string } {
  const { identities } = userSigstoreFiles(configFolder(io.env));
  return { signers: userAllowedSigners(io), identities };
}

/** The name of a signer who is trusted now, or undefined. */
export function nameOfSigner(trust: TrustRoots, keyId: string): string | undefined {
  const found = findSigner(trust.entries, keyId, Date.now());
  return found.standing === 'trusted' ? found.principal : undefined;
}

async function requireFile(path: string, advice: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  // A pipe is one too: `--allowed-signers <(…)`.
  if (!found.isDirectory()) return;
  throw new ProvenanceError('not-a-file', '{path} is a folder; {advice}.', { path, advice });
}
