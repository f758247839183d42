import { lineOf } from '../../sample/digest.ts';
import { statusOf, type Status } from '../../trust/status.ts';
import { Findings } from '../findings.ts';
import type { RuleKind } from '../ruleKind.ts';
import { number, record, type ValueOf } from '../shape.ts';
import { sentence, type Sentence } from '../verdict.ts';

const shape = record(
  'How many samples trusted signers must vouch for, in all datasets together.',
  {
    minShare: number('Least share of the samples that are verified, from 0 to 1. 1: every sample.', {
      minimum: 0,
      maximum: 1,
    }),
    minCount: number('Least number of samples that are verified.', {
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      integer: true,
    }),
  },
  { atLeastOne: true },
);

export const verified: RuleKind<ValueOf<typeof shape>> = {
  shape,
  begin({ minShare, minCount }) {
    const findings = new Findings();
    let count = 0;
    let good = 0;
    return {
      add({ path, samples, scope, assessment: { statuses, coveredBy } }) {
        count += samples.count;
        for (let row = 0; row < samples.count; row++) {
          const status = statusOf(statuses[row]);
          if (status === 'verified') {
            good++;
            continue;
          }
          findings.add(() => {
            const refusal = scope.statements[coveredBy[row] ?? -1]?.refusal;
            return {
              dataset: path,
              line: lineOf(samples, row),
              sentence: status === 'untrusted' && refusal !== undefined ? NO_ROLE : NOT_VERIFIED[status],
            };
          }, GRAVITY[status]);
        }
      },
      result() {
        // Of no samples, no share is verified.
        const enough = count > 0 && good / count >= (minShare ?? 0) && good >= (minCount ?? 0);
        const args = {
          verified: good,
          count,
          share: percent(count === 0 ? 0 : good / count),
          minShare: Number(((minShare ?? 0) * 100).toPrecision(12)),
          minCount: minCount ?? 0,
        };
        const summary =
          minCount === undefined
            ? sentence(
                '{verified} of {count} samples are verified ({share} %); at least {minShare} % are asked for.',
                args,
              )
            : minShare === undefined
              ? sentence(
                  '{verified} of {count} samples are verified; at least {minCount} are asked for.',
                  args,
                )
              : sentence(
                  '{verified} of {count} samples are verified ({share} %); at least {minShare} % and {minCount} samples are asked for.',
                  args,
                );
        return enough
          ? { passed: true, summary, findings: [], more: 0 }
          : {
              passed: false,
              summary,
              remedy: sentence(
                'Have a trusted signer vouch for these samples (provenance sign), or take them out of the dataset.',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

/** Rounded down: what is not all never looks like it. */
function percent(share: number): number {
  return Math.floor(Number((share * 10_000).toFixed(6))) / 100;
}

const NO_ROLE = sentence(
  'Signed by somebody whom you trust, but no role in the policy lets them vouch for it.',
);

const NOT_VERIFIED: Readonly<Record<Exclude<Status, 'verified'>, Sentence>> = {
  untrusted: sentence('Signed, but by nobody whom you trust for it.'),
  modified: sentence('Modified: something else was signed at this place.'),
  added: sentence('Added: it was not in the dataset that was signed.'),
  unsigned: sentence('Nobody signed this sample.'),
  revoked: sentence('What vouched for this sample was revoked, or its signer’s key had expired.'),
  malformed: sentence('Malformed, so that it has no digest that could be signed.'),
  unknown: sentence('Could not be checked: evidence is missing or cannot be read.'),
};

const GRAVITY: Readonly<Record<Exclude<Status, 'verified'>, number>> = {
  modified: 7,
  malformed: 6,
  added: 5,
  revoked: 4,
  untrusted: 3,
  unknown: 2,
  unsigned: 1,
};
