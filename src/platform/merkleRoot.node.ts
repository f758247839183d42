import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MerkleRoot } from '../core/evidence/leaves.ts';
import { TreeHasher } from '../core/merkle/tree.ts';
import { DIGEST_LENGTH } from '../core/sample/digest.ts';
import { threadDigester } from './chunkDigester.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** Leaves that are hashed before others get their turn: a power of two, some milliseconds. */
const SUBTREE_LEAVES = 1 << 14;

/**
 * RFC 9162 §2.1.1: root of the tree over packed leaf data of 32 bytes each (sample digests). Done in this thread: sending
 * millions of digests to another one takes about as long.
 */
export async function fastMerkleRoot(digests: Uint8Array): Promise<Uint8Array> {
  const unit = SUBTREE_LEAVES * DIGEST_LENGTH;
  if (digests.length <= unit) return threadDigester().merkleRoot(digests);
  // Subtrees of a power of two leaves are nodes of the whole tree; so is what is left over at its right edge.
  const tree = new TreeHasher(fastSha256);
  for (let at = 0; at < digests.length; at += unit) {
    tree.push(threadDigester().merkleRoot(digests.subarray(at, at + unit)));
    await nextTurn();
  }
  return tree.root();
}

/** Fewer leaves are hashed sooner than a cache answers. */
const CACHED_BYTES = 1 << 20;

/**
 * As {@link fastMerkleRoot}, but a root that was made before is looked up by the SHA-256 of the digests, which takes a
 * tenth of the time.
 */
export function cachedMerkleRoot(cache: DigestCache | undefined): MerkleRoot {
  if (!cache) return fastMerkleRoot;
  return async (digests) => {
    if (digests.length < CACHED_BYTES) return await fastMerkleRoot(digests);
    const sha256 = fastSha256(digests);
    const known = await cache.getRoot(sha256);
    if (known) return known;
    const root = await fastMerkleRoot(digests);
    void cache.putRoot(sha256, root);
    return root;
  };
}
