import { parentPort } from 'node:worker_threads';
import { ProvenanceError } from '../core/errors.ts';
import { readSshKeyBlob } from '../core/evidence/sshKey.ts';
import { Rpc, type Port } from '../protocol/rpc.ts';
import type { SshWorkerMethods } from '../protocol/sshWorker.ts';
import { nodeSshAccess } from './sshAccess.node.ts';
import type { SshAccess } from './sshAccess.ts';
import { nodeTimers, workerPort } from './workerPort.node.ts';

/** Entry of the worker thread that opens SSH keys, which takes long, and speaks to the ssh-agent. */
if (!parentPort) throw new Error('This file is the entry of a worker thread.');
answer(workerPort(parentPort), nodeSshAccess());

function answer(port: Port, ssh: SshAccess): void {
  new Rpc<Record<never, never>, SshWorkerMethods>(
    port,
    {
      agentKeys: async () =>
        (await ssh.agentKeys()).map(({ publicKey, comment }) => ({ blob: publicKey.blob, comment })),
      agentSign: async ({ blob, message }) => {
        const key = readSshKeyBlob(blob);
        if (!key) throw new ProvenanceError('invalid-key', 'The blob is not a public key.');
        return await ssh.agentSign(key, message);
      },
      openKey: ({ text, name, passphrase }) => ssh.openKey(text, name, passphrase),
    },
    nodeTimers,
  );
}
