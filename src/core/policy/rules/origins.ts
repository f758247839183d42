import { GENERATION_METHODS, STAGES } from '../../evidence/predicates.ts';
import { Findings } from '../findings.ts';
import type { RefusedOrigin } from '../originTally.ts';
import type { RuleKind } from '../ruleKind.ts';
import { list, record, text, word, type ValueOf } from '../shape.ts';
import { sentence, type Sentence } from '../verdict.ts';

const shape = record(
  'Which origins samples may have: as the record says (see originFields), else as the statement says that vouches for it. A sample that is not verified, or whose origin does not say it, is not allowed.',
  {
    sources: list(
      'Sources that are allowed.',
      text(
        'A source, with * and ? as wildcards, such as https://*.example/*. Wildcards in the host of a URI stay in the host. With ! in front, what matches is not allowed.',
      ),
    ),
    licences: list(
      'Licences that are allowed, whatever their case.',
      text(
        'An SPDX id, with * and ? as wildcards, such as CC-BY-*. With ! in front, what matches is not allowed.',
      ),
    ),
    stages: list('Stages of training that are allowed.', word('A stage of training.', STAGES)),
    generationMethods: list(
      'Ways in which the data may have been made.',
      word('A way in which data is made.', GENERATION_METHODS),
    ),
  },
  { atLeastOne: true },
);

export const origins: RuleKind<ValueOf<typeof shape>> = {
  shape,
  begin() {
    const findings = new Findings();
    let count = 0;
    let refused = 0;
    return {
      add({ path, samples, origins: tally }) {
        count += samples.count;
        if (!tally || tally.samples !== samples.count) {
          refused += samples.count;
          const looked = tally?.samples ?? 0;
          findings.add(
            () => ({
              dataset: path,
              sentence: sentence('The origins of {looked} of {count} samples could be read.', {
                looked,
                count: samples.count,
              }),
            }),
            1,
          );
          return;
        }
        refused += tally.refused;
        for (const example of tally.examples) {
          findings.add(() => ({ dataset: path, line: example.line, sentence: refusal(example) }));
        }
        findings.count(tally.refused - tally.examples.length);
      },
      result() {
        const passed = findings.none && count > 0;
        const summary = sentence('{good} of {count} samples have an origin that is allowed.', {
          good: count - refused,
          count,
        });
        return passed
          ? { passed, summary, findings: [], more: 0 }
          : {
              passed,
              summary,
              remedy: sentence(
                'Take these samples out of the dataset; where their origin is known, sign them again with it, or say in "originFields" where the records have it.',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

function refusal({ field, value = '' }: RefusedOrigin): Sentence {
  const args = { value: value.slice(0, 200) };
  const isStated = value !== '';
  switch (field) {
    case 'unverified':
      return sentence('Not verified, so that its origin is only claimed.');
    case 'source':
      return isStated
        ? sentence('Its source is “{value}”, which is not allowed.', args)
        : sentence('Its source is not known.');
    case 'licence':
      return isStated
        ? sentence('Its licence is “{value}”, which is not allowed.', args)
        : sentence('Its licence is not known.');
    case 'stage':
      return isStated
        ? sentence('Its stage is {value}, which is not allowed.', args)
        : sentence('Its stage is not known.');
    case 'generationMethod':
      return isStated
        ? sentence('It was made by {value}, which is not allowed.', args)
        : sentence('How it was made is not known.');
  }
}
