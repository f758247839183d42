import type { Pairing, PredicateKind } from '../core/evidence/predicates.ts';
import type { GraphIssueKind } from '../core/lineage/graph.ts';
import type { StepCounts } from '../core/lineage/step.ts';
import type { DatasetVerdict, Standing, Status } from '../core/trust/status.ts';
import type { FieldChange, Layout, LayoutRequest } from './lineageWorker.ts';

/**
 * The conversation between the extension host and the Lineage panel. The host owns all data; the panel owns only
 * what is expanded, what part of the drawing is seen, and where it is scrolled to. Every state and every graph is sent
 * whole.
 */
export interface LineageState {
  /** Undefined while no dataset is open. */
  readonly dataset?: LineageDataset;
  /** The sample under the cursor. */
  readonly sample?: LineageSample;
  /** The workspace is not trusted: signing, flagging and trusting are not offered. */
  readonly restricted?: boolean;
}

export interface LineageDataset {
  readonly name: string;
  /** Path relative to the workspace folder. */
  readonly path: string;
  readonly verdict: DatasetVerdict;
  /** Whether the signer that the verdict rests on is not trusted: no verdict is good news then. */
  readonly signerUntrusted?: boolean;
  /** One sentence, in the user's language. */
  readonly summary: string;
  readonly counts: Readonly<Record<Status, number>>;
  readonly flagged: number;
  /** Newest first. */
  readonly statements: readonly LineageStatement[];
  /** Problems of the evidence itself, one sentence each. */
  readonly problems: readonly string[];
  readonly busy: boolean;
}

export type LineageStatementKind = PredicateKind | 'other';

export interface LineageStatement {
  /** Envelope digest, hex. */
  readonly id: string;
  readonly kind: LineageStatementKind;
  /** What it claims, in the user's language: "Vouches for all 60 samples", "Flags line 12: …". */
  readonly claim: string;
  /** Principal when trusted, otherwise the key's fingerprint. */
  readonly signer: string;
  readonly keyId: string;
  readonly standing: Standing;
  /** RFC 3339, as the signer states it. */
  readonly time?: string;
  readonly note?: string;
}

export interface LineageSample {
  /** 1-based. */
  readonly line: number;
  readonly status: Status;
  /** One sentence: why it has this status. */
  readonly explanation: string;
  readonly digest?: string;
  /** Label and value, for example ["Source", "https://…"]. Values are untrusted text. */
  readonly origin: readonly (readonly [label: string, value: string])[];
  /** What the record says of its own past, unsigned: label and value. Values are untrusted text. */
  readonly claimed?: readonly (readonly [label: string, value: string])[];
  readonly coveredBy: readonly LineageStatement[];
  readonly reviews: readonly LineageReview[];
  readonly upstream?: LineageUpstream;
  /** Where it is not flagged: what its evidence log lets one say of flags, one sentence. */
  readonly noFlag?: string;
}

/** How a sample was made of something flagged. */
export interface LineageUpstream {
  /** Words of the user's language. */
  readonly category: string;
  readonly severity: string;
  /** How it was made, and who flagged what it was made of. Names in it are untrusted text. */
  readonly explanation: string;
  /** Untrusted. */
  readonly reason?: string;
  /** What makes the way less than certain, a sentence each. */
  readonly doubts: readonly string[];
}

export interface LineageReview {
  readonly verdict: 'flagged' | 'cleared';
  /** Words of the user's language. */
  readonly category: string;
  readonly severity: string;
  readonly reason: string;
  readonly signer: string;
  readonly standing: Standing;
  readonly time?: string;
  /** Of an advisory. */
  readonly advisory?: LineageAdvisory;
}

/** An advisory's own words: untrusted text. */
export interface LineageAdvisory {
  readonly id: string;
  readonly title: string;
  readonly references: readonly string[];
}

/** What the drawing is about: the sample under the cursor, the dataset, or all evidence of the workspace. */
export type LineageView = 'sample' | 'dataset' | 'workspace';

/** What the drawing is to show. */
export interface LineageViewpoint {
  readonly view: LineageView;
  /** Id of a dataset to stand at, instead of the one that was last looked at. */
  readonly at?: string;
}

/** What is drawn: boxes and the lines between them, from sources to results. */
export interface LineageGraphState {
  readonly view: LineageView;
  /** Id of the box that it is about. */
  readonly current?: string;
  readonly boxes: readonly LineageBox[];
  readonly lines: readonly LineageLine[];
  readonly issues: readonly LineageIssue[];
  /** One sentence: why nothing is drawn, or not all. */
  readonly note?: string;
  /** Reading goes on; what is drawn is what was known before. */
  readonly busy?: boolean;
}

