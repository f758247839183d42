import { SEVERITIES, type Severity } from '../../evidence/predicates.ts';
import type { Upstream } from '../../lineage/taint.ts';
import { lineOf } from '../../sample/digest.ts';
import type { Review, ReviewState } from '../../trust/reviews.ts';
import type { StatementInScope } from '../../trust/scope.ts';
import type { ReadDatasetFacts } from '../facts.ts';
import { Findings } from '../findings.ts';
import { logDoubt, ownLogSentence, type LogDemand } from '../logs.ts';
import { namesSigner } from '../patterns.ts';
import type { RuleKind, RuleOutcome } from '../ruleKind.ts';
import { either, flag, list, record, word, type ValueOf } from '../shape.ts';
import { sentence, type Sentence } from '../verdict.ts';
import { roleName, severity, signerPattern } from '../words.ts';

const upstream = flag('Whether samples count too that were made of something flagged. On unless false.');

const flagsShape = record('No sample may have an open flag.', {
  severity,
  by: either(
    'Whose flags matter: anyone (as without it), trusted, or a list of roles. Flags upstream matter whoever made them.',
    word('Whose flags matter.', ['anyone', 'trusted']),
    list('Flags of signers with one of these roles.', roleName),
  ),
  upstream,
});

const advisoriesShape = record('No advisory may be about a sample.', {
  severity,
  upstream,
  from: list(
    'Each of these has to have issued an advisory that is here: without it, the list is not here.',
    signerPattern,
  ),
});

interface Search {
  readonly least: Severity;
  readonly upstream: boolean;
  /** Whether it is about this statement, which flags something. */
  readonly isAbout: (scoped: StatementInScope | undefined) => boolean;
  readonly countsBy: (review: Review) => boolean;
  readonly describe: (state: { severity: Severity; category: string }) => Sentence;
}

/** Flags by reviews. */
export const flags: RuleKind<ValueOf<typeof flagsShape>> = {
  shape: flagsShape,
  roles: ({ by = [] }) => (typeof by === 'string' ? [] : by),
  begin({ severity: least = 'low', by = 'anyone', upstream = true }) {
    const search = new FlagSearch({
      least,
      upstream,
      isAbout: (scoped) => !isAdvisory(scoped),
      countsBy: ({ standing, rights }) =>
        by === 'anyone' ||
        (by === 'trusted' ? standing === 'trusted' : by.some((role) => rights?.roles.includes(role))),
      describe: (state) => sentence('An open flag: {category}, {severity}.', state),
    });
    return {
      add: (facts) => {
        search.add(facts);
      },
      result: () => {
        const counts = { ...search.counts(), least };
        return search.outcome(
          counts.doubtful === 0
            ? sentence('{flagged} of {count} samples have an open flag of severity {least} or more.', counts)
            : sentence(
                '{flagged} of {count} samples have an open flag of severity {least} or more; whether others have cannot be said of {doubtful} of {datasets} datasets.',
                counts,
              ),
          sentence(
            'Look at what is flagged (provenance show FILE:LINE): take the samples out, or clear the flags (provenance flag FILE --clear).',
          ),
        );
      },
    };
  },
};

/** Advisories, and reviews that came with them. */
export const advisories: RuleKind<ValueOf<typeof advisoriesShape>> = {
  shape: advisoriesShape,
  begin({ severity: least = 'low', upstream = true, from = [] }) {
    const search = new FlagSearch({
      least,
      upstream,
      isAbout: isAdvisory,
      countsBy: () => true,
      describe: (state) => sentence('An advisory is about it: {category}, {severity}.', state),
    });
    return {
      add(facts) {
        search.add(facts);
        const issued = facts.scope.statements.filter(
          (scoped) => scoped.standing === 'trusted' && scoped.statement.kind === 'advisory',
        );
        for (const signer of from) {
          if (issued.some((scoped) => namesSigner([signer], scoped))) continue;
          search.findings.add(
            () => ({
              dataset: facts.path,
              sentence: sentence('No advisory of {signer} is here, so that none can be ruled out.', {
                signer,
              }),
            }),
            MAX_GRAVITY,
          );
        }
      },
      result: () => {
        const counts = { ...search.counts(), least };
        return search.outcome(
          counts.doubtful === 0
            ? sentence(
                'Advisories of severity {least} or more are about {flagged} of {count} samples.',
                counts,
              )
            : sentence(
                'Advisories of severity {least} or more are about {flagged} of {count} samples; whether they are about others cannot be said of {doubtful} of {datasets} datasets.',
                counts,
              ),
          sentence(
            'Take these samples out, or have a trusted signer clear the advisory (provenance flag FILE --clear); fetch advisories that are missing (provenance advisory import).',
          ),
        );
      },
    };
  },
};

const MAX_GRAVITY = SEVERITIES.length;

/** Finds flags of one kind. That there is none is only said where nothing can have been removed. */
class FlagSearch {
  readonly findings = new Findings();
  private samples = 0;
  private flagged = 0;
  private datasets = 0;
  /** Of how many datasets nobody can say that nothing else is flagged. */
  private doubtful = 0;

