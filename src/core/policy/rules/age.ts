import { statedTime } from '../../evidence/statedTime.ts';
import { lineOf } from '../../sample/digest.ts';
import type { StatementInScope } from '../../trust/scope.ts';
import { coverageBy, isCoveredRow, vouchingStatements } from '../coverage.ts';
import { Findings } from '../findings.ts';
import type { RuleKind } from '../ruleKind.ts';
import { number, record, type ValueOf } from '../shape.ts';
import { sentence } from '../verdict.ts';

const DAY = 86_400_000;
/** Clocks differ by so much at most, in milliseconds; what is signed later than that is of a clock that is wrong. */
const MAX_CLOCK_SKEW = 600_000;

const shape = record(
  'How old the evidence may be: each sample has to be vouched for by a trusted signer within so many days, by the time that the statement claims.',
  {
    maxDays: number('Days, such as 90 or 0.5.', { minimum: 0, maximum: 36_500 }),
  },
  { required: ['maxDays'] },
);

export const age: RuleKind<ValueOf<typeof shape>> = {
  shape,
  begin({ maxDays = 0 }, { now, log }) {
    const findings = new Findings();
    let count = 0;
    const isRecent = (scoped: StatementInScope) => {
      const time = Date.parse(statedTime(scoped.statement) ?? '');
      return time >= now - maxDays * DAY && time <= now + MAX_CLOCK_SKEW;
    };
    return {
      add(facts) {
        const { path, samples, scope, assessment } = facts;
        count += samples.count;
        const recent = coverageBy(facts, vouchingStatements(facts, log).filter(isRecent));
        for (let row = 0; row < samples.count; row++) {
          if (isCoveredRow(facts, recent, row)) continue;
          findings.add(() => {
            const deciding = scope.statements[assessment.coveredBy[row] ?? -1];
            const time = deciding?.standing === 'trusted' ? statedTime(deciding.statement) : undefined;
            return {
              dataset: path,
              line: lineOf(samples, row),
              sentence:
                time === undefined
                  ? sentence('No trusted signer vouches for this sample at a known time.')
                  : Date.parse(time) > now
                    ? sentence(
                        'The statement that vouches for this sample claims a time to come, {time}: a clock is wrong.',
                        { time },
                      )
                    : sentence('The statement that vouches for this sample is of {time}.', { time }),
            };
          });
        }
      },
      result() {
        const passed = findings.none && count > 0;
        const summary = sentence(
          '{good} of {count} samples were vouched for within the last {maxDays} days.',
          { good: count - findings.total, count, maxDays },
        );
        return passed
          ? { passed, summary, findings: [], more: 0 }
          : {
              passed,
              summary,
              remedy: sentence(
                'Have a trusted signer look at the samples again and sign them (provenance sign); if that was done, check the clocks.',
              ),
              ...findings.result(),
            };
      },
    };
  },
};
