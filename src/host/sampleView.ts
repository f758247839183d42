import { originOf } from '../core/trust/origin.ts';
import { explainClaim, explainStatus, fileName, signerName } from '../language/explain.ts';
import { claimedRows } from '../language/history.ts';
import { explainNoFlagOn } from '../language/log.ts';
import { originRows } from '../language/originRows.ts';
import { explainUpstream, upstreamDoubts, upstreamReason } from '../language/upstream.ts';
import { categoryWord, severityWord } from '../language/words.ts';
import type { LineUpstream, SampleData, StatementData } from '../protocol/datasetWorker.ts';
import type { LineageSample, LineageStatement, LineageUpstream } from '../protocol/lineagePanel.ts';
import type { Dataset } from './datasets.ts';
import type { RecordClaims } from './originMapping.ts';
import type { Services } from './services.ts';

const NO_CLAIMS: RecordClaims = { origin: {}, history: [] };

/** All that is known of a sample. @param text its text; undefined where it is too long to look for an origin in it */
export async function sampleView(
  services: Pick<Services, 'originMapping'>,
  dataset: Dataset,
  line: number,
  text: string | undefined,
): Promise<LineageSample | undefined> {
  if (dataset.status(line) === undefined) return undefined;
  const [claims, sample] = await Promise.all([
    text === undefined ? NO_CLAIMS : services.originMapping.claimsOf(dataset.uri, text),
    dataset.sample(line).catch((): SampleData => ({ statements: [] })),
  ]);
  return lineageSample(dataset, line, claims, sample);
}

/** What the Lineage panel and the detail of a sample table show of a sample. */
export function lineageSample(
  dataset: Pick<Dataset, 'assessment' | 'status' | 'covering' | 'review' | 'upstream'>,
  line: number,
  { origin, history }: RecordClaims,
  sample: SampleData,
): LineageSample | undefined {
  const status = dataset.status(line);
  if (status === undefined || !dataset.assessment) return undefined;
  const { statements } = dataset.assessment;
  const covering = dataset.covering(line);
  const review = dataset.review(line);
  const upstream = dataset.upstream(line);
  const noFlag = review || upstream ? undefined : explainNoFlagOn(dataset.assessment);
  return {
    line,
    status,
    explanation: explainStatus(status, covering),
    ...(sample.digest !== undefined && { digest: sample.digest }),
    origin: originRows(originOf(origin, status, covering)),
    claimed: claimedRows(history),
    coveredBy: sample.statements.flatMap((index) => {
      const statement = statements[index];
      return statement ? [lineageStatement(statement)] : [];
    }),
    reviews: (review?.threads ?? []).flatMap(({ reviews }) =>
      reviews.map(({ statement, verdict, category, severity, reason, time }) => {
        const scoped = statements[statement];
        return {
          verdict,
          category: categoryWord(category),
          severity: severityWord(severity),
          reason,
          signer: scoped ? signerName(scoped) : '',
          standing: scoped?.standing ?? 'unverifiable',
          time,
          ...(scoped?.advised && { advisory: scoped.advised }),
        };
      }),
    ),
    ...(upstream && { upstream: lineageUpstream(upstream, statements) }),
    ...(noFlag !== undefined && { noFlag }),
  };
}

function lineageUpstream(upstream: LineUpstream, statements: readonly StatementData[]): LineageUpstream {
  const reason = upstreamReason(upstream, statements);
  return {
    category: categoryWord(upstream.category),
    severity: severityWord(upstream.severity),
    explanation: explainUpstream(upstream, statements),
    ...(reason !== undefined && { reason }),
    doubts: upstreamDoubts(upstream),
  };
}

/** A statement as a row. */
export function lineageStatement(statement: StatementData): LineageStatement {
  return {
    id: statement.envelopeDigest,
    kind: statement.kind,
    claim: statement.own
      ? explainClaim(statement)
      : `${explainClaim(statement)} (${fileName(statement.dataset)})`,
    signer: signerName(statement),
    keyId: statement.keyId,
    standing: statement.standing,
    ...(statement.time !== undefined && { time: statement.time }),
    ...(noteOf(statement) !== undefined && { note: noteOf(statement) as string }),
  };
}

function noteOf(statement: StatementData): string | undefined {
  return statement.note ?? statement.reason;
}
