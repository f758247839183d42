import * as l10n from '@vscode/l10n';
import { describeMalformed } from '../../core/sample/canonicalJson.ts';
import type { LogProblem, LogState } from '../../core/log/logState.ts';
import { STATUS_CODE, type Status } from '../../core/trust/status.ts';
import { explainStatus } from '../../language/explain.ts';
import { categoryWord, severityWord, statusWord } from '../../language/words.ts';
import { explainUpstream, upstreamDoubts, upstreamReason, upstreamWord } from '../../language/upstream.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import type {
  AssessmentData,
  LineReview,
  LineUpstream,
  StatementData,
} from '../../protocol/datasetWorker.ts';

export interface Problem {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: Status | 'flagged' | 'upstream' | 'more' | 'evidence-removed';
}

export interface ProblemSource {
  readonly assessment: AssessmentData | undefined;
  covering(line: number): StatementData | undefined;
}

/**
 * Modified, malformed and flagged samples, and those flagged upstream, in order of their lines.
 * @param limit at most so many; a last entry then says how many more there are
 * @param describe the sentence of an error in the user's language
 */
export function problemsOf(
  dataset: ProblemSource,
  limit: number,
  describe: (error: ReturnType<typeof describeMalformed>) => string,
): Problem[] {
  const { assessment } = dataset;
  if (!assessment) return [];
  const { counts, statements } = assessment;
  const total = counts.modified + counts.malformed + assessment.flagged + assessment.flaggedUpstream;
  const malformed = assessment.malformed.slice(0, limit).map((item): Problem => ({
    line: item.line,
    message: `${statusWord('malformed')}: ${describe(describeMalformed(item.malformed))}`,
    severity: 'error',
    code: 'malformed',
  }));
  const flagged = assessment.reviews
    .filter(({ state }) => state === 'flagged')
    .slice(0, limit)
    .map(flagProblem);
  const upstream = assessment.upstream.slice(0, limit).map((found) => upstreamProblem(found, statements));
  const modified: Problem[] = [];
  if (assessment.counts.modified > 0) {
    const { statuses } = assessment;
    const code = STATUS_CODE.modified;
    for (let at = statuses.indexOf(code); at !== -1; at = statuses.indexOf(code, at + 1)) {
      if (modified.length >= limit) break;
      const line = at + 1;
      modified.push({
        line,
        message: `${statusWord('modified')}: ${explainStatus('modified', dataset.covering(line))}`,
        severity: 'error',
        code: 'modified',
      });
    }
  }
  const all = [...malformed, ...modified, ...flagged, ...upstream]
    .sort((a, b) => a.line - b.line)
    .slice(0, limit);
  if (total > all.length) {
    all.push({
      line: 1,
      message: l10n.t('{0} more samples of this dataset need attention.', total - all.length),
      severity: 'information',
      code: 'more',
    });
  }
  return all;
}

/** That evidence of the dataset itself is missing: one problem, whatever tells it. */
export function removedProblem(
  log: LogState | undefined,
  describe: (problem: LogProblem) => string,
): Problem | undefined {
  if (log?.standing !== 'removed') return undefined;
  const reasons = log.problems.map(describe).join(' ');
  return {
    line: 1,
    message: `${l10n.t('Evidence of this dataset was removed or changed, and flags may be gone.')} ${reasons}`,
    severity: 'error',
    code: 'evidence-removed',
  };
}

function flagProblem(review: LineReview): Problem {
  const { line, category, severity, trusted, threads } = review;
  const reason = threads.find(({ state }) => state === 'flagged')?.reviews[0]?.reason ?? '';
  const who = trusted ? '' : ` (${l10n.t('signer not trusted')})`;
  return {
    line,
    message: `${l10n.t('flagged')}: ${categoryWord(category)}, ${severityWord(severity)}${who}: ${untrustedText(reason, 300)}`,
    severity: severity === 'high' || severity === 'critical' ? 'error' : 'warning',
    code: 'flagged',
  };
}

/** Never an error: the sample itself may be fine by now. */
function upstreamProblem(found: LineUpstream, statements: readonly StatementData[]): Problem {
  const sentences = [explainUpstream(found, statements), ...upstreamDoubts(found)].join(' ');
  const reason = upstreamReason(found, statements);
  return {
    line: found.line,
    message: `${upstreamWord()}: ${untrustedText(reason === undefined ? sentences : `${sentences} ${reason}`, 600)}`,
    severity: 'warning',
    code: 'upstream',
  };
}
