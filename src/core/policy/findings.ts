import type { RuleFinding } from './verdict.ts';

/** How many findings of a rule a verdict has. */
export const MAX_FINDINGS = 100;

/** What speaks against a rule: the gravest are kept, of equals the first; the others are counted. */
export class Findings {
  private readonly kept: { readonly gravity: number; readonly finding: RuleFinding }[] = [];
  /** How many there are, with those that were left out. */
  total = 0;

  /**
   * @param describe asked for only where the finding is kept: a dataset may have a million
   * @param gravity the higher, the further in front
   */
  add(describe: () => RuleFinding, gravity = 0): void {
    this.total++;
    const { kept } = this;
    if (kept.length === MAX_FINDINGS && kept.at(-1)!.gravity >= gravity) return;
    let at = kept.length;
    while (at > 0 && kept[at - 1]!.gravity < gravity) at--;
    kept.splice(at, 0, { gravity, finding: describe() });
    kept.length = Math.min(kept.length, MAX_FINDINGS);
  }

  /** Counts findings that nobody describes. */
  count(more: number): void {
    this.total += more;
  }

  /** Whether nothing speaks against it. */
  get none(): boolean {
    return this.total === 0;
  }

  result(): { readonly findings: readonly RuleFinding[]; readonly more: number } {
    return {
      findings: this.kept.map(({ finding }) => finding),
      more: this.total - this.kept.length,
    };
  }
}
