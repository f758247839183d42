import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';

/** Bytes of a SHA-256 hash. */
export const HASH_LENGTH = 32;

/** A proof for a tree of 2^53 leaves has no more hashes than this. */
const MAX_PROOF_LENGTH = 64;

const LEAF_PREFIX = Uint8Array.of(0);
const SHORT = 1 << 12;

/** RFC 9162 §2.1.1: `SHA-256(0x00 || data)`. For a dataset, `data` is a 32-byte sample digest. */
export function leafHash(data: Uint8Array, sha256: Sha256 = portableSha256): Uint8Array {
  // Copying what is short takes less time than a second call.
  if (data.length > SHORT) return sha256(data, LEAF_PREFIX);
  const input = new Uint8Array(1 + data.length);
  input.set(data, 1);
  return sha256(input);
}

/** RFC 9162 §2.1.1: `SHA-256(0x01 || left || right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256 = portableSha256): Uint8Array {
  const input = new Uint8Array(1 + left.length + right.length);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return sha256(input);
}

/** Root of the tree without leaves: `SHA-256("")`. */
export function emptyRoot(sha256: Sha256 = portableSha256): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** Makes the root of a tree from leaf hashes that come one by one. Holds one hash a level: O(log n) memory. */
export class TreeHasher {
  /** Roots of the full subtrees so far, largest first: one for each bit set in `size`. */
  private readonly stack: Uint8Array[] = [];
  private readonly sha256: Sha256;
  private count = 0;

  constructor(sha256: Sha256 = portableSha256) {
    this.sha256 = sha256;
  }

  /** How many leaves were pushed. */
  get size(): number {
    return this.count;
  }

  /** @param hash 32 bytes, as by {@link leafHash}; not copied */
  push(hash: Uint8Array): void {
    for (let n = this.count; n % 2 === 1; n = (n - 1) / 2) {
      hash = nodeHash(this.stack.pop()!, hash, this.sha256);
    }
    this.stack.push(hash);
    this.count++;
  }

  /** RFC 9162 §2.1.1: MTH of the leaves so far. More may be pushed afterwards. */
  root(): Uint8Array {
    return (
      this.stack.reduceRight<Uint8Array | undefined>(
        (right, left) => (right ? nodeHash(left, right, this.sha256) : left),
        undefined,
      ) ?? emptyRoot(this.sha256)
    );
  }
}

/**
 * RFC 9162 §2.1.1: root of the tree over packed leaf data of 32 bytes each (sample digests).
 * @throws ProvenanceError `invalid-argument` when the length is no multiple of 32
 */
export function merkleRoot(digests: Uint8Array, sha256: Sha256 = portableSha256): Uint8Array {
  const leaves = packedLeaves(digests, sha256);
  return rangeRoot(leaves, 0, leaves.size, sha256);
}

/** RFC 9162 §2.1.1: root of the tree over leaf hashes (of leaf data of any length), each as by {@link leafHash}. */
export function rootOfLeafHashes(hashes: readonly Uint8Array[], sha256: Sha256 = portableSha256): Uint8Array {
  return rangeRoot(listedLeaves(hashes), 0, hashes.length, sha256);
}

/**
 * RFC 9162 §2.1.3.1: inclusion proof for leaf `index`, from 0, of the tree over packed leaf data of 32 bytes each.
 * @throws ProvenanceError `invalid-argument`
 */
export function inclusionProof(
  digests: Uint8Array,
  index: number,
  sha256: Sha256 = portableSha256,
): Uint8Array[] {
  return makeInclusionProof(packedLeaves(digests, sha256), index, sha256);
}

/** As {@link inclusionProof}, from leaf hashes. @throws ProvenanceError `invalid-argument` */
export function inclusionProofOfLeafHashes(
  hashes: readonly Uint8Array[],
  index: number,
  sha256: Sha256 = portableSha256,
): Uint8Array[] {
  return makeInclusionProof(listedLeaves(hashes), index, sha256);
}

/**
 * RFC 9162 §2.1.4.1: proof that the tree over packed leaf data of 32 bytes each extends the one over its first
 * `first` leaves. It is empty for `first` 0 or all.
 * @throws ProvenanceError `invalid-argument`
 */
export function consistencyProof(
  digests: Uint8Array,
  first: number,
  sha256: Sha256 = portableSha256,
): Uint8Array[] {
  return makeConsistencyProof(packedLeaves(digests, sha256), first, sha256);
}

/** As {@link consistencyProof}, from leaf hashes. @throws ProvenanceError `invalid-argument` */
export function consistencyProofOfLeafHashes(
  hashes: readonly Uint8Array[],
  first: number,
  sha256: Sha256 = portableSha256,
): Uint8Array[] {
  return makeConsistencyProof(listedLeaves(hashes), first, sha256);
}

