import { ProvenanceError } from '../core/errors.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';

export function advisoryHandlers(
  _context: LineageContext,
): Pick<Handlers<LineageWorkerMethods>, 'checkAdvisories'> {
  return {
    checkAdvisories() {
      throw new ProvenanceError('internal', 'Not built yet: checkAdvisories.');
    },
  };
}
