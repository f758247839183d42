import { toHex } from '../bytes/hex.ts';
import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { asProvenanceError, ProvenanceError, type ErrorCode } from '../errors.ts';
import { MAX_ENVELOPE_BYTES, parseEnvelope, type Envelope } from './dsse.ts';
import { PAYLOAD_TYPE } from './predicates.ts';
import { parseStatement, type ParsedStatement } from './statement.ts';

/** Largest bundle that is read or added to, in bytes: 512 MiB. */
export const MAX_BUNDLE_BYTES = 512 * 1024 * 1024;

/** A bundle of more lines (blank ones apart) is read up to here: a hostile file of tiny lines must not take minutes. */
export const MAX_BUNDLE_LINES = 1_000_000;

/** The same for lines that are not statements: what has so many is no bundle. */
export const MAX_BAD_LINES = 10_000;

/** Problems listed for a bundle; where there are more, the last one says how many. */
export const MAX_BUNDLE_PROBLEMS = 1000;

export interface BundleEntry {
  /** Counted from 1, blank lines included. */
  readonly line: number;
  /** SHA-256 of the line's bytes without its line end, hex: how revocations and answers name the envelope. */
  readonly envelopeDigest: string;
  readonly envelope: Envelope;
  readonly statement: ParsedStatement;
}

/** A line that was skipped, and why. */
export interface BundleProblem {
  readonly line: number;
  readonly code: ErrorCode;
  readonly error: ProvenanceError;
}

export interface Bundle {
  readonly entries: readonly BundleEntry[];
  readonly problems: readonly BundleProblem[];
}

/**
 * Reads an in-toto bundle: one DSSE envelope a line. Signatures are not verified here. Lines that are torn, unknown or
 * too long are skipped and reported, so that one bad line never hides the evidence in the others.
 *
 * @param bytes the file
 * @param sha256 a faster one where the platform has it
 * @throws ProvenanceError `too-large` above {@link MAX_BUNDLE_BYTES}; nothing else
 */
export function parseBundle(bytes: Uint8Array, sha256: Sha256 = portableSha256): Bundle {
  if (bytes.length > MAX_BUNDLE_BYTES) {
    throw new ProvenanceError(
      'too-large',
      'The evidence has {size} bytes, more than the {limit} that are read; move old statements into another bundle.',
      { size: bytes.length, limit: MAX_BUNDLE_BYTES },
    );
  }
  const entries: BundleEntry[] = [];
  const problems: BundleProblem[] = [];
  let unlisted = 0;
  let lastUnlisted = 0;
  const report = (line: number, error: ProvenanceError): void => {
    if (problems.length < MAX_BUNDLE_PROBLEMS - 2) {
      problems.push({ line, code: error.code, error });
      return;
    }
    unlisted++;
    lastUnlisted = line;
  };

  let filled = 0;
  for (const { line, start, end } of bundleLines(bytes)) {
    if (filled === MAX_BUNDLE_LINES || filled - entries.length > MAX_BAD_LINES) {
      const error = new ProvenanceError(
        'too-large',
        'The evidence was read up to line {line} only: it has more than {limit} lines, or {bad} that are not ' +
          'statements; get the file again from where it came from.',
        { line: line - 1, limit: MAX_BUNDLE_LINES, bad: MAX_BAD_LINES },
      );
      problems.unshift({ line, code: error.code, error });
      break;
    }
    filled++;
    try {
      entries.push(parseLine(line, bytes.subarray(start, end), sha256));
    } catch (cause) {
      const error = asProvenanceError(cause);
      report(line, skipped(line, error));
    }
  }
  if (unlisted > 0) {
    const error = new ProvenanceError(
      'invalid-envelope',
      '{count} more lines of the evidence up to line {line} were skipped; get the file again from where it came from.',
      { count: unlisted, line: lastUnlisted },
    );
    problems.push({ line: lastUnlisted, code: error.code, error });
  }
  return { entries, problems };
}

function parseLine(line: number, bytes: Uint8Array, sha256: Sha256): BundleEntry {
  if (bytes.length > MAX_ENVELOPE_BYTES) {
    throw new ProvenanceError(
      'too-large',
      'It has {size} bytes, more than the {limit} that a line may have.',
      {
        size: bytes.length,
        limit: MAX_ENVELOPE_BYTES,
      },
    );
  }
  const envelope = parseEnvelope(bytes);
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    throw new ProvenanceError('invalid-statement', 'Its payload is "{type}", not an in-toto statement.', {
      type: envelope.payloadType.slice(0, 100),
    });
  }
  const statement = parseStatement(envelope.payload);
  return { line, envelopeDigest: toHex(sha256(bytes)), envelope, statement };
}

function skipped(line: number, cause: ProvenanceError): ProvenanceError {
  const reason = cause.message.charAt(0).toLowerCase() + cause.message.slice(1);
  return new ProvenanceError(
    cause.code,
    'Line {line} of the evidence was skipped: {reason} The other lines count; to mend this one, get the file again ' +
      'from where it came from.',
    { line, reason },
    { cause },
  );
}

/** The lines that are not blank, without their line ends (LF or CRLF); the last one may have none. */
export function* bundleLines(bytes: Uint8Array): Generator<{ line: number; start: number; end: number }> {
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    let end = start;
    // indexOf has a fixed cost that blank lines would multiply.
    while (end < bytes.length && end < start + 64 && bytes[end] !== LF) end++;
    if (end === start + 64) {
      end = bytes.indexOf(LF, end);
      if (end < 0) end = bytes.length;
    }
    const next = end + 1;
    if (end > start && bytes[end - 1] === CR) end--;
    if (!isBlank(bytes, start, end)) yield { line, start, end };
    start = next;
  }
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CR)) at++;
  return at === end;
}
