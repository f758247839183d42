import type { ProblemJson } from '../json.ts';
import type { ShownVerdict } from './shownVerdict.ts';

/**
 * What `provenance check --json` prints. Members may be added; what changes otherwise gets another `version`. A rule lists
 * its gravest findings and counts the others in `more`.
 */
export interface CheckJson extends ShownVerdict {
  readonly version: 1;
  /** The files that say who is trusted. */
  readonly allowedSigners: readonly string[];
  /** What is wrong with the files that say who is trusted. */
  readonly problems: readonly ProblemJson[];
}

export function checkJson(
  verdict: ShownVerdict,
  allowedSigners: readonly string[],
  problems: readonly ProblemJson[],
): CheckJson {
  return { version: 1, ...verdict, allowedSigners, problems };
}
