import { decodeBase64Into, decodedLength, fromBase64, toBase64 } from '../bytes/base64.ts';
import { ProvenanceError } from '../errors.ts';
import { parseStrictJson } from '../sample/canonicalJson.ts';
import type { Signer } from './signer.ts';
import { fingerprint, formatSshPublicKey, parseSshPublicKey, verifySignature } from './sshKey.ts';

/** Longest envelope that is read or written, in bytes: one line of a bundle. */
export const MAX_ENVELOPE_BYTES = 64 * 1024 * 1024;
export const MAX_SIGNATURES = 64;

const MAX_TYPE_LENGTH = 1024;
const MAX_KEY_ID_LENGTH = 1024;
const MAX_SIGNATURE_LENGTH = 16 * 1024;

/** DSSE envelope v1 (https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md), decoded. */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly signatures: readonly EnvelopeSignature[];
  /** {@link preAuthEncoding}, where the payload is a part of it: a large one is not copied to be verified. */
  readonly preAuth?: Uint8Array;
}

export interface EnvelopeSignature {
  /** OpenSSH SHA-256 fingerprint in envelopes of ours; only a hint in those of others, and empty when absent. */
  readonly keyid: string;
  readonly sig: Uint8Array;
  /**
   * The signer's OpenSSH public key, `ssh-ed25519 AAAA…`: an extension of ours, which DSSE lets others ignore. Without
   * it a valid signature of a signer who is not listed could not be told from a broken one. {@link parseEnvelope} keeps
   * it only when its fingerprint is `keyid`.
   */
  readonly publicKey?: string;
}

/**
 * The bytes that DSSE signs: `DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in bytes (DSSE v1
 * protocol, "Signature Definition").
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = preAuthHead(payloadType, payload.length);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** What stands before the payload in {@link preAuthEncoding}. */
export function preAuthHead(payloadType: string, payloadLength: number): Uint8Array {
  const encoder = new TextEncoder();
  const typeLength = encoder.encode(payloadType).length;
  return encoder.encode(`DSSEv1 ${typeLength} ${payloadType} ${payloadLength} `);
}

/**
 * Reads an envelope: one JSON object, base64 in either alphabet; unknown members are ignored, as DSSE demands.
 *
 * @param bytes the JSON, at most {@link MAX_ENVELOPE_BYTES}
 * @throws ProvenanceError `invalid-envelope` (with the reason), `too-large`
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  checkSize(bytes.length);
  return (bytes.length > LARGE_ENVELOPE ? parseLarge(bytes) : undefined) ?? parseWhole(bytes);
}

/** From so many bytes on, an envelope is first looked at as {@link parseLarge} does. */
const LARGE_ENVELOPE = 1 << 16;

const PAYLOAD_START = new TextEncoder().encode('{"payload":"');
const QUOTE = 0x22;

/**
 * As {@link parseWhole}, of an envelope that starts with its payload, as ours do: the payload is decoded where it stands,
 * and the envelope without it is read. In an advisory of 100,000 samples this is most of all bytes, and takes a tenth of
 * the time.
 *
 * @returns undefined for an envelope of another form
 */
function parseLarge(bytes: Uint8Array): Envelope | undefined {
  const start = PAYLOAD_START.length;
  if (!PAYLOAD_START.every((byte, i) => bytes[i] === byte)) return undefined;
  const end = bytes.indexOf(QUOTE, start);
  const length = end < 0 ? undefined : decodedLength(bytes, start, end);
  if (length === undefined) return undefined;
  const rest = new Uint8Array(start + bytes.length - end);
  rest.set(PAYLOAD_START);
  rest.set(bytes.subarray(end), start);
  let envelope: Envelope;
  try {
    envelope = parseWhole(rest);
  } catch {
    // Said once more, with the right offsets.
    return undefined;
  }
  const head = preAuthHead(envelope.payloadType, length);
  const preAuth = new Uint8Array(head.length + length);
  preAuth.set(head);
  const payload = preAuth.subarray(head.length);
  // What is base64 has no escapes, so that the string is what stands there.
  return decodeBase64Into(bytes, start, end, payload) ? { ...envelope, payload, preAuth } : undefined;
}

