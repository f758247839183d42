/**
 * What the evidence log of a dataset shows (docs/formats.md, "The evidence log"): its bundle, compared with the newest
 * checkpoint beside it and with the newest state that this user has seen.
 *
 * - `complete`: the newest checkpoint of a trusted key is over exactly the lines that stand there, and nothing that was
 *   seen before is gone. Only then may "no flag" be said, with "log complete to N".
 * - `unsigned`: there are lines, and no checkpoint of a trusted key that covers them. Nothing can be said of what is gone.
 * - `removed`: lines that a checkpoint or an earlier look knew are gone, or are other ones now.
 * - `empty`: there is no evidence and none is known to have been there.
 * - `unreadable`: the bundle or the checkpoint could not be read.
 */
export type LogStanding = 'complete' | 'unsigned' | 'removed' | 'empty' | 'unreadable';

/** Of one dataset's log. */
export interface LogState {
  readonly standing: LogStanding;
  /** Lines that stand in the bundle, and the RFC 6962 root over their bytes, 64 hex digits. */
  readonly size: number;
  readonly root: string;
  /** The newest checkpoint whose signature is valid. */
  readonly checkpoint?: LogCheckpoint;
  /** The newest state that this user's editor or program had seen before. */
  readonly seen?: { readonly size: number; readonly root: string; readonly time: string };
  /** One sentence for each thing that is wrong, as a template with its arguments. */
  readonly problems: readonly LogProblem[];
}

export interface LogCheckpoint {
  readonly size: number;
  readonly root: string;
  /** Who signed it: fingerprint, and the name that allowed_signers gives. */
  readonly keyId: string;
  readonly principal?: string;
  readonly trusted: boolean;
  /** Valid cosignatures of witnesses that the user named (C2SP tlog-cosignature). */
  readonly witnesses: number;
}

export interface LogProblem {
  readonly template: string;
  readonly args: Readonly<Record<string, string | number>>;
}
