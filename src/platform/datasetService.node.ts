import { basename } from 'node:path';
import { toHex } from '../core/bytes/hex.ts';
import { ProvenanceError } from '../core/errors.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { CANONICALIZATION, type Origin } from '../core/evidence/predicates.ts';
import { datasetStatement, statementBytes } from '../core/evidence/statement.ts';
import { DIGEST_LENGTH, digestAt, type SampleDigests } from '../core/sample/digest.ts';
import type { DigestCache } from './digestCache.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { fastSha256 } from './sha256.node.ts';

export interface DatasetClaim {
  readonly mediaType: string;
  readonly timeCreated: string;
  readonly origin?: Origin;
  readonly note?: string;
}

/**
 * Keeps the leaves of a digested file beside it and makes the statement that vouches for all its samples.
 * Malformed samples have no digest and are not part of it.
 *
 * @param cache where the root of many leaves is kept, for whoever verifies them
 * @returns the payload to sign and the Merkle root
 * @throws ProvenanceError `nothing-to-sign`, `read-only`, `permission-denied`, `disk-full`, `io`
 */
export async function prepareDatasetStatement(
  files: FileStore,
  path: string,
  samples: SampleDigests,
  claim: DatasetClaim,
  cache?: DigestCache,
): Promise<{ payload: Uint8Array; root: string; count: number }> {
  const digests = leavesOf(samples);
  const count = digests.length / DIGEST_LENGTH;
  if (count === 0) {
    throw new ProvenanceError('nothing-to-sign', '{path} has no samples to sign.', { path });
  }
  const root = await new EvidenceStore(files, fastSha256, cachedMerkleRoot(cache)).writeLeaves(path, digests);
  const { mediaType, timeCreated, origin, note } = claim;
  const payload = statementBytes(
    datasetStatement(
      { name: basename(path), sha256: samples.sha256 },
      {
        samples: { count, root, canonicalization: CANONICALIZATION },
        mediaType,
        timeCreated,
        ...(origin !== undefined && { origin }),
        ...(note !== undefined && { note }),
      },
    ),
  );
  return { payload, root, count };
}

/** Digest (hex) of a row, or undefined where it has none. */
export function rowDigest(samples: SampleDigests, row: number): string | undefined {
  if (samples.malformed.has(row)) return undefined;
  return toHex(digestAt(samples.digests, row));
}

/** The digests that a leaves file holds: of all samples but malformed ones, in order. */
export function leavesOf(samples: SampleDigests): Uint8Array {
  if (samples.malformed.size === 0) return samples.digests;
  const digests = new Uint8Array((samples.count - samples.malformed.size) * DIGEST_LENGTH);
  let next = 0;
  for (let row = 0; row < samples.count; row++) {
    if (samples.malformed.has(row)) continue;
    digests.set(digestAt(samples.digests, row), next);
    next += DIGEST_LENGTH;
  }
  return digests;
}
