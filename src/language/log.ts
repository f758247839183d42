import * as l10n from '@vscode/l10n';
import type { LogState } from '../core/log/logState.ts';
import { explainVerdict, fullSignerName, type Judgement } from './explain.ts';

/**
 * What a dataset's evidence log shows, in a sentence. Only of a complete log may one say that a flag which is not here was
 * never raised here.
 *
 * @returns undefined where there is no evidence
 */
export function explainLog(log: LogState): string | undefined {
  const { size, checkpoint } = log;
  switch (log.standing) {
    case 'complete':
      return completeSentence(size, checkpoint?.witnesses ?? 0, checkpoint ? fullSignerName(checkpoint) : '');
    case 'unsigned':
      if (checkpoint?.trusted === true) {
        return l10n.t(
          'Log complete to {0} of {1} lines; whether any were removed behind them cannot be told.',
          checkpoint.size,
          size,
        );
      }
      return checkpoint
        ? l10n.t(
            'The log is signed by {0}, whose signature does not count here: whether evidence was removed cannot be told.',
            fullSignerName(checkpoint),
          )
        : l10n.t('The log is not signed: whether evidence was removed cannot be told.');
    case 'removed':
      return l10n.t(
        'Evidence was removed or changed. Flags may be gone; copy .provenance again from where it came from.',
      );
    case 'unreadable':
      return l10n.t('The log could not be checked: whether evidence was removed cannot be told.');
    case 'empty':
      return undefined;
  }
}

/**
 * What may be said of flags where none is found: that there is none, of complete logs only.
 *
 * @param logs of all evidence that was looked into
 * @returns undefined where there is no evidence
 */
export function explainNoFlag(logs: Iterable<Pick<LogState, 'standing' | 'size'>>): string | undefined {
  const present = [...logs].filter(({ standing }) => standing !== 'empty');
  const [first] = present;
  if (!first) return undefined;
  if (present.some(({ standing }) => standing === 'removed')) {
    return l10n.t('Flags may be gone: evidence was removed or changed.');
  }
  if (present.some(({ standing }) => standing !== 'complete')) {
    return l10n.t('Whether a flag was removed cannot be told: the log is not complete.');
  }
  return present.length === 1
    ? l10n.t('No flag; log complete to {0}.', first.size)
    : l10n.t('No flag; all {0} logs are complete.', present.length);
}

/**
 * As {@link explainNoFlag}, for a sample of a dataset: flags on it may have stood in evidence of another one that is missing,
 * or stand in what could not be read.
 */
export function explainNoFlagOn({
  log,
  problems,
}: {
  readonly log?: LogState;
  readonly problems: readonly { readonly error: { readonly code: string } }[];
}): string | undefined {
  const isRemoved = problems.some(({ error }) => error.code === 'evidence-removed');
  if (isRemoved) return explainNoFlag([{ standing: 'removed', size: 0 }]);
  if (problems.length > 0) return l10n.t('Whether it is flagged cannot be told: evidence has problems.');
  return log && explainNoFlag([log]);
}

/** What is said of a dataset as a whole: how it compares with what was signed, and what its log shows. */
export function explainDataset(judgement: Judgement & { readonly log?: LogState }): string {
  const { log } = judgement;
  return [explainVerdict(judgement), log && explainLog(log)]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

/** That evidence is missing, in two words. */
export function removedPhrase(): string {
  return l10n.t('evidence removed');
}

function completeSentence(size: number, witnesses: number, signer: string): string {
  if (witnesses === 0) return l10n.t('Log complete to {0}, says {1}.', size, signer);
  return witnesses === 1
    ? l10n.t('Log complete to {0}, says {1}; seen by one witness.', size, signer)
    : l10n.t('Log complete to {0}, says {1}; seen by {2} witnesses.', size, signer, witnesses);
}
