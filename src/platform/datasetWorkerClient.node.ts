import type { DatasetWorkerMethods } from '../protocol/datasetWorker.ts';
import { WorkerClient } from './workerClient.node.ts';

/** The thread that digests and judges datasets. After `onLost`, its sessions have to be opened anew. */
export class DatasetWorkerClient extends WorkerClient<DatasetWorkerMethods> {}
