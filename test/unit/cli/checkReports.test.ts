import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { checkJson } from '../../../src/cli/check/json.ts';
import { junitXml } from '../../../src/cli/check/junit.ts';
import { sayVerdict } from '../../../src/cli/check/policyReport.ts';
import { sarifLog } from '../../../src/cli/check/sarif.ts';
import { shownVerdict, type ShownVerdict } from '../../../src/cli/check/shownVerdict.ts';
import { signedVerdict, SVR_TYPE } from '../../../src/cli/check/svr.ts';
import type { Io } from '../../../src/cli/terminal.ts';
import { parseEnvelope, preAuthEncoding } from '../../../src/core/evidence/dsse.ts';
import { RULES } from '../../../src/core/policy/rules.ts';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import { wellFormed } from '../../../src/core/lineage/export/jsonText.ts';
import { verifySignature } from '../../../src/core/evidence/sshKey.ts';
import { XmlReader, type XmlElement } from '../../support/xml.ts';

const FOLDER = '/work/of/tests';
const TIME = '2026-01-31T09:00:00Z';

/** Words that break formats which do not expect them. */
const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    ']]>',
    '<!--',
    '&amp;',
    '"\'',
    '\u0000',
    '\ud800',
    '\ufffe',
    '\u202e',
    '%41',
    '../x',
    'a b',
    '#1?q',
  ),
);

const rule = fc.record({
  rule: fc.constantFrom('minimumVerified', 'noOpenFlags', 'licences', 'policy', 'x<y'),
  passed: fc.boolean(),
  summary: words,
  remedy: fc.option(words, { nil: undefined }),
  found: fc.array(
    fc.record({
      at: fc.nat(2),
      line: fc.option(fc.integer({ min: 1, max: 1e7 }), { nil: undefined }),
      message: words,
    }),
    { maxLength: 4 },
  ),
  more: fc.nat(3),
});

const verdicts: fc.Arbitrary<ShownVerdict> = fc
  .record({
    paths: fc.uniqueArray(
      // As `shownVerdict` makes them: file names of Windows may have lone surrogates.
      words.map(wellFormed).map((word) => `${word}/t.${word.length % 2 === 0 ? 'jsonl' : 'parquet'}`),
      { minLength: 1, maxLength: 3 },
    ),
    sha256: fc.option(fc.constant('ab'.repeat(32)), { nil: undefined }),
    rules: fc.uniqueArray(rule, { minLength: 1, maxLength: 5, selector: (item) => item.rule }),
  })
  .map(({ paths, sha256, rules }) => ({
    passed: rules.every(({ passed }) => passed),
    policy: { path: '.provenance/policy.jsonc', sha256: 'cd'.repeat(32) },
    datasets: paths.map((path) => ({ path, ...(sha256 !== undefined && { sha256 }), samples: 3 })),
    rules: rules.map(({ found, remedy, passed, ...rest }) => ({
      ...rest,
      passed,
      ...(remedy !== undefined && { remedy }),
      findings: passed
        ? []
        : found.map(({ at, line, message }) => ({
            dataset: paths[at % paths.length]!,
            ...(line !== undefined && { line }),
            message,
          })),
      more: passed ? 0 : rest.more,
    })),
  }));

interface Sarif {
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly rules: readonly {
          readonly id: string;
          readonly shortDescription: { readonly text: string };
          readonly fullDescription: { readonly text: string };
          readonly help: { readonly text: string };
        }[];
      };
    };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly message: { readonly text: string };
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

const isSarif = sarifValidator();