export interface LineageLine {
  /** Ids of boxes. */
  readonly from: string;
  readonly to: string;
}

export type LineageBox = LineageDatasetBox | LineageStepBox | LineageMoreBox;

/** One state of a dataset; in the view of a sample, that sample in it. */
export interface LineageDatasetBox {
  readonly kind: 'dataset';
  readonly id: string;
  /** Id of the dataset in the graph: what {@link LineageViewpoint.at} takes. */
  readonly dataset: string;
  /** What evidence calls it; the best name first. */
  readonly names: readonly string[];
  /** SHA-256 of its bytes, hex; what is only claimed may have none. */
  readonly sha256?: string;
  /** Nothing but unsigned files knows it. */
  readonly claimed?: boolean;
  readonly samples?: number;
  /** Merkle root, hex. */
  readonly root?: string;
  readonly presence: 'present' | 'changed' | 'absent' | 'unknown';
  /** Path to show, relative to the workspace; there is something to open where it is present or changed. */
  readonly path?: string;
  /** Who vouches for it. */
  readonly vouchers: readonly LineageSigner[];
  /** Samples of it with open flags, and samples made of something flagged, as far as it is judged. */
  readonly flagged?: number;
  readonly upstream?: number;
  /** The sample in it. */
  readonly sample?: LineageSampleAt;
}

export interface LineageSampleAt {
  /** Sample digest, hex. */
  readonly digest: string;
  /** First row (from 1), in the order that was signed. */
  readonly row?: number;
  /** How many rows hold it. */
  readonly copies: number;
  /** Where its way back ends: see `TraceNode`. */
  readonly end?: 'source' | 'added' | 'unknown';
}

export interface LineageSigner {
  /** Principal when trusted, otherwise the key's fingerprint. */
  readonly signer: string;
  readonly keyId?: string;
  readonly standing: Standing;
  /** RFC 3339. */
  readonly time?: string;
}

export interface LineageStepBox {
  readonly kind: 'step';
  readonly id: string;
  /** filter, map …, or another tool's word. */
  readonly step: string;
  /** Who signed it; of a claim, the file that claims it. */
  readonly by: LineageSigner | { readonly claimedBy: string };
  readonly counts?: StepCounts;
  /** Label and value: parameters, command, tool, git commit … Untrusted. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** Envelope digest, hex. */
  readonly envelope?: string;
  readonly startedOn?: string;
  readonly finishedOn?: string;
  /** What it did to the sample. */
  readonly sample?: {
    readonly how: 'unchanged' | 'dropped' | Pairing;
    readonly changes: readonly FieldChange[];
  };
}

/** Where more is known than is drawn. */
export interface LineageMoreBox {
  readonly kind: 'more';
  readonly id: string;
  readonly count: number;
  /** Id of the dataset from which the drawing would show it. */
  readonly at: string;
}

export interface LineageIssue {
  readonly kind: GraphIssueKind;
  /** A sentence in the user's language. */
  readonly text: string;
  /** Ids of the boxes that it is about, as far as they are drawn. */
  readonly boxes: readonly string[];
}

/** What the host answers. */
export type LineageHostMethods = {
  /** The panel is there: answers with the state to show, and the strings of the user's language. */
  ready: (params: LineageViewpoint) => { state: LineageState; strings: Record<string, string> };
  /** The drawing is seen, and is to show this. Its graph comes as an event, and again whenever it changes. */
  showGraph: (params: LineageViewpoint) => null;
  /** The drawing is not seen: nothing has to be read for it. */
  hideGraph: (params: null) => null;
  layout: (params: LayoutRequest) => Layout;
  /** Opens the file of a dataset box, at a row (from 1) where one is given. */
  openBox: (params: { id: string; row?: number }) => null;
  /** Asks where to, and writes the drawing there. SVG is UTF-8. */
  saveImage: (params: { format: 'svg' | 'png'; content: Uint8Array }) => null;
  exportLineage: (params: null) => null;
  revealLine: (params: { line: number }) => null;
  copy: (params: { text: string }) => null;
  /** Trust the signer with this key (asks the user first). */
  trustSigner: (params: { keyId: string }) => null;
  signDataset: (params: null) => null;
  verifyDataset: (params: null) => null;
  flagSample: (params: { line: number }) => null;
  signSample: (params: { line: number }) => null;
};

/** What the host announces. */
export type LineageHostEvents = { state: LineageState; graph: LineageGraphState };

/** What the panel answers: `focusGraph` puts the keyboard's focus into the drawing. */
export type LineagePanelMethods = { focusGraph: (params: null) => null };
