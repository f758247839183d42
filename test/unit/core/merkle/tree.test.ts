import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Sha256 } from '../../../../src/core/bytes/sha256.ts';
import {
  consistencyProof,
  consistencyProofOfLeafHashes,
  emptyRoot,
  HASH_LENGTH,
  inclusionProof,
  inclusionProofOfLeafHashes,
  leafHash,
  merkleRoot,
  nodeHash,
  rootOfLeafHashes,
  TreeHasher,
  verifyConsistency,
  verifyInclusion,
  type Consistency,
  type Inclusion,
} from '../../../../src/core/merkle/tree.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';

const MAX_SIZE = 40;

const sha256: Sha256 = (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest());

const DIGESTS = new Uint8Array(MAX_SIZE * HASH_LENGTH);
for (let i = 0; i < MAX_SIZE; i++)
  DIGESTS.set(createHash('sha256').update(`leaf ${i}`).digest(), i * HASH_LENGTH);
const first = (n: number): Uint8Array => DIGESTS.subarray(0, n * HASH_LENGTH);
const digest = (i: number): Uint8Array => DIGESTS.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH);
const LEAF_HASHES = Array.from({ length: MAX_SIZE }, (_, i) => leafHash(digest(i)));
const ROOTS = Array.from({ length: MAX_SIZE + 1 }, (_, n) => merkleRoot(first(n)));

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** RFC 9162 §2.1.1 word for word. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return sha256(Buffer.concat([Buffer.of(0), leaves[0]!]));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.concat([Buffer.of(1), plainRoot(leaves.slice(0, k)), plainRoot(leaves.slice(k))]));
}

/** RFC 9162 §2.1.4.1 word for word: SUBPROOF(m, D, b). */
function plainSubproof(m: number, leaves: readonly Uint8Array[], b: boolean): Uint8Array[] {
  if (m === leaves.length) return b ? [] : [plainRoot(leaves)];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return m <= k
    ? [...plainSubproof(m, leaves.slice(0, k), b), plainRoot(leaves.slice(k))]
    : [...plainSubproof(m - k, leaves.slice(k), false), plainRoot(leaves.slice(0, k))];
}

describe('RFC 6962 constants', skipWithout(vectorsFolder('merkle-rfc6962-constants')), () => {
  interface Vectors {
    leafInputsHex: string[];
    leafHashesHex: string[];
    rootHashesHexBySize: string[];
  }
  const file = vectorsFolder('merkle-rfc6962-constants/vectors.json');
  const load = (): Vectors => JSON.parse(readFileSync(file, 'utf8')) as Vectors;

  test('leaf hashes', () => {
    const { leafInputsHex, leafHashesHex } = load();
    assert.equal(leafInputsHex.length, 8);
    assert.deepEqual(
      leafInputsHex.map((input) => hex(leafHash(Buffer.from(input, 'hex')))),
      leafHashesHex,
    );
  });

  test('roots of 0 to 8 leaves', () => {
    const { leafInputsHex, rootHashesHexBySize } = load();
    const hashes = leafInputsHex.map((input) => leafHash(Buffer.from(input, 'hex')));
    assert.equal(rootHashesHexBySize.length, 9);
    assert.deepEqual(
      rootHashesHexBySize.map((_, n) => hex(rootOfLeafHashes(hashes.slice(0, n)))),
      rootHashesHexBySize,
    );
    assert.equal(hex(emptyRoot()), rootHashesHexBySize[0]);
  });
});

describe('roots', () => {
  test('of every size, as RFC 9162 defines them', () => {
    for (let n = 0; n <= MAX_SIZE; n++) {
      const expected = hex(plainRoot(Array.from({ length: n }, (_, i) => digest(i))));
      assert.equal(hex(merkleRoot(first(n))), expected);
      assert.equal(hex(merkleRoot(first(n), sha256)), expected);
      assert.equal(hex(rootOfLeafHashes(LEAF_HASHES.slice(0, n))), expected);
    }
  });

  test('TreeHasher gives a root at any time', () => {
    const hasher = new TreeHasher(sha256);
    for (let n = 0; n <= MAX_SIZE; n++) {
      assert.equal(hasher.size, n);
      assert.deepEqual(Buffer.from(hasher.root()), Buffer.from(ROOTS[n]!));
      if (n < MAX_SIZE) hasher.push(LEAF_HASHES[n]!);
    }
  });

  test('the leaf and node prefixes differ', () => {
    const [a, b] = [digest(0), digest(1)];
    assert.notDeepEqual(leafHash(Buffer.concat([a, b])), nodeHash(a, b));
  });

  test('digests that are cut off', () => {
    assert.throws(() => merkleRoot(new Uint8Array(33)), {
      name: 'ProvenanceError',
      code: 'invalid-argument',
    });
  });
});

