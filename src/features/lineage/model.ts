import { inputTree, type InputNode, type SignedStep } from '../../core/lineage/inputs.ts';
import type { Dataset } from '../../host/datasets.ts';
import { lineageStatement } from '../../host/sampleView.ts';
import { explainVerdict, fileName, isSignerUntrusted, signerName } from '../../language/explain.ts';
import type { StatementData } from '../../protocol/datasetWorker.ts';
import type { LineageDataset, LineageInput } from '../../protocol/lineagePanel.ts';

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
