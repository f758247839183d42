import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, type ProvenanceError } from '../core/errors.ts';
import { parseSigstoreIdentities } from '../core/trust/sigstoreIdentities.ts';
import type { SigstoreTrust } from '../core/trust/sigstoreStatements.ts';
import type { SigstoreFiles } from '../protocol/datasetWorker.ts';
import { nodeFileStore } from './fileStore.node.ts';

const MAX_IDENTITIES_BYTES = 1024 * 1024;

/** Where the user says whom of Sigstore they trust. @param config the user's configuration folder */
export function userSigstoreFiles(config: string): SigstoreFiles {
  return { trustedRoot: `${config}/trusted_root.json`, identities: `${config}/sigstore_identities` };
}

/**
 * Reads which identities the user trusts. A file that is missing trusts nobody; what is wrong in it is reported and does
 * not count. The trusted root is read when there is something to check with it.
 */
export async function readSigstoreTrust(
  { trustedRoot, identities }: SigstoreFiles,
  files: FileStore = nodeFileStore(),
): Promise<{ readonly trust: SigstoreTrust; readonly problems: readonly ProvenanceError[] }> {
  try {
    const bytes = await files.read(identities, MAX_IDENTITIES_BYTES);
    const text = bytes ? new TextDecoder().decode(bytes) : '';
    const { entries, problems } = parseSigstoreIdentities(text, identities);
    return { trust: { trustedRoot, identities: entries }, problems };
  } catch (cause) {
    return { trust: { trustedRoot, identities: [] }, problems: [asProvenanceError(cause)] };
  }
}
