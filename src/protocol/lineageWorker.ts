import type { Pairing } from '../core/evidence/predicates.ts';
import type { DatasetNode, GraphIssue, StepNode } from '../core/lineage/graph.ts';
import type { FieldChange } from '../core/lineage/fieldDiff.ts';
import type { ImpactData, ImpactSource } from '../core/lineage/impact.ts';
import type { SampleTrace, TraceNode } from '../core/lineage/trace.ts';
import type { PolicyMethods } from './policy.ts';
import type { AdvisoryData, EvidenceFiles, ProblemData, StatementData } from './datasetWorker.ts';

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
  /** Adds the advisories in these files to those of a workspace folder. */
  importAdvisories: (params: { paths: readonly string[]; folder: string }) => ImportedAdvisories;
} & PolicyMethods;

export type { FieldChange } from '../core/lineage/fieldDiff.ts';

/** Where to look. Paths are absolute, with `/`. */
export interface LineageScope extends EvidenceFiles {
  /** Workspace folders. */
  readonly folders: readonly string[];
  /** Files in the format of allowed_signers, in order of precedence. */
  readonly allowedSigners: readonly string[];
  /** Files that may hold the policy whose roles are in force: the first that is there. */
  readonly policies?: readonly string[];
}

export interface GraphData {
  readonly datasets: readonly DatasetNode[];
  readonly steps: readonly StepNode[];
  readonly issues: readonly GraphIssue[];
  /** Those that the graph refers to, by index. */
  readonly statements: readonly StatementData[];
  /** How many files nobody has looked into yet: ask again later. */
  readonly pending: number;
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
  /** Datasets that hold the same sample, and that neither way passes. */
  readonly elsewhere: readonly TraceNode[];
}

export {
  MAX_LISTED_SAMPLES,
  type ImpactData,
  type ImpactedDataset,
  type ImpactedSample,
  type ImpactSource,
} from '../core/lineage/impact.ts';

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

/** A step that was done, to be recorded. Paths are absolute, with `/`. */
export interface StepRequest {
  readonly inputs: readonly string[];
  readonly output: string;
  /** One of `STEP_KINDS`. */
  readonly kind: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly note?: string;
  readonly pairing?: PairingRequest;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly invocationId?: string;
  /** RFC 3339, UTC. */
  readonly startedOn?: string;
  readonly finishedOn: string;
  /** What did it; this program where nothing is said. */
  readonly tool?: { readonly id: string; readonly version?: Readonly<Record<string, string>> };
  /** Where the code is: the git commit there is recorded, and paths below it as names. The output's folder without it. */
  readonly workingFolder?: string;
  /** Whether it is recorded although a step of this kind cannot have made the output of the inputs. */
  readonly force?: boolean;
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

export interface ImportedAdvisories {
  readonly advisories: readonly ImportedAdvisory[];
  /** Lines that were left out, and why. */
  readonly problems: readonly ProblemData[];
}

export interface ImportedAdvisory extends AdvisoryData {
  /** Of the key that signed it, as the envelope states it: nothing was verified yet. */
  readonly keyId: string;
  readonly envelopeDigest: string;
  /** How many samples it names. */
  readonly samples: number;
  /** Whether it was not there before. */
  readonly added: boolean;
}
