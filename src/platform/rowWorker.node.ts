import { parentPort } from 'node:worker_threads';
import { startRowWorker } from './rowTables.node.ts';
import { workerPort } from './workerPort.node.ts';

/** Entry of the worker thread that reads and searches rows for sample tables. */
if (!parentPort) throw new Error('This file is the entry of a worker thread.');
startRowWorker(workerPort(parentPort));
