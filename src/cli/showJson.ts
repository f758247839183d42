import type { Pairing } from '../core/evidence/predicates.ts';
import type { ClaimedEvent } from '../core/lineage/claims/recordHistory.ts';
import type { InputNode, SignedStep } from '../core/lineage/inputs.ts';
import type { Upstream } from '../core/lineage/taint.ts';
import type { RecordOrigin } from '../core/sample/origin.ts';
import type { Standing, Status } from '../core/trust/status.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';
import {
  datasetJson,
  logJson,
  ownLog,
  problemJson,
  reviewStateJson,
  statementJson,
  type DatasetJson,
  type LogJson,
  type Printable,
  type ProblemJson,
  type ReviewStateJson,
  type StatementJson,
  type UpstreamJson,
} from './json.ts';
import { inputsOfDataset, type Judged } from './judge.ts';
import type { Sample } from './sample.ts';

/** What `provenance show FILE:LINE --json` prints. */
export interface ShowSampleJson {
  readonly version: 1;
  readonly path: string;
  readonly line: number;
  readonly status: Status;
  readonly explanation: string;
  /** Absent when the sample is malformed. */
  readonly digest?: string;
  /** Of the canonical form that the digest is of, in bytes. */
  readonly canonicalLength?: number;
  /** What the record itself says, completed by what the statement that decides its status says. */
  readonly origin: RecordOrigin;
  /** What the record says of its own past, the oldest first: nobody signed that. */
  readonly claimed: readonly ClaimedEvent[];
  readonly coveredBy: readonly StatementJson[];
  readonly review?: ReviewStateJson;
  /** How it came from something flagged, where it is not flagged itself. */
  readonly upstream?: ShowUpstreamJson;
  /** What the log of the dataset's own evidence shows: whether flags may be gone. */
  readonly log?: LogJson;
  readonly inputs: readonly InputJson[];
  readonly problems: readonly ProblemJson[];
}

/** As of `verify --json`, with the statements themselves. */
export interface ShowUpstreamJson extends Omit<UpstreamJson, 'way'> {
  readonly flagged: UpstreamJson['way']['flagged'];
  readonly name: string;
  readonly digest: string;
  readonly review: StatementJson;
  /** The first one first. */
  readonly steps: readonly { readonly statement: StatementJson; readonly pairing?: Pairing }[];
}

/** What `provenance show FILE --json` prints: as of `verify --json`, with the inputs. */
export interface ShowDatasetJson extends DatasetJson {
  readonly version: 1;
  readonly inputs: readonly InputJson[];
}

/** A dataset that this one was made from, and in turn what that was made from. */
export interface InputJson {
  readonly name: string;
  readonly sha256: string;
  readonly step: string;
  readonly keyId: string;
  readonly principal?: string;
  readonly standing: Standing;
  readonly time?: string;
  readonly inputs: readonly InputJson[];
}

export function showDatasetJson(judged: Judged): Printable<ShowDatasetJson> {
  return { version: 1, ...datasetJson(judged), inputs: inputsOfDataset(judged).map(inputJson) };
}

export function showSampleJson(judged: Judged, sample: Sample): ShowSampleJson {
  const { dataset, statements, assessment, scope } = judged;
  const review = assessment.reviews.get(sample.row);
  const upstream = assessment.upstream.get(sample.row);
  const log = ownLog(judged);
  return {
    version: 1,
    path: dataset.given,
    line: sample.line,
    status: sample.status,
    explanation: sample.explanation,
    ...(sample.digest !== undefined && { digest: sample.digest }),
    ...(sample.canonicalLength !== undefined && { canonicalLength: sample.canonicalLength }),
    origin: sample.origin,
    claimed: sample.claimed,
    coveredBy: sample.coveredBy.map((index) => statementJson(statements[index]!)),
    ...(review && { review: reviewStateJson(review, statements) }),
    ...(upstream && { upstream: upstreamJson(upstream, statements) }),
    ...(log && { log: logJson(log) }),
    inputs: inputsOfDataset(judged).map(inputJson),
    problems: scope.problems.map(problemJson),
  };
}

function upstreamJson(
  { way, ...upstream }: Upstream,
  statements: readonly StatementData[],
): ShowUpstreamJson {
  return {
    ...upstream,
    flagged: way.flagged,
    name: way.name,
    digest: way.digest,
    review: statementJson(statements[way.review]!),
    steps: way.steps.map(({ statement, pairing }) => ({
      statement: statementJson(statements[statement]!),
      ...(pairing && { pairing }),
    })),
  };
}

function inputJson({ name, sha256, step, inputs }: InputNode<SignedStep<StatementData>>): InputJson {
  const { keyId, principal, standing, time } = step.statement;
  return {
    name,
    sha256,
    step: step.kind,
    keyId,
    ...(principal !== undefined && { principal }),
    standing,
    ...(time !== undefined && { time }),
    inputs: inputs.map(inputJson),
  };
}
