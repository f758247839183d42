import { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { defaultKeyPath, type KeyAccess } from '../platform/keyFiles.node.ts';
import { defaultKey, openSigningKey } from '../platform/signingKeys.node.ts';
import { nodeSshAccess } from '../platform/sshAccess.node.ts';
import { passphraseAsker } from './passphrase.ts';
import { complain, type Io } from './terminal.ts';

export const KEY_OPTION = { key: { type: 'string' } } as const;

export const KEY_HELP = `  --key KEY           An Ed25519 key: the file of a private key (OpenSSH or PKCS#8 PEM); or a .pub
                      file, a public key or a SHA256 fingerprint, whose private half is then looked
                      for in ssh-agent and in files. Else $PROVENANCE_KEY, else the key that
                      "provenance keygen" made, else git's; "provenance keys" lists them`;

/**
 * The key to sign with: of the option, else the default (see `defaultKey`). May ask for a passphrase.
 * @throws ProvenanceError `key-missing`, and as `openSigningKey`
 */
export async function signingKey(option: string | undefined, io: Io): Promise<Signer> {
  const name = option ?? (await defaultKey({ env: io.env }))?.name;
  if (name === undefined) {
    throw new ProvenanceError(
      'key-missing',
      'There is no signing key at {path}, and git names none; make one with "provenance keygen", or give one of those that "provenance keys" lists with --key.',
      { path: defaultKeyPath(configFolder(io.env)) },
    );
  }
  try {
    return await openSigningKey(name, keyAccess(io), { env: io.env });
  } catch (error) {
    if (!(error instanceof ProvenanceError) || error.code !== 'key-missing') throw error;
    const path = error.args['path'];
    // The private half of a public key is missing, and that was said.
    if (path === undefined) throw error;
    throw new ProvenanceError(
      'key-missing',
      'There is no signing key at {path}; check the path, or make a key with "provenance keygen --out {path}".',
      { path },
      { cause: error },
    );
  }
}

/** How the program gets at keys: with its own thread, and by asking on the terminal. */
export function keyAccess(io: Io): KeyAccess {
  return {
    ssh: nodeSshAccess(io.env),
    askPassphrase: passphraseAsker(io),
    signal: io.signal,
    onAgentWait: () => {
      complain(io, 'waiting for ssh-agent, which may have asked for your confirmation…');
    },
  };
}

/** Now, as statements say it: RFC 3339, UTC, whole seconds. */
export function timeNow(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
