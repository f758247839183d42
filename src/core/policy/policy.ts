import type { ProvenanceError } from '../errors.ts';
import type { OriginFields } from '../sample/origin.ts';
import type { Roles } from './roles.ts';
import type { ParsedRule } from './rules.ts';

/** What a policy says (docs/formats.md, "Policy"). */
export interface Policy {
  /** Which fields of records carry their origin. */
  readonly originFields: OriginFields;
  /** Who may do what. Undefined where the policy has no roles: then who is trusted may do everything. */
  readonly roles: Roles | undefined;
  /** In the order of the policy. */
  readonly rules: readonly ParsedRule[];
  /** What in it is wrong. A policy with problems lets nothing pass. */
  readonly problems: readonly ProvenanceError[];
}

/** What has to be gathered for a policy's rules beside the judgement on each dataset. */
export interface PolicyNeeds {
  /** `LineageFacts`. */
  readonly lineage: boolean;
  /** The origin of each sample: `originTally`. */
  readonly origins: boolean;
  /** Digests and leaves, also where the bytes of a file settle its judgement. */
  readonly digests: boolean;
}
