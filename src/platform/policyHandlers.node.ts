import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';
import { configFolder } from './configFolder.node.ts';
import { checkDatasets } from './policyCheck.node.ts';
import { readPolicy } from './policyFile.node.ts';
import { readSigstoreTrust } from './sigstoreTrust.node.ts';
import { readAllowedSigners } from './trustRoots.node.ts';
import { readWitnesses, userWitnesses } from './witnesses.node.ts';

export function policyHandlers(context: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'checkPolicy'> {
  const { files } = context;
  return {
    async checkPolicy(
      { policy: path, allowedSigners, sigstore: sigstoreFiles, ...request },
      { signal, progress },
    ) {
      const policy = await readPolicy(path, files);
      const {
        policy: { rules, problems },
      } = policy;
      if (rules.length === 0 && problems.length === 0) return null;
      const { entries } = await readAllowedSigners(allowedSigners, files);
      const sigstore = await readSigstoreTrust(sigstoreFiles, files);
      const { witnesses } = await readWitnesses(userWitnesses(configFolder()), [], files);
      return await checkDatasets(
        { ...request, policy, trust: { signers: entries, sigstore: sigstore.trust, witnesses } },
        { ...context, signal, onProgress: progress },
      );
    },
  };
}
