import { untrustedText } from '../../protocol/untrustedText.ts';
import { placeOf } from './policyReport.ts';
import type { ShownFinding, ShownRule, ShownVerdict } from './shownVerdict.ts';

/** A text in a report is cut after so many UTF-16 code units. */
const SHOWN_TEXT = 2000;
const WHOLE = 'all datasets';

/**
 * The verdict as JUnit XML, as CI systems read it: a suite for each rule, in it a case for each dataset, and where there
 * are several, one for all of them together. A case fails where the rule found something in its dataset; the case of all
 * fails where the rule does. Cases have the same names whatever the outcome.
 */
export function junitXml({ policy, datasets, rules }: ShownVerdict): string {
  const paths = datasets.map(({ path }) => path);
  const suites = rules.map((rule) => suiteOf(rule, paths));
  const tests = suites.reduce((sum, suite) => sum + suite.tests, 0);
  const failures = suites.reduce((sum, suite) => sum + suite.failures, 0);
  const head = attributes({ name: `provenance check by ${policy.path}`, tests, failures, errors: 0 });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${suites.map(({ xml }) => xml).join('')}</testsuites>\n`;
}

function suiteOf(
  rule: ShownRule,
  paths: readonly string[],
): { xml: string; tests: number; failures: number } {
  const cases = paths.length === 1 ? [] : [caseOf(rule, WHOLE, rule.passed ? undefined : rule.findings)];
  for (const path of paths) {
    const found = rule.findings.filter(({ dataset }) => dataset === path);
    const fails = !rule.passed && (found.length > 0 || paths.length === 1);
    cases.push(caseOf(rule, path, fails ? (paths.length === 1 ? rule.findings : found) : undefined));
  }
  const failures = cases.filter(({ failed }) => failed).length;
  const head = attributes({ name: rule.rule, tests: cases.length, failures, errors: 0 });
  const xml = `  <testsuite${head}>\n${cases.map((item) => item.xml).join('')}  </testsuite>\n`;
  return { xml, tests: cases.length, failures };
}

/** @param findings why it failed; undefined where it did not */
function caseOf(
  rule: ShownRule,
  name: string,
  findings: readonly ShownFinding[] | undefined,
): { xml: string; failed: boolean } {
  const head = attributes({ classname: `provenance.${rule.rule}`, name });
  if (!findings) return { xml: `    <testcase${head}/>\n`, failed: false };
  const lines = [
    ...findings.map((finding) => `${placeOf(finding)}: ${finding.message}`),
    ...(rule.more > 0 ? [`and ${rule.more} more`] : []),
    ...(rule.remedy === undefined ? [] : [`Next: ${rule.remedy}`]),
  ];
  const failure = `<failure${attributes({ message: rule.summary, type: rule.rule })}>${lines.map(escaped).join('\n')}</failure>`;
  return { xml: `    <testcase${head}>${failure}</testcase>\n`, failed: true };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text as XML 1.0 may hold it: hidden characters are escaped first, as many of them it must not hold at all. */
function escaped(text: string): string {
  return untrustedText(text, SHOWN_TEXT).replace(
    /[&<>"']|[\uFFFE\uFFFF]/g,
    (found) => ENTITIES[found] ?? '\uFFFD',
  );
}
