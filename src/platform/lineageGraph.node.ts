import { ProvenanceError } from '../core/errors.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';

export function lineageGraphHandlers(
  _context: LineageContext,
): Pick<Handlers<LineageWorkerMethods>, 'graph' | 'trace'> {
  return {
    graph() {
      throw new ProvenanceError('internal', 'Not built yet: graph.');
    },
    trace() {
      throw new ProvenanceError('internal', 'Not built yet: trace.');
    },
  };
}
