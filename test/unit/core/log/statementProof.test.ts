import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { serializeEnvelope, signEnvelope } from '../../../../src/core/evidence/dsse.ts';
import { CANONICALIZATION, PAYLOAD_TYPE } from '../../../../src/core/evidence/predicates.ts';
import { datasetStatement, statementBytes } from '../../../../src/core/evidence/statement.ts';
import { parseCheckpoint, signCheckpoint } from '../../../../src/core/log/checkpoint.ts';
import { EvidenceLog } from '../../../../src/core/log/evidenceLog.ts';
import { checkStatementProof, formatStatementProof } from '../../../../src/core/log/statementProof.ts';
import { formatTlogProof, parseTlogProof } from '../../../../src/core/log/tlogProof.ts';
import { inclusionProof, leafHash, merkleRoot } from '../../../../src/core/merkle/tree.ts';
import { signer } from '../../../support/judged.ts';
import { bytesOf, failure } from '../evidence/support.ts';

const ANN = signer('ann');

/** A proof of sample `row` of `count`, by the statement on line `index` of a log of `size` lines. */
async function proofOf({ row = 2, count = 5, index = 1, size = 3 } = {}) {
  const digests = new Uint8Array(randomBytes(count * 32));
  const statement = datasetStatement(
    { name: 't.jsonl', sha256: 'ab'.repeat(32) },
    {
      samples: { count, root: toHex(merkleRoot(digests)), canonicalization: CANONICALIZATION },
      mediaType: 'application/jsonl',
      timeCreated: '2026-01-31T09:00:00Z',
    },
  );
  const line = serializeEnvelope(await signEnvelope(statementBytes(statement), PAYLOAD_TYPE, ANN));
  let log = EvidenceLog.of(new Uint8Array(0));
  for (let i = 0; i < size; i++) log = log.with(i === index ? line : bytesOf(`{"line": ${i}}`));
  const digest = digests.slice(row * 32, row * 32 + 32);
  const checkpoint = await signCheckpoint(log.checkpoint(), ANN);
  const sample = { digest: toHex(digest), index: row, hashes: inclusionProof(digests, row) };
  return { line, index, hashes: log.inclusionProof(index, size), checkpoint, sample };
}

test('a proof holds for every sample and every line', async () => {
  for (const [count, size] of [
    [1, 1],
    [2, 3],
    [7, 4],
  ] as const) {
    for (let row = 0; row < count; row++) {
      for (let index = 0; index < size; index++) {
        const proof = await proofOf({ row, count, index, size });
        const proven = checkStatementProof(formatStatementProof(proof));
        assert.deepEqual(
          [proven.index, proven.sample?.digest, proven.sample?.index, proven.checkpoint.size],
          [index, proof.sample.digest, row, size],
        );
        assert.deepEqual(proven.line, proof.line);
      }
    }
  }
});

test('it is a C2SP proof: its own leaf hash, index and hashes lead to the root of its checkpoint', async () => {
  const proof = await proofOf();
  const bytes = formatStatementProof(proof);
  const parsed = parseTlogProof(bytes);
  assert.deepEqual(formatTlogProof(parsed), bytes);
  assert.match(
    new TextDecoder().decode(bytes),
    /^c2sp\.org\/tlog-proof@v1\nextra [A-Za-z0-9+/=]+\nindex 1\n/,
  );
  // RFC 6962 by hand, for leaf 1 of 3.
  const node = (left: Uint8Array, right: Uint8Array) => {
    const input = new Uint8Array(65);
    input[0] = 1;
    input.set(left, 1);
    input.set(right, 33);
    return sha256(input);
  };
  const [sibling, right] = parsed.hashes;
  const root = node(node(sibling!, leafHash(proof.line)), right!);
  assert.equal(toHex(root), parseCheckpoint(parsed.checkpoint).root);
});

test('the form of C2SP is read, with extra data and without', () => {
  const text = (extra: string) =>
    `c2sp.org/tlog-proof@v1\n${extra}index 0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nexample.com/log\n2\n`;
  assert.equal(parseTlogProof(bytesOf(text(''))).hashes.length, 1);
  assert.deepEqual(parseTlogProof(bytesOf(text('extra aGk=\n'))).extra, bytesOf('hi'));
  for (const bad of ['', 'extra aGk\n', 'index 1\n', 'extra\n', '\n']) {
    if (bad !== '') assert.throws(() => parseTlogProof(bytesOf(text(bad))), failure('invalid-proof'), bad);
  }
  for (const bad of [
    '',
    'c2sp.org/tlog-proof@v2\nindex 0\n\n',
    'c2sp.org/tlog-proof@v1\nindex 01\n\n',
    'c2sp.org/tlog-proof@v1\nindex 0\n',
  ]) {
    assert.throws(() => parseTlogProof(bytesOf(bad)), failure('invalid-proof'), bad);
  }
});

test('what is proven is what was signed: nothing can be exchanged', async () => {
  const proof = await proofOf();
  const other = await proofOf({ row: 3 });
  const refused = failure('invalid-proof');
  for (const changed of [
    { ...proof, line: other.line },
    { ...proof, index: 0 },
    { ...proof, hashes: other.hashes.slice(1) },
    { ...proof, checkpoint: other.checkpoint },
    { ...proof, sample: other.sample },
    { ...proof, sample: { ...proof.sample, index: 1 } },
    { ...proof, sample: { ...proof.sample, digest: other.sample.digest } },
  ]) {
    assert.throws(() => checkStatementProof(formatStatementProof(changed)), refused);
  }
});

test('with any byte changed, it does not hold, or proves the same', async () => {
  const proof = await proofOf();
  const bytes = formatStatementProof(proof);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = bytes.slice();
      changed[at]! ^= flip;
      try {
        const proven = checkStatementProof(changed);
        // The signature lines of the checkpoint, which are not looked at here.
        assert.deepEqual([proven.line, proven.sample?.digest], [proof.line, proof.sample.digest]);
        assert.equal(proven.checkpoint.root, parseCheckpoint(proof.checkpoint).root);
      } catch (error) {
        assert.ok(error instanceof ProvenanceError, String(error));
      }
    }),
    // The first makes "sample" another member.
    { numRuns: 500, examples: [[1785, 1]] },
  );
});
