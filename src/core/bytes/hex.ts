export { bytesToHex as toHex, hexToBytes as fromHex } from '@noble/hashes/utils.js';

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Whether `text` is a SHA-256 digest as the product writes it: 64 lower-case hex digits. */
export function isSha256Hex(text: unknown): text is string {
  return typeof text === 'string' && SHA256_HEX.test(text);
}

const DIGIT = new Uint8Array(128);
for (let value = 0; value < 16; value++) DIGIT[value.toString(16).charCodeAt(0)] = value;

/**
 * Reads lower-case hex into place: an advisory has a hundred thousand digests, and this is eight times as fast as
 * {@link fromHex}. It checks nothing: for digests that {@link isSha256Hex} has passed.
 */
export function fromHexInto(hex: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < hex.length; i += 2) {
    into[at++] = (DIGIT[hex.charCodeAt(i)]! << 4) | DIGIT[hex.charCodeAt(i + 1)]!;
  }
}
