import { toHex } from '../bytes/hex.ts';
import type { Subject } from './statement.ts';

/** Subjects that were read where they stand in a payload: 32 bytes each, their names as bytes of the payload. */
export interface ReadSubjects {
  readonly subjects: readonly Subject[];
  /** Their digests, packed: 32 bytes each. */
  readonly digests: Uint8Array;
  /** The payload with an empty list in their place. */
  readonly rest: Uint8Array;
}

const LIST_START = ascii(',"subject":[');
const DIGEST_START = ascii('{"digest":{"sha256":"');
const NAME_START = ascii('"},"name":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const DIGEST_BYTES = 32;
const NO_DIGIT = 0xff;
const DIGIT = new Uint8Array(256).fill(NO_DIGIT);
for (let value = 0; value < 16; value++) DIGIT[value.toString(16).charCodeAt(0)] = value;

/**
 * Reads the subjects of a statement in canonical form, of which each has a SHA-256 and a name in plain ASCII and nothing
 * else, as ours have: a hundred thousand of them are most of an advisory, and this takes a tenth of the time of reading
 * them as JSON. What is left is for a JSON parser to check.
 *
 * In canonical form the list is the last member: where the payload ends with it and one closing brace, it is a member of
 * the statement itself and of no object in it.
 *
 * @param maxName the longest name, in characters
 * @returns undefined for a payload of another form
 */
export function readSubjects(payload: Uint8Array, maxName: number): ReadSubjects | undefined {
  const list = find(payload, LIST_START);
  if (list < 0 || payload.at(-1) !== CLOSING_BRACE || payload.at(-2) !== CLOSING_BRACKET) return undefined;
  const first = list + LIST_START.length;
  // No subject is shorter.
  const most = Math.floor((payload.length - first) / (DIGEST_START.length + 2 * DIGEST_BYTES + 14));
  const digests = new Uint8Array(most * DIGEST_BYTES);
  const names = new Uint32Array(2 * most);
  let count = 0;
  let at = first;
  for (;;) {
    if (count === most || !startsWith(payload, at, DIGEST_START)) return undefined;
    at += DIGEST_START.length;
    let bits = 0;
    for (let i = 0, to = count * DIGEST_BYTES; i < DIGEST_BYTES; i++, at += 2) {
      const high = DIGIT[payload[at]!]!;
      const low = DIGIT[payload[at + 1]!]!;
      bits |= high | low;
      digests[to++] = (high << 4) | low;
    }
    if (bits > 15 || !startsWith(payload, at, NAME_START)) return undefined;
    at += NAME_START.length;
    names[2 * count] = at;
    for (let byte = payload[at]!; byte !== QUOTE; byte = payload[++at]!) {
      if (!(byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH)) return undefined;
    }
    const length = at - names[2 * count]!;
    if (length === 0 || length > maxName) return undefined;
    names[2 * count++ + 1] = at;
    if (payload[++at] !== CLOSING_BRACE) return undefined;
    at++;
    if (payload[at] === CLOSING_BRACKET) break;
    if (payload[at++] !== COMMA) return undefined;
  }
  if (at !== payload.length - 2) return undefined;
  const rest = new Uint8Array(first + 2);
  rest.set(payload.subarray(0, first));
  rest[first] = CLOSING_BRACKET;
  rest[first + 1] = CLOSING_BRACE;
  const source: Source = { payload, names, digests };
  const subjects = Array.from({ length: count }, (_, i) => new ReadSubject(source, i));
  return { subjects, digests: digests.subarray(0, count * DIGEST_BYTES), rest };
}

interface Source {
  readonly payload: Uint8Array;
  /** Where each name starts and ends. */
  readonly names: Uint32Array;
  readonly digests: Uint8Array;
}

/** Its texts are made when somebody asks for them. */
class ReadSubject implements Subject {
  constructor(
    private readonly source: Source,
    private readonly index: number,
  ) {}

  get name(): string {
    const { payload, names } = this.source;
    return text(payload.subarray(names[2 * this.index], names[2 * this.index + 1]));
  }

  get sha256(): string {
    const at = this.index * DIGEST_BYTES;
    return toHex(this.source.digests.subarray(at, at + DIGEST_BYTES));
  }
}

function startsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
}

function find(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, at, wanted)) return at;
  }
  return -1;
}

const decoder = new TextDecoder('latin1');

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function ascii(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}
