/**
 * Base64 (RFC 4648 §4 and §5). Envelopes hold payloads of many megabytes: the library that was measured took 125–260 ms to
 * encode and 70–210 ms to decode 5 MB where the engine has no base64 of its own (Node 20); these loops take a fraction.
 */

const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
const INVALID = 0xffff;

/** The 12 bits of each pair of characters, the first one above the second: half as many steps as one at a time. */
function decodingTable(char62: string, char63: string): Uint16Array {
  const characters = ALPHABET.slice();
  characters[62] = char62.charCodeAt(0);
  characters[63] = char63.charCodeAt(0);
  const table = new Uint16Array(1 << 16).fill(INVALID);
  characters.forEach((first, high) => {
    characters.forEach((second, low) => (table[(first << 8) | second] = (high << 6) | low));
  });
  return table;
}

const STANDARD = decodingTable('+', '/');
const URL_SAFE = decodingTable('-', '_');

/** @returns `bytes` in the standard alphabet, padded. */
export function toBase64(bytes: Uint8Array): string {
  const { length } = bytes;
  const text = new Uint8Array(Math.ceil(length / 3) * 4);
  const whole = length - (length % 3);
  let out = 0;
  let at = 0;
  for (; at < whole; at += 3) {
    const group = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text[out++] = ALPHABET[group >> 18]!;
    text[out++] = ALPHABET[(group >> 12) & 63]!;
    text[out++] = ALPHABET[(group >> 6) & 63]!;
    text[out++] = ALPHABET[group & 63]!;
  }
  if (at < length) {
    const two = length - at === 2;
    const group = (bytes[at]! << 16) | (two ? bytes[at + 1]! << 8 : 0);
    text[out++] = ALPHABET[group >> 18]!;
    text[out++] = ALPHABET[(group >> 12) & 63]!;
    text[out++] = two ? ALPHABET[(group >> 6) & 63]! : PAD;
    text[out++] = PAD;
  }
  return new TextDecoder().decode(text);
}

/**
 * Decodes the standard or the URL-safe alphabet, never a mixture; padding is required, and the bits that no byte uses
 * must be zero, so that one value has one encoding in each alphabet.
 *
 * @returns the bytes, or undefined when `text` is not base64
 */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = encoder.encode(text);
  return decodeBase64(bytes, 0, bytes.length);
}

const encoder = new TextEncoder();

/** As {@link fromBase64}, of the bytes of a text from `start` to before `end`. */
export function decodeBase64(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = decodedLength(text, start, end);
  if (length === undefined) return undefined;
  const bytes = new Uint8Array(length);
  return decodeBase64Into(text, start, end, bytes) ? bytes : undefined;
}

/** How many bytes a text from `start` to before `end` decodes to; undefined where it is no base64 for its length. */
export function decodedLength(text: Uint8Array, start: number, end: number): number | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  return (length / 4) * 3 - paddingOf(text, start, end);
}

/**
 * As {@link decodeBase64}, into `into`, which has {@link decodedLength} bytes.
 * @returns false where it is not base64; what stands in `into` then has no meaning
 */
export function decodeBase64Into(text: Uint8Array, start: number, end: number, into: Uint8Array): boolean {
  return decodeWith(STANDARD, text, start, end, into) || decodeWith(URL_SAFE, text, start, end, into);
}

function paddingOf(text: Uint8Array, start: number, end: number): number {
  if (end === start || text[end - 1] !== PAD) return 0;
  return text[end - 2] === PAD ? 2 : 1;
}

function decodeWith(
  table: Uint16Array,
  text: Uint8Array,
  start: number,
  end: number,
  bytes: Uint8Array,
): boolean {
  const pads = paddingOf(text, start, end);
  const whole = pads === 0 ? end : end - 4;
  let out = 0;
  let at = start;
  for (; at < whole; at += 4) {
    const a = table[(text[at]! << 8) | text[at + 1]!]!;
    const b = table[(text[at + 2]! << 8) | text[at + 3]!]!;
    if ((a | b) === INVALID) return false;
    bytes[out++] = a >> 4;
    bytes[out++] = (a << 4) | (b >> 8);
    bytes[out++] = b;
  }
  if (pads > 0) {
    const a = table[(text[at]! << 8) | text[at + 1]!]!;
    // What pads has no bits, as the first letter has none.
    const b = pads === 1 ? table[(text[at + 2]! << 8) | ALPHABET[0]!]! : 0;
    if ((a | b) === INVALID) return false;
    // The bits that no byte uses.
    if (pads === 1 ? (b & 0xff) !== 0 : (a & 15) !== 0) return false;
    bytes[out++] = a >> 4;
    if (pads === 1) bytes[out++] = (a << 4) | (b >> 8);
  }
  return true;
}
