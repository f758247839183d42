import * as l10n from '@vscode/l10n';
import type { ClaimedEvent } from '../core/lineage/claims/recordHistory.ts';
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

/**
 * What a record says of its own past, as labelled values, the oldest first; empty where that is no more than its origin.
 * Values are untrusted text.
 */
export function claimedRows(events: readonly ClaimedEvent[]): [label: string, value: string][] {
  if (events.length < 2 && !events.some(({ kind }) => kind === 'taken-from')) return [];
  return events.map(({ kind, from, time }) => [
    claimedWord(kind),
    [from, time].filter((part) => part !== undefined).join(', '),
  ]);
}

function claimedWord(kind: ClaimedEvent['kind']): string {
  switch (kind) {
    case 'created':
      return l10n.t('Created');
    case 'collected':
      return l10n.t('Collected');
    case 'taken-from':
      return l10n.t('Taken from');
  }
}
