import { formatMessage, type ProvenanceError } from '../core/errors.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import type { LogState } from '../core/log/logState.ts';
import type { Category, Origin, Pairing, Severity, Verdict } from '../core/evidence/predicates.ts';
import { describeMalformed } from '../core/sample/canonicalJson.ts';
import type { RoleRefusal } from '../core/policy/roles.ts';
import { lineOf } from '../core/sample/digest.ts';
import { movedRows, rowsWith } from '../core/trust/report.ts';
import type { ReviewState } from '../core/trust/reviews.ts';
import type { EvidenceProblem } from '../core/trust/scope.ts';
import type { DatasetVerdict, Standing, Status } from '../core/trust/status.ts';
import type { AdvisoryData, StatementData, StepData } from '../protocol/datasetWorker.ts';
import type { Judged } from './judge.ts';
import type { DerivedFrom } from '../platform/formHints.node.ts';
import type { FormKind } from '../core/trust/valueForms.ts';
import { jsonText } from '../core/sample/jsonValue.ts';
import type { TrustRoots } from '../platform/trustRoots.node.ts';

/**
 * What `provenance verify --json` prints. Lines and positions are counted from 1; a line is one of the file, a position
 * the number of a sample in the signed order (malformed and blank lines are not counted). Lists are complete and
 * sorted. Members may be added; what changes otherwise gets another `version`.
 */
export interface VerifyJson {
  readonly version: 1;
  /** Whether every sample of every file is verified, and neither it nor what it was made of is flagged: exit code 0. */
  readonly fine: boolean;
  /** The files that say who is trusted. */
  readonly allowedSigners: readonly string[];
  /** In the order of the arguments. */
  readonly datasets: readonly DatasetJson[];
  /** Files that could not be read: exit code 2. */
  readonly errors: readonly ProblemJson[];
  /** What is wrong with the files that say who is trusted. */
  readonly problems: readonly ProblemJson[];
}

/** What is printed as `T`. Its lists are made while they are printed: they may have an element for each sample. */
export type Printable<T> = T extends readonly (infer Item)[]
  ? Iterable<Printable<Item>>
  : T extends object
    ? { readonly [Name in keyof T]: Printable<T[Name]> }
    : T;

export interface DatasetJson {
  /** As it was given. */
  readonly path: string;
  readonly fine: boolean;
  readonly verdict: DatasetVerdict;
  /** How many samples the file has, malformed ones included. */
  readonly samples: number;
  /** Of the file's bytes. */
  readonly sha256: string;
  /** Samples by status. */
  readonly counts: Readonly<Record<Status, number>>;
  /** How many samples have an open flag. */
  readonly flagged: number;
  /** How many have none, but were made of something flagged. */
  readonly flaggedUpstream: number;
  /** Lines by status. Those not listed anywhere are verified. */
  readonly modified: readonly number[];
  readonly added: readonly number[];
  readonly untrusted: readonly number[];
  readonly unsigned: readonly number[];
  readonly revoked: readonly number[];
  readonly unknown: readonly number[];
  readonly malformed: readonly MalformedJson[];
  /** Signed samples that are not in the file. */
  readonly removed: readonly { readonly position: number }[];
  /** Samples that stand elsewhere than where they were signed; their status is another matter. */
  readonly moved: readonly { readonly line: number; readonly from: number }[];
  /** Lines with reviews that count, flagged and cleared. */
  readonly reviews: readonly LineReviewJson[];
  /** Lines that are flagged upstream, with the way it came. */
  readonly upstream: readonly LineUpstreamJson[];
  /** Whether all that flagged samples were made into could be followed; where not, `problems` says why. */
  readonly upstreamComplete: boolean;
  /** What the log of its own evidence shows. */
  readonly log?: LogJson;
  /** Index, in `statements`, of the dataset statement that the file was compared with. */
  readonly baseline?: number;
  /** All statements in scope: those of the file's own evidence first. */
  readonly statements: readonly StatementJson[];
  /** What is wrong with the evidence. */
  readonly problems: readonly ProblemJson[];
  /** Signed Parquet files of which another tool made rows of this file, writing values otherwise. */
  readonly derivedFrom?: readonly DerivedFromJson[];
}

