import type { StepKind } from '../evidence/predicates.ts';
import type { StepCounts } from './step.ts';

/** What a kind of step never does; kinds that are not listed may do anything. */
interface KindLimits {
  readonly noDrops?: true;
  readonly noChanges?: true;
  readonly noCopies?: true;
}

/** None of these makes a sample that no input has. */
const LIMITS: Readonly<Partial<Record<StepKind, KindLimits>>> = {
  filter: { noChanges: true, noCopies: true },
  dedupe: { noChanges: true, noCopies: true },
  merge: { noChanges: true, noCopies: true },
  split: { noChanges: true, noCopies: true },
  sample: { noChanges: true },
  shuffle: { noChanges: true, noCopies: true, noDrops: true },
  convert: { noCopies: true, noDrops: true },
};

/** What a step of its kind cannot have done. */
export interface KindMisfit {
  readonly what: 'added' | 'changed' | 'copied' | 'dropped';
  /** How many samples. */
  readonly count: number;
}

/**
 * What became of the samples that a step of this kind cannot have done (docs/formats.md, "What a kind of step may do").
 *
 * @param copies output samples beyond those that the inputs have as often
 */
export function kindMisfits(kind: string, counts: StepCounts, copies: number): KindMisfit[] {
  const limits = Object.hasOwn(LIMITS, kind) ? LIMITS[kind as StepKind] : undefined;
  if (!limits) return [];
  const misfits: KindMisfit[] = [
    { what: 'added', count: counts.added },
    { what: 'changed', count: limits.noChanges ? counts.changed : 0 },
    { what: 'copied', count: limits.noCopies ? copies : 0 },
    { what: 'dropped', count: limits.noDrops ? counts.dropped : 0 },
  ];
  return misfits.filter(({ count }) => count > 0);
}
