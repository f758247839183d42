import { ProvenanceError } from '../errors.ts';
import { formatSshPublicKey, type SshPublicKey } from '../evidence/sshKey.ts';
import { rfc3339 } from '../evidence/statedTime.ts';
import { matchPatternList, NAMESPACE, parseAllowedSigners, type AllowedSigner } from './allowedSigners.ts';

/**
 * Changes of allowed_signers files (ssh-keygen(1), "ALLOWED SIGNERS") that leave every byte alone which they are not
 * about: comments, layout, line ends, lines that are broken, bytes that are no UTF-8.
 */

/** A file as it stands on disk. */
export interface SignersFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What is to become of a file. */
export interface FileEdit extends SignersFile {
  readonly edited: Uint8Array;
  readonly lines: readonly LineEdit[];
}

/** A line that is replaced, by one line or several. Without line ends. */
export interface LineEdit {
  /** 1-based, before the change. */
  readonly line: number;
  readonly text: string;
  readonly becomes: readonly string[];
}

/**
 * Takes trust from a key: comments out each line that names it for the product's namespace, also those whose validity has
 * ended, since they make what it signed before count. Lines for other namespaces, and those of authorities, stay.
 *
 * @param keyId fingerprint
 * @returns undefined where the file has no such line
 */
export function distrustKey(file: SignersFile, keyId: string): FileEdit | undefined {
  const lines = linesOf(file, keyId);
  return edit(
    file,
    lines.map(({ line }) => ({ line, change: (text) => [`# ${text}`] })),
  );
}

/**
 * Replaces a key by another one of the same principals: ends the validity of its lines at a time, and adds a line for the
 * new key below each. What the old key signed until then stays trusted. Lines that have ended already are left alone, and
 * so are keys that the file trusts already.
 *
 * @param from fingerprint of the old key
 * @param to.comment stands behind the new key
 * @param at milliseconds since the epoch; seconds count
 * @returns undefined where the file has no such line
 * @throws ProvenanceError `invalid-argument` when a line is valid from that time on only
 */
export function replaceKey(
  file: SignersFile,
  from: string,
  to: { readonly key: SshPublicKey; readonly keyId: string; readonly comment?: string },
  at: number,
): FileEdit | undefined {
  const end = Math.floor(at / 1000) * 1000;
  const hasNotEnded = ({ validBefore = Infinity }: AllowedSigner) => validBefore > end;
  const lines = linesOf(file, from).filter(hasNotEnded);
  const known = new Set(
    linesOf(file, to.keyId)
      .filter((entry) => hasNotEnded(entry) && (entry.validAfter ?? 0) <= end)
      .map(({ principals }) => principals),
  );
  return edit(
    file,
    lines.map((entry) => {
      const { line, validAfter, principals } = entry;
      if (validAfter !== undefined && validAfter >= end) {
        throw new ProvenanceError(
          'invalid-argument',
          '{path}, line {line}: the key is valid from {start} on, so it cannot end at {end}; distrust it instead.',
          { path: file.path, line, start: rfc3339(validAfter), end: rfc3339(end) },
        );
      }
      const isKnown = known.has(principals);
      known.add(principals);
      return {
        line,
        change: (text: string) => [
          withValidBefore(text, end, entry),
          ...(isKnown ? [] : [sameSigner(text, entry, to)]),
        ],
      };
    }),
  );
}

/** As the options of an allowed_signers line say a time: `20261125043000Z`. @param time milliseconds since the epoch */
export function signersTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
}

/**
 * A line of an allowed_signers file with another end of its validity.
 * @param text the line, without its line end
 * @param end milliseconds since the epoch; seconds count
 * @throws ProvenanceError `invalid-allowed-signers` when it is no line that can be changed so
 */
export function withValidBefore(text: string, end: number, entry: AllowedSigner): string {
  const { principals, options, rest } = partsOf(text);
  const option = `valid-before="${signersTime(end)}"`;
  const others = splitOptions(options).filter((part) => !/^valid-before=/i.test(part));
  const isReplaced = others.length < splitOptions(options).length;
  const changed = isReplaced
    ? splitOptions(options).map((part) => (/^valid-before=/i.test(part) ? option : part))
    : [...others, option];
  const line = `${principals}${changed.join(',')}${options === '' ? ' ' : ''}${rest}`;
  const [after] = parseAllowedSigners(line, entry.path).entries;
  const isSame =
    after?.keyId === entry.keyId &&
    after.principals === entry.principals &&
    after.namespaces === entry.namespaces &&
    after.validAfter === entry.validAfter &&
    after.certAuthority === entry.certAuthority &&
    after.validBefore === Math.floor(end / 1000) * 1000;
  if (isSame) return line;
  throw new ProvenanceError(
    'invalid-allowed-signers',
    '{path}, line {line}: valid-before cannot be set here; change the line yourself.',
    { path: entry.path, line: entry.line },
  );
}

