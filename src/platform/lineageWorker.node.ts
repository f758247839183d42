import { parentPort } from 'node:worker_threads';
import { userDigestCache } from './digestCache.node.ts';
import { DigestPool } from './digestPool.node.ts';
import { startLineageWorker } from './lineageSessions.node.ts';
import { workerPort } from './workerPort.node.ts';

/** Entry of the worker thread that reads lineage: the graph of all evidence, and the ways of samples through it. */
if (!parentPort) throw new Error('This file is the entry of a worker thread.');
startLineageWorker(workerPort(parentPort), {
  pool: new DigestPool(new URL('digestWorker.node.cjs', import.meta.url)),
  cache: userDigestCache(),
});
