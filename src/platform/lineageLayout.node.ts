import { ProvenanceError } from '../core/errors.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';

export function layoutHandlers(): Pick<Handlers<LineageWorkerMethods>, 'layout'> {
  return {
    layout() {
      throw new ProvenanceError('internal', 'Not built yet: layout.');
    },
  };
}
