import { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { configFolder, defaultKeyPath, readKeyFile } from '../platform/keys.node.ts';
import type { Io } from './terminal.ts';

export const KEY_OPTION = { key: { type: 'string' } } as const;

export const KEY_HELP = `  --key PEM           Private key, Ed25519 in PKCS#8 PEM. Else $PROVENANCE_KEY, else the one that
                      "provenance keygen" made`;

/**
 * The key to sign with: of the option, the environment or the user's configuration folder.
 * @throws ProvenanceError `key-missing`, and as `readKeyFile`
 */
export async function signingKey(option: string | undefined, io: Io): Promise<Signer> {
  const fromEnvironment = io.env['PROVENANCE_KEY'];
  const named = option ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  const path = named ?? defaultKeyPath(configFolder(io.env));
  try {
    return await readKeyFile(path);
  } catch (error) {
    if (!(error instanceof ProvenanceError) || error.code !== 'key-missing') throw error;
    const template =
      named === undefined
        ? 'There is no signing key at {path}; make one with "provenance keygen", or give one with --key.'
        : 'There is no signing key at {path}; check the path, or make a key with "provenance keygen --out {path}".';
    throw new ProvenanceError('key-missing', template, { path }, { cause: error });
  }
}

/** Now, as statements say it: RFC 3339, UTC, whole seconds. */
export function timeNow(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