  constructor(private readonly search: Search) {}

  add(facts: ReadDatasetFacts): void {
    const { path, samples, scope, assessment } = facts;
    this.samples += samples.count;
    this.datasets++;
    const doubt = doubtOf(facts, this.search.upstream);
    if (doubt) {
      this.doubtful++;
      this.findings.add(() => ({ dataset: path, sentence: doubt }), MAX_GRAVITY);
    }
    const file = scope.reviews.stateOfHex(samples.sha256);
    if (file) this.report(path, undefined, this.openIn(file, scope.statements));
    for (const [row, state] of assessment.reviews) {
      this.report(path, lineOf(samples, row), this.openIn(state, scope.statements));
    }
    if (!this.search.upstream) return;
    // The gravest way hides others: one from a flag of another kind matters where there are some of this kind.
    const hasKind = scope.statements.some((scoped) => isWarning(scoped) && this.search.isAbout(scoped));
    if (!hasKind) return;
    for (const [row, found] of assessment.upstream) {
      this.reportUpstream(path, lineOf(samples, row), found);
    }
  }

  counts(): { flagged: number; count: number; doubtful: number; datasets: number } {
    const { flagged, samples, doubtful, datasets } = this;
    return { flagged, count: samples, doubtful, datasets };
  }

  /** @param remedy where something is flagged, or missing */
  outcome(summary: Sentence, remedy: Sentence): RuleOutcome {
    const { findings, samples, doubtful } = this;
    if (findings.none && samples > 0) return { passed: true, summary, findings: [], more: 0 };
    const onlyDoubts = doubtful > 0 && findings.total === doubtful;
    return { passed: false, summary, remedy: onlyDoubts ? COMPLETE_EVIDENCE : remedy, ...findings.result() };
  }

  /** The gravest open flag that matters. */
  private openIn(
    { threads }: ReviewState,
    statements: readonly StatementInScope[],
  ): { severity: Severity; category: string } | undefined {
    const { least, isAbout, countsBy } = this.search;
    return threads
      .filter(
        ({ effective, reviews }) =>
          effective.verdict === 'flagged' &&
          gravityOf(effective.severity) >= gravityOf(least) &&
          isAbout(statements[reviews[0]!.statement]) &&
          // Also one that somebody else confirmed since, whose review is the one in effect.
          reviews.some((review) => review.verdict === 'flagged' && countsBy(review)),
      )
      .map(({ effective: { severity, category } }) => ({ severity, category }))
      .reduce<{ severity: Severity; category: string } | undefined>(
        (worst, flag) => (worst && gravityOf(worst.severity) >= gravityOf(flag.severity) ? worst : flag),
        undefined,
      );
  }

  private report(
    dataset: string,
    line: number | undefined,
    open: { severity: Severity; category: string } | undefined,
  ): void {
    if (!open) return;
    if (line !== undefined) this.flagged++;
    this.findings.add(
      () => ({ dataset, ...(line !== undefined && { line }), sentence: this.search.describe(open) }),
      gravityOf(open.severity),
    );
  }

  private reportUpstream(dataset: string, line: number, { severity, category, way }: Upstream): void {
    if (gravityOf(severity) < gravityOf(this.search.least)) return;
    this.flagged++;
    this.findings.add(
      () => ({
        dataset,
        line,
        sentence: sentence('Made of something flagged, {name}: {category}, {severity}.', {
          name: way.name.slice(0, 200),
          category,
          severity,
        }),
      }),
      gravityOf(severity),
    );
  }
}

function gravityOf(value: Severity): number {
  return SEVERITIES.indexOf(value);
}

/** Whatever the policy's rule on logs says: of evidence that may have been cut, nobody can say what is not there. */
const COMPLETE: LogDemand = { complete: true, witnesses: 0 };

const COMPLETE_EVIDENCE = sentence(
  'Copy the .provenance folder again from where it came from; if nothing is missing there, have a trusted signer sign the dataset (provenance sign), which signs a checkpoint over its evidence.',
);

/** Why nobody can say that nothing is flagged. */
function doubtOf({ logs, bundle, scope }: ReadDatasetFacts, upstream: boolean): Sentence | undefined {
  const log = logs.get(bundle);
  const doubt = logDoubt(log, COMPLETE);
  if (doubt) return ownLogSentence(doubt, log, COMPLETE);
  return upstream && !scope.taintComplete
    ? sentence('What flagged samples were made into could not be followed: leaves or maps are missing.')
    : undefined;
}

function isAdvisory(scoped: StatementInScope | undefined): boolean {
  return scoped !== undefined && (scoped.advisory || scoped.statement.kind === 'advisory');
}

function isWarning({ statement }: StatementInScope): boolean {
  return (
    statement.kind === 'advisory' ||
    (statement.kind === 'review' && statement.predicate.verdict === 'flagged')
  );
}
