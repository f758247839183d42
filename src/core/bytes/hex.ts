export { bytesToHex as toHex, hexToBytes as fromHex } from '@noble/hashes/utils.js';

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Whether `text` is a SHA-256 digest as the product writes it: 64 lower-case hex digits. */
export function isSha256Hex(text: unknown): text is string {
  return typeof text === 'string' && SHA256_HEX.test(text);
}
