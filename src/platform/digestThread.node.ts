import { parentPort } from 'node:worker_threads';
import type { PackedChunk } from '../core/sample/sampleCollector.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { hashTask, type FileHash } from './fileHash.node.ts';
import { FileRanges, type RangeParams } from './fileRanges.node.ts';
import type { TaskFile } from './lineRanges.node.ts';
import { nodeTimers, workerPort } from './workerPort.node.ts';

/** What a digesting thread does. It keeps the file of its last task open. */
export type DigestThreadMethods = {
  /** As {@link FileRanges.digest}. */
  digest: (params: RangeParams) => PackedChunk;
  /** As {@link hashTask}; progress: the length of each piece. */
  hash: (params: { readonly file: TaskFile; readonly countLines: boolean }) => FileHash;
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
    hash({ file, countLines }, { signal, progress }) {
      return hashTask(file, { signal, countLines, onBytes: progress });
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
