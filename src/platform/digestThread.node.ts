import { parentPort } from 'node:worker_threads';
import type { PackedChunk } from '../core/sample/sampleCollector.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { hashTask } from './fileHash.node.ts';
import { FileRanges, type RangeParams } from './fileRanges.node.ts';
import type { TaskFile } from './lineRanges.node.ts';
import { nodeTimers, workerPort } from './workerPort.node.ts';

/** How much is hashed before a message says so. */
const TOLD_BYTES = 16 << 20;

/** What a digesting thread does. It keeps the file of its last task open. */
export type DigestThreadMethods = {
  /** As {@link FileRanges.digest}. */
  digest: (params: RangeParams) => PackedChunk;
  /** As {@link hashTask}; progress: how many more bytes were hashed. */
  hash: (params: TaskFile) => string;
  /** Closes the file that is open. */
  close: (params: null) => null;
};

/** Does the tasks that come on the port; without one, on that of this thread. */
export function startDigestThread(port: Port = workerPort(parentPort!)): void {
  const ranges = new FileRanges();
  const handlers: Handlers<DigestThreadMethods> = {
    async digest(params, { transfer }) {
      const chunk = await ranges.digest(params);
      transfer(buffersOf(chunk));
      return chunk;
    },
    hash(file, { signal, progress }) {
      let untold = 0;
      const onBytes = (length: number) => {
        untold += length;
        if (untold < TOLD_BYTES) return;
        progress(untold);
        untold = 0;
      };
      return hashTask(file, { signal, onBytes });
    },
    async close() {
      await ranges.close();
      return null;
    },
  };
  new Rpc<Record<never, never>, DigestThreadMethods>(port, handlers, nodeTimers);
}

function buffersOf({ digests, lineOfSample, malformed }: PackedChunk): ArrayBuffer[] {
  const arrays = [digests, lineOfSample, malformed.rows, malformed.codes, malformed.offsets];
  return arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
}
