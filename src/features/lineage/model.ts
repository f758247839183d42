import { inputTree, type InputNode, type SignedStep } from '../../core/lineage/inputs.ts';
import type { RecordOrigin } from '../../core/sample/origin.ts';
import { originOf } from '../../core/trust/origin.ts';
import type { Dataset } from '../../host/datasets.ts';
import {
  explainClaim,
  explainStatus,
  explainVerdict,
  fileName,
  isSignerUntrusted,
  signerName,
} from '../../language/explain.ts';
import { originRows } from '../../language/originRows.ts';
import { categoryWord, severityWord } from '../../language/words.ts';
import type { SampleData, StatementData } from '../../protocol/datasetWorker.ts';
import type {
  LineageDataset,
  LineageInput,
  LineageSample,
  LineageStatement,
} from '../../protocol/lineagePanel.ts';

/** A file of the workspace that an input may be. */
export interface KnownFile {
  /** Absolute path, with `/`. */
  readonly path: string;
  /** Workspace-relative. */
  readonly shownAs: string;
  /** Of its bytes now, when they are known. */
  readonly sha256: string | undefined;
}

/** What the panel shows of a dataset. */
export function lineageDataset(
  dataset: Pick<Dataset, 'assessment' | 'progress'>,
  file: KnownFile,
  files: readonly KnownFile[],
  describe: (error: { template: string; args: Record<string, string | number> }) => string,
): LineageDataset | undefined {
  const { assessment } = dataset;
  if (!assessment) return undefined;
  const own = assessment.statements.filter(({ own: isOwn }) => isOwn);
  return {
    name: fileName(file.path),
    path: file.shownAs,
    verdict: assessment.verdict,
    signerUntrusted: isSignerUntrusted(assessment),
    summary: explainVerdict(assessment),
    counts: assessment.counts,
    flagged: assessment.flagged,
    statements: own.map(lineageStatement).reverse(),
    inputs: inputTree(assessment).map((input) => lineageInput(input, assessment.statements, files)),
    problems: assessment.problems.map(({ error }) =>
      describe({ template: error.template, args: { ...error.args } }),
    ),
    busy: dataset.progress !== undefined,
  };
}

/** What the panel shows of the sample under the cursor. */
export function lineageSample(
  dataset: Pick<Dataset, 'assessment' | 'status' | 'covering' | 'review'>,
  line: number,
  record: RecordOrigin,
  sample: SampleData,
): LineageSample | undefined {
  const status = dataset.status(line);
  if (status === undefined || !dataset.assessment) return undefined;
  const { statements } = dataset.assessment;
  const covering = dataset.covering(line);
  return {
    line,
    status,
    explanation: explainStatus(status, covering),
    ...(sample.digest !== undefined && { digest: sample.digest }),
    origin: originRows(originOf(record, status, covering)),
    coveredBy: sample.statements.flatMap((index) => {
      const statement = statements[index];
      return statement ? [lineageStatement(statement)] : [];
    }),
    reviews: (dataset.review(line)?.threads ?? []).flatMap(({ reviews }) =>
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
        };
      }),
    ),
  };
}

function lineageStatement(statement: StatementData): LineageStatement {
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

function lineageInput(
  input: InputNode<SignedStep<StatementData>>,
  statements: readonly StatementData[],
  files: readonly KnownFile[],
): LineageInput {
  const { name, sha256, step } = input;
  const { time } = step.statement;
  return {
    name,
    digest: sha256,
    stepKind: step.kind,
    signer: signerName(step.statement),
    standing: step.statement.standing,
    ...(time !== undefined && { time }),
    ...presenceOf(sha256, statements, files),
    inputs: input.inputs.map((deeper) => lineageInput(deeper, statements, files)),
  };
}

function presenceOf(
  sha256: string,
  statements: readonly StatementData[],
  files: readonly KnownFile[],
): Pick<LineageInput, 'presence' | 'path'> {
  const present = files.find((file) => file.sha256 === sha256);
  if (present) return { presence: 'present', path: present.shownAs };
  const signed = statements.filter(
    (statement) => statement.kind === 'dataset' && statement.sha256 === sha256,
  );
  const changed = files.find((file) => signed.some(({ dataset }) => dataset === file.path));
  if (changed) return { presence: 'changed', path: changed.shownAs };
  return { presence: signed.length > 0 ? 'signed' : 'absent' };
}
