import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/**
 * SHA-256 of `bytes`, with `prefix` before them: 32 bytes. A platform may pass a faster one, tested equal to
 * {@link sha256}.
 */
export type Sha256 = (bytes: Uint8Array, prefix?: Uint8Array) => Uint8Array;

/** The portable reference (`@noble/hashes`, FIPS 180-4). */
export const sha256: Sha256 = (bytes, prefix) =>
  prefix ? nobleSha256.create().update(prefix).update(bytes).digest() : nobleSha256(bytes);

/** Incremental SHA-256. */
export interface Sha256Stream {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** @returns an incremental SHA-256 by `@noble/hashes`. */
export function sha256Stream(): Sha256Stream {
  return nobleSha256.create();
}
