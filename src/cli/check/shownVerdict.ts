import { wellFormed } from '../../core/lineage/export/jsonText.ts';
import type { PolicyVerdict, RuleFinding, RuleResult } from '../../core/policy/verdict.ts';
import { sentenceText } from '../../language/policy.ts';
import { shownPath as pathBelow } from '../report.ts';

/**
 * A verdict as the program's reports show it: sentences in English, paths from the current directory where they lie below
 * it. Of this one form all reports are made, so that they cannot disagree.
 */
export interface ShownVerdict {
  readonly passed: boolean;
  readonly policy: { readonly path: string; readonly sha256: string };
  readonly datasets: readonly ShownDataset[];
  readonly rules: readonly ShownRule[];
}

export interface ShownDataset {
  readonly path: string;
  /** 64 hex digits; absent where the file could not be read. */
  readonly sha256?: string;
  readonly samples: number;
}

export interface ShownRule {
  readonly rule: string;
  readonly passed: boolean;
  readonly summary: string;
  readonly remedy?: string;
  readonly findings: readonly ShownFinding[];
  /** How many findings were left out. */
  readonly more: number;
}

export interface ShownFinding {
  readonly dataset: string;
  /** Line or row, from 1. */
  readonly line?: number;
  readonly message: string;
}

export function shownVerdict({ passed, policy, datasets, rules }: PolicyVerdict): ShownVerdict {
  return {
    passed,
    policy: { path: shownPath(policy.path), sha256: policy.sha256 },
    datasets: datasets.map(({ path, sha256, samples }) => ({
      path: shownPath(path),
      ...(sha256 !== undefined && { sha256 }),
      samples,
    })),
    rules: rules.map(shownRule),
  };
}

function shownRule({ rule, passed, summary, remedy, findings, more }: RuleResult): ShownRule {
  return {
    rule,
    passed,
    summary: sentenceText(summary, shownPath),
    ...(remedy && { remedy: sentenceText(remedy, shownPath) }),
    findings: findings.map(shownFinding),
    more,
  };
}

function shownFinding({ dataset, line, sentence }: RuleFinding): ShownFinding {
  return {
    dataset: shownPath(dataset),
    ...(line !== undefined && { line }),
    message: sentenceText(sentence, shownPath),
  };
}

/** Lone surrogates, which file names of Windows may have, have no UTF-8: no report could hold them. */
function shownPath(path: string): string {
  return wellFormed(pathBelow(path));
}
