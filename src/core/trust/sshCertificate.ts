import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { fingerprint, readSshKeyBlob, unsupportedKey, type SshPublicKey } from '../evidence/sshKey.ts';
import { verifySshSignature } from '../evidence/sshSignature.ts';
import { readWire, type WireReader } from '../evidence/sshWire.ts';
import { rfc3339 } from '../evidence/statedTime.ts';

/** What an OpenSSH certificate says (PROTOCOL.certkeys), its authority's signature verified. */
export interface SshCertificate {
  /** The key that it is for. */
  readonly key: SshPublicKey;
  /** Who issued it. That somebody did is no reason to trust it. */
  readonly authority: SshPublicKey;
  readonly serial: bigint;
  readonly role: 'user' | 'host';
  /** Whom the key belongs to: names, not patterns. */
  readonly principals: readonly string[];
  /** Seconds since the epoch: valid from the first, until before the second. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** Names of restrictions, which whoever does not know them must not ignore. */
  readonly criticalOptions: readonly string[];
}

const ROLES: Readonly<Record<number, SshCertificate['role']>> = { 1: 'user', 2: 'host' };

/** Certificates that were read before: an editor asks for the same ones again and again. */
const known = new WeakMap<SshPublicKey, SshCertificate | ProvenanceError>();

/**
 * Reads a certificate and verifies the signature of its authority.
 *
 * @param key one that has `certified`
 * @throws ProvenanceError `invalid-certificate`, `unsupported-key` when the authority's key is not supported
 */
export function readSshCertificate(key: SshPublicKey): SshCertificate {
  let result = known.get(key);
  if (!result) {
    result = parse(key);
    known.set(key, result);
  }
  if (result instanceof ProvenanceError) throw result;
  return result;
}

function parse(key: SshPublicKey): SshCertificate | ProvenanceError {
  const read = key.certified && readWire(key.blob, (reader) => readFields(key.certified!, reader));
  if (!read) return refused(key, 'it is cut short, or has parts that do not belong there');
  const { certificate, signed, signature } = read;
  const { authority } = certificate;
  switch (verifySshSignature(authority, signature, key.blob.subarray(0, signed))) {
    case 'valid':
      return certificate;
    case 'invalid':
      return refused(key, 'the signature of its authority {authority} is wrong', {
        authority: fingerprint(authority),
      });
    case 'unsupported':
      return unsupportedKey(authority) ?? refused(key, 'its authority signed it with SHA-1');
  }
}

function readFields(key: SshPublicKey, reader: WireReader) {
  reader.string(); // type
  reader.string(); // nonce
  // The key's own parts stand in its blob behind the type.
  reader.take(key.blob.length - 4 - key.type.length);
  const serial = reader.uint64();
  const role = ROLES[reader.uint32()];
  reader.string(); // key ID, for the logs of the authority
  const principals = readWire(reader.string(), (inner) => inner.strings());
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = readWire(reader.string(), readOptionNames);
  const extensions = readWire(reader.string(), readOptionNames);
  reader.string(); // reserved
  const authority = readSshKeyBlob(reader.string());
  const signed = reader.position;
  const signature = reader.string();
  if (!role || !principals || !criticalOptions || !extensions || !authority || authority.certified) {
    return undefined;
  }
  const certificate: SshCertificate = {
    key,
    authority,
    serial,
    role,
    principals,
    validAfter,
    validBefore,
    criticalOptions,
  };
  return { certificate, signed, signature };
}

/** Pairs of a name and data. */
function readOptionNames(reader: WireReader): string[] {
  const names: string[] = [];
  while (!reader.atEnd) {
    names.push(reader.text());
    reader.string();
  }
  return names;
}

/**
 * Why a certificate does not allow to sign data, whoever issued it and at whatever time, of code `invalid-certificate`:
 * it is for a host, it names nobody, or it has critical options. OpenSSH has none that allow or restrict the signing of
 * data; ssh-keygen verifies in spite of them, though PROTOCOL.certkeys says to refuse those that are not known.
 */
export function certificateRefusal(certificate: SshCertificate): ProvenanceError | undefined {
  const { key, role, principals, criticalOptions } = certificate;
  if (role !== 'user') return refused(key, 'it is for a host, not for a user');
  if (principals.length === 0) return refused(key, 'it names no principals');
  if (criticalOptions.length > 0) {
    return refused(key, 'it has the critical option "{option}", which does not allow signing data', {
      option: criticalOptions[0]!,
    });
  }
  return undefined;
}

/**
 * Why a certificate does not count at a time, of code `invalid-certificate`; undefined when it is valid then.
 * @param time milliseconds since the epoch; seconds count
 */
export function certificateOutOfTime(
  { key, validAfter, validBefore }: SshCertificate,
  time: number,
): ProvenanceError | undefined {
  const second = Number.isFinite(time) ? BigInt(Math.floor(time / 1000)) : undefined;
  const signed = second === undefined ? 'an unknown time' : secondText(second);
  if (second !== undefined && second < validAfter) {
    const args = { from: secondText(validAfter), signed };
    return refused(key, 'it is not valid before {from}, and it signed at {signed}', args);
  }
  if (second !== undefined && second < validBefore) return undefined;
  const args = { until: secondText(validBefore), signed };
  return refused(key, 'it was valid until {until}, and it signed at {signed}', args);
}

/** RFC 3339; where that has no such year, the seconds since the epoch. */
function secondText(seconds: bigint): string {
  const time = Number(seconds) * 1000;
  return Number.isNaN(new Date(time).getTime()) ? `${seconds} s` : rfc3339(time);
}

function refused(key: SshPublicKey, reason: string, args: MessageArguments = {}): ProvenanceError {
  return new ProvenanceError(
    'invalid-certificate',
    `The certificate of the key {keyId} is not accepted: ${reason}. Get another one from its authority.`,
    { ...args, keyId: fingerprint(key) },
  );
}
