import type { FileStore } from '../core/bytes/fileStore.ts';
import type { ScopeLoader } from '../core/trust/scope.ts';
import type { LineageWorkerMethods } from '../protocol/lineageWorker.ts';
import { Rpc, type Handlers, type Port } from '../protocol/rpc.ts';
import { advisoryHandlers } from './advisories.node.ts';
import { advisoryImportHandlers } from './importAdvisories.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { impactHandlers } from './impact.node.ts';
import { lineageExportHandlers } from './lineageExport.node.ts';
import { lineageGraphHandlers } from './lineageGraph.node.ts';
import { LineageReader } from './lineageReader.node.ts';
import { layoutHandlers } from './lineageLayout.node.ts';
import { policyHandlers } from './policyHandlers.node.ts';
import { stepHandlers } from './recordStep.node.ts';
import { nodeScopeLoader } from './scopeLoader.node.ts';
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
  /** Reads all evidence as one graph. */
  readonly lineage: LineageReader;
  readonly pool: DigestPool | undefined;
  readonly cache: DigestCache | undefined;
}

/** Answers the lineage worker's methods on a port. @returns a function that stops. */
export function startLineageWorker(port: Port, options: LineageWorkerOptions = {}): () => void {
  const { files = nodeFileStore(), pool, cache } = options;
  const loader = nodeScopeLoader(files, cache);
  const lineage = new LineageReader(files, loader, cache);
  const context: LineageContext = { files, loader, lineage, pool, cache };
  const handlers: Handlers<LineageWorkerMethods> = {
    ...lineageGraphHandlers(context),
    ...impactHandlers(context),
    ...layoutHandlers(),
    ...lineageExportHandlers(context),
    ...stepHandlers(context),
    ...advisoryHandlers(context),
    ...advisoryImportHandlers(context),
    ...policyHandlers(context),
  };
  const rpc = new Rpc<Record<never, never>, LineageWorkerMethods>(port, handlers, nodeTimers);
  return () => {
    rpc.dispose();
  };
}
