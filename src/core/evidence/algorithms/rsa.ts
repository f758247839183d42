import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { equalBytes, joinBytes } from '../sshWire.ts';

/** Shorter keys are not verified: NIST SP 800-57 part 1, table 2, has 3,072 bits for what is signed beyond 2030. */
export const MIN_RSA_BITS = 3072;
/** OpenSSL's limits: longer keys and exponents only cost time. */
const MAX_RSA_BITS = 16_384;
const MAX_EXPONENT_BYTES = 8;

/** Numbers as big-endian bytes without leading zeros. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

export type RsaHash = 'sha256' | 'sha512';

const HASHES = {
  // The prefixes are the DER of DigestInfo up to the digest (RFC 8017 §9.2, note 1).
  sha256: { create: sha256, size: 32, prefix: fromHex('3031300d060960864801650304020105000420') },
  sha512: { create: sha512, size: 64, prefix: fromHex('3051300d060960864801650304020305000440') },
} as const;

/** Bits of the modulus. */
export function rsaBits({ modulus }: RsaPublicKey): number {
  return modulus.length === 0 ? 0 : modulus.length * 8 + 24 - Math.clz32(modulus[0]!);
}

/** Whether signatures of the key can be verified: of 3,072 to 16,384 bits, with an odd exponent of 3 to 2^64. */
export function isUsableRsaKey(key: RsaPublicKey): boolean {
  const { exponent, modulus } = key;
  const bits = rsaBits(key);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS || modulus.at(-1)! % 2 === 0) return false;
  return exponent.length <= MAX_EXPONENT_BYTES && exponent.at(-1)! % 2 === 1 && bigEndian(exponent) >= 3n;
}

/** Verifies RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2): what was signed must be the encoding of the digest, byte for byte. */
export function verifyRsaPkcs1(
  key: RsaPublicKey,
  signature: Uint8Array,
  hash: RsaHash,
  ...message: readonly Uint8Array[]
): boolean {
  const encoded = recover(key, signature);
  return encoded !== undefined && isPkcs1(encoded, hash, digest(hash, message));
}

/**
 * Verifies a signature by any of the schemes that a DSSE envelope may have: RSASSA-PKCS1-v1_5 and RSASSA-PSS
 * (RFC 8017 §8.1.2; MGF1 with the same hash, a salt of any length), each with SHA-256 or SHA-512.
 */
export function verifyRsa(
  key: RsaPublicKey,
  signature: Uint8Array,
  ...message: readonly Uint8Array[]
): boolean {
  const encoded = recover(key, signature);
  if (encoded === undefined) return false;
  return (['sha256', 'sha512'] as const).some((hash) => {
    const digested = digest(hash, message);
    return isPkcs1(encoded, hash, digested) || isPss(encoded, rsaBits(key) - 1, hash, digested);
  });
}

/** RSAVP1 (RFC 8017 §5.2.2): the encoded message, as long as the modulus; undefined when the signature is not below it. */
function recover(key: RsaPublicKey, signature: Uint8Array): Uint8Array | undefined {
  const { length } = key.modulus;
  if (signature.length !== length || !isUsableRsaKey(key)) return undefined;
  const modulus = bigEndian(key.modulus);
  const s = bigEndian(signature);
  if (s >= modulus) return undefined;
  let result = 1n;
  for (const bit of bigEndian(key.exponent).toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * s) % modulus;
  }
  return fromHex(result.toString(16).padStart(2 * length, '0'));
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2). */
function isPkcs1(encoded: Uint8Array, hash: RsaHash, digested: Uint8Array): boolean {
  const { prefix, size } = HASHES[hash];
  const padding = new Uint8Array(encoded.length - 3 - prefix.length - size).fill(0xff);
  return equalBytes(encoded, joinBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), prefix, digested));
}

/** EMSA-PSS-VERIFY (RFC 8017 §9.1.2), except that the salt may have any length. */
function isPss(encoded: Uint8Array, bits: number, hash: RsaHash, digested: Uint8Array): boolean {
  const { create, size } = HASHES[hash];
  const length = Math.ceil(bits / 8);
  const skipped = encoded.length - length;
  if (skipped > 0 && encoded[0] !== 0) return false;
  const message = encoded.subarray(skipped);
  if (message.at(-1) !== 0xbc) return false;
  const masked = message.subarray(0, length - size - 1);
  const h = message.subarray(length - size - 1, length - 1);
  const firstByte = 0xff >> (8 * length - bits);
  if ((masked[0]! & ~firstByte & 0xff) !== 0) return false;
  const mask = mgf1(hash, h, masked.length);
  const block = masked.map((byte, index) => byte ^ mask[index]!);
  block[0]! &= firstByte;
  const one = block.findIndex((byte) => byte !== 0);
  if (one < 0 || block[one] !== 1) return false;
  return equalBytes(create(joinBytes(new Uint8Array(8), digested, block.subarray(one + 1))), h);
}

/** MGF1 (RFC 8017, appendix B.2.1). */
function mgf1(hash: RsaHash, seed: Uint8Array, length: number): Uint8Array {
  const { create, size } = HASHES[hash];
  const mask = new Uint8Array(Math.ceil(length / size) * size);
  for (let counter = 0; counter * size < length; counter++) {
    mask.set(create(joinBytes(seed, Uint8Array.of(0, 0, counter >> 8, counter))), counter * size);
  }
  return mask.subarray(0, length);
}

function digest(hash: RsaHash, message: readonly Uint8Array[]): Uint8Array {
  const stream = HASHES[hash].create.create();
  for (const part of message) stream.update(part);
  return stream.digest();
}

function bigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}
