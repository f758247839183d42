import { asProvenanceError, ProvenanceError } from '../errors.ts';
import {
  fingerprint,
  formatSshPublicKey,
  readSshPublicKey,
  sameKey,
  type SshPublicKey,
} from '../evidence/sshKey.ts';
import {
  certificateOutOfTime,
  certificateRefusal,
  readSshCertificate,
  type SshCertificate,
} from './sshCertificate.ts';

/** The SSHSIG namespace of the product: a key that is allowed for `git` only does not vouch for training data. */
export const NAMESPACE = 'dataset-provenance';

/** Lines longer than this are refused unread. */
const MAX_LINE_LENGTH = 64 * 1024;
/** OpenSSH refuses longer parts of a pattern list (match.c). */
const MAX_PATTERN_BYTES = 1022;
const MAX_PROBLEMS = 1000;

/** One line of an allowed_signers file (ssh-keygen(1), "ALLOWED SIGNERS"). */
export interface AllowedSigner {
  /** Pattern list: who the key belongs to. */
  readonly principals: string;
  readonly key: SshPublicKey;
  /** Fingerprint of the key. */
  readonly keyId: string;
  /** Pattern list of the namespaces that the key may sign in; any when absent. */
  readonly namespaces?: string;
  /** Milliseconds since the epoch; the key is valid from then on. */
  readonly validAfter?: number;
  /** Milliseconds since the epoch; the key is valid until the end of that second. */
  readonly validBefore?: number;
  /** The key signs certificates, not data: who has one of it with a matching principal is trusted. */
  readonly certAuthority: boolean;
  /** Counted from 1. */
  readonly line: number;
  readonly path: string;
}

export interface AllowedSigners {
  readonly entries: readonly AllowedSigner[];
  /** Of code `invalid-allowed-signers`; each names path and line. */
  readonly problems: readonly ProvenanceError[];
}

/**
 * Reads an allowed_signers file as ssh-keygen does, down to quoting, and tested against it. Three things differ: a bad
 * line never stops the others; dates that do not exist (February 30) are errors and do not roll over; key types that
 * OpenSSH does not know are kept.
 *
 * @param file its bytes, or its text with a byte order mark if it has one
 * @param path for messages and {@link AllowedSigner.path}
 */
export function parseAllowedSigners(file: Uint8Array | string, path: string): AllowedSigners {
  const text = typeof file === 'string' ? file : new TextDecoder('utf-8', { ignoreBOM: true }).decode(file);
  const entries: AllowedSigner[] = [];
  const problems: ProvenanceError[] = [];
  let line = 0;
  for (let start = 0; start < text.length;) {
    line++;
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed < 0 ? text.length : lineFeed;
    const result = end - start > MAX_LINE_LENGTH ? TOO_LONG : parseLine(text.slice(start, end), line, path);
    start = end + 1;
    if (typeof result === 'string') {
      if (problems.length < MAX_PROBLEMS) problems.push(problemAt(path, line, result));
    } else if (result) {
      entries.push(result);
    }
  }
  return { entries, problems };
}

const TOO_LONG = 'it is longer than 65,536 characters';

function problemAt(path: string, line: number, reason: string): ProvenanceError {
  return new ProvenanceError(
    'invalid-allowed-signers',
    '{path}, line {line}: {reason}, so nobody is trusted by this line; correct or remove it.',
    { path, line, reason },
  );
}

/** @returns the signer, undefined for a blank line or comment, or what is wrong, as part of a sentence */
function parseLine(text: string, line: number, path: string): AllowedSigner | string | undefined {
  const trimmed = trimBlanks(text);
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  if (trimmed.startsWith('\ufeff')) {
    return 'it starts with a byte order mark, which OpenSSH would take for a part of the principal';
  }
  // OpenSSH reads C strings: it would not see what stands behind a NUL.
  if (trimmed.includes('\0')) return 'it has a NUL character';
  const [principals, rest] = takePrincipals(trimmed);
  if (principals === undefined) return 'the quoted principal has no closing quote';
  if (principals === '') return 'it has no principal';
  if (principals.split(',').every((pattern) => pattern === '' || pattern.startsWith('!'))) {
    return 'its principals name nobody, they only rule out';
  }

  const plain = takeKey(rest);
  if (plain) return signer(principals, plain, NO_OPTIONS, line, path);
  const end = endOfOptions(rest);
  if (end === undefined) return 'an option has no closing quote';
  const key = takeKey(rest.slice(end).replace(/^[ \t]+/, ''));
  if (!key) return 'it has no valid public key after the principals and options';
  const options = parseOptions(rest.slice(0, end));
  return typeof options === 'string' ? options : signer(principals, key, options, line, path);
}

