import { ProvenanceError } from '../core/errors.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { LineageContext } from './lineageSessions.node.ts';

export function stepHandlers(_context: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'prepareStep'> {
  return {
    prepareStep() {
      throw new ProvenanceError('internal', 'Not built yet: prepareStep.');
    },
  };
}
