import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { EvidenceStore } from '../../../../src/core/evidence/evidenceStore.ts';
import { datasetOfBundle, evidencePaths, isBundlePath } from '../../../../src/core/evidence/layout.ts';
import { checkLeaves } from '../../../../src/core/evidence/leaves.ts';
import { CANONICALIZATION } from '../../../../src/core/evidence/predicates.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import { datasetStatement, reviewStatement } from '../../../../src/core/evidence/statement.ts';
import { merkleRoot } from '../../../../src/core/merkle/tree.ts';
import { MemoryFiles } from '../../../support/memoryFiles.ts';
import { failure } from './support.ts';

class RecordedFiles extends MemoryFiles {
  /** Paths, in the order in which they were written. */
  readonly writes: string[] = [];

  override write(path: string, bytes: Uint8Array): Promise<void> {
    this.writes.push(path);
    return super.write(path, bytes);
  }
}

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const DATASET = '/data/train.jsonl';
const timeCreated = '2026-01-31T09:00:00Z';
const digests = new Uint8Array(randomBytes(3 * 32));
const root = toHex(merkleRoot(digests));

function statementOf(count: number, ofRoot: string) {
  return datasetStatement(
    { name: 'train.jsonl', sha256: 'ab'.repeat(32) },
    {
      samples: { count, root: ofRoot, canonicalization: CANONICALIZATION },
      mediaType: 'application/jsonl',
      timeCreated,
    },
  );
}

test('leaves, then the statement that names them; both are found again', async () => {
  const files = new RecordedFiles();
  const store = new EvidenceStore(files);
  assert.equal(await store.writeLeaves(DATASET, digests), root);
  const { envelopeDigest } = await store.append(DATASET, statementOf(3, root), signer);
  assert.deepEqual(files.writes, [
    `/data/.provenance/leaves/${root}`,
    '/data/.provenance/train.jsonl.intoto.jsonl',
    '/data/.provenance/train.jsonl.checkpoint',
    '/data/.provenance/train.jsonl.checkpoint.sig',
  ]);
  const { entries, problems } = await store.loadBundle(DATASET);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    entries.map((entry) => [entry.line, entry.envelopeDigest, entry.statement.kind]),
    [[1, envelopeDigest, 'dataset']],
  );
  assert.deepEqual(await store.loadLeaves(DATASET, root, 3), digests);
});

test('a dataset without evidence has none, and no problem', async () => {
  const store = new EvidenceStore(new RecordedFiles());
  assert.deepEqual(await store.loadBundle(DATASET), { entries: [], problems: [] });
  assert.equal(await store.loadLeaves(DATASET, root, 3), undefined);
});

test('a statement without its leaves is not written', async () => {
  const files = new RecordedFiles();
  const store = new EvidenceStore(files);
  await assert.rejects(
    store.append(DATASET, statementOf(3, root), signer),
    failure('leaves-missing', /train/),
  );
  await store.writeLeaves(DATASET, digests);
  await assert.rejects(store.append(DATASET, statementOf(4, root), signer), failure('invalid-leaves'));
  assert.deepEqual(files.writes, [`/data/.provenance/leaves/${root}`]);
});

test('an intact leaves file is left alone, a damaged one is replaced', async () => {
  const files = new RecordedFiles();
  const store = new EvidenceStore(files);
  await store.writeLeaves(DATASET, digests);
  await store.writeLeaves('/data/copy.jsonl', digests);
  assert.equal(files.writes.length, 1);
  const path = evidencePaths(DATASET).leaves(root);
  for (const damaged of [digests.subarray(32), digests.map((byte, at) => (at === 95 ? byte ^ 1 : byte))]) {
    files.files.set(path, damaged);
    await assert.rejects(store.loadLeaves(DATASET, root, 3), failure('invalid-leaves', new RegExp(root)));
    await store.writeLeaves(DATASET, digests);
    assert.deepEqual(await store.loadLeaves(DATASET, root, 3), digests);
  }
});

test('leaves of another count or root are refused', async () => {
  const check = (bytes: Uint8Array, name: string, count: number) =>
    checkLeaves(bytes, name, count, (leaves) => merkleRoot(leaves));
  assert.equal(await check(digests, root, 3), digests);
  await assert.rejects(check(digests, root, 2), failure('invalid-leaves', /96 bytes, not the 64 of 2/));
  await assert.rejects(check(digests, 'ab'.repeat(32), 3), failure('invalid-leaves', /hashes to/));
  await assert.rejects(check(new Uint8Array(95), root, 3), failure('invalid-leaves'));
});

test('a payload made elsewhere is signed only when it is a statement', async () => {
  const store = new EvidenceStore(new RecordedFiles());
  await assert.rejects(
    store.appendPayload(DATASET, new Uint8Array([0x7b, 0x7d]), signer),
    failure('invalid-statement'),
  );
});

test('what would not be read again is not written', async () => {
  const files = new RecordedFiles();
  const store = new EvidenceStore(files);
  const bundle = evidencePaths(DATASET).bundle;
  const stat = files.stat.bind(files);
  files.stat = async (path) => (path === bundle ? { size: 512 * 1024 * 1024 - 10, mtime: 0 } : stat(path));
  const review = reviewStatement([{ name: 'train.jsonl#1', sha256: 'ab'.repeat(32) }], {
    verdict: 'flagged',
    category: 'other',
    severity: 'low',
    reason: '',
    timeCreated,
  });
  await assert.rejects(store.append(DATASET, review, signer), failure('too-large'));
  assert.deepEqual(files.writes, []);
});

test('where evidence lives', () => {
  const paths = evidencePaths('/data/train.jsonl');
  assert.equal(paths.folder, '/data/.provenance');
  assert.equal(paths.bundle, '/data/.provenance/train.jsonl.intoto.jsonl');
  assert.equal(paths.checkpoint, '/data/.provenance/train.jsonl.checkpoint');
  assert.equal(paths.leaves(root), `/data/.provenance/leaves/${root}`);
  assert.equal(paths.map(root), `/data/.provenance/maps/${root}`);
  assert.equal(evidencePaths('/x').bundle, '/.provenance/x.intoto.jsonl');
  assert.equal(evidencePaths('C:/d/x').bundle, 'C:/d/.provenance/x.intoto.jsonl');
  for (const hostile of ['..', '../../../../etc/passwd', '', root.toUpperCase(), `${root}/..`]) {
    assert.throws(() => paths.map(hostile), failure('invalid-argument', /64 lower-case hex digits/));
    assert.throws(() => paths.leaves(hostile), failure('invalid-argument', /64 lower-case hex digits/));
  }
  for (const path of ['', '/', '/data/', '/data/..']) {
    assert.throws(() => evidencePaths(path), failure('invalid-argument'));
  }
});

test('bundles and their datasets', () => {
  for (const dataset of ['/data/train.jsonl', '/train.jsonl', 'train.jsonl', 'C:/d/x', '/a/.provenance/x']) {
    assert.equal(datasetOfBundle(evidencePaths(dataset).bundle), dataset);
  }
  for (const path of [
    '/data/train.jsonl',
    '/data/train.jsonl.intoto.jsonl',
    '/data/.provenance/train.jsonl.checkpoint',
    '/data/.provenance/.intoto.jsonl',
    '/data/.provenance/...intoto.jsonl',
    '/data/.provenance/advisories/x.intoto.jsonl',
    '/data/x.provenance/train.jsonl.intoto.jsonl',
  ]) {
    assert.equal(isBundlePath(path), false, path);
  }
});