export type LogJson = Omit<LogState, 'problems'> & { readonly problems: readonly string[] };

export interface DerivedFromJson {
  /** Path of the signed Parquet file. */
  readonly dataset: string;
  /** How many rows that nobody vouches for were looked at, and how many differ only in how values are written. */
  readonly rows: number;
  readonly explained: number;
  readonly columns: readonly {
    /** JSON pointer; `*` stands for any item of an array. */
    readonly pointer: string;
    readonly form: FormKind;
    readonly rows: number;
    /** The values are JSON texts; absent where there is none. */
    readonly example: { readonly line: number; readonly signed?: string; readonly found?: string };
  }[];
}

export interface MalformedJson {
  readonly line: number;
  readonly code: string;
  /** Byte offset from the start of the line. */
  readonly offset: number;
  readonly message: string;
}

export interface ReviewStateJson {
  readonly state: 'flagged' | 'cleared';
  /** Of the worst open flag. */
  readonly category: Category;
  readonly severity: Severity;
  readonly trusted: boolean;
  /** Each flag with its answers, the flag first. */
  readonly threads: readonly {
    readonly state: 'flagged' | 'cleared';
    readonly reviews: readonly ReviewJson[];
  }[];
}

export interface LineReviewJson extends ReviewStateJson {
  readonly line: number;
}

export interface UpstreamJson {
  /** Of the flag. */
  readonly category: Category;
  readonly severity: Severity;
  /** Whether the flag and every step on the way are signed by trusted signers. */
  readonly trusted: boolean;
  readonly way: {
    readonly flagged: 'sample' | 'dataset' | 'step';
    /** Index, in `statements`, of the flag. */
    readonly review: number;
    /** What the flag calls what it is about, and its digest: of the sample, of the dataset's bytes, of the step's envelope. */
    readonly name: string;
    readonly digest: string;
    /** The steps that were passed, the first one first: index in `statements`, and how the sample was paired there. */
    readonly steps: readonly { readonly statement: number; readonly pairing?: Pairing }[];
  };
}

export interface LineUpstreamJson extends UpstreamJson {
  readonly line: number;
}

export interface ReviewJson {
  readonly verdict: Verdict;
  readonly category: Category;
  readonly severity: Severity;
  readonly reason: string;
  readonly time: string;
  readonly keyId: string;
  readonly principal?: string;
  readonly standing: Standing;
  readonly advisory: boolean;
  /** SHA-256 of the envelope's line in its bundle. */
  readonly envelope: string;
  readonly supersedes?: string;
}

export interface StatementJson {
  readonly kind: StatementData['kind'];
  /** Of statements of kind `other`. */
  readonly predicateType?: string;
  readonly standing: Standing;
  readonly keyId: string;
  readonly publicKey?: string;
  /** The signer's name, when they are, or were, trusted. */
  readonly principal?: string;
  /** The roles of the signer, where a policy with roles is in force; and why they are not for this. */
  readonly roles?: readonly string[];
  readonly refusal?: RoleRefusal;
  readonly time?: string;
  /** How many samples it is about. */
  readonly samples: number;
  /** How many samples of the file have their status from it. */
  readonly decides: number;
  /** Whether it is the file's own evidence. */
  readonly own: boolean;
  readonly advisory: boolean;
  /** Path of the dataset whose evidence it is, and of the bundle with the line where it stands. */
  readonly dataset: string;
  readonly bundle: string;
  readonly line: number;
  readonly envelope: string;
  /** Of the dataset's bytes, for kinds `dataset` and `step`. */
  readonly sha256?: string;
  readonly note?: string;
  readonly origin?: Origin;
  readonly verdict?: Verdict;
  readonly reason?: string;
  readonly step?: StepData;
  /** Of an advisory. */
  readonly advised?: AdvisoryData;
}

