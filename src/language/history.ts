import type { InputNode, SignedStep } from '../core/lineage/inputs.ts';
import type { Standing } from '../core/trust/status.ts';
import { signerName, type Signed } from './explain.ts';

/** A recorded step in one row. What stands in it is untrusted text. */
export interface StepRow<Evidence> {
  readonly statement: Evidence;
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly signer: string;
  readonly standing: Standing;
}

/** The steps of a tree of inputs, the last one first; each once, however many inputs it has. */
export function stepRows<Evidence extends Signed & { readonly standing: Standing }>(
  tree: readonly InputNode<SignedStep<Evidence>>[],
): StepRow<Evidence>[] {
  const rows: StepRow<Evidence>[] = [];
  const seen = new Set<object>();
  for (let level = tree; level.length > 0; level = level.flatMap(({ inputs }) => inputs)) {
    for (const { step } of level) {
      if (seen.has(step)) continue;
      seen.add(step);
      rows.push({
        statement: step.statement,
        kind: step.kind,
        inputs: step.inputs.map(({ name }) => name),
        signer: signerName(step.statement),
        standing: step.statement.standing,
      });
    }
  }
  return rows;
}
