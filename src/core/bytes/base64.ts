/**
 * Base64 (RFC 4648 §4 and §5). Envelopes hold payloads of many megabytes: the library that was measured took 125–260 ms to
 * encode and 70–210 ms to decode 5 MB where the engine has no base64 of its own (Node 20); these loops take a fraction.
 */

const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
const INVALID = 0xff;

function decodingTable(char62: string, char63: string): Uint8Array {
  const table = new Uint8Array(256).fill(INVALID);
  for (let value = 0; value < 62; value++) table[ALPHABET[value]!] = value;
  table[char62.charCodeAt(0)] = 62;
  table[char63.charCodeAt(0)] = 63;
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
  return decodeWith(STANDARD, text, start, end) ?? decodeWith(URL_SAFE, text, start, end);
}

function decodeWith(table: Uint8Array, text: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array();
  const pads = text[end - 1] !== PAD ? 0 : text[end - 2] !== PAD ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - pads);
  const whole = pads === 0 ? end : end - 4;
  let out = 0;
  let at = start;
  for (; at < whole; at += 4) {
    const a = table[text[at]!]!;
    const b = table[text[at + 1]!]!;
    const c = table[text[at + 2]!]!;
    const d = table[text[at + 3]!]!;
    if ((a | b | c | d) > 63) return undefined;
    bytes[out++] = (a << 2) | (b >> 4);
    bytes[out++] = (b << 4) | (c >> 2);
    bytes[out++] = (c << 6) | d;
  }
  if (pads > 0) {
    const a = table[text[at]!]!;
    const b = table[text[at + 1]!]!;
    const c = pads === 1 ? table[text[at + 2]!]! : 0;
    if ((a | b | c) > 63) return undefined;
    if (pads === 1 ? (c & 3) !== 0 : (b & 15) !== 0) return undefined;
    bytes[out++] = (a << 2) | (b >> 4);
    if (pads === 1) bytes[out++] = (b << 4) | (c >> 2);
  }
  return bytes;
}
