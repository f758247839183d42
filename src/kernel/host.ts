/** What the kernel asks of src/core/sample/sampleKernel.ts. */

/**
 * Writes the number in `[start, end)`, a JSON number of some 64 characters at most, as ECMAScript does, to `to`.
 * @returns its length, at most 25 bytes, or 0 when it overflows a double
 */
export declare function formatNumber(start: usize, end: usize, to: usize): usize;

/** Writes the SHA-256 of `[start, end)` to `digest`. */
export declare function hashLong(start: usize, end: usize, digest: usize): void;
