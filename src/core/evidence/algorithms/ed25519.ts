import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 as portableSha512 } from '@noble/hashes/sha2.js';
import { fromHex } from '../../bytes/hex.ts';
import { equalBytes } from '../sshWire.ts';

/**
 * Verifies an Ed25519 signature: RFC 8032 §5.1.7 without the cofactor, as OpenSSH and OpenSSL do, and more strictly
 * than either where the key is concerned ({@link isEd25519Key}). Never throws, whatever the bytes are.
 *
 * @param publicKey the 32 bytes of RFC 8032
 * @param signature the 64 bytes of RFC 8032; `s` must be below the group order
 * @param message in one part or several
 */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  signature: Uint8Array,
  ...message: readonly Uint8Array[]
) => boolean;

/** The prime 2^255 − 19, little-endian. */
const PRIME = fromHex(`ed${'ff'.repeat(30)}7f`);
/** The y coordinates of the points of order 1, 2, 4 and 8: their holder could sign for anything at once. */
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex);

/** Whether 32 bytes may be a key: `y` below the prime, so that a point has one encoding, and not of small order. */
export function isEd25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  // Not slice(): that of a Buffer is no copy.
  const y = Uint8Array.from(publicKey);
  y[31]! &= 0x7f;
  return isBelow(y, PRIME) && !SMALL_ORDER.some((point) => equalBytes(point, y));
}

/** Of little-endian numbers of the same length. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = a.length - 1; at >= 0; at--) if (a[at] !== b[at]) return a[at]! < b[at]!;
  return false;
}

/** The portable {@link VerifyEd25519}, in JavaScript: the reference for those of platforms. */
export const verifyEd25519: VerifyEd25519 = (publicKey, signature, ...message) => {
  if (signature.length !== 64 || !isEd25519Key(publicKey)) return false;
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const start = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= order) return false;
  try {
    const key = Point.fromBytes(publicKey);
    const hash = portableSha512.create().update(start).update(publicKey);
    for (const part of message) hash.update(part);
    const h = littleEndian(hash.digest()) % order;
    const point = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(h));
    return equalBytes(point.toBytes(), start);
  } catch {
    // The key is no point of the curve.
    return false;
  }
};

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]!);
  return value;
}