/** A regular expression for the end would take quadratic time on a long run of blanks. */
function trimBlanks(text: string): string {
  const isBlank = (index: number) => ' \t\r'.includes(text.charAt(index));
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

type Options = Pick<AllowedSigner, 'namespaces' | 'validAfter' | 'validBefore' | 'certAuthority'>;

const NO_OPTIONS: Options = { certAuthority: false };

function signer(
  principals: string,
  key: SshPublicKey,
  options: Options,
  line: number,
  path: string,
): AllowedSigner {
  return { principals, key, keyId: fingerprint(key), ...options, line, path };
}

/** Splits off the first word as OpenSSH's strdelimw does: a quote, wherever it stands, runs to the next one. */
function takePrincipals(text: string): [principals: string | undefined, rest: string] {
  const stop = /[ \t\r"]/.exec(text);
  if (!stop) return [text, ''];
  let end = stop.index;
  let principals = text.slice(0, end);
  if (stop[0] === '"') {
    end = text.indexOf('"', stop.index + 1);
    if (end < 0) return [undefined, ''];
    principals += text.slice(stop.index + 1, end);
  }
  return [principals, text.slice(end + 1).replace(/^[ \t\r]+/, '')];
}

/** `TYPE BASE64` at the start; what follows is a comment. */
function takeKey(text: string): SshPublicKey | undefined {
  const [, type, encoded] = /^([^ \t]+)[ \t]+([^ \t]+)/.exec(text) ?? [];
  return type !== undefined && encoded !== undefined ? readSshPublicKey(type, encoded) : undefined;
}

/** Where the options end: at white space outside quotes. Undefined when a quote is not closed. */
function endOfOptions(text: string): number | undefined {
  let quoted = false;
  let at = 0;
  for (; at < text.length && (quoted || (text[at] !== ' ' && text[at] !== '\t')); at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    else if (text[at] === '"') quoted = !quoted;
  }
  return quoted ? undefined : at;
}

function parseOptions(text: string): Options | string {
  let namespaces: string | undefined;
  let validAfter: number | undefined;
  let validBefore: number | undefined;
  let certAuthority = false;
  for (let at = 0; at < text.length;) {
    const [word, name = ''] = /^(cert-authority|namespaces=|valid-after=|valid-before=)?/i.exec(
      text.slice(at),
    ) ?? [''];
    at += word.length;
    if (/^cert-authority$/i.test(name)) {
      certAuthority = true;
    } else if (name !== '') {
      const option = name.slice(0, -1).toLowerCase();
      const quoted = /^"((?:\\"|\\(?!")|[^"\\])*)"/.exec(text.slice(at));
      if (!quoted) return `the value of "${option}" is not in double quotes`;
      at += quoted[0].length;
      const value = quoted[1]!.replaceAll('\\"', '"');
      if (option === 'namespaces') {
        if (namespaces !== undefined) return 'it has the option "namespaces" twice';
        namespaces = value;
      } else {
        const time = parseTime(value);
        if (time === undefined)
          return `the time of "${option}" is not YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS`;
        if ((option === 'valid-after' ? validAfter : validBefore) !== undefined) {
          return `it has the option "${option}" twice`;
        }
        if (option === 'valid-after') validAfter = time;
        else validBefore = time;
      }
    }
    if (at === text.length) break;
    if (text[at] !== ',') return 'it has an option that is not known';
    if (++at === text.length) return 'its options end with a comma';
  }
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter) {
    return '"valid-before" is not later than "valid-after"';
  }
  return {
    certAuthority,
    ...(namespaces !== undefined && { namespaces }),
    ...(validAfter !== undefined && { validAfter }),
    ...(validBefore !== undefined && { validBefore }),
  };
}

/**
 * `YYYYMMDD[HHMM[SS]]`, followed by `Z` or `UTC`, or else in local *standard* time, also in summer: OpenSSH calls
 * mktime without asking for daylight saving time.
 *
 * @returns milliseconds since the epoch, always above 0
 */
function parseTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?$/i.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? 0),
  ) as Sextet;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(utc);
  const real =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  const time = match[7] !== undefined ? utc : utc + standardOffset(year) * 60_000;
  return real && time > 0 ? time : undefined;
}

type Sextet = [year: number, month: number, day: number, hour: number, minute: number, second: number];

/** Minutes that local standard time is behind UTC: daylight saving, in either hemisphere, is the smaller offset. */
function standardOffset(year: number): number {
  return Math.max(new Date(year, 0, 1).getTimezoneOffset(), new Date(year, 6, 1).getTimezoneOffset());
}

/**
 * Whether a pattern list matches (ssh_config(5), "PATTERNS"; match.c): comma-separated, `*` and `?` as wildcards, and
 * a matching pattern with `!` rules it out whatever else matches. Case counts, and so does white space. Linear memory,
 * and time proportional to the product of the lengths, also for hostile patterns.
 */
export function matchPatternList(text: string, patternList: string): boolean {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(text);
  let matched = false;
  // OpenSSH does not read a last, empty pattern.
  for (const item of patternList.replace(/,$/, '').split(',')) {
    const negated = item.startsWith('!');
    const pattern = encoder.encode(negated ? item.slice(1) : item);
    if (pattern.length > MAX_PATTERN_BYTES) return false;
    if (!matchPattern(bytes, pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched && patternList !== '';
}

const STAR = 0x2a;
const QUESTION_MARK = 0x3f;

/** Byte by byte, as OpenSSH: `?` is one byte. On a mismatch only the last `*` can take more. */
function matchPattern(text: Uint8Array, pattern: Uint8Array): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (next < pattern.length && pattern[next] === STAR) {
      star = next++;
      starAt = at;
    } else if (next < pattern.length && (pattern[next] === QUESTION_MARK || pattern[next] === text[at])) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (next < pattern.length && pattern[next] === STAR) next++;
  return next === pattern.length;
}

/**
 * Why nobody is trusted with a key: no line names it, or only for other namespaces, or only as an authority, or its
 * certificate does not count.
 */
export type UntrustedReason = 'not-listed' | 'namespace' | 'cert-authority' | 'certificate';

export type SignerStanding =
  | { readonly standing: 'trusted'; readonly principal: string; readonly signer: AllowedSigner }
  | {
      readonly standing: 'expired';
      readonly principal: string;
      readonly signer: AllowedSigner;
      /** Where it is the certificate that was not valid, of code `invalid-certificate`. */
      readonly refusal?: ProvenanceError;
    }
  | {
      readonly standing: 'untrusted';
      readonly why: UntrustedReason;
      /** The line that came nearest, unless none names the key or the authority of its certificate. */
      readonly signer?: AllowedSigner;
      /** Why its certificate does not count, of code `invalid-certificate` or `unsupported-key`. */
      readonly refusal?: ProvenanceError;
    };

/**
 * What the allowed signers say of a key at a time, as `ssh-keygen -Y verify` decides it line by line. Of several lines
 * for one key, the first that trusts it decides; else one whose validity had ended, or not begun, makes it `expired`.
 *
 * A certificate is trusted by a line with `cert-authority` and its authority's key, if it is one of a user, valid at
 * the time, and names a principal that the line's patterns match; or by a line that has the certificate itself.
 *
 * @param key the key, which may be a certificate; or the fingerprint of one that is none
 * @param time when the signature was made, in milliseconds since the epoch; both ends of a validity are inclusive
 * @param principal who is said to have signed; anyone when absent
 * @returns with `principal`, the name to show: the line's principals, or those of the certificate that match them, with
 *   commas between
 */
export function findSigner(
  entries: readonly AllowedSigner[],
  key: SshPublicKey | string,
  time: number,
  namespace: string = NAMESPACE,
  principal?: string,
): SignerStanding {
  let certificate: SshCertificate | undefined;
  try {
    if (typeof key !== 'string' && key.certified) certificate = readSshCertificate(key);
  } catch (error) {
    return { standing: 'untrusted', why: 'certificate', refusal: asProvenanceError(error) };
  }
  let untrusted: Extract<SignerStanding, { standing: 'untrusted' }> = {
    standing: 'untrusted',
    why: 'not-listed',
  };
  let expired: Extract<SignerStanding, { standing: 'expired' }> | undefined;
  for (const signer of entries) {
    if (!isAbout(signer, key, certificate)) continue;
    if (principal !== undefined && !matchPatternList(principal, signer.principals)) continue;
    if (signer.certAuthority && !certificate) {
      if (untrusted.why === 'not-listed')
        untrusted = { standing: 'untrusted', why: 'cert-authority', signer };
    } else if (signer.namespaces !== undefined && !matchPatternList(namespace, signer.namespaces)) {
      untrusted = { standing: 'untrusted', why: 'namespace', signer };
    } else {
      const authorized = signer.certAuthority ? certificate : undefined;
      const named = authorized
        ? certifiedPrincipals(signer, authorized, principal)
        : (principal ?? signer.principals);
      if (named instanceof ProvenanceError) {
        untrusted = { standing: 'untrusted', why: 'certificate', signer, refusal: named };
      } else {
        const refusal = authorized && certificateOutOfTime(authorized, time);
        if (isValidAt(signer, time) && !refusal) return { standing: 'trusted', principal: named, signer };
        expired ??= { standing: 'expired', principal: named, signer, ...(refusal && { refusal }) };
      }
    }
  }
  return expired ?? untrusted;
}

/** Whether a line has the key, or the authority of its certificate. */
function isAbout(
  { certAuthority, key: listed, keyId }: AllowedSigner,
  key: SshPublicKey | string,
  certificate: SshCertificate | undefined,
): boolean {
  if (certAuthority && certificate) return sameKey(listed, certificate.authority);
  return typeof key === 'string' ? keyId === key && !listed.certified : sameKey(listed, key);
}

/** OpenSSH counts seconds, so a validity lasts to the end of its last one. */
function isValidAt({ validAfter = -Infinity, validBefore = Infinity }: AllowedSigner, time: number): boolean {
  const second = Math.floor(time / 1000) * 1000;
  return second >= validAfter && second <= validBefore;
}

/** The principals of a certificate that a line trusts its authority for, or why there are none. */
function certifiedPrincipals(
  { principals, path, line }: AllowedSigner,
  certificate: SshCertificate,
  principal: string | undefined,
): string | ProvenanceError {
  const refusal = certificateRefusal(certificate);
  if (refusal) return refusal;
  const matching = certificate.principals.filter((name) =>
    principal === undefined
      ? // One with a comma would pass for several, for which the authority may not be trusted.
        !name.includes(',') && matchPatternList(name, principals)
      : name === principal,
  );
  if (matching.length > 0) return matching.join(',');
  return new ProvenanceError(
    'invalid-certificate',
    'The certificate of the key {keyId} is not for a principal that {path}, line {line} trusts its authority for; get one that is, or correct that line.',
    { keyId: fingerprint(certificate.key), path, line },
  );
}

/**
 * A line for an allowed_signers file, without a line end, that trusts one key.
 *
 * @param line.principal one name, not a pattern
 * @param line.key of a certificate, the key in it is trusted
 * @param line.namespaces pattern list; any namespace when absent
 * @throws ProvenanceError `invalid-argument` when a part cannot stand in such a line
 */
export function formatAllowedSigner(line: {
  readonly principal: string;
  readonly key: SshPublicKey;
  readonly comment?: string;
  readonly namespaces?: string;
}): string {
  const { principal, key, comment, namespaces } = line;
  // eslint-disable-next-line no-control-regex
  if (principal === '' || principal.length > 1000 || /[*?!,"\\\u0000-\u001f\u007f]/.test(principal)) {
    throw new ProvenanceError(
      'invalid-argument',
      'A signer\'s name has 1 to 1,000 characters, none of them a control character or one of * ? ! , " \\.',
    );
  }
  // eslint-disable-next-line no-control-regex
  if (namespaces !== undefined && (namespaces === '' || /["\\\u0000-\u001f\u007f]/.test(namespaces))) {
    throw new ProvenanceError(
      'invalid-argument',
      'Namespaces are a comma-separated list of names, without quotes, backslashes and control characters.',
    );
  }
  const name = /[ #]/.test(principal) ? `"${principal}"` : principal;
  const options = namespaces === undefined ? '' : ` namespaces="${namespaces}"`;
  return `${name}${options} ${formatSshPublicKey(key.certified ?? key, comment)}`;
}
