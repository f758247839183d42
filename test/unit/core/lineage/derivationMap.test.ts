import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { EvidenceStore } from '../../../../src/core/evidence/evidenceStore.ts';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import { stepStatement } from '../../../../src/core/evidence/statement.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import {
  DerivationMap,
  DerivedPairs,
  serializeDerivationMap,
  type DerivedPair,
} from '../../../../src/core/lineage/derivationMap.ts';
import { stepPredicate, type DatasetStep } from '../../../../src/core/lineage/step.ts';
import { MemoryFiles } from '../../../support/memoryFiles.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const digest = (name: string) => toHex(sha256(bytesOf(name)));
const pair = (output: string, input: string): DerivedPair => ({
  output: digest(output),
  input: digest(input),
});
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The code of what `action` throws. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ProvenanceError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a derivation map', () => {
  it('is a line a pair, sorted, each once', () => {
    const bytes = serializeDerivationMap([pair('b', 'x'), pair('a', 'y'), pair('b', 'x'), pair('b', 'w')]);
    const lines = textOf(bytes).split('\n');
    assert.deepEqual(lines, [
      ...[
        `${digest('a')} ${digest('y')}`,
        `${digest('b')} ${digest('w')}`,
        `${digest('b')} ${digest('x')}`,
      ].sort(),
      '',
    ]);
  });

  it('is found from both sides', () => {
    const map = DerivationMap.parse(
      serializeDerivationMap([pair('merged', 'a'), pair('merged', 'b'), pair('part', 'a'), pair('x', 'y')]),
    );
    assert.equal(map.pairs, 4);
    assert.deepEqual(new Set(map.inputs(digest('merged'))), new Set([digest('a'), digest('b')]));
    assert.deepEqual(new Set(map.outputs(digest('a'))), new Set([digest('merged'), digest('part')]));
    assert.deepEqual([map.inputs(digest('y')), map.outputs(digest('x'))], [[], []]);
    for (const nonsense of ['', 'x', digest('x').toUpperCase(), `${digest('x')} `]) {
      assert.deepEqual([map.inputs(nonsense), map.outputs(nonsense)], [[], []]);
    }
  });

  it('may be empty', () => {
    const map = DerivationMap.parse(new Uint8Array(0));
    assert.deepEqual([map.pairs, [...map], map.inputs(digest('a'))], [0, [], []]);
  });

  it('comes back as it went, with any pairs in any order', () => {
    const name = fc.constantFrom(...'abcdefgh');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name), { maxLength: 40 }), (names) => {
        const pairs = names.map(([output, input]) => pair(output, input));
        const bytes = serializeDerivationMap(pairs);
        const map = DerivationMap.parse(bytes);
        assert.deepEqual(serializeDerivationMap(map), bytes);
        const unique = new Set(pairs.map(({ output, input }) => `${output} ${input}\n`));
        assert.equal(textOf(bytes), [...unique].sort().join(''));
        for (const { output, input } of pairs) {
          assert.ok(map.inputs(output).includes(input) && map.outputs(input).includes(output));
        }
        assert.equal(map.pairs, unique.size);
      }),
    );
  });

  it('grows beyond what was expected', () => {
    const pairs = new DerivedPairs(0);
    const one = sha256(bytesOf('one'));
    for (let i = 0; i < 100; i++) pairs.add(sha256(bytesOf(String(i))), 0, one, 0);
    assert.equal(DerivationMap.parse(pairs.serialize().bytes).outputs(toHex(one)).length, 100);
  });

  it('is refused where it is anything else', () => {
    const good = serializeDerivationMap([pair('a', 'b'), pair('c', 'd'), pair('e', 'f')]);
    const lines = textOf(good).trimEnd().split('\n');
    const hostile: Record<string, string> = {
      'cut off': textOf(good).slice(0, -1),
      'no line ends': lines.join(' ') + ' ',
      'upper case': textOf(good).toUpperCase(),
      'no hex': textOf(good).replace(/^./, 'g'),
      'not sorted': `${lines.toReversed().join('\n')}\n`,
      'a pair twice': `${[lines[0], lines[0], lines[1]].join('\n')}\n`,
      'a tab': textOf(good).replace(' ', '\t'),
      'Windows line ends': textOf(good).replaceAll('\n', '\r\n'),
      'one byte': 'a',
      'other text': 'x'.repeat(130),
    };
    for (const [what, text] of Object.entries(hostile)) {
      assert.equal(
        codeOf(() => DerivationMap.parse(bytesOf(text))),
        'invalid-map',
        what,
      );
    }
  });

  it('with any byte changed is another map or none, and never another error', () => {
    const good = serializeDerivationMap([pair('a', 'b'), pair('c', 'd')]);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        const code = codeOf(() => {
          assert.deepEqual(serializeDerivationMap(DerivationMap.parse(bytes)), bytes);
        });
        assert.ok(code === 'invalid-map' || code === 'none');
      }),
    );
  });
});

