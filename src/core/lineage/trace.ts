import type { Pairing } from '../evidence/predicates.ts';
import type { GraphIssue } from './graph.ts';

/** The way of one sample through the graph: back to its sources, or on to everything that was made of it. */
export interface SampleTrace {
  readonly direction: 'back' | 'forward';
  /** The starts first: several where the sample's file is known in several states, or not at all. */
  readonly nodes: readonly TraceNode[];
  readonly starts: number;
  readonly edges: readonly TraceEdge[];
  /** What could not be followed, and why: leaves or a map that are missing or wrong, a cycle, too much. */
  readonly issues: readonly GraphIssue[];
}

/** A sample in a dataset. */
export interface TraceNode {
  /** Id of a DatasetNode. */
  readonly dataset: string;
  /** Sample digest, hex. */
  readonly digest: string;
  /** Its first rows there, from 0, in the order that was signed; none where the leaves are missing. */
  readonly rows: readonly number[];
  /** How many rows hold it. */
  readonly copies: number;
  /**
   * Where a back trace ends: `source`, no step made this dataset; `added`, the step made the sample anew; `unknown`,
   * what would tell is missing.
   */
  readonly end?: 'source' | 'added' | 'unknown';
}

export interface TraceEdge {
  /**
   * Id of a StepNode. Where its output is another dataset than that of `to`, the two have the same samples in the same
   * order (one root), in other bytes.
   */
  readonly step: string;
  /**
   * Indices of nodes: the sample before the step and after it; without `to`, the step dropped it. The same node twice
   * where a step left all bytes as they were.
   */
  readonly from: number;
  readonly to?: number;
  readonly how: 'unchanged' | 'dropped' | Pairing;
}
