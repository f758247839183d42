import { toHex } from '../bytes/hex.ts';
import { asProvenanceError, ProvenanceError } from '../errors.ts';
import { fingerprint, type SshPublicKey, type VerifySignature } from '../evidence/sshKey.ts';
import { checkpointKey, parseCheckpoint, type Checkpoint, type SignedCheckpoint } from './checkpoint.ts';
import type { EvidenceLog } from './evidenceLog.ts';
import { checkNote, type NoteKey, type SignedNote } from './signedNote.ts';

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
  /** What the log is called; absent where it has no line. */
  readonly origin?: string;
  /** Lines that stand in the bundle, and the RFC 6962 root over their bytes, 64 hex digits. */
  readonly size: number;
  readonly root: string;
  /** The checkpoint that stands there, where its signature is valid. */
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
  readonly code: 'evidence-removed' | 'invalid-checkpoint';
  readonly template: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** The newest state of a log that a user has seen. */
export interface SeenState extends Checkpoint {
  /** RFC 3339: when it was seen. */
  readonly time: string;
  /** Path of the dataset where it was seen, where that is another one. */
  readonly elsewhere?: string;
}

/** Who signed a line of the log, and so may have signed the checkpoint over it. */
export interface LogSigner {
  readonly key: SshPublicKey;
  readonly principal?: string;
  readonly trusted: boolean;
}

export interface LogEvidence {
  readonly log: EvidenceLog;
  /** The checkpoint that stands beside the bundle, or why it could not be read. */
  readonly checkpoint: SignedCheckpoint | ProvenanceError | undefined;
  /**
   * Who signed the last line that the checkpoint is over: its signature is looked for, as whoever adds a line signs the
   * checkpoint. Undefined where that is not known.
   */
  readonly signer: LogSigner | undefined;
  /** Of the witnesses that the user named: cosignature keys. */
  readonly witnesses: readonly NoteKey[];
  readonly seen: SeenState | undefined;
}

/** Reads a checkpoint file for {@link computeLogState}. @returns what it says, or why it could not be read */
export function readCheckpoint(bytes: Uint8Array): SignedCheckpoint | ProvenanceError {
  try {
    return parseCheckpoint(bytes);
  } catch (error) {
    return asProvenanceError(error);
  }
}

/** What the log shows. Never throws, whatever stands in the checkpoint. */
export function computeLogState(evidence: LogEvidence, verify: VerifySignature): LogState {
  const { log, checkpoint, seen } = evidence;
  const { origin, size } = log;
  const removed = removedLines(log, checkpoint instanceof ProvenanceError ? undefined : checkpoint, seen);
  const problems = [...removed];
  let found: LogCheckpoint | undefined;
  if (checkpoint instanceof ProvenanceError) {
    problems.push({
      code: 'invalid-checkpoint',
      template: 'The checkpoint could not be read: {reason} Copy .provenance again from where it came from.',
      args: { reason: checkpoint.message },
    });
  } else if (checkpoint && removed.length === 0) {
    found = findSignature(checkpoint, evidence, verify);
    if (!found && evidence.signer) {
      problems.push({
        code: 'invalid-checkpoint',
        template:
          'The checkpoint over the evidence up to line {size} is not signed by whoever signed that line, so it does not count. Copy .provenance again from where it came from.',
        args: { size: checkpoint.size },
      });
    }
  }
  return {
    standing: standingOf(evidence, removed.length > 0, found),
    ...(origin !== undefined && { origin }),
    size,
    root: log.root(),
    ...(found && { checkpoint: found }),
    ...(seen && { seen: { size: seen.size, root: seen.root, time: seen.time } }),
    problems,
  };
}

function standingOf(
  { log, checkpoint }: LogEvidence,
  isRemoved: boolean,
  found: LogCheckpoint | undefined,
): LogStanding {
  if (isRemoved) return 'removed';
  if (checkpoint instanceof ProvenanceError) return 'unreadable';
  if (log.size === 0) return 'empty';
  return found?.trusted === true && found.size === log.size ? 'complete' : 'unsigned';
}

/**
 * What a checkpoint and an earlier look knew that is not there any more: one sentence each, none where nothing is
 * missing. The signature of the checkpoint does not matter: whoever wrote it, it is not of what stands there.
 */
export function removedLines(
  log: EvidenceLog,
  checkpoint: Checkpoint | undefined,
  seen: SeenState | undefined,
): LogProblem[] {
  const wasSeen = seen && checkpoint && seen.size === checkpoint.size && seen.root === checkpoint.root;
  return [
    ...(checkpoint && !wasSeen && !log.extends(checkpoint) ? [lostSinceCheckpoint(log, checkpoint)] : []),
    ...(seen && !log.extends(seen) ? [lostSinceSeen(log, seen)] : []),
  ];
}

function lostSinceCheckpoint(log: EvidenceLog, { origin, size }: Checkpoint): LogProblem {
  const code = 'evidence-removed';
  const args = { size, actual: log.size };
  if (size > log.size) {
    return {
      code,
      template:
        'The checkpoint is over the evidence up to line {size}, and what is here ends with line {actual}.',
      args,
    };
  }
  return origin === log.origin
    ? {
        code,
        template: 'The evidence up to line {size} is not what the checkpoint is over.',
        args,
      }
    : { code, template: 'The checkpoint is of a log that starts with another line of evidence.', args };
}

function lostSinceSeen(log: EvidenceLog, { size, time, elsewhere }: SeenState): LogProblem {
  const code = 'evidence-removed';
  const args = { size, time, actual: log.size };
  if (elsewhere !== undefined) {
    const template =
      'On {time} this evidence went up to line {size} in {elsewhere}, and what is here, up to line {actual}, does not go on from it.';
    return { code, template, args: { ...args, elsewhere } };
  }
  if (log.size === 0) {
    const template =
      'On {time} the evidence went up to line {size}, and now there is none. If the dataset was removed on purpose, "provenance log forget" with its name forgets it.';
    return { code, template, args };
  }
  return size > log.size
    ? {
        code,
        template: 'On {time} the evidence went up to line {size}, and now it ends with line {actual}.',
        args,
      }
    : { code, template: 'The evidence up to line {size} is not what was here on {time}.', args };
}

/** The checkpoint, where it is signed by whom it should be. */
function findSignature(
  { note, origin, size, root }: SignedCheckpoint,
  { signer, witnesses }: LogEvidence,
  verify: VerifySignature,
): LogCheckpoint | undefined {
  const ed25519 = signer && (signer.key.certified ?? signer.key).ed25519;
  if (!ed25519 || checkNote(note, checkpointKey(origin, ed25519), verify) !== 'valid') return undefined;
  const { key, principal, trusted } = signer;
  return {
    size,
    root,
    keyId: fingerprint(key),
    ...(principal !== undefined && { principal }),
    trusted,
    witnesses: countWitnesses(note, witnesses, ed25519, verify),
  };
}

/** Each witness counts once, and whoever signed the checkpoint is none. */
function countWitnesses(
  note: SignedNote,
  witnesses: readonly NoteKey[],
  signer: Uint8Array,
  verify: VerifySignature,
): number {
  const valid = witnesses
    .filter((key) => key.type === 'cosignature' && checkNote(note, key, verify) === 'valid')
    .map(({ publicKey }) => toHex(publicKey));
  const distinct = new Set(valid);
  distinct.delete(toHex(signer));
  return distinct.size;
}