describe('the map of a step in the evidence', () => {
  const DATASET = '/data/train.jsonl';
  const bytes = serializeDerivationMap([pair('a', 'b'), pair('c', 'd')]);
  const sha = toHex(sha256(bytes));
  const pathOf = (name: string) => `/data/.provenance/maps/${name}`;

  it('is written under its digest, and found again', async () => {
    const files = new MemoryFiles();
    const store = new EvidenceStore(files);
    assert.equal(await store.writeMap(DATASET, bytes), sha);
    assert.deepEqual(files.files.get(pathOf(sha)), bytes);
    const map = await store.loadMap(DATASET, { sha256: sha, pairs: 2 });
    assert.deepEqual(map?.inputs(digest('a')), [digest('b')]);
    assert.equal(await store.loadMap(DATASET, { sha256: 'ab'.repeat(32), pairs: 2 }), undefined);
  });

  it('is mended where it was damaged, and left alone where it is whole', async () => {
    const files = new MemoryFiles();
    const store = new EvidenceStore(files);
    await store.writeMap(DATASET, bytes);
    const before = await files.stat(pathOf(sha));
    await store.writeMap(DATASET, bytes);
    assert.deepEqual(await files.stat(pathOf(sha)), before);
    await files.write(pathOf(sha), bytes.slice(1));
    await store.writeMap(DATASET, bytes);
    assert.deepEqual(files.files.get(pathOf(sha)), bytes);
  });

  it('is not used where it does not match its digest or its step', async () => {
    const files = new MemoryFiles();
    const store = new EvidenceStore(files);
    const other = serializeDerivationMap([pair('a', 'evil'), pair('c', 'd')]);
    await files.write(pathOf(sha), other);
    await assert.rejects(store.loadMap(DATASET, { sha256: sha, pairs: 2 }), { code: 'invalid-map' });
    await store.writeMap(DATASET, bytes);
    await assert.rejects(store.loadMap(DATASET, { sha256: sha, pairs: 3 }), { code: 'invalid-map' });
    // Signed as a map, and none.
    const garbage = bytesOf('x'.repeat(130));
    await files.write(pathOf(toHex(sha256(garbage))), garbage);
    await assert.rejects(store.loadMap(DATASET, { sha256: toHex(sha256(garbage)), pairs: 1 }), {
      code: 'invalid-map',
    });
    await assert.rejects(store.loadMap(DATASET, { sha256: '../../evil', pairs: 1 }), {
      code: 'invalid-argument',
    });
  });

  it('must be there before the step that names it is signed, and so must all leaves', async () => {
    const files = new MemoryFiles();
    const store = new EvidenceStore(files);
    const signer = ed25519Signer(new Uint8Array(32).fill(1));
    const leavesIn = sha256(bytesOf('b'));
    const leavesOut = sha256(bytesOf('a'));
    const rootIn = await store.writeLeaves('/elsewhere/in.jsonl', leavesIn);
    const rootOut = await store.writeLeaves('/elsewhere/out.jsonl', leavesOut);
    const step: DatasetStep = {
      output: { name: 'train.jsonl', sha256: digest('out'), samples: { count: 1, root: rootOut } },
      inputs: [{ name: 'in.jsonl', sha256: digest('in'), samples: { count: 1, root: rootIn } }],
      kind: 'map',
      parameters: {},
      materials: [],
      tool: { id: 'urn:test' },
      map: { sha256: sha, pairs: 2, pairing: 'position' },
    };
    const statement = stepStatement([step.output], stepPredicate(step, toHex(sha256(leavesOut))));
    const append = () => store.append(DATASET, statement, signer);
    await assert.rejects(append(), { code: 'leaves-missing' });
    await store.writeLeaves(DATASET, leavesIn);
    await assert.rejects(append(), { code: 'leaves-missing' });
    await store.writeLeaves(DATASET, leavesOut);
    await assert.rejects(append(), { code: 'map-missing' });
    await store.writeMap(DATASET, bytes);
    await append();
    assert.equal((await store.loadBundle(DATASET)).entries.length, 1);
  });
});
