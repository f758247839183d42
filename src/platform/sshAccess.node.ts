import * as crypto from 'node:crypto';
import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { openOpenSshKey, wrongPassphrase } from './openSshKey.node.ts';
import type { SshAccess } from './sshAccess.ts';
import { agentKeys, agentSign } from './sshAgent.node.ts';

/** {@link SshAccess} in this thread. */
export function nodeSshAccess(env: NodeJS.ProcessEnv = process.env): SshAccess {
  return {
    agentKeys: (signal) => agentKeys({ env, signal }),
    agentSign: (key, message, signal) => agentSign(key, message, { env, signal }),
    openKey: async (text, name, passphrase, signal) => {
      throwIfCancelled(signal);
      return text.includes('-----BEGIN OPENSSH PRIVATE KEY-----')
        ? await openOpenSshKey(text, name, passphrase)
        : openEncryptedPem(text, name, passphrase);
    },
  };
}

function openEncryptedPem(pem: string, name: string, passphrase: string | undefined): string {
  if (passphrase === undefined) {
    throw new ProvenanceError('passphrase-needed', '{name} is encrypted; give its passphrase.', { name });
  }
  try {
    const key = crypto.createPrivateKey({ key: pem, passphrase });
    return key.export({ format: 'pem', type: 'pkcs8' }) as string;
  } catch {
    // OpenSSL's error is not kept: what it quotes is not ours to vouch for.
    throw wrongPassphrase(name);
  }
}
