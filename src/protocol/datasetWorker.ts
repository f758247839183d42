import type { Malformed } from '../core/sample/canonicalJson.ts';
import type { Origin, PredicateKind, Severity, Category } from '../core/evidence/predicates.ts';
import type { Upstream } from '../core/lineage/taint.ts';
import type { RoleRefusal } from '../core/policy/roles.ts';
import type { LogState } from '../core/log/logState.ts';
import type { RevokedBy } from '../core/trust/revocations.ts';
import type { DatasetVerdict, Standing, Status } from '../core/trust/status.ts';
import type { WireError } from './rpc.ts';
import type { SignerMethods } from './signers.ts';

/**
 * The conversation between the editor's thread and the dataset worker, which holds the digests of open datasets and
 * judges them. Lines are 1-based everywhere. Each answer is whole; nothing is a delta.
 */

/** In {@link AssessmentData.statuses}: the line is no sample. */
export const NO_SAMPLE = 255;

export type DatasetWorkerMethods = SignerMethods & {
  /** Reads and digests a file. Progress: {@link ReadProgress}. */
  open: (params: { session: string; path: string }) => OpenedData;
  /** Digests a text that is not on disk, which comes piece by piece; the answer to the last piece is whole. */
  openText: (params: TextPiece) => OpenedData | null;
  /** Whether the file still has the size and time that it had when the session was opened. */
  isCurrent: (params: { session: string }) => boolean;
  /** Applies edits of the text, in order. */
  edit: (params: { session: string; edits: readonly LineEdit[] }) => { lineCount: number };
  /** Judges the session's samples by the evidence on disk. */
  assess: (params: AssessParams) => AssessmentData;
  /** What a hover or the panel shows of one line. */
  sample: (params: { session: string; line: number }) => SampleData;
  /** Digests (hex) of lines; undefined where a line has none. */
  digests: (params: { session: string; lines: readonly number[] }) => (string | undefined)[];
  close: (params: { session: string }) => null;
  /** Digests a file, keeps its leaves beside it, and gives the statement to sign. */
  prepareDataset: (params: PrepareParams) => PreparedDataset;
  /** Evidence below these folders. */
  findEvidence: (params: { folders: readonly string[] }) => EvidenceFiles;
  /** A text that is another one once evidence below these folders was added to, changed or removed. */
  evidenceVersion: (params: { folders: readonly string[] }) => string;
};

export interface ReadProgress {
  readonly bytes: number;
  readonly size: number;
}

/** A piece of a document's text, in order. */
export interface TextPiece {
  readonly session: string;
  /** Of the file, if the document has one: where its evidence is. */
  readonly path?: string;
  readonly text: string;
  readonly first: boolean;
  readonly last: boolean;
}

export interface OpenedData {
  readonly lineCount: number;
  readonly samples: number;
  readonly sha256?: string;
}

/** Replaces `deleteCount` lines from `start` (0-based) by `lines`. */
export interface LineEdit {
  readonly start: number;
  readonly deleteCount: number;
  readonly lines: readonly string[];
}

export interface EvidenceFiles {
  readonly bundles: readonly string[];
  readonly advisories: readonly string[];
}

/** Files of the user's that say whom of Sigstore they trust. Either may be missing. */
export interface SigstoreFiles {
  /** Sigstore's trusted root, JSON. */
  readonly trustedRoot: string;
  /** Who is trusted: docs/formats.md, "Sigstore and Model Signing". */
  readonly identities: string;
}

export interface AssessParams extends EvidenceFiles {
  readonly session: string;
  /** Whether the session's text is what is on disk. */
  readonly saved: boolean;
  /** Files in the format of allowed_signers, in order of precedence. */
  readonly allowedSigners: readonly string[];
  /** Files that may hold the policy whose roles are in force: the first that is there. Paths with `/`. */
  readonly policies?: readonly string[];
  readonly sigstore: SigstoreFiles;
}

