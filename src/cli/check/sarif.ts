import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { version } from '../../../package.json';
import { isRuleName, RULES } from '../../core/policy/rules.ts';
import { datasetFormatOfName } from '../../core/table/datasetFormat.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import type { ShownFinding, ShownRule, ShownVerdict } from './shownVerdict.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
/** What relative URIs are relative to: the directory in which the program ran. */
const BASE = '%SRCROOT%';
/** A message is cut after so many UTF-16 code units. */
const SHOWN_TEXT = 2000;

/**
 * The verdict as SARIF 2.1.0 (OASIS Standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/): a rule of the policy is a
 * reporting descriptor, each finding of one that did not pass a result of level `error`. It has all that code scanning of
 * GitHub asks for: descriptions of rules, and a line for each result.
 *
 * @param folder absolute path of the directory in which the program runs
 */
export function sarifLog(verdict: ShownVerdict, folder: string): object {
  const { datasets, policy, rules } = verdict;
  const fingerprints = new Map<string, number>();
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'provenance', semanticVersion: version, rules: rules.map(descriptorOf) } },
        invocations: [{ executionSuccessful: true }],
        originalUriBaseIds: { [BASE]: { uri: pathToFileURL(`${folder}/`).href } },
        artifacts: [
          ...datasets.map(({ path, sha256 }) => ({
            location: locationOf(path),
            roles: ['analysisTarget'],
            ...(sha256 !== undefined && { hashes: { 'sha-256': sha256 } }),
          })),
          { location: locationOf(policy.path), roles: ['policy'], hashes: { 'sha-256': policy.sha256 } },
        ],
        columnKind: 'utf16CodeUnits',
        results: rules.flatMap((rule, index) =>
          rule.passed ? [] : resultsOf(rule, index, verdict, fingerprints),
        ),
      },
    ],
  };
}

/** The same in each run, whatever was found. */
function descriptorOf({ rule }: ShownRule): object {
  const description = descriptionOf(rule);
  const [sentence = description] = description.split(/(?<=\.) /);
  return {
    id: rule,
    shortDescription: { text: sentence },
    fullDescription: { text: description },
    help: { text: description },
    defaultConfiguration: { level: 'error' },
  };
}

function descriptionOf(rule: string): string {
  if (isRuleName(rule)) return String(RULES[rule].shape.schema['description']);
  return rule === 'policy'
    ? 'The policy must be free of errors and have rules, or it lets nothing pass.'
    : 'Each dataset and its evidence must be readable.';
}

/** A rule that did not pass has a result at least, so that a reader of results alone does not take it for passed. */
function resultsOf(
  rule: ShownRule,
  ruleIndex: number,
  { datasets, policy }: ShownVerdict,
  fingerprints: Map<string, number>,
): object[] {
  const place = datasets[0]?.path ?? policy.path;
  const whole = { dataset: place, message: rule.summary };
  const findings: ShownFinding[] = rule.findings.length > 0 ? [...rule.findings] : [whole];
  if (rule.more > 0)
    findings.push({ dataset: place, message: `${rule.summary} ${rule.more} more are not listed.` });
  return findings.map((finding) => ({
    ruleId: rule.rule,
    ruleIndex,
    level: 'error',
    message: { text: shown(messageOf(finding, rule)) },
    locations: [placeOf(finding)],
    partialFingerprints: { 'provenance/v1': fingerprintOf(rule, finding, fingerprints) },
  }));
}

/** What is wrong, where it cannot be seen from the line, and what to do: readers of results do not show more. */
function messageOf({ dataset, line, message }: ShownFinding, { remedy }: ShownRule): string {
  const place = line === undefined || isText(dataset) ? '' : `Row ${line}: `;
  return `${place}${message}${remedy === undefined ? '' : ` ${remedy}`}`;
}

/** Findings about a whole file, and rows of files that have no lines, stand at the first line: GitHub shows none without. */
function placeOf({ dataset, line }: ShownFinding): object {
  const startLine = line !== undefined && isText(dataset) ? line : 1;
  return {
    physicalLocation: { artifactLocation: locationOf(dataset), region: { startLine } },
    ...(line !== undefined && {
      logicalLocations: [{ name: `#${line}`, fullyQualifiedName: `${dataset}#${line}`, kind: 'element' }],
    }),
  };
}

/** Rows of Parquet and compressed files are no lines of a text. */
function isText(dataset: string): boolean {
  const format = datasetFormatOfName(dataset);
  return format?.format !== 'parquet' && format?.compression === undefined;
}

function locationOf(path: string): object {
  if (/^(?:\/|[A-Za-z]:)/.test(path)) return { uri: pathToFileURL(path).href };
  return { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: BASE };
}

/** The same for the same finding after lines were moved; of several that are equal, each has a number. */
function fingerprintOf(
  { rule }: ShownRule,
  { dataset, message }: ShownFinding,
  seen: Map<string, number>,
): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([rule, dataset, message]))
    .digest('hex')
    .slice(0, 32);
  const nth = (seen.get(hash) ?? 0) + 1;
  seen.set(hash, nth);
  return `${hash}:${nth}`;
}

/** @returns never empty, which SARIF does not allow */
function shown(text: string): string {
  return untrustedText(text, SHOWN_TEXT) || '(no text)';
}
