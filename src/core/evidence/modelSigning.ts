import { isSha256Hex, toHex } from '../bytes/hex.ts';
import type { Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import { parseStrictJson } from '../sample/canonicalJson.ts';
import { STATEMENT_TYPE } from './predicates.ts';
import type { Subject } from './statement.ts';

/** OpenSSF Model Signing v1: https://github.com/ossf/model-signing-spec */
export const MODEL_SIGNING_TYPE = 'https://model_signing/signature/v1.0';

const MAX_RESOURCES = 100_000;
const MAX_NAME_LENGTH = 4096;

/**
 * What a Model Signing statement says of one file. Its one subject is the SHA-256 of the digests of all resources, in
 * order, which is checked; each resource is a file, by its path from the folder that was signed.
 *
 * @param payload the in-toto statement
 * @param names paths that mean the file, the first that is listed counts
 * @returns the file with its digest; undefined where the statement does not list it
 * @throws ProvenanceError `invalid-sigstore` where it is no such statement, contradicts itself, or has hashed the file
 *   otherwise than with SHA-256 as a whole
 */
export function signedResource(
  payload: Uint8Array,
  names: readonly string[],
  hash: Sha256,
): Subject | undefined {
  const { subject, predicate } = readStatement(payload);
  const { method } = object(predicate['serialization'], '"serialization"');
  if (method !== 'files') {
    throw invalid('it lists parts of files, not whole files; sign again with the method "files"');
  }
  const resources = predicate['resources'];
  if (!Array.isArray(resources) || resources.length === 0 || resources.length > MAX_RESOURCES) {
    throw invalid(`"resources" is not a list of 1 to ${String(MAX_RESOURCES)} files`);
  }
  const listed = resources.map(readResource);
  const digests = listed.map(({ digest }) => fromHex(digest));
  if (toHex(hash(concatenated(digests))) !== subject) {
    throw invalid('its files do not hash to what it is about');
  }
  const found = names
    .map((name) => listed.filter((file) => file.name === name))
    .find(({ length }) => length > 0);
  const [file, second] = found ?? [];
  if (!file) return undefined;
  if (second) throw invalid('it lists a file twice');
  if (file.algorithm !== 'sha256' || !isSha256Hex(file.digest)) {
    throw invalid(`files are hashed with ${file.algorithm}, which is not supported; sign again with SHA-256`);
  }
  return { name: file.name, sha256: file.digest };
}

interface Resource {
  readonly name: string;
  readonly algorithm: string;
  readonly digest: string;
}

function readStatement(payload: Uint8Array): { subject: string; predicate: Record<string, unknown> } {
  let value: unknown;
  try {
    value = parseStrictJson(payload);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  const statement = object(value, 'the statement');
  if (statement['_type'] !== STATEMENT_TYPE || statement['predicateType'] !== MODEL_SIGNING_TYPE) {
    throw invalid('it is of another type');
  }
  const subjects = statement['subject'];
  if (!Array.isArray(subjects) || subjects.length !== 1)
    throw invalid('it does not have exactly one subject');
  const { sha256 } = object(object(subjects[0], 'the subject')['digest'], 'the digest of the subject');
  if (!isSha256Hex(sha256)) throw invalid('its subject has no SHA-256');
  return { subject: sha256, predicate: object(statement['predicate'], '"predicate"') };
}

function readResource(value: unknown): Resource {
  const { name, algorithm, digest } = object(value, 'a resource');
  const isName = typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH;
  const isAlgorithm = typeof algorithm === 'string' && /^[\w-]{1,32}$/.test(algorithm);
  const isDigest = typeof digest === 'string' && /^(?:[0-9a-f]{2}){16,64}$/.test(digest);
  if (!isName || !isAlgorithm || !isDigest) throw invalid('a resource has no name, algorithm or digest');
  return { name, algorithm, digest };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.assign(Object.create(null) as Record<string, unknown>, value);
  }
  throw invalid(`${what} is not an object`);
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function invalid(reason: string, cause?: unknown): ProvenanceError {
  return new ProvenanceError(
    'invalid-sigstore',
    'Its Model Signing statement cannot be used: {reason}.',
    { reason },
    { cause },
  );
}
