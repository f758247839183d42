import type { Origin, Pairing } from '../core/evidence/predicates.ts';
import type { DatasetNode, GraphIssue, StepNode } from '../core/lineage/graph.ts';
import type { SampleTrace } from '../core/lineage/trace.ts';
import type { EvidenceFiles, StatementData } from './datasetWorker.ts';

/**
 * The conversation between the editor's thread and the lineage worker, which reads all evidence of the workspace as one
 * graph, follows samples through it, and lays it out. Each answer is whole.
 */
export type LineageWorkerMethods = {
  /** The graph over all evidence. Keeps what it read: asked again after a change, it costs what changed. */
  graph: (params: LineageScope) => GraphData;
  /** The way of one sample, back and forward. */
  trace: (params: LineageScope & { sample: SampleReference }) => TraceData;
  /** Everything that was made of these samples, datasets and steps. */
  impact: (params: LineageScope & { of: readonly ImpactSource[] }) => ImpactData;
  /** Places for the boxes and lines of a drawing. */
  layout: (params: LayoutRequest) => Layout;
  /** The whole graph, or what leads to and from one dataset, in a format of others. */
  exportLineage: (params: LineageScope & { format: LineageFormat; dataset?: string }) => string;
  /** Reads the inputs and the output of a step, pairs their samples, keeps leaves and map, and gives the statement to sign. */
  prepareStep: (params: StepRequest) => PreparedStep;
  /** The samples of a dataset that advisories name, or that are similar to what they name. */
  checkAdvisories: (params: LineageScope & { path: string }) => AdvisoryCheckData;
};

/** Where to look. Paths are absolute, with `/`. */
export interface LineageScope extends EvidenceFiles {
  /** Workspace folders. */
  readonly folders: readonly string[];
  /** Files in the format of allowed_signers, in order of precedence. */
  readonly allowedSigners: readonly string[];
}

export interface GraphData {
  readonly datasets: readonly DatasetNode[];
  readonly steps: readonly StepNode[];
  readonly issues: readonly GraphIssue[];
  readonly statements: readonly StatementData[];
}

/** A sample by its digest, in a dataset where that is known. */
export interface SampleReference {
  /** Absolute path of the file that holds it. */
  readonly path?: string;
  /** Of that file's bytes, where they are known, hex. */
  readonly sha256?: string;
  /** Sample digest, hex. */
  readonly digest: string;
}

export interface TraceData {
  readonly graph: GraphData;
  readonly back: SampleTrace;
  readonly forward: SampleTrace;
  /** What a step did to the sample, by `STEP-ID FROM-DIGEST TO-DIGEST`, where both sides are at hand. */
  readonly changes: Readonly<Record<string, readonly FieldChange[]>>;
}

/** A member of a record that a step changed. */
export interface FieldChange {
  /** JSON pointer. */
  readonly pointer: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** JSON text, cut at {@link MAX_SHOWN_VALUE} characters. Untrusted. */
  readonly before?: string;
  readonly after?: string;
}

export const MAX_SHOWN_VALUE = 2000;

/** What an impact is traced from. */
export type ImpactSource =
  | { readonly kind: 'sample'; readonly digest: string; readonly name?: string }
  | { readonly kind: 'dataset'; readonly sha256: string; readonly name?: string }
  | { readonly kind: 'step'; readonly envelopeDigest: string; readonly name?: string };

export interface ImpactData {
  readonly datasets: readonly ImpactedDataset[];
  readonly issues: readonly GraphIssue[];
}

export interface ImpactedDataset {
  readonly dataset: DatasetNode;
  /** The step through which it is affected, where it is not a source itself. */
  readonly via?: string;
  /** The dataset before that step. */
  readonly from?: string;
  readonly samples: readonly ImpactedSample[];
  /** How many there are; {@link samples} is cut at {@link MAX_LISTED_SAMPLES}. */
  readonly count: number;
}

export const MAX_LISTED_SAMPLES = 10_000;

export interface ImpactedSample {
  readonly digest: string;
  /** Rows (from 1) that hold it: lines of the signed order. */
  readonly rows: readonly number[];
  /** Index of what it comes from in the request. */
  readonly source: number;
  /** Whether it is the same sample, or was changed on the way. */
  readonly changed: boolean;
}

export type LineageFormat = 'prov' | 'openlineage' | 'mermaid' | 'json';

/** A drawing: boxes with sizes, lines between them. All lengths in CSS pixels. */
export interface LayoutRequest {
  readonly nodes: readonly { readonly id: string; readonly width: number; readonly height: number }[];
  readonly edges: readonly { readonly id: string; readonly from: string; readonly to: string }[];
  readonly direction: 'right' | 'down';
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** Each line from start to end. */
  readonly edges: readonly { readonly id: string; readonly points: readonly (readonly [number, number])[] }[];
}

/** A step that was done, to be recorded. */
export interface StepRequest {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly kind: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly pairing?: PairingRequest;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly invocationId?: string;
  /** RFC 3339, UTC. */
  readonly startedOn?: string;
  readonly finishedOn: string;
  readonly origin?: Origin;
}

/** How changed rows are paired with what they were made of. */
export interface PairingRequest {
  readonly by: Pairing;
  /** JSON pointer; of `key`. */
  readonly key?: string;
}

export interface PreparedStep {
  /** The statement to sign: in-toto, canonical JSON. */
  readonly payload: Uint8Array;
  readonly counts: {
    readonly in: number;
    readonly out: number;
    readonly unchanged: number;
    readonly changed: number;
    readonly added: number;
    readonly dropped: number;
  };
}

export interface AdvisoryCheckData {
  readonly advisories: number;
  readonly samples: readonly AdvisedSample[];
}

export interface AdvisedSample {
  /** Line or row, from 1. */
  readonly line: number;
  /** Equal by digest, or similar by folded text. */
  readonly match: 'equal' | 'similar';
  readonly id: string;
  readonly title: string;
}