describe('inclusion', () => {
  test('every leaf of every size', () => {
    for (let size = 1; size <= MAX_SIZE; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(first(size), index, sha256);
        assert.deepEqual(inclusionProofOfLeafHashes(LEAF_HASHES.slice(0, size), index, sha256), proof);
        const claim = { index, size, leafHash: LEAF_HASHES[index]!, proof, root: ROOTS[size]! };
        assert.equal(verifyInclusion(claim), true, `${index} of ${size}`);
      }
    }
  });

  test('the example of RFC 9162 §2.1.5: paths in a tree of 7 leaves', () => {
    const [a, b, c, d, e, f, j] = LEAF_HASHES.map((hash) => Buffer.from(hash));
    const g = nodeHash(a!, b!);
    const h = nodeHash(c!, d!);
    const i = nodeHash(e!, f!);
    const k = nodeHash(g, h);
    const l = nodeHash(i, j!);
    const shown = (index: number): string[] => inclusionProof(first(7), index).map(hex);
    assert.deepEqual(shown(0), [b!, h, l].map(hex));
    assert.deepEqual(shown(3), [c!, g, l].map(hex));
    assert.deepEqual(shown(4), [f!, j!, k].map(hex));
    assert.deepEqual(shown(6), [i, k].map(hex));
    const consistency = (m: number): string[] => consistencyProof(first(7), m).map(hex);
    assert.deepEqual(consistency(3), [c!, d!, g, l].map(hex));
    assert.deepEqual(consistency(4), [l].map(hex));
    assert.deepEqual(consistency(6), [i, j!, k].map(hex));
  });

  test('what is not in a tree cannot be proven', () => {
    for (const index of [-1, 3, 0.5, NaN])
      assert.throws(() => inclusionProof(first(3), index), { code: 'invalid-argument' });
    assert.throws(() => inclusionProof(first(0), 0), { code: 'invalid-argument' });
  });

  test('any change to a proof breaks it', () => {
    for (let size = 1; size <= MAX_SIZE; size++) {
      for (const index of new Set([0, size >> 1, size - 1])) {
        const proof = inclusionProof(first(size), index, sha256);
        const good: Inclusion = { index, size, leafHash: LEAF_HASHES[index]!, proof, root: ROOTS[size]! };
        assert.equal(verifyInclusion(good, sha256), true);
        const bad: [string, Partial<Inclusion>][] = [
          ['another leaf', { leafHash: LEAF_HASHES[(index + 1) % MAX_SIZE]! }],
          ['the digest for the leaf hash', { leafHash: digest(index) }],
          ['another root', { root: ROOTS[size - 1]! }],
          ['one hash more', { proof: [...proof, ROOTS[3]!] }],
          ['one hash more in front', { proof: [ROOTS[3]!, ...proof] }],
          ['index out of range', { index: size }],
          ['no leaves', { size: 0 }],
        ];
        for (let other = 0; other < size; other++) {
          if (other !== index) bad.push([`index ${other}`, { index: other }]);
        }
        proof.forEach((hash, k) => {
          const flipped = hash.slice();
          flipped[k % HASH_LENGTH]! ^= 1 << (k % 8);
          bad.push([`bit flipped in hash ${k}`, { proof: proof.with(k, flipped) }]);
          bad.push([`hash ${k} missing`, { proof: proof.toSpliced(k, 1) }]);
        });
        if (proof.length > 1) bad.push(['reversed', { proof: proof.toReversed() }]);
        for (const [what, change] of bad) {
          assert.equal(
            verifyInclusion({ ...good, ...change }, sha256),
            false,
            `${what}, ${index} of ${size}`,
          );
        }
      }
    }
  });

  test('a tree of more than 2^32 leaves', () => {
    // Leaf 2^40 of 2^40 + 1: its only sibling is the full subtree on the left.
    const root = nodeHash(ROOTS[5]!, LEAF_HASHES[0]!);
    const claim = { index: 2 ** 40, size: 2 ** 40 + 1, leafHash: LEAF_HASHES[0]!, proof: [ROOTS[5]!], root };
    assert.equal(verifyInclusion(claim), true);
    assert.equal(verifyInclusion({ ...claim, index: 2 ** 40 - 1 }), false);
    assert.equal(verifyInclusion({ ...claim, index: 0 }), false);
  });
});

