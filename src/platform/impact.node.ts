import { traceImpact } from '../core/lineage/impact.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';

/** How long an answer waits for files that nobody has looked into yet, in milliseconds. */
const PATIENCE = 1500;

export function impactHandlers({ lineage }: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'impact'> {
  return {
    async impact({ of, ...scope }, { signal }) {
      const { graph, index, evidence } = await lineage.read(scope, { milliseconds: PATIENCE, signal });
      return await traceImpact(of, graph, index, evidence, signal);
    },
  };
}
