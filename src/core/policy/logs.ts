import type { LogState } from '../log/logState.ts';
import { sentence, type Sentence } from './verdict.ts';

/** What a policy asks of the logs that it relies on: its rule `log`, or what holds without one. */
export interface LogDemand {
  /** Whether a trusted checkpoint has to be over all lines; otherwise only nothing may be known to be gone. */
  readonly complete: boolean;
  /** How many witnesses have to have seen it. */
  readonly witnesses: number;
}

/**
 * Why a log is not what is asked for. `removed` and `unreadable` (also: nobody looked) let nothing pass, whatever the
 * policy says.
 */
export type LogDoubt = 'removed' | 'unreadable' | 'empty' | 'unsigned' | 'witnesses';

/** What speaks against a log that is relied on; undefined where it is as asked for. */
export function logDoubt(log: LogState | undefined, demand: LogDemand): LogDoubt | undefined {
  const lost = logLoss(log);
  if (lost) return lost;
  const { standing, checkpoint } = log!;
  if (standing === 'complete')
    return (checkpoint?.witnesses ?? 0) < demand.witnesses ? 'witnesses' : undefined;
  if (!demand.complete && demand.witnesses === 0) return undefined;
  return standing === 'empty' ? 'empty' : 'unsigned';
}

/** What speaks against any log in scope: it may have held a flag. */
export function logLoss(log: LogState | undefined): 'removed' | 'unreadable' | undefined {
  if (!log || log.standing === 'unreadable') return 'unreadable';
  return log.standing === 'removed' ? 'removed' : undefined;
}

/** A doubt about a dataset's own log. */
export function ownLogSentence(doubt: LogDoubt, log: LogState | undefined, demand: LogDemand): Sentence {
  const [problem] = log?.problems ?? [];
  switch (doubt) {
    case 'removed':
      return problem ?? sentence('Evidence was removed.');
    case 'unreadable':
      return problem ?? sentence('Its evidence could not be read.');
    case 'empty':
      return sentence('It has no evidence of its own, so that nobody can say that none was removed.');
    case 'unsigned':
      return sentence(
        'No checkpoint of a trusted signer is over all {size} lines of its evidence, so that nobody can say that none was removed.',
        { size: log?.size ?? 0 },
      );
    case 'witnesses':
      return sentence('{witnesses} witnesses have seen its evidence; {wanted} are asked for.', {
        witnesses: log?.checkpoint?.witnesses ?? 0,
        wanted: demand.witnesses,
      });
  }
}

/** A doubt about the log of another bundle in scope. */
export function otherLogSentence(doubt: LogDoubt, bundle: string): Sentence {
  switch (doubt) {
    case 'removed':
      return sentence('Evidence was removed from {bundle}, which may be about its samples.', { bundle });
    case 'unreadable':
      return sentence('{bundle} could not be read, and may be about its samples.', { bundle });
    case 'empty':
    case 'unsigned':
      return sentence('{bundle} is relied on, and no checkpoint of a trusted signer is over all its lines.', {
        bundle,
      });
    case 'witnesses':
      return sentence('{bundle} is relied on, and fewer witnesses have seen it than are asked for.', {
        bundle,
      });
  }
}
