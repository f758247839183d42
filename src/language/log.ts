import * as l10n from '@vscode/l10n';
import type { LogState } from '../core/log/logState.ts';
import { fullSignerName } from './explain.ts';

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
