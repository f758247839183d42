import type { PolicyVerdict } from '../core/policy/verdict.ts';
import type { SigstoreFiles } from './datasetWorker.ts';
import type { LineageScope } from './lineageWorker.ts';

/** The part of the lineage worker that checks datasets against a policy, as `provenance check` does. */
export type PolicyMethods = {
  /** Null where the policy asks for nothing: it has no rules, and is about origins and roles only. Progress: {@link PolicyProgress}. */
  checkPolicy: (params: PolicyCheckParams) => PolicyVerdict | null;
};

export interface PolicyCheckParams extends LineageScope {
  /** Absolute paths, with `/`: checked together, as one. */
  readonly datasets: readonly string[];
  /** Path of the policy: the user's, or one at the root of a workspace folder that the user trusts. */
  readonly policy: string;
  readonly sigstore: SigstoreFiles;
}

/** How far a check is. */
export interface PolicyProgress {
  /** Path of the dataset that is being read, its number from 1, and how many there are. */
  readonly dataset: string;
  readonly nth: number;
  readonly of: number;
  /** Of its bytes. */
  readonly bytes: number;
  readonly size: number;
}
