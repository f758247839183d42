import { merkleRoot } from '../core/merkle/tree.ts';
import type { ChunkDigester } from '../core/sample/chunkDigests.ts';
import { JsChunkDigester } from '../core/sample/jsChunkDigester.ts';
import { sampleKernel } from './sampleKernel.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** What a thread digests with. */
export interface Digester extends ChunkDigester {
  /** RFC 9162 §2.1.1: root of the tree over packed leaf data, 32 bytes each. */
  merkleRoot(digests: Uint8Array): Uint8Array;
}

let digester: Digester | undefined;

/** The fastest digester of this machine. Each thread has one. */
export function threadDigester(): Digester {
  return (digester ??= sampleKernel() ?? new PortableDigester(fastSha256));
}

/** For machines without WebAssembly SIMD. */
class PortableDigester extends JsChunkDigester implements Digester {
  merkleRoot(digests: Uint8Array): Uint8Array {
    return merkleRoot(digests, fastSha256);
  }
}
