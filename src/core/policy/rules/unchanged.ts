import { DATASET_VERDICTS, type DatasetVerdict } from '../../trust/status.ts';
import { Findings } from '../findings.ts';
import type { RuleKind } from '../ruleKind.ts';
import { list, record, word, type ValueOf } from '../shape.ts';
import { sentence, type Sentence } from '../verdict.ts';

const COMPARABLE = [
  'intact',
  'reformatted',
  'reordered',
  'subset',
  'changed',
] as const satisfies DatasetVerdict[];

const shape = record(
  'How each dataset must compare with what a trusted signer signed of it as a whole.',
  {
    allow: list(
      'What it may be. intact: the same bytes. reformatted: the same samples in the same order. reordered: the same samples. subset: some are gone. changed: anything.',
      word('How it compares with what was signed.', COMPARABLE),
    ),
  },
  { required: ['allow'] },
);

export const unchanged: RuleKind<ValueOf<typeof shape>> = {
  shape,
  begin({ allow = [] }) {
    const allowed = new Set<string>(allow);
    const findings = new Findings();
    let count = 0;
    let good = 0;
    return {
      add({ path, scope, assessment: { verdict, baseline } }) {
        count++;
        const isTrusted = baseline !== undefined && scope.statements[baseline]?.standing === 'trusted';
        if (isTrusted && allowed.has(verdict)) good++;
        else
          findings.add(
            () => ({ dataset: path, sentence: isTrusted ? COMPARED[verdict] : NOT_SIGNED }),
            DATASET_VERDICTS.indexOf(verdict),
          );
      },
      result() {
        const summary = sentence('{good} of {count} datasets are what a trusted signer signed ({allowed}).', {
          good,
          count,
          allowed: allow.join(', '),
        });
        return findings.none
          ? { passed: true, summary, findings: [], more: 0 }
          : {
              passed: false,
              summary,
              remedy: sentence(
                'Get the dataset as it was signed, or have a trusted signer sign it as it is now (provenance sign).',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

const NOT_SIGNED = sentence('No signer whom you trust for it signed it as a whole.');

const COMPARED: Readonly<Record<DatasetVerdict, Sentence>> = {
  intact: sentence('It has the bytes that were signed.'),
  reformatted: sentence('It has the samples that were signed, in other bytes.'),
  reordered: sentence('It has the samples that were signed, in another order.'),
  subset: sentence('Samples that were signed are not in it.'),
  changed: sentence('It has samples that were not signed, or modified ones.'),
  unsigned: NOT_SIGNED,
  unknown: sentence('It could not be compared with what was signed: evidence is missing or cannot be read.'),
};
