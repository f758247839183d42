import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { fromHex, isSha256Hex, toHex } from '../bytes/hex.ts';
import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { MAX_ENVELOPE_BYTES, parseEnvelope } from '../evidence/dsse.ts';
import { parseStatement, type ParsedStatement } from '../evidence/statement.ts';
import { leafHash, verifyInclusion } from '../merkle/tree.ts';
import { canonicalBytes, parseStrictJson } from '../sample/canonicalJson.ts';
import { isLogOrigin, parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { formatTlogProof, parseTlogProof } from './tlogProof.ts';

/** What stands in the extra data of our proofs. */
const FORMAT = 'urn:dataset-provenance:statement-proof:v1';

/** A statement that is in a log, and where one is named, a sample that is in what the statement says. */
export interface StatementProof {
  /** The line of the bundle, without its end: an envelope. */
  readonly line: Uint8Array;
  /** Of the line in the log, from 0, and the proof that it is there. */
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: Uint8Array;
  readonly sample?: SampleProof;
}

/** A sample of a dataset statement. */
export interface SampleProof {
  /** 64 hex digits. */
  readonly digest: string;
  /** Its place in the signed order, from 0. */
  readonly index: number;
  /** Inclusion proof in the tree over the dataset's samples. */
  readonly hashes: readonly Uint8Array[];
}

/** A proof whose hashes hold. Who signed is not looked at. */
export interface ProvenStatement {
  readonly line: Uint8Array;
  readonly statement: ParsedStatement;
  /** Of the statement in the log, from 0. */
  readonly index: number;
  readonly checkpoint: SignedCheckpoint;
  readonly sample?: Pick<SampleProof, 'digest' | 'index'>;
}

/** @returns the bytes of a `.tlog-proof` file. No sample stands in it but by its digest. */
export function formatStatementProof({ line, sample, ...proof }: StatementProof): Uint8Array {
  const extra = canonicalBytes({
    format: FORMAT,
    line: toBase64(line),
    ...(sample && {
      sample: { digest: sample.digest, index: sample.index, proof: sample.hashes.map(toHex) },
    }),
  });
  return formatTlogProof({ ...proof, extra });
}

/**
 * Reads one of our proofs, and checks that the line is in the log of the checkpoint, and the sample in the dataset of the
 * statement. The signatures are left to who knows the signers.
 *
 * @throws ProvenanceError `invalid-proof`, `invalid-checkpoint`, `invalid-envelope`, `invalid-statement`
 */
export function checkStatementProof(bytes: Uint8Array, sha256: Sha256 = portableSha256): ProvenStatement {
  const { extra, index, hashes, checkpoint: note } = parseTlogProof(bytes);
  const { line, sample } = parseExtra(extra);
  const checkpoint = parseCheckpoint(note);
  if (!isLogOrigin(checkpoint.origin)) throw invalid('its checkpoint is not of a log of evidence');
  const inLog = {
    index,
    size: checkpoint.size,
    leafHash: leafHash(line, sha256),
    proof: hashes,
    root: fromHex(checkpoint.root),
  };
  if (!verifyInclusion(inLog, sha256)) {
    throw invalid('its statement is not line {number} of the log of {size} lines', {
      number: index + 1,
      size: checkpoint.size,
    });
  }
  const statement = parseStatement(parseEnvelope(line).payload);
  if (!sample) return { line, statement, index, checkpoint };
  if (statement.kind !== 'dataset') throw invalid('its statement is not about all samples of a dataset');
  const { count, root } = statement.predicate.samples;
  const inDataset = {
    index: sample.index,
    size: count,
    leafHash: leafHash(fromHex(sample.digest), sha256),
    proof: sample.hashes,
    root: fromHex(root),
  };
  if (!verifyInclusion(inDataset, sha256)) {
    throw invalid('its sample is not sample {number} of the {count} that were signed', {
      number: sample.index + 1,
      count,
    });
  }
  return { line, statement, index, checkpoint, sample };
}

const MEMBERS: ReadonlySet<string> = new Set(['format', 'line', 'sample']);

function parseExtra(extra: Uint8Array | undefined): { line: Uint8Array; sample?: SampleProof } {
  const members = extra && objectOf(parseJson(extra));
  if (members?.['format'] !== FORMAT) throw invalid('its extra data is not "{format}"', { format: FORMAT });
  // A proof of a row whose "sample" is called otherwise would be one of its statement alone.
  const unknown = Object.keys(members).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw invalid('its extra data has a member "{name}"', { name: unknown });
  const { line: encoded, sample } = members as Record<'line' | 'sample', unknown>;
  const line = typeof encoded === 'string' ? fromBase64(encoded) : undefined;
  if (!line || line.length > MAX_ENVELOPE_BYTES) throw invalid('its statement is not base64');
  return { line, ...(sample !== undefined && { sample: parseSample(sample) }) };
}

function parseSample(value: unknown): SampleProof {
  const { digest, index, proof } = (objectOf(value) ?? {}) as Record<'digest' | 'index' | 'proof', unknown>;
  if (!isSha256Hex(digest)) throw invalid('the digest of its sample is not SHA-256');
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    throw invalid('the place of its sample is not a number');
  }
  if (!Array.isArray(proof) || proof.length > 64 || !proof.every(isSha256Hex)) {
    throw invalid('the hashes of its sample are not SHA-256');
  }
  return { digest, index, hashes: proof.map(fromHex) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'not JSON';
    throw invalid('its extra data is {reason}', { reason }, cause);
  }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function invalid(reason: string, args: MessageArguments = {}, cause?: unknown): ProvenanceError {
  return new ProvenanceError('invalid-proof', `The proof does not hold: ${reason}.`, args, { cause });
}