function parseWhole(bytes: Uint8Array): Envelope {
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    throw invalid('it is {reason}', { reason }, error);
  }
  const members = asObject(value);
  if (!members) throw invalid('it is not a JSON object');
  const payloadType = own(members, 'payloadType');
  if (typeof payloadType !== 'string' || payloadType === '' || payloadType.length > MAX_TYPE_LENGTH) {
    throw invalid('"payloadType" must be a string of 1 to {limit} characters', { limit: MAX_TYPE_LENGTH });
  }
  const payload = decode(own(members, 'payload'));
  if (!payload) throw invalid('"payload" must be padded base64');
  const list = own(members, 'signatures');
  if (!Array.isArray(list)) throw invalid('"signatures" must be an array');
  if (list.length === 0 || list.length > MAX_SIGNATURES) {
    throw invalid('"signatures" must have 1 to {limit} entries, not {count}', {
      limit: MAX_SIGNATURES,
      count: list.length,
    });
  }
  return { payload, payloadType, signatures: list.map(parseSignature) };
}

function parseSignature(value: unknown, index: number): EnvelopeSignature {
  const members = asObject(value);
  if (!members) throw invalid('signature {index} is not a JSON object', { index });
  const keyid = own(members, 'keyid') ?? '';
  if (typeof keyid !== 'string' || keyid.length > MAX_KEY_ID_LENGTH) {
    throw invalid('"keyid" of signature {index} must be a string of at most {limit} characters', {
      index,
      limit: MAX_KEY_ID_LENGTH,
    });
  }
  const encoded = own(members, 'sig');
  const sig =
    typeof encoded === 'string' && encoded.length <= MAX_SIGNATURE_LENGTH ? decode(encoded) : undefined;
  if (!sig || sig.length === 0) throw invalid('"sig" of signature {index} must be padded base64', { index });
  const publicKey = keyOf(own(members, 'publicKey'), keyid);
  return { keyid, sig, ...(publicKey !== undefined && { publicKey }) };
}

/** The key line without its comment, or undefined when it is not the key that `keyid` names: then it is ignored. */
function keyOf(line: unknown, keyid: string): string | undefined {
  if (typeof line !== 'string' || line.length > 2 * MAX_SIGNATURE_LENGTH) return undefined;
  try {
    const key = parseSshPublicKey(line);
    return fingerprint(key) === keyid ? formatSshPublicKey(key) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @returns the envelope as one line of JSON in UTF-8, without a line end
 * @throws ProvenanceError `too-large` when the line would be longer than {@link MAX_ENVELOPE_BYTES}
 */
export function serializeEnvelope(envelope: Envelope): Uint8Array {
  checkSize(Math.ceil(envelope.payload.length / 3) * 4);
  const signatures = envelope.signatures.map(({ keyid, sig, publicKey }) => ({
    keyid,
    sig: toBase64(sig),
    ...(publicKey !== undefined && { publicKey }),
  }));
  const { payload, payloadType } = envelope;
  const line = new TextEncoder().encode(
    JSON.stringify({ payload: toBase64(payload), payloadType, signatures }),
  );
  checkSize(line.length);
  return line;
}

/**
 * Signs a payload. The signature is verified before it is handed out, so that a faulty key or agent is found here and
 * not by those who rely on it.
 *
 * @throws ProvenanceError `invalid-key` when the signer's signature does not verify under its own public key
 */
export async function signEnvelope(
  payload: Uint8Array,
  payloadType: string,
  signer: Signer,
): Promise<Envelope> {
  const message = preAuthEncoding(payloadType, payload);
  const sig = await signer.sign(message);
  if (
    signer.keyId !== fingerprint(signer.publicKey) ||
    verifySignature(signer.publicKey, sig, message) === 'invalid'
  ) {
    throw new ProvenanceError(
      'invalid-key',
      'The key {keyId} made a signature that does not verify under its own public key; sign with another key.',
      { keyId: signer.keyId },
    );
  }
  const publicKey = formatSshPublicKey(signer.publicKey);
  return { payload, payloadType, signatures: [{ keyid: signer.keyId, sig, publicKey }] };
}

function checkSize(size: number): void {
  if (size <= MAX_ENVELOPE_BYTES) return;
  throw new ProvenanceError(
    'too-large',
    'The envelope has {size} bytes, more than the {limit} that one line of evidence may have; sign the dataset as a ' +
      'whole, or fewer samples at a time.',
    { size, limit: MAX_ENVELOPE_BYTES },
  );
}

function invalid(
  reason: string,
  args: Record<string, string | number> = {},
  cause?: unknown,
): ProvenanceError {
  return new ProvenanceError('invalid-envelope', `Not a DSSE envelope: ${reason}.`, args, { cause });
}

function decode(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? fromBase64(value) : undefined;
}

function asObject(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** Members are data: what `Object.prototype` has is not one. */
function own(members: object, name: string): unknown {
  return Object.hasOwn(members, name) ? (members as Record<string, unknown>)[name] : undefined;
}