/** What an inclusion proof claims. */
export interface Inclusion {
  /** Of the leaf, from 0. */
  readonly index: number;
  /** Of the tree, in leaves. */
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** RFC 9162 §2.1.3.2. Never throws: a claim that is no proof, whatever its shape, is false. */
export function verifyInclusion(claim: Inclusion, sha256: Sha256 = portableSha256): boolean {
  if (!isRecord(claim)) return false;
  const { index, size, leafHash, proof, root } = claim;
  if (!isCount(index) || !isCount(size) || !isHash(leafHash) || !isHash(root) || !isProof(proof))
    return false;
  if (index >= size) return false;

  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash, sha256);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, sibling, sha256);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && hashesEqual(hash, root);
}

/** What a consistency proof claims: the tree of `second` leaves extends the one of `first` leaves. */
export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * RFC 9162 §2.1.4.2; besides, two equal sizes are consistent when the roots are equal, and any tree extends the empty
 * one, both with an empty proof. Never throws: a claim that is no proof, whatever its shape, is false.
 */
export function verifyConsistency(claim: Consistency, sha256: Sha256 = portableSha256): boolean {
  if (!isRecord(claim)) return false;
  const { first, second, firstRoot, secondRoot, proof } = claim;
  if (!isCount(first) || !isCount(second) || !isHash(firstRoot) || !isHash(secondRoot) || !isProof(proof)) {
    return false;
  }
  if (first > second) return false;
  if (first === second) return proof.length === 0 && hashesEqual(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0 && hashesEqual(firstRoot, emptyRoot(sha256));
  if (proof.length === 0) return false;

  let fn = first - 1;
  let sn = second - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  // When `first` is a power of two, its root is where the path starts, and the proof leaves it out.
  const path = fn === 0 ? [firstRoot, ...proof] : proof;
  let firstHash = path[0]!;
  let secondHash = path[0]!;
  for (const sibling of path.slice(1)) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      firstHash = nodeHash(sibling, firstHash, sha256);
      secondHash = nodeHash(sibling, secondHash, sha256);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      secondHash = nodeHash(secondHash, sibling, sha256);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && hashesEqual(firstHash, firstRoot) && hashesEqual(secondHash, secondRoot);
}

/** Leaf hashes by index. */
interface Leaves {
  readonly size: number;
  at(index: number): Uint8Array;
}

function listedLeaves(hashes: readonly Uint8Array[]): Leaves {
  return { size: hashes.length, at: (index) => hashes[index]! };
}

function packedLeaves(digests: Uint8Array, sha256: Sha256): Leaves {
  if (digests.length % HASH_LENGTH !== 0) {
    throw new ProvenanceError(
      'invalid-argument',
      '{length} bytes are no whole number of {unit}-byte digests.',
      {
        length: digests.length,
        unit: HASH_LENGTH,
      },
    );
  }
  const input = new Uint8Array(1 + HASH_LENGTH);
  return {
    size: digests.length / HASH_LENGTH,
    at(index) {
      for (let k = 0; k < HASH_LENGTH; k++) input[k + 1] = digests[index * HASH_LENGTH + k]!;
      return sha256(input);
    },
  };
}

function rangeRoot(leaves: Leaves, from: number, to: number, sha256: Sha256): Uint8Array {
  const hasher = new TreeHasher(sha256);
  for (let i = from; i < to; i++) hasher.push(leaves.at(i));
  return hasher.root();
}

function makeInclusionProof(leaves: Leaves, index: number, sha256: Sha256): Uint8Array[] {
  if (!isCount(index) || index >= leaves.size) throw outOfRange(index, leaves.size);
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = leaves.size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      proof.push(rangeRoot(leaves, middle, to, sha256));
      to = middle;
    } else {
      proof.push(rangeRoot(leaves, from, middle, sha256));
      from = middle;
    }
  }
  return proof.reverse();
}

function makeConsistencyProof(leaves: Leaves, first: number, sha256: Sha256): Uint8Array[] {
  if (!isCount(first) || first > leaves.size) throw outOfRange(first, leaves.size);
  if (first === 0 || first === leaves.size) return [];
  // RFC 9162's SUBPROOF(m, D[from:to], b): the subtree that ends with leaf `first` is narrowed down.
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = leaves.size;
  while (to !== first) {
    const middle = from + largestPowerBelow(to - from);
    if (first <= middle) {
      proof.push(rangeRoot(leaves, middle, to, sha256));
      to = middle;
    } else {
      proof.push(rangeRoot(leaves, from, middle, sha256));
      from = middle;
    }
  }
  // b is true while nothing was left out on the left: the verifier has that root already.
  if (from > 0) proof.push(rangeRoot(leaves, from, to, sha256));
  return proof.reverse();
}

/** The largest power of two that is smaller than `n`, for `n` > 1. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function outOfRange(value: number, size: number): ProvenanceError {
  return new ProvenanceError('invalid-argument', 'No leaf {value} in a tree of {size} leaves.', {
    value,
    size,
  });
}

// Sizes may be up to 2^53 − 1: no bit operators, which stop at 32 bits.

function isOdd(n: number): boolean {
  return n % 2 === 1;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_LENGTH;
}

function isProof(value: unknown): value is readonly Uint8Array[] {
  return Array.isArray(value) && value.length <= MAX_PROOF_LENGTH && value.every(isHash);
}

function hashesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
