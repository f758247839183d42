import type { RowWorkerMethods } from '../protocol/rowWorker.ts';
import { WorkerClient } from './workerClient.node.ts';

/** The thread that reads and searches rows of sample tables. After `onLost`, tables have to be opened again. */
export class RowWorkerClient extends WorkerClient<RowWorkerMethods> {}