export interface AssessmentData {
  readonly lineCount: number;
  readonly samples: number;
  /** Status code of each line; {@link NO_SAMPLE} where there is none. */
  readonly statuses: Uint8Array;
  /** Index into {@link statements} for each line, or −1. */
  readonly coveredBy: Int32Array;
  readonly verdict: DatasetVerdict;
  readonly counts: Readonly<Record<Status, number>>;
  readonly moved: number;
  readonly removed: number;
  readonly flagged: number;
  /** How many samples are flagged upstream and not flagged themselves. */
  readonly flaggedUpstream: number;
  readonly baseline?: number;
  readonly sha256?: string;
  /** What the log of its own evidence shows; absent for text that is not saved. */
  readonly log?: LogState;
  /** Lines with reviews that count, in order. */
  readonly reviews: readonly LineReview[];
  /** Lines made of a flagged sample, dataset or step, in order. */
  readonly upstream: readonly LineUpstream[];
  readonly malformed: readonly { readonly line: number; readonly malformed: Malformed }[];
  readonly statements: readonly StatementData[];
  readonly problems: readonly ProblemData[];
  /** First lines that were moved, and first signed positions (1-based) that are gone. */
  readonly movedLines: readonly number[];
  readonly removedPositions: readonly number[];
}

export interface LineReview {
  readonly line: number;
  readonly state: 'flagged' | 'cleared';
  readonly category: Category;
  readonly severity: Severity;
  readonly trusted: boolean;
  readonly advisory: boolean;
  readonly threads: readonly ReviewThreadData[];
}

/** A sample that was made, step by step, of something flagged. */
export interface LineUpstream extends Upstream {
  readonly line: number;
}

export type { UpstreamWay } from '../core/lineage/taint.ts';

export interface ReviewThreadData {
  /** Digest of the flag's envelope: what identifies the thread. */
  readonly id: string;
  readonly state: 'flagged' | 'cleared';
  /** Of the review that holds. */
  readonly category: Category;
  readonly severity: Severity;
  readonly reviews: readonly ReviewData[];
}

export interface ReviewData {
  readonly statement: number;
  readonly envelopeDigest: string;
  readonly verdict: 'flagged' | 'cleared';
  readonly category: Category;
  readonly severity: Severity;
  readonly reason: string;
  readonly time: string;
}

/** A statement in scope, without its subjects. */
export interface StatementData {
  readonly envelopeDigest: string;
  readonly bundle: string;
  readonly line: number;
  /** Path of the dataset whose evidence it is. */
  readonly dataset: string;
  readonly own: boolean;
  readonly advisory: boolean;
  readonly kind: PredicateKind | 'other';
  /** Of statements of another kind. */
  readonly predicateType?: string;
  readonly standing: Standing;
  readonly keyId: string;
  readonly publicKey?: string;
  readonly principal?: string;
  readonly time?: string;
  readonly note?: string;
  readonly origin?: Origin;
  /** The roles of its signer, where a policy with roles is in force. */
  readonly roles?: readonly string[];
  /** Why it is `untrusted` although its key is named: the roles of its signer are not for this. */
  readonly refusal?: RoleRefusal;
  /** Who took it back, where its standing is `revoked`. */
  readonly revocation?: RevokedBy;
  /** Number of subjects; of samples, for a dataset statement. */
  readonly samples: number;
  readonly verdict?: 'flagged' | 'cleared';
  readonly reason?: string;
  readonly step?: StepData;
  /** Of an advisory. */
  readonly advised?: AdvisoryData;
  /** SHA-256 of the file's bytes, for dataset and step statements, and signatures of other tools over a file. */
  readonly sha256?: string;
}

export interface AdvisoryData {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly references: readonly string[];
  readonly withdrawn?: string;
}

export interface StepData {
  readonly kind: string;
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

export interface ProblemData {
  readonly path: string;
  readonly line?: number;
  readonly error: WireError;
}

export interface SampleData {
  readonly digest?: string;
  /** Indices of all statements that cover it. */
  readonly statements: readonly number[];
}

export interface PrepareParams {
  readonly path: string;
  readonly mediaType: string;
  readonly timeCreated: string;
  readonly origin?: Origin;
  readonly note?: string;
}

export interface PreparedDataset {
  /** The statement to sign: in-toto, canonical JSON. */
  readonly payload: Uint8Array;
  readonly samples: number;
  readonly malformed: number;
  readonly sha256: string;
  readonly root: string;
}
