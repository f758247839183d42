import { nodeFileStore } from '../platform/fileStore.node.ts';
import { LineageReader, type Lineage } from '../platform/lineageReader.node.ts';
import type { PresentFiles } from '../platform/presentFiles.node.ts';
import { nodeScopeLoader } from '../platform/scopeLoader.node.ts';
import type { Judge } from './judge.ts';
import type { Io } from './terminal.ts';

/**
 * All evidence in scope of the workspace as one graph, with every file looked into.
 * @param path of a dataset, absolute, with `/`: the evidence beside it too
 * @throws ProvenanceError `cancelled`
 */
export async function readLineage(
  judge: Judge,
  io: Io,
  path?: string,
): Promise<Lineage & { readonly files: PresentFiles }> {
  const store = nodeFileStore();
  const loader = nodeScopeLoader(store, io.cache, io.env);
  const reader = new LineageReader(store, loader, io.cache);
  const scope = await judge.lineageScope(path);
  const { entries, roles } = judge.trust;
  const patience = { milliseconds: Infinity, signal: io.signal };
  const lineage = await reader.readFor(entries, scope, patience, { roles });
  return { ...lineage, files: reader.files };
}