/** A line that trusts another key as this one is trusted, with the same principals and namespaces, and without an end. */
function sameSigner(
  text: string,
  entry: AllowedSigner,
  { key, comment }: { readonly key: SshPublicKey; readonly comment?: string },
): string {
  const { principals, options } = partsOf(text);
  const kept = splitOptions(options).filter((part) => /^namespaces=/i.test(part));
  const line = `${principals}${kept.map((part) => `${part} `).join('')}${formatSshPublicKey(key, comment)}`;
  const [added] = parseAllowedSigners(line, entry.path).entries;
  if (added?.principals === entry.principals && added.namespaces === entry.namespaces) return line;
  throw new ProvenanceError(
    'invalid-allowed-signers',
    '{path}, line {line}: no line for another key can be made of it; add one yourself.',
    { path: entry.path, line: entry.line },
  );
}

/** The lines that say whether a key is trusted for the product's namespace. */
function linesOf({ path, bytes }: SignersFile, keyId: string): AllowedSigner[] {
  const { entries } = parseAllowedSigners(bytes, path);
  return entries.filter(
    (entry) =>
      entry.keyId === keyId &&
      !entry.certAuthority &&
      (entry.namespaces === undefined || matchPatternList(NAMESPACE, entry.namespaces)),
  );
}

const LF = 0x0a;
const CR = 0x0d;

/** Replaces lines (1-based, in order). Line ends, and what comes before and behind, stay as they are. */
function edit(
  { path, bytes }: SignersFile,
  changes: readonly { readonly line: number; readonly change: (text: string) => readonly string[] }[],
): FileEdit | undefined {
  if (changes.length === 0) return undefined;
  const parts: Uint8Array[] = [];
  const lines: LineEdit[] = [];
  let kept = 0;
  let line = 0;
  let next = 0;
  for (let start = 0; start < bytes.length && next < changes.length;) {
    line++;
    const found = bytes.indexOf(LF, start);
    const lineEnd = found < 0 ? bytes.length : found;
    const { line: wanted, change } = changes[next]!;
    if (line === wanted) {
      const to = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      const text = decode(bytes.subarray(start, to), path, line);
      const becomes = change(text);
      const ending = to < lineEnd ? '\r\n' : '\n';
      parts.push(bytes.subarray(kept, start), new TextEncoder().encode(becomes.join(ending)));
      lines.push({ line, text, becomes });
      kept = to;
      next++;
    }
    start = lineEnd + 1;
  }
  parts.push(bytes.subarray(kept));
  return { path, bytes, edited: concat(parts), lines };
}

function decode(bytes: Uint8Array, path: string, line: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ProvenanceError(
      'invalid-allowed-signers',
      '{path}, line {line}: it is not UTF-8, so it is not changed here; change the line yourself.',
      { path, line },
      { cause },
    );
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * A line that is one, in pieces that put together are the line again: the principals with the blanks around them, the
 * options, and the rest, which starts with blanks unless there are no options.
 */
function partsOf(text: string): {
  readonly principals: string;
  readonly options: string;
  readonly rest: string;
} {
  const [principals = ''] = /^[ \t\r]*[^ \t\r"]*(?:"[^"]*")?[ \t\r]*/.exec(text) ?? [];
  const behind = text.slice(principals.length);
  if (!parsesAsKey(behind)) {
    const options = behind.slice(0, endOfOptions(behind));
    return { principals, options, rest: behind.slice(options.length) };
  }
  return { principals, options: '', rest: behind };
}

/** Whether a key follows the principals at once. */
function parsesAsKey(text: string): boolean {
  return parseAllowedSigners(`a ${text}`, '').entries.length === 1 && !/^[^ \t]*[="]/.test(text);
}

/** Where the options end: at white space outside quotes. */
function endOfOptions(text: string): number {
  let quoted = false;
  let at = 0;
  for (; at < text.length && (quoted || (text[at] !== ' ' && text[at] !== '\t')); at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    else if (text[at] === '"') quoted = !quoted;
  }
  return at;
}

/** The options of a line, at its commas outside quotes. */
function splitOptions(text: string): string[] {
  if (text === '') return [];
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    let piece = text.charAt(at);
    if (piece === '\\' && text[at + 1] === '"') piece += text.charAt(++at);
    else if (piece === '"') quoted = !quoted;
    if (piece === ',' && !quoted) {
      parts.push(part);
      part = '';
    } else part += piece;
  }
  return [...parts, part];
}