export interface ProblemJson {
  readonly path: string;
  readonly line?: number;
  readonly code: string;
  readonly message: string;
}

export function verifyJson(
  judged: readonly Judged[],
  trust: TrustRoots,
  errors: readonly { readonly path: string; readonly error: ProvenanceError }[],
): Printable<VerifyJson> {
  const datasets = judged.map(datasetJson);
  return {
    version: 1,
    fine: errors.length === 0 && datasets.every(({ fine }) => fine),
    allowedSigners: trust.files,
    datasets,
    errors: errors.map(problemJson),
    problems: trust.problems.map((error) => problemJson({ path: String(error.args['path'] ?? ''), error })),
  };
}

/**
 * Whether every sample is verified, and neither it nor what it was made of is flagged. A file without samples is not,
 * nor one whose own evidence could not be checked, where flags may stand, nor one of which it is not known whether
 * flagged samples went into it, nor one that evidence was removed of.
 */
export function isFine({ assessment, dataset, scope }: Judged): boolean {
  const { counts, flagged, flaggedUpstream, verdict } = assessment;
  const { count } = dataset.samples;
  const isVerified = count > 0 && counts.verified === count && verdict !== 'unknown';
  const isRemoved = scope.problems.some(({ error }) => error.code === 'evidence-removed');
  return isVerified && flagged === 0 && flaggedUpstream === 0 && scope.taintComplete && !isRemoved;
}

/** What the log of a dataset's own evidence shows. */
export function ownLog({ dataset, scope }: Pick<Judged, 'dataset' | 'scope'>): LogState | undefined {
  return scope.logs.get(evidencePaths(dataset.path).bundle);
}

export function logJson({ problems, ...state }: LogState): LogJson {
  return { ...state, problems: problems.map(({ template, args }) => formatMessage(template, args)) };
}

export function datasetJson(judged: Judged): Printable<DatasetJson> {
  const { dataset, assessment, statements } = judged;
  const { samples } = dataset;
  const decides = decidedBy(judged);
  const log = ownLog(judged);
  return {
    path: dataset.given,
    fine: isFine(judged),
    verdict: assessment.verdict,
    samples: samples.count,
    sha256: samples.sha256,
    counts: assessment.counts,
    flagged: assessment.flagged,
    flaggedUpstream: assessment.flaggedUpstream,
    modified: linesWith(judged, 'modified'),
    added: linesWith(judged, 'added'),
    untrusted: linesWith(judged, 'untrusted'),
    unsigned: linesWith(judged, 'unsigned'),
    revoked: linesWith(judged, 'revoked'),
    unknown: linesWith(judged, 'unknown'),
    malformed: malformedJson(judged),
    removed: mapped(assessment.match?.removed ?? [], (leaf) => ({ position: leaf + 1 })),
    moved: movedLines(judged),
    reviews: mapped(assessment.reviews, ([row, state]) => ({
      line: lineOf(samples, row),
      ...reviewStateJson(state, statements),
    })),
    upstream: mapped(assessment.upstream, ([row, upstream]) => ({ line: lineOf(samples, row), ...upstream })),
    upstreamComplete: judged.scope.taintComplete,
    ...(log && { log: logJson(log) }),
    ...(assessment.baseline !== undefined && { baseline: assessment.baseline }),
    statements: statements.map((statement, index) => statementJson(statement, decides[index])),
    problems: judged.scope.problems.map(problemJson),
    ...(judged.derivedFrom &&
      judged.derivedFrom.length > 0 && { derivedFrom: judged.derivedFrom.map(derivedFromJson) }),
  };
}