describe('consistency', () => {
  test('every pair of sizes', () => {
    for (let second = 0; second <= MAX_SIZE; second++) {
      const leaves = Array.from({ length: second }, (_, i) => digest(i));
      for (let m = 0; m <= second; m++) {
        const proof = consistencyProof(first(second), m, sha256);
        if (m > 0) assert.deepEqual(proof.map(hex), plainSubproof(m, leaves, true).map(hex));
        assert.deepEqual(consistencyProofOfLeafHashes(LEAF_HASHES.slice(0, second), m, sha256), proof);
        const claim = { first: m, second, firstRoot: ROOTS[m]!, secondRoot: ROOTS[second]!, proof };
        assert.equal(verifyConsistency(claim, sha256), true, `${m} to ${second}`);
      }
    }
  });

  test('what is longer than a tree is not in it', () => {
    for (const m of [-1, 4, 0.5])
      assert.throws(() => consistencyProof(first(3), m), { code: 'invalid-argument' });
  });

  test('any change to a proof breaks it', () => {
    for (let second = 1; second <= MAX_SIZE; second++) {
      for (const m of new Set([1, second >> 1, second - 1, second].filter((size) => size > 0))) {
        const proof = consistencyProof(first(second), m, sha256);
        const good: Consistency = {
          first: m,
          second,
          firstRoot: ROOTS[m]!,
          secondRoot: ROOTS[second]!,
          proof,
        };
        const bad: [string, Partial<Consistency>][] = [
          ['another first root', { firstRoot: ROOTS[m - 1]! }],
          ['another second root', { secondRoot: ROOTS[second - 1]! }],
          ['one hash more', { proof: [...proof, ROOTS[3]!] }],
          ['sizes that shrink', { first: second + 1 }],
          ['a larger tree', { second: second * 2 }],
        ];
        if (proof.length > 0) bad.push(['no proof', { proof: [] }]);
        proof.forEach((hash, k) => {
          const flipped = hash.slice();
          flipped[31 - (k % HASH_LENGTH)]! ^= 1 << (k % 8);
          bad.push([`bit flipped in hash ${k}`, { proof: proof.with(k, flipped) }]);
          bad.push([`hash ${k} missing`, { proof: proof.toSpliced(k, 1) }]);
        });
        for (const [what, change] of bad) {
          assert.equal(
            verifyConsistency({ ...good, ...change }, sha256),
            false,
            `${what}, ${m} to ${second}`,
          );
        }
      }
    }
  });

  test('a forked or shortened tree is never consistent', () => {
    const forked = first(20).slice();
    forked[3 * HASH_LENGTH]! ^= 1;
    const claim = { first: 10, second: 20, firstRoot: ROOTS[10]!, secondRoot: merkleRoot(forked) };
    assert.equal(verifyConsistency({ ...claim, proof: consistencyProof(forked, 10) }), false);
    assert.equal(verifyConsistency({ ...claim, proof: consistencyProof(first(20), 10) }), false);
  });

  test('the empty tree', () => {
    const claim = { first: 0, second: 3, firstRoot: emptyRoot(), secondRoot: ROOTS[3]!, proof: [] };
    assert.equal(verifyConsistency(claim), true);
    assert.equal(verifyConsistency({ ...claim, firstRoot: ROOTS[1]! }), false);
    assert.equal(verifyConsistency({ ...claim, proof: [ROOTS[1]!] }), false);
    assert.equal(verifyConsistency({ ...claim, second: 0, secondRoot: emptyRoot() }), true);
  });
});

describe('hostile proofs', () => {
  const hostile = fc.oneof(
    fc.anything(),
    fc.constantFrom<unknown>(
      0,
      1,
      3,
      7,
      -1,
      2 ** 53,
      2 ** 53 - 1,
      1n,
      NaN,
      ROOTS[3],
      LEAF_HASHES,
      [],
      [ROOTS[1]],
      [null],
      new Uint8Array(31),
    ),
  );

  test('never throw, and are false', () => {
    const inclusion = fc.record(
      { index: hostile, size: hostile, leafHash: hostile, proof: hostile, root: hostile },
      { requiredKeys: [] },
    );
    const consistency = fc.record(
      { first: hostile, second: hostile, firstRoot: hostile, secondRoot: hostile, proof: hostile },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(inclusion, hostile), fc.oneof(consistency, hostile), (a, b) => {
        // What these can say truly: a tree of one leaf holds it, and a tree is consistent with itself.
        const i = a as Partial<Inclusion> | null | undefined;
        const oneLeaf = i && i.size === 1 && i.leafHash === i.root && i.proof?.length === 0;
        if (!oneLeaf) assert.equal(verifyInclusion(a as Inclusion), false);
        const c = b as Partial<Consistency> | null | undefined;
        const itself = c && c.first === c.second && c.firstRoot === c.secondRoot && c.proof?.length === 0;
        if (!itself) assert.equal(verifyConsistency(b as Consistency), false);
      }),
      { numRuns: 1500 },
    );
  });

  test('a proof of a million hashes is not even looked at', () => {
    const proof = Array<Uint8Array>(1_000_000).fill(ROOTS[1]!);
    const claim = { index: 0, size: 2 ** 53 - 1, leafHash: ROOTS[1]!, proof, root: ROOTS[1]! };
    let hashes = 0;
    const counting: Sha256 = (bytes) => (hashes++, sha256(bytes));
    assert.equal(verifyInclusion(claim, counting), false);
    assert.equal(hashes, 0);
  });
});
