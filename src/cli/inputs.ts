import { inputsOf, type InputNode, type RecordedStep } from '../core/lineage/inputs.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';
import type { Judged } from './judge.ts';

/** A recorded step with who signed it. */
export interface SignedStep extends RecordedStep {
  readonly statement: StatementData;
}

/** What a dataset was made from, by the steps that evidence in the workspace records (as host/history.ts). */
export function inputTree({ statements, assessment, dataset }: Judged): InputNode<SignedStep>[] {
  const steps = statements.flatMap((statement): SignedStep[] => {
    if (statement.kind !== 'step' || !statement.step || statement.sha256 === undefined) return [];
    if (statement.standing === 'invalid' || statement.standing === 'revoked') return [];
    const { kind, inputs } = statement.step;
    return [{ output: statement.sha256, kind, inputs, statement }];
  });
  // Steps know the dataset by its bytes: as they are, as they were signed, or as the newest step of its own made them.
  const baseline = assessment.baseline === undefined ? undefined : statements[assessment.baseline]?.sha256;
  const outputs = steps.filter(({ statement }) => statement.own).map(({ output }) => output);
  const output = [dataset.samples.sha256, baseline].find(
    (digest) => digest !== undefined && outputs.includes(digest),
  );
  return inputsOf(output ?? outputs.at(-1) ?? '', steps);
}
