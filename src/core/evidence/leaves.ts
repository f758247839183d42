import { toHex } from '../bytes/hex.ts';
import { ProvenanceError } from '../errors.ts';

/** Length of one sample digest in a leaves file, in bytes. */
export const LEAF_BYTES = 32;

/**
 * RFC 9162 §2.1.1: root of the tree over packed leaf data of 32 bytes each, as `merkleRoot` of core/merkle. A platform
 * may pass a faster one, tested equal to it.
 */
export type MerkleRoot = (digests: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/**
 * Checks a leaves file against the signed statement that names it (docs/formats.md, "Committing to a dataset").
 *
 * @param bytes sample digests in order, 32 bytes each, nothing else
 * @param root the RFC 6962 tree hash of the statement, hex
 * @param count the number of samples of the statement
 * @returns `bytes`
 * @throws ProvenanceError `invalid-leaves` when the length or the root differs
 */
export async function checkLeaves(
  bytes: Uint8Array,
  root: string,
  count: number,
  merkleRoot: MerkleRoot,
): Promise<Uint8Array> {
  checkLeavesLength(bytes.length, root, count);
  const actual = toHex(await merkleRoot(bytes));
  if (actual !== root) {
    throw new ProvenanceError(
      'invalid-leaves',
      'The leaves file {root} hashes to {actual}, so it was changed; get it again from where the dataset came from.',
      { root, actual },
    );
  }
  return bytes;
}

/** @throws ProvenanceError `invalid-leaves` when a file of `size` bytes cannot hold `count` leaves */
export function checkLeavesLength(size: number, root: string, count: number): void {
  if (size === count * LEAF_BYTES) return;
  throw new ProvenanceError(
    'invalid-leaves',
    'The leaves file {root} has {size} bytes, not the {expected} of {count} samples; get it again from where the ' +
      'dataset came from.',
    { root, size, expected: count * LEAF_BYTES, count },
  );
}
