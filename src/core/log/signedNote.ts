import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { sha256 } from '../bytes/sha256.ts';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { ed25519PublicKey, type SignatureCheck, type VerifySignature } from '../evidence/sshKey.ts';

/** Longest note that is read, in bytes: room for far more than the 16 signatures that C2SP demands. */
export const MAX_NOTE_BYTES = 256 * 1024;
const MAX_NOTE_SIGNATURES = 256;
const MAX_KEY_NAME_LENGTH = 1024;

/** Signature types of C2SP signed-note that are used here, both with Ed25519 keys. */
export const NOTE_KEY_TYPES = {
  /** Over the text of the note. */
  ed25519: 0x01,
  /** Over the text and a time: C2SP tlog-cosignature v1. */
  cosignature: 0x04,
} as const;

export type NoteKeyType = keyof typeof NOTE_KEY_TYPES;

/** A signed note (https://c2sp.org/signed-note@v1.0.0), taken apart. Nothing of it is verified. */
export interface SignedNote {
  /** With its last line feed, without the blank line behind it. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  /** Of the key. */
  readonly name: string;
  /** Unsigned, 32 bits: with the name, it says which key it is. */
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A key by which notes are verified: what C2SP writes as a verifier key, or "vkey". */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteKeyType;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly keyId: number;
}

const SIGNATURE_START = '\u2014 ';
/** Neither Unicode spaces nor plus signs, nor what a note may not have at all. */
// eslint-disable-next-line no-control-regex
const KEY_NAME = /^[^\s\u0085\u0000-\u001f+]+$/;

/**
 * Reads a note.
 * @throws ProvenanceError `invalid-checkpoint` with the reason
 */
export function parseNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > MAX_NOTE_BYTES) {
    throw invalid('it has {size} bytes, more than the {limit} that are read', {
      size: bytes.length,
      limit: MAX_NOTE_BYTES,
    });
  }
  const whole = decodeUtf8(bytes);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw invalid('it has a control character');
  if (!whole.endsWith('\n')) throw invalid('its last line has no end');
  const end = whole.lastIndexOf('\n\n');
  if (end < 0) throw invalid('there is no blank line before its signatures');
  const lines = whole.slice(end + 2, -1).split('\n');
  if (whole.length === end + 2) throw invalid('it has no signature');
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw invalid('it has {count} signatures, more than {limit}', {
      count: lines.length,
      limit: MAX_NOTE_SIGNATURES,
    });
  }
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string, index: number): NoteSignature {
  const [name = '', encoded = '', ...more] = line.startsWith(SIGNATURE_START)
    ? line.slice(SIGNATURE_START.length).split(' ')
    : [];
  const bytes = standardBase64(encoded);
  if (!isKeyName(name) || more.length > 0 || !bytes || bytes.length < 5) {
    throw invalid('signature {number} is not "\u2014 NAME BASE64"', { number: index + 1 });
  }
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.slice(4) };
}

/** @returns the bytes of a note as it stands in a file */
export function formatNote({ text, signatures }: SignedNote): Uint8Array {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const bytes = new Uint8Array(4 + signature.length);
    new DataView(bytes.buffer).setUint32(0, keyId);
    bytes.set(signature, 4);
    return `${SIGNATURE_START}${name} ${toBase64(bytes)}\n`;
  });
  return new TextEncoder().encode(`${text}\n${lines.join('')}`);
}

/**
 * @param publicKey the 32 bytes of RFC 8032
 * @throws ProvenanceError `invalid-key`
 */
export function noteKey(name: string, type: NoteKeyType, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name) || publicKey.length !== 32) throw invalidVerifierKey();
  const head = new TextEncoder().encode(`${name}\n`);
  const input = new Uint8Array(head.length + 1 + publicKey.length);
  input.set(head);
  input[head.length] = NOTE_KEY_TYPES[type];
  input.set(publicKey, head.length + 1);
  return { name, type, publicKey, keyId: new DataView(sha256(input).slice(0, 4).buffer).getUint32(0) };
}