describe('SARIF', () => {
  it('is valid by the published schema, whatever the verdict says', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const log = JSON.parse(JSON.stringify(sarifLog(verdict, FOLDER))) as Sarif;
        assert.ok(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 3)));
        const [run] = log.runs;
        const denied = verdict.rules.flatMap(({ passed }, index) => (passed ? [] : [index]));
        assert.deepEqual([...new Set(run!.results.map(({ ruleIndex }) => ruleIndex))], denied);
        for (const { ruleId, ruleIndex } of run!.results)
          assert.equal(run!.tool.driver.rules[ruleIndex]?.id, ruleId);
        const prints = run!.results.map(({ partialFingerprints }) => partialFingerprints['provenance/v1']);
        assert.equal(new Set(prints).size, prints.length);
      }),
      { numRuns: 300 },
    );
  });

  it('finds what is wrong', () => {
    const log = sarifLog(denied([]), FOLDER) as { runs: object[] };
    assert.ok(isSarif(log));
    assert.ok(!isSarif({ ...log, version: '2.0.0' }));
    assert.ok(
      !isSarif({ ...log, runs: [{ ...log.runs[0], results: [{ ruleId: 'x' }] }] }),
      'a message is required',
    );
  });

  it('names lines of texts, and rows of other files only by name and in words', () => {
    const log = sarifLog(
      denied([
        { dataset: 'a dir/t#1.jsonl', line: 7, message: 'm' },
        { dataset: 'p.parquet', line: 9, message: 'm' },
        { dataset: '/else where/z.jsonl', message: 'm' },
      ]),
      FOLDER,
    ) as Sarif;
    const places = log.runs[0]!.results.map(({ locations: [place] }) => place!.physicalLocation);
    assert.deepEqual(
      places.map(({ artifactLocation, region }) => [artifactLocation.uri, region.startLine]),
      [
        ['a%20dir/t%231.jsonl', 7],
        ['p.parquet', 1],
        ['file:///else%20where/z.jsonl', 1],
      ],
    );
    assert.deepEqual(
      log.runs[0]!.results.map(({ message }) => message.text),
      ['m Do.', 'Row 9: m Do.', 'm Do.'],
    );
  });

  it('has what GitHub asks for: https://docs.github.com/code-security/reference/code-scanning/sarif-support', () => {
    const isShort = (text: string | undefined) => text !== undefined && text !== '' && text.length <= 1024;
    const rules = ['policy', 'datasets', ...Object.keys(RULES)].map((name) => ({
      ...denied([]).rules[0]!,
      rule: name,
    }));
    const [run] = (sarifLog({ ...denied([]), rules }, FOLDER) as Sarif).runs;
    assert.equal(run!.tool.driver.rules.length, rules.length);
    for (const { id, shortDescription, fullDescription, help } of run!.tool.driver.rules) {
      for (const { text } of [shortDescription, fullDescription, help]) assert.ok(isShort(text), id);
    }
    for (const { message, locations, partialFingerprints } of run!.results) {
      assert.notEqual(message.text, '');
      assert.equal(locations.length, 1);
      assert.ok(locations[0]!.physicalLocation.region.startLine >= 1);
      assert.notDeepEqual(partialFingerprints, {});
    }
  });

  it('keeps fingerprints when lines move', () => {
    const printsOf = (line: number) =>
      (
        sarifLog(denied([{ dataset: 't.jsonl', line, message: 'flagged' }]), FOLDER) as Sarif
      ).runs[0]!.results.map(({ partialFingerprints }) => partialFingerprints);
    assert.deepEqual(printsOf(1), printsOf(100));
  });
});

