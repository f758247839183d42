import { readSshKeyBlob, type SshPublicKey } from '../core/evidence/sshKey.ts';
import type { SshWorkerMethods } from '../protocol/sshWorker.ts';
import type { AgentKey, SshAccess } from './sshAccess.ts';
import { WorkerClient } from './workerClient.node.ts';

/** {@link SshAccess} in another thread: opening an encrypted key takes long, and few windows need it at all. */
export class SshWorkerClient extends WorkerClient<SshWorkerMethods> implements SshAccess {
  async agentKeys(signal?: AbortSignal): Promise<readonly AgentKey[]> {
    const keys = await this.call('agentKeys', {}, optionsOf(signal));
    return keys.flatMap(({ blob, comment }) => {
      const publicKey = readSshKeyBlob(blob);
      return publicKey ? [{ publicKey, comment }] : [];
    });
  }

  async agentSign({ blob }: SshPublicKey, message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return await this.call('agentSign', { blob, message }, optionsOf(signal));
  }

  async openKey(text: string, name: string, passphrase?: string, signal?: AbortSignal): Promise<string> {
    const params = { text, name, ...(passphrase !== undefined && { passphrase }) };
    return await this.call('openKey', params, optionsOf(signal));
  }
}

function optionsOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