/**
 * Reads a verifier key: `NAME+KEYID+BASE64`.
 * @throws ProvenanceError `invalid-key`; `unsupported-key` for another type than Ed25519 and its cosignatures
 */
export function parseVerifierKey(text: string): NoteKey {
  const [name = '', id = '', ...rest] = text.split('+');
  // The plus is a digit of base64 as well.
  const bytes = standardBase64(rest.join('+'));
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(id) || !bytes || bytes.length === 0)
    throw invalidVerifierKey();
  const found = (Object.keys(NOTE_KEY_TYPES) as NoteKeyType[]).find(
    (type) => NOTE_KEY_TYPES[type] === bytes[0],
  );
  if (found === undefined) {
    throw new ProvenanceError(
      'unsupported-key',
      'The verifier key of {name} is of type {type}, which is not supported; give one of type 1 (Ed25519) or 4 (cosignature).',
      { name, type: bytes[0]! },
    );
  }
  const key = noteKey(name, found, bytes.slice(1));
  if (key.keyId !== Number.parseInt(id, 16)) throw invalidVerifierKey();
  return key;
}

/** @returns `NAME+KEYID+BASE64` */
export function formatVerifierKey({ name, type, publicKey, keyId }: NoteKey): string {
  const bytes = new Uint8Array(1 + publicKey.length);
  bytes[0] = NOTE_KEY_TYPES[type];
  bytes.set(publicKey, 1);
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${toBase64(bytes)}`;
}

/**
 * Whether a note is signed by a key, and how: `absent` where no signature says that it is by this key. Where several say
 * so, one that is wrong makes it `invalid`, as C2SP advises.
 */
export function checkNote(
  { text, signatures }: SignedNote,
  key: NoteKey,
  verify: VerifySignature,
): SignatureCheck | 'absent' {
  const found = signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
  if (found.length === 0) return 'absent';
  const check = key.type === 'ed25519' ? checkText : checkCosignature;
  return found.every(({ signature }) => check(text, signature, key, verify)) ? 'valid' : 'invalid';
}

function checkText(text: string, signature: Uint8Array, key: NoteKey, verify: VerifySignature): boolean {
  return verify(ed25519PublicKey(key.publicKey), signature, new TextEncoder().encode(text)) === 'valid';
}

/** Bytes of the time that stands before a cosignature: seconds since the epoch, big-endian. */
const TIMESTAMP_LENGTH = 8;

/** C2SP tlog-cosignature, "Ed25519 signed message". */
function checkCosignature(
  text: string,
  signature: Uint8Array,
  key: NoteKey,
  verify: VerifySignature,
): boolean {
  if (signature.length !== TIMESTAMP_LENGTH + 64) return false;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time >= 1n << 63n) return false;
  const message = new TextEncoder().encode(cosignedText(text, time));
  return verify(ed25519PublicKey(key.publicKey), signature.subarray(TIMESTAMP_LENGTH), message) === 'valid';
}

/** What a witness signs of a checkpoint's text. @param time seconds since the epoch */
export function cosignedText(text: string, time: bigint): string {
  return `cosignature/v1\ntime ${time}\n${text}`;
}

function isKeyName(name: string): boolean {
  return name.length <= MAX_KEY_NAME_LENGTH && KEY_NAME.test(name);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid('it is not UTF-8', {}, cause);
  }
}

/** RFC 4648 §4 only: notes know no other alphabet. */
export function standardBase64(text: string): Uint8Array | undefined {
  return /[-_]/.test(text) ? undefined : fromBase64(text);
}

function invalid(reason: string, args: MessageArguments = {}, cause?: unknown): ProvenanceError {
  return new ProvenanceError('invalid-checkpoint', `Not a signed note: ${reason}.`, args, { cause });
}

function invalidVerifierKey(): ProvenanceError {
  return new ProvenanceError(
    'invalid-key',
    'The text is not a verifier key; give one as its holder publishes it, "NAME+KEYID+BASE64".',
  );
}
