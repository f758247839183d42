import { inputsOf, type InputNode, type RecordedStep } from '../core/lineage/inputs.ts';
import type { Standing } from '../core/trust/status.ts';
import type { AssessmentData, StatementData } from '../protocol/datasetWorker.ts';
import { signerName } from './explain.ts';

/** A recorded step with who signed it. */
export interface SignedStep extends RecordedStep {
  readonly statement: StatementData;
}

/** What the judged dataset was made from, by the steps that evidence in the workspace records. */
export function inputTree(assessment: AssessmentData): InputNode<SignedStep>[] {
  const output = datasetDigest(assessment);
  if (output === undefined) return [];
  const steps = assessment.statements.flatMap((statement): SignedStep[] => {
    if (statement.kind !== 'step' || !statement.step || statement.sha256 === undefined) return [];
    if (statement.standing === 'invalid' || statement.standing === 'revoked') return [];
    const { kind, inputs } = statement.step;
    return [{ output: statement.sha256, kind, inputs, statement }];
  });
  return inputsOf(output, steps);
}

/** The last steps, newest first: kind, inputs, signer. */
export function stepsOf(
  assessment: AssessmentData,
): { kind: string; inputs: string[]; signer: string; standing: Standing }[] {
  const steps: ReturnType<typeof stepsOf> = [];
  const seen = new Set<SignedStep>();
  let level = inputTree(assessment);
  while (level.length > 0) {
    for (const { step } of level) {
      if (seen.has(step)) continue;
      seen.add(step);
      steps.push({
        kind: step.kind,
        inputs: step.inputs.map(({ name }) => name),
        signer: signerName(step.statement),
        standing: step.statement.standing,
      });
    }
    level = level.flatMap(({ inputs }) => inputs);
  }
  return steps;
}

/** The digest that steps know the dataset by: of its bytes as they were signed, or as they are. */
function datasetDigest(assessment: AssessmentData): string | undefined {
  const own = assessment.statements.filter((statement) => statement.own);
  const current = own.find(({ kind, sha256 }) => kind === 'step' && sha256 === assessment.sha256);
  if (current) return current.sha256;
  const baseline = assessment.baseline === undefined ? undefined : assessment.statements[assessment.baseline];
  if (own.some(({ kind, sha256 }) => kind === 'step' && sha256 === baseline?.sha256)) return baseline?.sha256;
  return own.findLast(({ kind }) => kind === 'step')?.sha256;
}
