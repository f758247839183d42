import { toHex } from '../bytes/hex.ts';
import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import { merkleRoot } from '../merkle/tree.ts';

/** Length of one sample digest in a leaves file, in bytes. */
export const LEAF_BYTES = 32;

/**
 * Checks a leaves file against the signed statement that names it (docs/formats.md, "Committing to a dataset").
 *
 * @param bytes sample digests in order, 32 bytes each, nothing else
 * @param root the RFC 6962 tree hash of the statement, hex
 * @param count the number of samples of the statement
 * @param sha256 a faster one where the platform has it
 * @returns `bytes`
 * @throws ProvenanceError `invalid-leaves` when the length or the root differs
 */
export function parseLeaves(
  bytes: Uint8Array,
  root: string,
  count: number,
  sha256: Sha256 = portableSha256,
): Uint8Array {
  checkLeavesLength(bytes.length, root, count);
  const actual = toHex(merkleRoot(bytes, sha256));
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
