import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { FOLDED_TEXT } from '../evidence/predicates.ts';
import { CanonicalScanner } from '../sample/canonicalJson.ts';

/** Members that hold the text of a sample, in the layouts that are common. */
const MAIN_MEMBERS: ReadonlySet<string> = new Set([
  'answer',
  'chosen',
  'completion',
  'content',
  'conversation',
  'conversations',
  'dialogue',
  'document',
  'input',
  'instruction',
  'messages',
  'output',
  'passage',
  'prompt',
  'query',
  'question',
  'rejected',
  'response',
  'text',
]);

const IGNORABLE = /\p{Default_Ignorable_Code_Point}+/gu;
const SPACE = /[\p{White_Space}\p{Cc}]+/gu;

/**
 * One string, folded (docs/formats.md, "Similar samples"): compatibility characters as their plain ones, without what is
 * not seen, in one case, with single spaces.
 */
export function foldText(text: string): string {
  // Upper case first: it makes two letters of ß, and one of both sigmas, which are two again at the ends of words.
  const oneCase = text
    .normalize('NFKC')
    .replace(IGNORABLE, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ');
  return oneCase.normalize('NFKC').replace(SPACE, ' ').trim();
}

/**
 * The folded text of a sample: its strings, folded, a line each, in the order of the canonical form. If the record has
 * members that are known to hold text, only theirs.
 *
 * @param value a sample, parsed
 * @returns undefined where there is no text
 */
export function foldedText(value: unknown): string | undefined {
  const strings: string[] = [];
  const collect = (node: unknown): void => {
    if (typeof node === 'string') {
      const folded = foldText(node);
      if (folded !== '') strings.push(folded);
    } else if (Array.isArray(node)) {
      for (const item of node) collect(item);
    } else if (typeof node === 'object' && node !== null) {
      for (const [, member] of sorted(Object.entries(node))) collect(member);
    }
  };
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const main = Object.entries(value).filter(([name]) => MAIN_MEMBERS.has(name));
    for (const [, member] of sorted(main)) collect(member);
  }
  if (strings.length === 0) collect(value);
  return strings.length === 0 ? undefined : strings.join('\n');
}

/** By UTF-16 code units, as the canonical form sorts members. */
function sorted(members: [string, unknown][]): [string, unknown][] {
  return members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * What similar samples have in common: SHA-256 of the folded text behind the name of the folding and a line end, so that
 * it is never a sample digest.
 *
 * @param bytes the sample's text; of a malformed one there is none
 * @returns 32 bytes, or undefined where there is no text
 */
export function foldedDigest(bytes: Uint8Array, sha256: Sha256 = portableSha256): Uint8Array | undefined {
  if (new CanonicalScanner().scan(bytes)) return undefined;
  return unscannedFoldedDigest(bytes, sha256);
}

/** As {@link foldedDigest}, but may have one of a malformed sample too: for many of which few are of interest. */
export function unscannedFoldedDigest(bytes: Uint8Array, sha256: Sha256): Uint8Array | undefined {
  let text: string | undefined;
  try {
    text = foldedText(JSON.parse(decoder.decode(bytes)));
  } catch {
    // No JSON, or nested deeper than a sample may be.
    return undefined;
  }
  return text === undefined ? undefined : sha256(encoder.encode(`${FOLDED_TEXT}\n${text}`));
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
