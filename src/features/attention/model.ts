import type { Status } from '../../core/trust/status.ts';
import { ATTENTION } from '../../core/trust/report.ts';
import type { AssessmentData } from '../../protocol/datasetWorker.ts';

/** Why a sample needs attention: a status, or an open flag. */
export type Reason = 'flagged' | Status;

export const REASONS: readonly Reason[] = ['flagged', ...ATTENTION];

/** Lines of a file by reason. A flagged sample counts as flagged, whatever its status. */
export interface AttentionGroup {
  readonly reason: Reason;
  readonly count: number;
  /** The first of them, 1-based. */
  readonly lines: readonly number[];
}

/** How many lines a group lists. */
export const MAX_LISTED = 500;

export interface AttentionSource {
  readonly assessment: AssessmentData | undefined;
  status(line: number): Status | undefined;
  review(line: number): { readonly state: 'flagged' | 'cleared' } | undefined;
}

/** What needs attention in a dataset, the worst first; empty where nothing does. */
export function attentionGroups(source: AttentionSource): AttentionGroup[] {
  const { assessment } = source;
  if (!assessment) return [];
  const lines = new Map<Reason, number[]>();
  const counts = new Map<Reason, number>();
  const interesting = assessment.flagged > 0 || ATTENTION.some((status) => assessment.counts[status] > 0);
  for (let line = 1; interesting && line <= assessment.lineCount; line++) {
    const reason = attentionReason(source, line);
    if (reason === undefined) continue;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const listed = lines.get(reason) ?? [];
    lines.set(reason, listed);
    if (listed.length < MAX_LISTED) listed.push(line);
  }
  return REASONS.flatMap((reason) => {
    const listed = lines.get(reason);
    return listed ? [{ reason, count: counts.get(reason) ?? 0, lines: listed }] : [];
  });
}

/** Why a line needs attention, or undefined where it does not. */
export function attentionReason(source: AttentionSource, line: number): Reason | undefined {
  if (source.review(line)?.state === 'flagged') return 'flagged';
  const status = source.status(line);
  return status !== undefined && ATTENTION.includes(status) ? status : undefined;
}

/** The next line after `from` (or before it) that needs attention, going round at the end. */
export function nextAttentionLine(
  source: AttentionSource,
  from: number,
  lineCount: number,
  direction: 1 | -1,
): number | undefined {
  for (let step = 1; step <= lineCount; step++) {
    const line = ((from - 1 + direction * step + lineCount * 2) % lineCount) + 1;
    if (attentionReason(source, line) !== undefined) return line;
  }
  return undefined;
}
