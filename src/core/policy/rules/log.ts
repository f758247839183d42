import { BUNDLE_SUFFIX } from '../../evidence/layout.ts';
import { isFileSignature } from '../../trust/baseline.ts';
import { STATUS_CODE } from '../../trust/status.ts';
import type { ReadDatasetFacts } from '../facts.ts';
import { Findings } from '../findings.ts';
import { logDoubt, logLoss, otherLogSentence, ownLogSentence, type LogDemand } from '../logs.ts';
import type { RuleKind } from '../ruleKind.ts';
import { number, record, word, type ValueOf } from '../shape.ts';
import { sentence, sentenceOf } from '../verdict.ts';

const shape = record(
  'What the logs of the evidence must show. Holds also where a policy does not have this rule, as {"require": "complete"}: evidence that is known to be gone, or cannot be read, never passes.',
  {
    require: word(
      'complete (as without it): a checkpoint of a trusted signer is over all of each dataset’s evidence, and of the evidence that vouches for its samples. kept: only nothing may be known to be gone; for evidence that has no checkpoints.',
      ['complete', 'kept'],
    ),
    witnesses: number('How many witnesses have to have cosigned each of those checkpoints.', {
      minimum: 0,
      maximum: 100,
      integer: true,
    }),
  },
);

type Wanted = ValueOf<typeof shape>;

/** What a policy with this rule asks of the logs that it relies on. */
export function logDemand({ require = 'complete', witnesses = 0 }: Wanted): LogDemand {
  return { complete: require === 'complete', witnesses };
}

export const log: RuleKind<Wanted> = {
  shape,
  begin(wanted) {
    const demand = logDemand(wanted);
    const findings = new Findings();
    let count = 0;
    let good = 0;
    return {
      add(facts) {
        count++;
        const before = findings.total;
        check(facts, demand, findings);
        if (findings.total === before) good++;
      },
      result() {
        const summary =
          demand.witnesses > 0
            ? sentence(
                'The evidence of {good} of {count} datasets is complete, and {witnesses} witnesses have seen it.',
                { good, count, witnesses: demand.witnesses },
              )
            : demand.complete
              ? sentence('The evidence of {good} of {count} datasets is complete.', { good, count })
              : sentence('Of the evidence of {good} of {count} datasets, nothing is known to be gone.', {
                  good,
                  count,
                });
        return findings.none
          ? { passed: true, summary, findings: [], more: 0 }
          : {
              passed: false,
              summary,
              remedy: sentence(
                'Copy the .provenance folder again from where it came from; if nothing is missing there, have a trusted signer add to the evidence, which signs a checkpoint over it (provenance log check says more).',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

function check(facts: ReadDatasetFacts, demand: LogDemand, findings: Findings): void {
  const { path, bundle, scope, logs } = facts;
  const own = logs.get(bundle);
  const doubt = logDoubt(own, demand);
  if (doubt) findings.add(() => ({ dataset: path, sentence: ownLogSentence(doubt, own, demand) }), 2);
  const relied = bundlesReliedOn(facts);
  for (const other of new Set([...relied, ...logs.keys()])) {
    if (other === bundle) continue;
    const isRelied = relied.has(other);
    const found = isRelied ? logDoubt(logs.get(other), demand) : logLoss(logs.get(other));
    if (!found) continue;
    findings.add(() => ({ dataset: path, sentence: otherLogSentence(found, other) }), isRelied ? 1 : 0);
  }
  // Leaves and maps that are missing show in what they are needed for.
  for (const { path: file, error } of scope.problems) {
    if (!file.endsWith(BUNDLE_SUFFIX) || error.code === 'evidence-removed') continue;
    findings.add(() => ({ dataset: path, sentence: sentenceOf(error) }));
  }
}

/** Bundles of other datasets whose statements verify samples of this one. */
function bundlesReliedOn({ bundle, scope, assessment }: ReadDatasetFacts): ReadonlySet<string> {
  const { statuses, coveredBy } = assessment;
  const deciding = new Set<number>();
  for (let row = 0; row < statuses.length; row++) {
    if (statuses[row] === STATUS_CODE.verified) deciding.add(coveredBy[row]!);
  }
  const bundles = new Set<string>();
  for (const index of deciding) {
    const scoped = scope.statements[index];
    // Signatures of other tools have no log.
    if (scoped && scoped.bundle !== bundle && !isFileSignature(scoped)) bundles.add(scoped.bundle);
  }
  return bundles;
}
