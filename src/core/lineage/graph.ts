import type { Standing } from '../trust/status.ts';
import type { DatasetStep, SampleCommitment } from './step.ts';

/**
 * The graph of all datasets and steps that the evidence of a workspace knows (docs/formats.md, "Lineage"). Nodes are
 * plain data that crosses threads.
 */
export interface LineageGraph {
  readonly datasets: ReadonlyMap<string, DatasetNode>;
  readonly steps: ReadonlyMap<string, StepNode>;
  readonly issues: readonly GraphIssue[];
}

/** One state of a dataset: the same file with other bytes is another node. */
export interface DatasetNode {
  /** SHA-256 (hex) of its bytes; of what is only claimed and has no digest, `claimed:` and its URI. */
  readonly id: string;
  /** What evidence calls it, the newest last. Untrusted. */
  readonly names: readonly string[];
  /** Absolute paths (with `/`) of files whose own evidence is about these bytes: where it is, or was. */
  readonly paths: readonly string[];
  readonly samples?: SampleCommitment;
  /** Who vouches for it: indices of dataset statements in the scope. */
  readonly statements: readonly number[];
  /**
   * `present`: a file here has these bytes. `changed`: the file that its evidence is about has others now. `absent`: no
   * file here. `unknown`: nobody has looked yet.
   */
  readonly presence: 'present' | 'changed' | 'absent' | 'unknown';
  /** The file that has these bytes, or had them. */
  readonly path?: string;
}

/** For an id that a graph does not hold, which no graph of ours names. */
export function unknownDataset(id: string): DatasetNode {
  return { id, names: [], paths: [], statements: [], presence: 'unknown' };
}

/** A recorded step, or one that files beside the data only claim. */
export interface StepNode {
  /** The envelope's digest and the output's, `ENVELOPE/OUTPUT`; of a claim, `claimed:` and what makes it unique. */
  readonly id: string;
  /** Index of the statement in the scope; none for a claim. */
  readonly statement?: number;
  readonly standing: Standing | 'claimed';
  /** Who says so: the principal or key, or the file that claims it. Untrusted. */
  readonly signer: string;
  readonly step: DatasetStep;
  /** Ids of {@link DatasetNode}s. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Path of the dataset in whose evidence it stands: where its map and leaves are. */
  readonly evidenceOf?: string;
}

export type GraphIssueKind =
  /** The steps go round in a circle: an output is its own input. */
  | 'cycle'
  /** Nothing here knows the input: no evidence, no file. */
  | 'missing-input'
  /** Two steps that had different inputs, or did different things, say that they made the same output. */
  | 'conflicting-steps'
  /** Statements disagree on which samples the same bytes hold. */
  | 'conflicting-samples'
  | 'untrusted-step'
  /** The file that was used has other bytes now. */
  | 'changed-input'
  | 'leaves-missing'
  | 'map-missing'
  | 'invalid-map'
  /** More steps than are drawn. */
  | 'too-large';

/** Something that a reader of the graph has to know, at the nodes that it is about. */
export interface GraphIssue {
  readonly kind: GraphIssueKind;
  readonly datasets: readonly string[];
  readonly steps: readonly string[];
  /** A sentence with its arguments, as of a ProvenanceError. */
  readonly template: string;
  readonly args: Readonly<Record<string, string | number>>;
}
