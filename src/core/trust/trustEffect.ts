import type { ParsedStatement } from '../evidence/statement.ts';
import { subjectsOf } from './scope.ts';
import type { Standing } from './status.ts';

/** What a change of trust does to the evidence here: shown before the change is made. */
export interface TrustEffect {
  /** Statements whose standing changes; the same envelope in several bundles counts once. */
  readonly statements: number;
  /** Those that are affected, in order of their paths. */
  readonly datasets: readonly DatasetEffect[];
}

/** Of the statements in one dataset's evidence. */
export interface DatasetEffect {
  readonly dataset: string;
  readonly changes: readonly StandingChange[];
  /** Whether a trusted dataset statement stands in its evidence, before and after. */
  readonly vouched: { readonly before: boolean; readonly after: boolean };
  /** Flags that do not count any more, and clearings that do not: what they cleared is flagged again. */
  readonly flagsLost: number;
  readonly clearingsLost: number;
}

export interface StandingChange {
  readonly from: Standing;
  readonly to: Standing;
  readonly statements: number;
  /** Samples that these statements name, at most: of several about one dataset as a whole, those of the largest. */
  readonly samples: number;
}

/** The part of a statement in scope that an effect is made of. */
export interface Graded {
  readonly bundle: string;
  readonly line: number;
  readonly dataset: string;
  readonly envelopeDigest: string;
  readonly statement: ParsedStatement;
  readonly standing: Standing;
}

/** Standings with which a flag, and one with which a clearing, counts. */
const FLAGS: readonly Standing[] = ['trusted', 'untrusted', 'expired'];
const CLEARS: readonly Standing[] = ['trusted'];

/**
 * Compares the same evidence graded twice.
 * @param before as it counts now
 * @param after as it would count
 */
export function trustEffect(before: readonly Graded[], after: readonly Graded[]): TrustEffect {
  const later = new Map(after.map((scoped) => [placeOf(scoped), scoped.standing]));
  const changed = new Set<string>();
  const datasets = new Map<string, Counted>();
  for (const scoped of before) {
    const { dataset, standing, envelopeDigest, statement } = scoped;
    const now = later.get(placeOf(scoped)) ?? standing;
    let counted = datasets.get(dataset);
    if (!counted) datasets.set(dataset, (counted = new Counted()));
    if (statement.kind === 'dataset') counted.vouches(standing, now);
    if (now === standing) continue;
    changed.add(envelopeDigest);
    counted.add(statement, standing, now);
  }
  return {
    statements: changed.size,
    datasets: [...datasets]
      .map(([dataset, counted]) => counted.effect(dataset))
      .filter(({ changes }) => changes.length > 0)
      .sort((a, b) => (a.dataset < b.dataset ? -1 : 1)),
  };
}

/** Where a statement stands: the same envelope may stand in several bundles. */
function placeOf({ bundle, line }: Graded): string {
  return `${String(line)} ${bundle}`;
}

class Counted {
  private readonly changes = new Map<
    string,
    { from: Standing; to: Standing; statements: number; named: number; whole: number }
  >();
  private before = false;
  private after = false;
  private flagsLost = 0;
  private clearingsLost = 0;

  vouches(from: Standing, to: Standing): void {
    this.before ||= from === 'trusted';
    this.after ||= to === 'trusted';
  }

  add(statement: ParsedStatement, from: Standing, to: Standing): void {
    const key = `${from} ${to}`;
    const change = this.changes.get(key) ?? { from, to, statements: 0, named: 0, whole: 0 };
    this.changes.set(key, change);
    change.statements++;
    if (statement.kind === 'dataset') {
      change.whole = Math.max(change.whole, statement.predicate.samples.count);
    } else if (statement.kind === 'sample' || statement.kind === 'review' || statement.kind === 'advisory') {
      change.named += subjectsOf(statement).length;
    }
    if (statement.kind !== 'review') return;
    const counts = statement.predicate.verdict === 'flagged' ? FLAGS : CLEARS;
    if (!counts.includes(from) || counts.includes(to)) return;
    if (statement.predicate.verdict === 'flagged') this.flagsLost++;
    else this.clearingsLost++;
  }

  effect(dataset: string): DatasetEffect {
    return {
      dataset,
      changes: [...this.changes.values()].map(({ from, to, statements, named, whole }) => ({
        from,
        to,
        statements,
        samples: Math.max(named, whole),
      })),
      vouched: { before: this.before, after: this.after },
      flagsLost: this.flagsLost,
      clearingsLost: this.clearingsLost,
    };
  }
}
