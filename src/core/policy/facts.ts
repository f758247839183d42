import type { ProvenanceError } from '../errors.ts';
import type { LineageGraph } from '../lineage/graph.ts';
import type { LogState } from '../log/logState.ts';
import type { SampleDigests } from '../sample/digest.ts';
import type { Assessment } from '../trust/assess.ts';
import type { Scope, StatementInScope } from '../trust/scope.ts';
import type { OriginTally } from './originTally.ts';

/**
 * What a policy is checked against, gathered by a host. Give one dataset after the other to a `PolicyCheck`, which keeps
 * of each only what the verdict says; {@link PolicyFacts} has them all at once.
 */
export interface PolicyFacts extends SharedFacts {
  readonly datasets: readonly DatasetFacts[];
}

/** What is the same for all datasets that are checked together. */
export interface SharedFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the policy has a rule on lineage (`needsOf`); without it, that rule does not pass. */
  readonly lineage?: LineageFacts;
}

export interface LineageFacts {
  readonly graph: LineageGraph;
  /** The scope that the graph refers to by index. */
  readonly statements: readonly StatementInScope[];
  /** As {@link ReadDatasetFacts.logs}, of the bundles that the graph was read from. */
  readonly logs: ReadonlyMap<string, LogState>;
}

/** Of one dataset: what was found, or why it could not be read. */
export type DatasetFacts = ReadDatasetFacts | UnreadDatasetFacts;

export interface UnreadDatasetFacts {
  /** As it is shown. */
  readonly path: string;
  readonly error: ProvenanceError;
}

export interface ReadDatasetFacts {
  /** As it is shown. */
  readonly path: string;
  readonly error?: undefined;
  /** The path of its own bundle: the key of its log in {@link logs}. */
  readonly bundle: string;
  /**
   * Digests may be missing where the file is as a trusted signer signed it and nobody reviewed anything (`settledBy`). A
   * rule that asks who else vouches for the samples then knows only statements about this very file, or the same samples.
   */
  readonly samples: Pick<SampleDigests, 'count' | 'digests' | 'lines' | 'malformed'> & {
    /** Of the bytes that were checked. */
    readonly sha256: string;
  };
  readonly scope: Scope;
  readonly assessment: Assessment;
  /**
   * The state of each bundle in scope, by path, advisories included; and of those that an earlier look knew there and
   * that are gone (`removed`). A bundle that has no entry is taken for one whose log cannot be read.
   */
  readonly logs: ReadonlyMap<string, LogState>;
  /** Where the policy has a rule on origins (`needsOf`): made by `originTally`, given every sample. */
  readonly origins?: OriginTally;
}
