import { parentPort } from 'node:worker_threads';
import { startDatasetWorker } from './datasetSessions.node.ts';
import { userDigestCache } from './digestCache.node.ts';
import { DigestPool } from './digestPool.node.ts';
import { workerPort } from './workerPort.node.ts';

/** Entry of the worker thread that digests and judges datasets, so that the editor's own thread stays free. */
if (!parentPort) throw new Error('This file is the entry of a worker thread.');
startDatasetWorker(workerPort(parentPort), {
  pool: new DigestPool(new URL('digestWorker.node.cjs', import.meta.url)),
  cache: userDigestCache(),
});
