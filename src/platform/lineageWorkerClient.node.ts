import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import { WorkerClient } from './workerClient.node.ts';

/** The thread that reads lineage. It keeps nothing that could be lost: a call after it died costs what the first one did. */
export class LineageWorkerClient extends WorkerClient<LineageWorkerMethods> {}
