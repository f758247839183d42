import { untrustedText } from '../../protocol/untrustedText.ts';
import { countOf } from '../lines.ts';
import { say, type Io, type Span } from '../terminal.ts';
import type { ShownFinding, ShownRule, ShownVerdict } from './shownVerdict.ts';

/** How many findings of a rule a report for people has. */
const LISTED = 10;

/** Prints the verdict as a checklist: a rule with sign and word, what was found, and what to do. */
export function sayVerdict(io: Io, verdict: ShownVerdict): void {
  const { datasets, policy, rules, passed } = verdict;
  const failed = rules.filter((rule) => !rule.passed).length;
  const samples = datasets.reduce((sum, dataset) => sum + dataset.samples, 0);
  const [only] = datasets;
  const what = datasets.length === 1 && only ? only.path : countOf(datasets.length, 'dataset');
  const outcome: Span = passed ? { text: 'passed', tone: 'good' } : { text: 'denied', tone: 'bad' };
  say(io, { text: what, tone: 'strong' }, ': ', outcome, ` by ${policy.path}`);
  const count = passed
    ? `${countOf(rules.length, 'rule')} passed`
    : `${failed} of ${countOf(rules.length, 'rule')} did not pass`;
  say(io, `  ${countOf(samples, 'sample')}, ${count}.`);
  say(io);
  const width = Math.max(0, ...rules.map(({ rule }) => rule.length));
  for (const rule of rules) sayRule(io, rule, width);
}

function sayRule(io: Io, rule: ShownRule, width: number): void {
  const sign: Span = rule.passed ? { text: '✓ passed', tone: 'good' } : { text: '✗ failed', tone: 'bad' };
  say(io, '  ', sign, `  ${rule.rule.padEnd(width)}  ${rule.summary}`);
  if (rule.passed) return;
  const listed = rule.findings.slice(0, LISTED);
  for (const finding of listed) say(io, `      ${placeOf(finding)}: ${finding.message}`);
  const left = rule.findings.length - listed.length;
  if (left > 0 || rule.more > 0) {
    const hint = left > 0 ? '; --json lists more of them' : '';
    say(io, `      and ${left + rule.more} more${hint}`);
  }
  if (rule.remedy !== undefined) say(io, { text: '      next', tone: 'strong' }, `  ${rule.remedy}`);
}

/** `train.jsonl:12`, or the dataset alone. */
export function placeOf({ dataset, line }: ShownFinding): string {
  const path = untrustedText(dataset, 300);
  return line === undefined ? path : `${path}:${String(line)}`;
}
