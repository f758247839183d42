import type { MessageArguments } from '../errors.ts';

/** What checking datasets against a policy gives: the same for the program, its reports, and the editor's checklist. */
export interface PolicyVerdict {
  /** Whether every rule passed. Never true where the policy or a dataset could not be read. */
  readonly passed: boolean;
  readonly policy: { readonly path: string; readonly sha256: string };
  readonly datasets: readonly CheckedDataset[];
  /** In the order of the policy; `problems` of the policy itself come as a result of the rule `policy`. */
  readonly rules: readonly RuleResult[];
}

export interface CheckedDataset {
  readonly path: string;
  /** Of the bytes that were checked; 64 hex digits. Undefined where the file could not be read. */
  readonly sha256: string | undefined;
  readonly samples: number;
}

export interface RuleResult {
  /** Name of the rule as it stands in the policy. */
  readonly rule: string;
  readonly passed: boolean;
  /** What the rule asks for, and what was found: one sentence, with the numbers. */
  readonly summary: Sentence;
  /** What to do where it did not pass. */
  readonly remedy?: Sentence;
  /** Where it did not pass, the gravest first; capped, `more` says how many were left out. */
  readonly findings: readonly RuleFinding[];
  readonly more: number;
}

export interface RuleFinding {
  /** Path of the dataset. */
  readonly dataset: string;
  /** 1-based, where it is about one sample. */
  readonly line?: number;
  readonly sentence: Sentence;
}

/** A template with its arguments, translated where it is shown. */
export interface Sentence {
  readonly template: string;
  readonly args: MessageArguments;
}

/** Of an error or an issue, whose template is handed to translators where it is made. */
export function sentenceOf({ template, args }: Sentence): Sentence {
  return { template, args };
}

/** Named, so that its template is found and handed to translators. */
export function sentence(template: string, args: MessageArguments = {}): Sentence {
  return { template, args };
}