function derivedFromJson({ dataset, rows, explained, hints }: DerivedFrom): DerivedFromJson {
  return {
    dataset,
    rows,
    explained,
    columns: hints.map(({ pointer, kind, rows: count, example: { line, signed, found } }) => ({
      pointer,
      form: kind,
      rows: count,
      example: {
        line,
        ...(signed !== undefined && { signed: jsonText(signed) }),
        ...(found !== undefined && { found: jsonText(found) }),
      },
    })),
  };
}

/** Iterates anew each time. */
function mapped<T, U>(items: Iterable<T>, map: (item: T) => U): Iterable<U> {
  return {
    *[Symbol.iterator]() {
      for (const item of items) yield map(item);
    },
  };
}

/** The lines that have a status, in order. */
export function linesWith({ assessment, dataset }: Judged, status: Status): Iterable<number> {
  return mapped({ [Symbol.iterator]: () => rowsWith(assessment, status) }, (row) =>
    lineOf(dataset.samples, row),
  );
}

/** Lines that were signed and stand elsewhere now, with their place in the signed order, from 1. */
export function movedLines({ assessment, dataset }: Judged): Iterable<{ line: number; from: number }> {
  return mapped({ [Symbol.iterator]: () => movedRows(assessment) }, ({ row, leaf }) => ({
    line: lineOf(dataset.samples, row),
    from: leaf + 1,
  }));
}

/** How many rows each statement decides the status of. */
export function decidedBy({ assessment, statements }: Judged): Uint32Array {
  const counts = new Uint32Array(statements.length);
  const { coveredBy } = assessment;
  for (let row = 0; row < coveredBy.length; row++) if (coveredBy[row]! >= 0) counts[coveredBy[row]!]!++;
  return counts;
}

export function malformedJson({ dataset: { samples } }: Judged): Iterable<MalformedJson> {
  return mapped(samples.malformed, ([row, malformed]) => ({
    line: lineOf(samples, row),
    code: malformed.code,
    offset: malformed.offset,
    message: describeMalformed(malformed).message,
  }));
}

export function reviewStateJson(state: ReviewState, statements: readonly StatementData[]): ReviewStateJson {
  return {
    state: state.state,
    category: state.category,
    severity: state.severity,
    trusted: state.trusted,
    threads: state.threads.map(({ reviews, effective }) => ({
      state: effective.verdict,
      reviews: reviews.map(({ statement, verdict, category, severity, reason, time, ...review }) => {
        const principal = statements[statement]?.principal;
        return {
          verdict,
          category,
          severity,
          reason,
          time,
          keyId: review.keyId,
          ...(principal !== undefined && { principal }),
          standing: review.standing,
          advisory: statements[statement]?.advisory ?? false,
          envelope: review.envelopeDigest,
          ...(review.supersedes !== undefined && { supersedes: review.supersedes }),
        };
      }),
    })),
  };
}

export function statementJson(statement: StatementData, decides = 0): StatementJson {
  const { predicateType, publicKey, principal, time, sha256, note, origin, verdict, reason, step, advised } =
    statement;
  const { roles, refusal } = statement;
  return {
    kind: statement.kind,
    ...(predicateType !== undefined && { predicateType }),
    standing: statement.standing,
    keyId: statement.keyId,
    ...(publicKey !== undefined && { publicKey }),
    ...(principal !== undefined && { principal }),
    ...(roles && { roles }),
    ...(refusal !== undefined && { refusal }),
    ...(time !== undefined && { time }),
    samples: statement.samples,
    decides,
    own: statement.own,
    advisory: statement.advisory,
    dataset: statement.dataset,
    bundle: statement.bundle,
    line: statement.line,
    envelope: statement.envelopeDigest,
    ...(sha256 !== undefined && { sha256 }),
    ...(note !== undefined && { note }),
    ...(origin && { origin }),
    ...(verdict !== undefined && { verdict }),
    ...(reason !== undefined && { reason }),
    ...(step && { step }),
    ...(advised && { advised }),
  };
}

export function problemJson({ path, line, error }: EvidenceProblem): ProblemJson {
  return { path, ...(line !== undefined && { line }), code: error.code, message: error.message };
}
