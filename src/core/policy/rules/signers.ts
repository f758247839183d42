import { lineOf } from '../../sample/digest.ts';
import type { StatementInScope } from '../../trust/scope.ts';
import { coverageBy, isCoveredRow, vouchingStatements, type Coverage } from '../coverage.ts';
import type { ReadDatasetFacts } from '../facts.ts';
import { Findings } from '../findings.ts';
import type { LogDemand } from '../logs.ts';
import { namesSigner } from '../patterns.ts';
import type { RuleKind } from '../ruleKind.ts';
import { list, number, record, type ValueOf } from '../shape.ts';
import { roleName, signerPattern } from '../words.ts';
import { sentence, type Sentence } from '../verdict.ts';

const shape = record(
  'Who must vouch for each sample, in a dataset or one by one.',
  {
    required: list('Each of these has to vouch for every sample.', signerPattern),
    roles: list('Somebody of each of these roles has to vouch for every sample.', roleName),
    distinct: number(
      'How many different signers have to vouch for every sample. Several keys with one name are one signer.',
      { minimum: 1, maximum: 100, integer: true },
    ),
  },
  { atLeastOne: true },
);

type Wanted = ValueOf<typeof shape>;

export const signers: RuleKind<Wanted> = {
  shape,
  roles: ({ roles = [] }) => roles,
  begin(wanted, { log }) {
    const findings = new Findings();
    let count = 0;
    return {
      add(facts) {
        count += facts.samples.count;
        const lacking = whatIsLacking(facts, wanted, log);
        const { path, samples } = facts;
        for (let row = 0; row < samples.count; row++) {
          const lack = lacking(row);
          if (lack) findings.add(() => ({ dataset: path, line: lineOf(samples, row), sentence: lack }));
        }
      },
      result() {
        const passed = findings.none && count > 0;
        const summary = sentence('{good} of {count} samples are vouched for by {wanted}.', {
          good: count - findings.total,
          count,
          wanted: describe(wanted),
        });
        return passed
          ? { passed, summary, findings: [], more: 0 }
          : {
              passed,
              summary,
              remedy: sentence(
                'Have those signers vouch for the samples (provenance sign), in evidence whose log is complete, or correct the rule "signers" in the policy.',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

function describe({ required = [], roles = [], distinct }: Wanted): string {
  return [
    ...required,
    ...roles.map((role) => `role ${role}`),
    ...(distinct === undefined ? [] : [`${String(distinct)} signers`]),
  ].join(', ');
}

/** What a sample lacks, by its row; undefined where it has all. */
function whatIsLacking(
  facts: ReadDatasetFacts,
  { required = [], roles = [], distinct = 1 }: Wanted,
  log: LogDemand,
): (row: number) => Sentence | undefined {
  const vouching = vouchingStatements(facts, log);
  const demands = [
    ...required.map((signer) => ({
      by: coverageBy(
        facts,
        vouching.filter((scoped) => namesSigner([signer], scoped)),
      ),
      lack: sentence('{signer} does not vouch for this sample.', { signer }),
    })),
    ...roles.map((role) => ({
      by: coverageBy(
        facts,
        vouching.filter(({ rights }) => rights?.roles.includes(role)),
      ),
      lack: sentence('Nobody with the role {role} vouches for this sample.', { role }),
    })),
  ];
  const coverages = bySigner(vouching).map((statements) => coverageBy(facts, statements));
  const countAt = signerCounter(facts, coverages);
  return (row) => {
    for (const { by, lack } of demands) if (!isCoveredRow(facts, by, row)) return lack;
    const signers = countAt(row);
    return signers >= distinct
      ? undefined
      : sentence('{signers} signers vouch for this sample; {distinct} are asked for.', { signers, distinct });
  };
}

function signerCounter(facts: ReadDatasetFacts, coverages: readonly Coverage[]): (row: number) => number {
  return (row) => {
    let signers = 0;
    for (const coverage of coverages) if (isCoveredRow(facts, coverage, row)) signers++;
    return signers;
  };
}

/** Statements by who signed them. Keys with one name, and names with one key, are one signer. */
function bySigner(statements: readonly StatementInScope[]): StatementInScope[][] {
  const groups: { names: Set<string>; statements: StatementInScope[] }[] = [];
  for (const scoped of statements) {
    const names = [scoped.keyId, ...(scoped.principal === undefined ? [] : [`name ${scoped.principal}`])];
    const same = groups.filter((group) => names.some((name) => group.names.has(name)));
    const merged = {
      names: new Set([...names, ...same.flatMap((group) => [...group.names])]),
      statements: [...same.flatMap((group) => group.statements), scoped],
    };
    for (const group of same) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups.map((group) => group.statements);
}
