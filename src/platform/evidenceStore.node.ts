import type { FileStore } from '../core/bytes/fileStore.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import type { DigestCache } from './digestCache.node.ts';
import { userLogMemory } from './logMemory.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { fastSha256 } from './sha256.node.ts';

/**
 * The evidence on disk, which is only signed over where nothing is missing that this user has seen.
 * @param cache where the roots of many leaves are kept
 */
export function nodeEvidenceStore(
  files: FileStore,
  cache?: DigestCache,
  env: NodeJS.ProcessEnv = process.env,
): EvidenceStore {
  return new EvidenceStore(files, fastSha256, cachedMerkleRoot(cache), userLogMemory(env));
}
