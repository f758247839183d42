import type { FileStore } from '../core/bytes/fileStore.ts';
import { signatureVerifier } from '../core/evidence/sshKey.ts';
import { ScopeLoader } from '../core/trust/scope.ts';
import type { DigestCache } from './digestCache.node.ts';
import { userLogMemory } from './logMemory.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { nativeVerifyEd25519 } from './ed25519.node.ts';
import { sigstoreReader } from './sigstoreFiles.node.ts';
import { fastSha256 } from './sha256.node.ts';

/**
 * Reads evidence with what Node does faster than JavaScript.
 * @param cache where the roots of many leaves are kept
 */
export function nodeScopeLoader(
  files: FileStore,
  cache: DigestCache | undefined,
  env: NodeJS.ProcessEnv = process.env,
): ScopeLoader {
  return new ScopeLoader(
    files,
    fastSha256,
    cachedMerkleRoot(cache),
    signatureVerifier(nativeVerifyEd25519),
    sigstoreReader(files),
    userLogMemory(env),
  );
}
