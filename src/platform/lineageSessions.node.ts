import type { FileStore } from '../core/bytes/fileStore.ts';
import { ScopeLoader } from '../core/trust/scope.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { advisoryHandlers } from './advisories.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { impactHandlers } from './impact.node.ts';
import { lineageExportHandlers } from './lineageExport.node.ts';
import { lineageGraphHandlers } from './lineageGraph.node.ts';
import { layoutHandlers } from './lineageLayout.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { stepHandlers } from './recordStep.node.ts';
import { fastSha256 } from './sha256.node.ts';
import { nodeTimers } from './workerPort.node.ts';

export interface LineageWorkerOptions {
  readonly files?: FileStore;
  /** Threads for large files. */
  readonly pool?: DigestPool | undefined;
  /** Where the digests of large files are kept. */
  readonly cache?: DigestCache | undefined;
}

/** What the handlers of the lineage worker share. */
export interface LineageContext {
  readonly files: FileStore;
  /** Keeps bundles, checked signatures and leaves between calls. */
  readonly loader: ScopeLoader;
  readonly pool: DigestPool | undefined;
  readonly cache: DigestCache | undefined;
}

/** Answers the lineage worker's methods on a port. @returns a function that stops. */
export function startLineageWorker(port: Port, options: LineageWorkerOptions = {}): () => void {
  const { files = nodeFileStore(), pool, cache } = options;
  const loader = new ScopeLoader(files, fastSha256, cachedMerkleRoot(cache));
  const context: LineageContext = { files, loader, pool, cache };
  const handlers: Handlers<LineageWorkerMethods> = {
    ...lineageGraphHandlers(context),
    ...impactHandlers(context),
    ...layoutHandlers(),
    ...lineageExportHandlers(context),
    ...stepHandlers(context),
    ...advisoryHandlers(context),
  };
  const rpc = new Rpc<Record<never, never>, LineageWorkerMethods>(port, handlers, nodeTimers);
  return () => {
    rpc.dispose();
  };
}
