import { ProvenanceError } from '../errors.ts';
import { matchPatternList } from './allowedSigners.ts';

/** Who a Sigstore certificate was issued to: an e-mail address or a URI, and who vouched for that (an OpenID issuer). */
export interface SigstoreIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** One line of a `sigstore_identities` file (docs/formats.md, "Sigstore and Model Signing"). */
export interface AllowedIdentity {
  /** The name to show. */
  readonly name: string;
  readonly issuer: string;
  /** Pattern list as in allowed_signers: `*` and `?`, commas, `!` to rule out. */
  readonly subject: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface AllowedIdentities {
  readonly entries: readonly AllowedIdentity[];
  /** Of code `invalid-allowed-signers`; each names path and line. */
  readonly problems: readonly ProvenanceError[];
}

const MAX_LINE_LENGTH = 8 * 1024;
const MAX_LINES = 10_000;
const MAX_IDENTITY_LENGTH = 2048;

/**
 * Reads who of Sigstore is trusted: `NAME ISSUER SUBJECT` a line, separated by white space; `#` starts a comment line. A
 * bad line trusts nobody, is reported, and does not stop the others.
 *
 * @param path for the messages
 */
export function parseSigstoreIdentities(text: string, path: string): AllowedIdentities {
  const entries: AllowedIdentity[] = [];
  const problems: ProvenanceError[] = [];
  const lines = text.split('\n', MAX_LINES + 1);
  lines.slice(0, MAX_LINES).forEach((whole, index) => {
    const line = index + 1;
    const trimmed = whole.length > MAX_LINE_LENGTH ? undefined : whole.trim();
    if (trimmed === '' || trimmed?.startsWith('#')) return;
    const [name, issuer, subject, ...rest] = trimmed?.split(/[ \t]+/) ?? [];
    if (name === undefined || issuer === undefined || subject === undefined || rest.length > 0) {
      problems.push(problemAt(path, line, 'it is not a name, an issuer and a subject, separated by spaces'));
    } else if (!isIssuer(issuer)) {
      problems.push(problemAt(path, line, 'its issuer is not an https:// address without "#"'));
    } else {
      entries.push({ name, issuer, subject, line });
    }
  });
  if (lines.length > MAX_LINES) {
    problems.push(problemAt(path, MAX_LINES + 1, `there are more than ${String(MAX_LINES)} lines`));
  }
  return { entries, problems };
}

function problemAt(path: string, line: number, reason: string): ProvenanceError {
  return new ProvenanceError(
    'invalid-allowed-signers',
    '{path}, line {line}: {reason}, so nobody is trusted by this line; correct or remove it.',
    { path, line, reason },
  );
}

/** The first line that names this identity; undefined where it is not trusted. */
export function findIdentity(
  entries: readonly AllowedIdentity[],
  { issuer, subject }: SigstoreIdentity,
): AllowedIdentity | undefined {
  return entries.find((entry) => entry.issuer === issuer && matchPatternList(subject, entry.subject));
}

const KEY_ID_PREFIX = 'sigstore:';

/**
 * What stands for a fingerprint where an identity signed: `sigstore:ISSUER#SUBJECT`. The keys themselves are thrown away
 * after one signature.
 */
export function keyIdOfIdentity({ issuer, subject }: SigstoreIdentity): string {
  return `${KEY_ID_PREFIX}${issuer}#${subject}`;
}

/** The reverse of {@link keyIdOfIdentity}; undefined for a fingerprint. */
export function identityOfKeyId(keyId: string): SigstoreIdentity | undefined {
  const hash = keyId.indexOf('#');
  if (!keyId.startsWith(KEY_ID_PREFIX) || hash < 0) return undefined;
  return { issuer: keyId.slice(KEY_ID_PREFIX.length, hash), subject: keyId.slice(hash + 1) };
}

/**
 * The identity of a certificate, or undefined where it has none that can be named in a list: both parts are printable
 * ASCII without white space, and the issuer is an `https` address without a fragment (OpenID Connect Core, "iss").
 */
export function readIdentity(issuer: unknown, subject: unknown): SigstoreIdentity | undefined {
  if (typeof issuer !== 'string' || typeof subject !== 'string') return undefined;
  const isName = subject.length <= MAX_IDENTITY_LENGTH && /^[!-~]+$/.test(subject);
  return isName && isIssuer(issuer) ? { issuer, subject } : undefined;
}

function isIssuer(text: string): boolean {
  return text.length <= MAX_IDENTITY_LENGTH && /^https:\/\/[!-~]+$/.test(text) && !text.includes('#');
}
