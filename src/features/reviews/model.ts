import * as l10n from '@vscode/l10n';
import { day, signerName } from '../../language/explain.ts';
import { categoryWord, severityWord, standingWord } from '../../language/words.ts';
import type { Category, Severity } from '../../core/evidence/predicates.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import type { AssessmentData, ReviewThreadData } from '../../protocol/datasetWorker.ts';

/** One flag on one line, as a comment thread shows it. */
export interface FlagThread {
  /** Same as long as it is the same flag on the same line. */
  readonly key: string;
  /** Digest of the flag's envelope. */
  readonly id: string;
  /** 1-based. */
  readonly line: number;
  readonly state: 'flagged' | 'cleared';
  readonly label: string;
  readonly comments: readonly { readonly author: string; readonly label: string; readonly body: string }[];
}

/** Hundreds of threads make an editor slow; Problems and the tree list the other flags. */
export const MAX_THREADS = 100;

/** The threads of a dataset: open flags first when there are too many to show. */
export function flagThreads(assessment: AssessmentData): FlagThread[] {
  const threads = assessment.reviews.flatMap(({ line, threads: ofLine }) =>
    ofLine.map((thread) => toThread(line, thread, assessment)),
  );
  if (threads.length <= MAX_THREADS) return threads;
  const open = threads.filter(({ state }) => state === 'flagged');
  const cleared = threads.filter(({ state }) => state === 'cleared');
  return [...open, ...cleared].slice(0, MAX_THREADS);
}

function toThread(line: number, thread: ReviewThreadData, assessment: AssessmentData): FlagThread {
  const first = thread.reviews[0];
  const label = first
    ? `${thread.state === 'flagged' ? l10n.t('Flagged') : l10n.t('Cleared')}: ${categoryWord(first.category)}, ${severityWord(first.severity)}`
    : '';
  return {
    key: `${String(line)}:${thread.id}:${String(thread.reviews.length)}:${thread.state}`,
    id: thread.id,
    line,
    state: thread.state,
    label,
    comments: thread.reviews.map(({ statement, verdict, reason, time }) => {
      const scoped = assessment.statements[statement];
      const standing = scoped && scoped.standing !== 'trusted' ? ` (${standingWord(scoped.standing)})` : '';
      return {
        author: untrustedText(scoped ? signerName(scoped) : '?', 80) + standing,
        label: `${verdict === 'cleared' ? l10n.t('cleared') : ''} ${day(time)}`.trim(),
        body: untrustedText(reason, 2000),
      };
    }),
  };
}

/** An open flag, and on which of the lines it stands. */
export interface OpenFlag extends Pick<ReviewThreadData, 'id' | 'category' | 'severity'> {
  readonly lines: readonly number[];
}

/** The open flags on lines, each once. */
export function openFlags(
  assessment: Pick<AssessmentData, 'reviews'>,
  lines: readonly number[],
): readonly OpenFlag[] {
  const wanted = new Set(lines);
  const flags = new Map<string, OpenFlag & { readonly lines: number[] }>();
  for (const { line, threads } of assessment.reviews) {
    if (!wanted.has(line)) continue;
    for (const { id, state, category, severity } of threads) {
      if (state !== 'flagged') continue;
      const known = flags.get(id);
      if (known) known.lines.push(line);
      else flags.set(id, { id, category, severity, lines: [line] });
    }
  }
  return [...flags.values()];
}

/** An open flag on a dataset or a step as a whole, by which samples here are flagged upstream. */
export interface WholeFlag {
  /** Digest of the flag's envelope. */
  readonly id: string;
  readonly kind: 'dataset' | 'step';
  /** What the flag calls it, and its digest: the subject of an answer. */
  readonly name: string;
  readonly sha256: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly signer: string;
  readonly reason: string;
  /** Path of the dataset in whose evidence the flag stands. */
  readonly evidenceOf: string;
}

/** The flags on datasets and steps that reach a dataset, each once. */
export function wholeFlags({
  upstream,
  statements,
}: Pick<AssessmentData, 'upstream' | 'statements'>): WholeFlag[] {
  const flags = new Map<string, WholeFlag>();
  for (const { category, severity, way } of upstream) {
    const statement = statements[way.review];
    if (way.flagged === 'sample' || !statement || flags.has(statement.envelopeDigest)) continue;
    flags.set(statement.envelopeDigest, {
      id: statement.envelopeDigest,
      kind: way.flagged,
      name: way.name,
      sha256: way.digest,
      category,
      severity,
      signer: signerName(statement),
      reason: statement.reason ?? '',
      evidenceOf: statement.dataset,
    });
  }
  return [...flags.values()];
}
