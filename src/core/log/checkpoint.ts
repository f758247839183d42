import { toBase64 } from '../bytes/base64.ts';
import { fromHex, isSha256Hex, toHex } from '../bytes/hex.ts';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import type { Signer } from '../evidence/signer.ts';
import { ED25519_TYPE, verifySignature } from '../evidence/sshKey.ts';
import {
  checkNote,
  formatNote,
  noteKey,
  parseNote,
  standardBase64,
  type NoteKey,
  type SignedNote,
} from './signedNote.ts';

/** The head of a log's tree at a size (https://c2sp.org/tlog-checkpoint@v1.0.0). */
export interface Checkpoint {
  /** What log it is of; for ours see {@link logOrigin}. */
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
}

/** A checkpoint as it stands in a file. Its signatures are not verified. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

const ORIGIN_START = 'dataset-provenance/log/';

/**
 * How the log of a dataset is called: by its first line, so that it keeps its name wherever the dataset goes.
 * @param firstLeaf RFC 6962 hash of the first line
 */
export function logOrigin(firstLeaf: Uint8Array): string {
  return `${ORIGIN_START}${toHex(firstLeaf)}`;
}

/** Whether a log is called as {@link logOrigin} calls them. */
export function isLogOrigin(origin: string): boolean {
  return origin.startsWith(ORIGIN_START) && isSha256Hex(origin.slice(ORIGIN_START.length));
}

/**
 * Reads a checkpoint. Extension lines are allowed, and mean nothing here.
 * @throws ProvenanceError `invalid-checkpoint` with the reason
 */
export function parseCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const note = parseNote(bytes);
  const [origin = '', decimal = '', encoded = '', ...extensions] = note.text.slice(0, -1).split('\n');
  if (origin === '' || extensions.includes('')) throw invalid('its text has an empty line');
  const size = /^(0|[1-9][0-9]{0,15})$/.test(decimal) ? Number(decimal) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw invalid('line 2 is not the number of lines, in decimal');
  const root = standardBase64(encoded);
  if (root?.length !== 32) throw invalid('line 3 is not a SHA-256 hash in base64');
  return { origin, size, root: toHex(root), note };
}

/** @returns the text that is signed, with its last line feed */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(fromHex(root))}\n`;
}

/**
 * The key by which checkpoints of a log are verified that a signer made: C2SP wants it to be called as the log is, so
 * that a signer has one for each log.
 *
 * @param publicKey the 32 bytes of an Ed25519 key
 */
export function checkpointKey(origin: string, publicKey: Uint8Array): NoteKey {
  return noteKey(origin, 'ed25519', publicKey);
}

/**
 * Signs a checkpoint of one of our logs, and verifies it before it is handed out.
 *
 * @returns the note, as it stands in a file
 * @throws ProvenanceError `unsupported-key` when it is no Ed25519 key; `invalid-key` when its signature does not verify
 */
export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<Uint8Array> {
  const { type, ed25519 } = signer.publicKey.certified ?? signer.publicKey;
  if (!ed25519) {
    throw new ProvenanceError(
      'unsupported-key',
      'The key {keyId} is of type {type}, and only {expected} keys sign checkpoints; sign with another key.',
      { keyId: signer.keyId, type, expected: ED25519_TYPE },
    );
  }
  // A text that starts otherwise could be something else that the key signs.
  if (!isLogOrigin(checkpoint.origin)) {
    throw new ProvenanceError('internal', 'The log {origin} is not one of ours.', {
      origin: checkpoint.origin,
    });
  }
  const key = checkpointKey(checkpoint.origin, ed25519);
  const text = checkpointText(checkpoint);
  const signature = await signer.sign(new TextEncoder().encode(text));
  const note = { text, signatures: [{ name: key.name, keyId: key.keyId, signature }] };
  if (checkNote(note, key, verifySignature) !== 'valid') {
    throw new ProvenanceError(
      'invalid-key',
      'The key {keyId} made a signature that does not verify under its own public key; sign with another key.',
      { keyId: signer.keyId },
    );
  }
  return formatNote(note);
}

function invalid(reason: string, args: MessageArguments = {}): ProvenanceError {
  return new ProvenanceError('invalid-checkpoint', `Not a checkpoint: ${reason}.`, args);
}