describe('JUnit XML', () => {
  it('is well-formed, and says of each rule and dataset what the verdict does', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const root = new XmlReader(junitXml(verdict)).read();
        assert.equal(root.name, 'testsuites');
        const cases = root.children.flatMap(({ children }) => children);
        const failures = cases.filter(({ children }) => children.length > 0);
        assert.equal(root.attributes['tests'], String(cases.length));
        assert.equal(root.attributes['failures'], String(failures.length));
        assert.equal(failures.length === 0, verdict.passed);
        verdict.rules.forEach(({ passed, findings }, index) => {
          const suite = root.children[index]!;
          const several = verdict.datasets.length > 1;
          assert.equal(suite.children.length, verdict.datasets.length + (several ? 1 : 0));
          assert.equal(hasFailed(suite.children[0]!), !passed);
          if (!several) return;
          verdict.datasets.forEach(({ path }, at) => {
            const found = findings.some(({ dataset }) => dataset === path);
            assert.equal(hasFailed(suite.children[at + 1]!), found);
          });
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('The signed verdict', () => {
  const signer = ed25519Signer(new Uint8Array(32).fill(7));

  it('is an in-toto SVR about the bytes that were checked, and says passed only where all rules did', async () => {
    await fc.assert(
      fc.asyncProperty(verdicts, async (verdict) => {
        if (verdict.datasets.some(({ sha256 }) => sha256 === undefined)) {
          await assert.rejects(signedVerdict(verdict, TIME, signer), { code: 'nothing-to-sign' });
          return;
        }
        const bytes = await signedVerdict(verdict, TIME, signer);
        assert.equal(bytes.at(-1), 0x0a);
        const { payload, payloadType, signatures } = parseEnvelope(bytes);
        const message = preAuthEncoding(payloadType, payload);
        assert.equal(verifySignature(signer.publicKey, signatures[0]!.sig, message), 'valid');
        const statement = JSON.parse(new TextDecoder().decode(payload)) as {
          subject: { digest: { sha256: string } }[];
          predicateType: string;
          predicate: {
            verifier: { id: string; policies: object[] };
            timeCreated: string;
            properties: string[];
          };
        };
        assert.equal(statement.predicateType, SVR_TYPE);
        assert.equal(statement.subject.length, verdict.datasets.length);
        const { verifier, timeCreated, properties } = statement.predicate;
        assert.equal(timeCreated, TIME);
        assert.equal(verifier.policies.length, 1);
        assert.equal(properties.includes('DATASET_PROVENANCE_POLICY_PASSED'), verdict.passed);
        const passed = new Set(verdict.rules.filter((item) => item.passed).map((item) => item.rule));
        for (const { rule: name } of verdict.rules.filter((item) => !item.passed)) passed.delete(name);
        assert.equal(properties.includes('DATASET_PROVENANCE_RULE_NO_OPEN_FLAGS'), passed.has('noOpenFlags'));
      }),
      { numRuns: 40 },
    );
  });
});

describe('The report for people', () => {
  it('has sign and word of each rule, findings with place and remedy', () => {
    const { text, io } = recorded();
    sayVerdict(io, {
      ...denied([{ dataset: 't.jsonl', line: 12, message: 'flagged as poisoning' }]),
      rules: [
        {
          rule: 'minimumVerified',
          passed: true,
          summary: 'All 3 samples are verified.',
          findings: [],
          more: 0,
        },
        {
          rule: 'noOpenFlags',
          passed: false,
          summary: '1 sample has an open flag.',
          remedy: 'Look into the flag.',
          findings: [{ dataset: 't.jsonl', line: 12, message: 'flagged as \u001b[31mpoisoning' }],
          more: 2,
        },
      ],
    });
    assert.equal(
      text(),
      [
        't.jsonl: denied by .provenance/policy.jsonc',
        '  3 samples, 1 of 2 rules did not pass.',
        '',
        '  ✓ passed  minimumVerified  All 3 samples are verified.',
        '  ✗ failed  noOpenFlags      1 sample has an open flag.',
        '      t.jsonl:12: flagged as \\u001B[31mpoisoning',
        '      and 2 more',
        '      next  Look into the flag.',
        '',
      ].join('\n'),
    );
  });
});

describe('A verdict as it is shown', () => {
  it('has paths from the current directory, also within sentences', () => {
    const path = `${process.cwd()}/data/t\ud800.jsonl`;
    const shown = shownVerdict({
      passed: false,
      policy: { path: `${process.cwd()}/.provenance/policy.jsonc`, sha256: '' },
      datasets: [{ path, sha256: undefined, samples: 0 }],
      rules: [
        {
          rule: 'r',
          passed: false,
          summary: { template: '{path} and {other}', args: { path, other: '/elsewhere/x' } },
          findings: [
            { dataset: path, line: 1, sentence: { template: 'no {thing}', args: { thing: 'a/b' } } },
          ],
          more: 0,
        },
      ],
    });
    assert.deepEqual(checkJson(shown, [], []), {
      version: 1,
      passed: false,
      policy: { path: '.provenance/policy.jsonc', sha256: '' },
      datasets: [{ path: 'data/t\ufffd.jsonl', samples: 0 }],
      rules: [
        {
          rule: 'r',
          passed: false,
          summary: 'data/t\ufffd.jsonl and /elsewhere/x',
          findings: [{ dataset: 'data/t\ufffd.jsonl', line: 1, message: 'no a/b' }],
          more: 0,
        },
      ],
      allowedSigners: [],
      problems: [],
    });
  });
});

function denied(findings: ShownVerdict['rules'][number]['findings']): ShownVerdict {
  return {
    passed: false,
    policy: { path: '.provenance/policy.jsonc', sha256: 'cd'.repeat(32) },
    datasets: [{ path: 't.jsonl', sha256: 'ab'.repeat(32), samples: 3 }],
    rules: [{ rule: 'noOpenFlags', passed: false, summary: 'No.', remedy: 'Do.', findings, more: 0 }],
  };
}

function hasFailed({ children: [child] }: XmlElement): boolean {
  return child?.name === 'failure';
}

function recorded(): { text: () => string; io: Io } {
  let written = '';
  const stdout = { write: (text: string) => (written += text) };
  return {
    text: () => written,
    io: { stdout, stderr: stdout, env: {}, signal: new AbortController().signal },
  };
}

/** The published schema is of draft 4, of which it uses nothing that draft 7 reads otherwise but the name of its id. */
function sarifValidator() {
  const path = join(import.meta.dirname, '../../schemas/sarif-2.1.0/sarif-2.1.0-rtm.5.json');
  const { $schema, id, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as {
    $schema: string;
    id: string;
  };
  assert.equal($schema, 'http://json-schema.org/draft-04/schema#');
  const ajv = new Ajv({ strict: false, unicodeRegExp: false });
  addFormats(ajv);
  return ajv.compile({ ...schema, $id: id });
}
