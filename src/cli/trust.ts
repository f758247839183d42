import { stat } from 'node:fs/promises';
import process from 'node:process';
import { ProvenanceError } from '../core/errors.ts';
import { ALLOWED_SIGNERS } from '../core/evidence/layout.ts';
import { findSigner } from '../core/trust/allowedSigners.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { configFolder } from '../platform/keys.node.ts';
import { readTrustRoots, type TrustRoots } from '../platform/trustRoots.node.ts';
import type { Io } from './terminal.ts';

/**
 * Who is trusted: by the files that the user names, the user's own, git's, and the nearest `.provenance` of the
 * current directory or above it. Where a dataset lies does not matter: it may have come with a download.
 *
 * @param paths files in the format of allowed_signers
 * @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io` about one of `paths`
 */
export async function readTrust(io: Io, paths: readonly string[] = []): Promise<TrustRoots> {
  for (const path of paths) await requireFile(path);
  return await readTrustRoots({ paths, folders: [process.cwd()], env: io.env });
}

/** The user's own allowed_signers file. */
export function userAllowedSigners(io: Io): string {
  return `${configFolder(io.env)}/${ALLOWED_SIGNERS}`;
}

/** The name of a signer who is trusted now, or undefined. */
export function nameOfSigner(trust: TrustRoots, keyId: string): string | undefined {
  const found = findSigner(trust.entries, keyId, Date.now());
  return found.standing === 'trusted' ? found.principal : undefined;
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  // A pipe is one too: `--allowed-signers <(…)`.
  if (!found.isDirectory()) return;
  throw new ProvenanceError(
    'not-a-file',
    '{path} is a folder; give a file in the format of allowed_signers.',
    { path },
  );
}
