import { ProvenanceError } from '../../errors.ts';
import type { LineageClaim } from './claim.ts';
import type { ClaimPlace } from './claimedPath.ts';

/** A file that may claim lineage, with what the readers need to know of its surroundings. */
export interface ClaimSource extends ClaimPlace {
  readonly bytes: Uint8Array;
  /**
   * Datasets in its folder and below, relative to it, with `/`: which of them a pattern means. Those below a folder with
   * a dataset card of its own are left out.
   */
  readonly datasets?: readonly string[];
  /** Of `dvc.lock`: the `dvc.yaml` beside it, which says where the paths of a stage start from. */
  readonly pipeline?: Uint8Array;
}

export interface ClaimReading {
  readonly claims: readonly LineageClaim[];
  /** Why not all of the file could be read: `invalid-claim`, `too-large`. */
  readonly problem?: ProvenanceError;
}

/** Claims that are read of one file. */
export const MAX_CLAIMS = 10_000;

/** Inputs of a claim, and datasets that a folder or a pattern of it stands for. */
export const MAX_CLAIMED_INPUTS = 1000;

/** @returns the error that says why a file is no claim. @param reason to go on with after "because" */
export function invalidClaim(file: string, reason: string, cause?: unknown): ProvenanceError {
  return new ProvenanceError(
    'invalid-claim',
    '{path} claims no lineage that can be read, because {reason}; correct or remove it.',
    { path: file, reason },
    { cause },
  );
}

/** The claims, up to {@link MAX_CLAIMS}. */
export function bounded(file: string, claims: readonly LineageClaim[]): ClaimReading {
  if (claims.length <= MAX_CLAIMS) return { claims };
  return {
    claims: claims.slice(0, MAX_CLAIMS),
    problem: new ProvenanceError(
      'too-large',
      '{path} claims {count} steps, of which the first {limit} are read; divide it.',
      { path: file, count: claims.length, limit: MAX_CLAIMS },
    ),
  };
}
