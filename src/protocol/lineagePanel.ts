import type { PredicateKind } from '../core/evidence/predicates.ts';
import type { DatasetVerdict, Standing, Status } from '../core/trust/status.ts';

/**
 * The conversation between the extension host and the Lineage panel. The host owns all data; the panel owns only
 * what is expanded and where it is scrolled to. Every state is sent whole.
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
  /** What recorded steps say this dataset was made from. */
  readonly inputs: readonly LineageInput[];
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

export interface LineageInput {
  /** Name as the step states it. */
  readonly name: string;
  /** SHA-256, hex, of the input as it was used. */
  readonly digest: string;
  /** Kind of the step that used it: filter, map … */
  readonly stepKind: string;
  readonly signer: string;
  readonly standing: Standing;
  readonly time?: string;
  /**
   * `present`: a file here has this digest. `changed`: the file of that name here has another one.
   * `signed`: not here, but evidence here knows the digest. `absent`: nothing here knows it.
   */
  readonly presence: 'present' | 'changed' | 'signed' | 'absent';
  /** Workspace-relative path of the file that can be opened. */
  readonly path?: string;
  /** The input's own inputs, as far as evidence here knows. */
  readonly inputs: readonly LineageInput[];
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
  readonly coveredBy: readonly LineageStatement[];
  readonly reviews: readonly LineageReview[];
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
}

/** What the host answers. */
export type LineageHostMethods = {
  /** The panel is there: answers with the state to show, and the strings of the user's language. */
  ready: (params: null) => { state: LineageState; strings: Record<string, string> };
  openInput: (params: { path: string }) => null;
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
export type LineageHostEvents = { state: LineageState };

/** The panel answers nothing. */
export type LineagePanelMethods = Record<never, never>;
