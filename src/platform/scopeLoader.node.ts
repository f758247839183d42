import type { FileStore } from '../core/bytes/fileStore.ts';
import { signatureVerifier } from '../core/evidence/sshKey.ts';
import { ScopeLoader } from '../core/trust/scope.ts';
import type { DigestCache } from './digestCache.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { fastSha256, fastSha512 } from './sha256.node.ts';

/** Reads evidence with what Node does faster than JavaScript. @param cache where the roots of many leaves are kept */
export function nodeScopeLoader(files: FileStore, cache: DigestCache | undefined): ScopeLoader {
  return new ScopeLoader(files, fastSha256, cachedMerkleRoot(cache), signatureVerifier(fastSha512));
}
