import { STATUS_CODE, statusOf, type Status } from '../../core/trust/status.ts';
import { ATTENTION } from '../../core/trust/report.ts';
import type { AssessmentData } from '../../protocol/datasetWorker.ts';

/** Why a sample needs attention: a status, an open flag, or one on what it was made of. */
export type Reason = 'flagged' | 'upstream' | Status;

export const REASONS: readonly Reason[] = ['flagged', 'upstream', ...ATTENTION];

/** Lines of a file by reason. A flagged sample counts as flagged, whatever its status; so does one flagged upstream. */
export interface AttentionGroup {
  readonly reason: Reason;
  readonly count: number;
  /** The first of them, 1-based. */
  readonly lines: readonly number[];
}

/** How many lines a group lists. */
export const MAX_LISTED = 500;

/** What is known of the lines of a dataset. */
export type AttentionSource = Pick<
  AssessmentData,
  'statuses' | 'reviews' | 'upstream' | 'counts' | 'flagged' | 'flaggedUpstream'
>;

/** What needs attention in a dataset, the worst first; empty where nothing does. One pass over all lines. */
export function attentionGroups(source: AttentionSource): AttentionGroup[] {
  const { flagged, flaggedUpstream, counts: byStatus } = source;
  if (flagged + flaggedUpstream === 0 && ATTENTION.every((status) => byStatus[status] === 0)) return [];
  const codes = reasonCodes(source);
  const lines = new Map<Reason, number[]>(REASONS.map((reason) => [reason, []]));
  const counts = new Map<Reason, number>();
  for (let at = 0; at < codes.length; at++) {
    if (NEEDS_ATTENTION[codes[at]!] === 0) continue;
    const reason = reasonOf(codes[at]!);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const listed = lines.get(reason)!;
    if (listed.length < MAX_LISTED) listed.push(at + 1);
  }
  return REASONS.map((reason) => ({
    reason,
    count: counts.get(reason) ?? 0,
    lines: lines.get(reason) ?? [],
  })).filter(({ count }) => count > 0);
}

/**
 * The next line after `from` (or before it) that needs attention, going round at the end.
 * @param isShown whether a line can be gone to
 */
export function nextAttentionLine(
  source: AttentionSource,
  from: number,
  direction: 1 | -1,
  isShown: (line: number) => boolean,
): number | undefined {
  const codes = reasonCodes(source);
  const count = codes.length;
  let at = from - 1;
  for (let step = 1; step <= count; step++) {
    at += direction;
    if (at >= count) at = 0;
    else if (at < 0) at = count - 1;
    if (NEEDS_ATTENTION[codes[at]!] === 1 && isShown(at + 1)) return at + 1;
  }
  return undefined;
}

/** Beside the codes of statuses. */
const FLAGGED = 254;
const UPSTREAM = 253;

/** By code: 1 for what needs attention. Codes that are no status are 0. */
const NEEDS_ATTENTION = new Uint8Array(256);
for (const code of [FLAGGED, UPSTREAM, ...ATTENTION.map((status) => STATUS_CODE[status])]) {
  NEEDS_ATTENTION[code] = 1;
}

function reasonOf(code: number): Reason {
  if (code === FLAGGED) return 'flagged';
  return code === UPSTREAM ? 'upstream' : statusOf(code);
}

/** The code of each line: of its status, or that of an open flag, or of one upstream. */
function reasonCodes({ statuses, reviews, upstream }: AttentionSource): Uint8Array {
  const codes = statuses.slice();
  for (const { line } of upstream) if (line <= codes.length) codes[line - 1] = UPSTREAM;
  for (const { line, state } of reviews) {
    if (state === 'flagged' && line <= codes.length) codes[line - 1] = FLAGGED;
  }
  return codes;
}
