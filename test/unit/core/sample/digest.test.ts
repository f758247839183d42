import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import jcs from 'canonicalize';
import fc from 'fast-check';
import type { Sha256 } from '../../../../src/core/bytes/sha256.ts';
import {
  commonHead,
  commonTail,
  DIGEST_LENGTH,
  digestAt,
  digestsEqual,
  DigestTable,
  lineOf,
  sampleDigest,
  type SampleDigests,
} from '../../../../src/core/sample/digest.ts';
import { JsChunkDigester } from '../../../../src/core/sample/jsChunkDigester.ts';
import { MalformedSamples } from '../../../../src/core/sample/malformedSamples.ts';
import { SampleDigester } from '../../../../src/core/sample/sampleDigester.ts';
import { dataFolder, skipWithout } from '../../../support/vectors.ts';

const nodeSha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function digestFile(
  bytes: Uint8Array,
  chunkSize: number,
  options?: ConstructorParameters<typeof SampleDigester>[0],
): SampleDigests {
  const digester = new SampleDigester(options);
  for (let at = 0; at < bytes.length; at += chunkSize) digester.push(bytes.subarray(at, at + chunkSize));
  return digester.finish();
}

describe('sampleDigest', () => {
  test('is the SHA-256 of the canonical form', () => {
    // From `printf '{"a":[1,"é"],"b":9007199254740993}' | sha256sum`.
    const expected = sha256Hex('{"a":[1,"é"],"b":9007199254740993}');
    assert.equal(
      hex(sampleDigest(Buffer.from(' { "b": 9007199254740993, "a": [1.0, "\\u00e9"] }\r'))),
      expected,
    );
    assert.equal(hex(sampleDigest(Buffer.from('{"a":[1,"é"],"b":9007199254740993}'), nodeSha256)), expected);
  });

  test('throws when the sample is malformed', () => {
    assert.throws(() => sampleDigest(Buffer.from('{"a":1,"a":1}')), {
      name: 'ProvenanceError',
      code: 'duplicate-key',
    });
  });
});

describe('SampleDigester', () => {
  const FILE = Buffer.from('\ufeff{"b":1,"a":2}\r\n\n{"a":1,"a":2}\n[1,2\n{"a":2,"b":1.0}\n  \n"end"');

  test('a file with a byte order mark, blank lines, malformed samples and no line end', () => {
    const result = digestFile(FILE, FILE.length);
    assert.equal(result.count, 5);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((i) => lineOf(result, i)),
      [1, 3, 4, 5, 7],
    );
    assert.deepEqual(
      [...result.malformed],
      [
        [1, { code: 'duplicate-key', offset: 7 }],
        [2, { code: 'unexpected-end', offset: 4 }],
      ],
    );
    const first = sha256Hex('{"a":2,"b":1}');
    const zeros = '00'.repeat(32);
    assert.equal(hex(result.digests), first + zeros + zeros + first + sha256Hex('"end"'));
    assert.equal(result.sha256, sha256Hex(FILE));
    assert.equal(result.size, FILE.length);
  });

  test('does not depend on the chunks, nor on whose SHA-256 it is', () => {
    const expected = digestFile(FILE, FILE.length);
    for (let size = 1; size < 20; size++) {
      assert.deepEqual(digestFile(FILE, size), expected);
      assert.deepEqual(
        digestFile(FILE, size, { digester: new JsChunkDigester(nodeSha256), fileHash: createHash('sha256') }),
        expected,
      );
    }
  });

  test('counts lines as it goes', () => {
    const digester = new SampleDigester();
    digester.push(Buffer.from('1\n\n3'));
    assert.equal(digester.lineCount, 2);
    digester.finish();
    assert.equal(digester.lineCount, 3);
  });

  test('an empty file', () => {
    assert.deepEqual(digestFile(new Uint8Array(0), 1), {
      count: 0,
      digests: new Uint8Array(0),
      lines: undefined,
      malformed: MalformedSamples.NONE,
      sha256: sha256Hex(''),
      size: 0,
    });
  });

  test('more samples than the first buffers hold', () => {
    const count = 5000;
    const text = Array.from({ length: count }, (_, i) => `{"i":${i}}\n`).join('');
    const result = digestFile(Buffer.from(text), 1000, { digester: new JsChunkDigester(nodeSha256) });
    assert.equal(result.count, count);
    for (const i of [0, 1023, 1024, 1025, 4999]) {
      assert.equal(hex(digestAt(result.digests, i)), sha256Hex(`{"i":${i}}`));
      assert.equal(lineOf(result, i), i + 1);
    }
  });

  for (const file of [
    'gsm8k/train.jsonl',
    'gsm8k/test.jsonl',
    'hh-rlhf/harmless-base-test.jsonl',
    'humaneval/HumanEval.jsonl',
  ]) {
    test(
      `${file}: up to 1,000 digests equal to those by node:crypto and the \`canonicalize\` package`,
      skipWithout(dataFolder(file)),
      () => {
        const bytes = readFileSync(dataFolder(file));
        const lines = bytes.toString().split('\n').filter(Boolean);
        const result = digestFile(bytes, 65536, {
          digester: new JsChunkDigester(nodeSha256),
          fileHash: createHash('sha256'),
        });
        assert.equal(result.count, lines.length);
        assert.equal(result.malformed.size, 0);
        for (const [i, line] of lines.slice(0, 1000).entries()) {
          assert.equal(hex(digestAt(result.digests, i)), sha256Hex(jcs(JSON.parse(line))!));
        }
      },
    );
  }
});

describe('DigestTable', () => {
  function pack(values: readonly number[]): Uint8Array {
    const digests = new Uint8Array(values.length * DIGEST_LENGTH);
    values.forEach((value, i) =>
      digests.set(createHash('sha256').update(String(value)).digest(), i * DIGEST_LENGTH),
    );
    return digests;
  }

  function rows(table: DigestTable, digests: Uint8Array, index: number): number[] {
    const found: number[] = [];
    for (let row = table.first(digests, index); row >= 0; row = table.next(row)) found.push(row);
    return found;
  }

  test('gives all rows of a digest in increasing order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { maxLength: 60 }),
        fc.array(fc.nat(14)),
        fc.nat(12),
        (values, queries, skipped) => {
          const table = new DigestTable(pack(values), (i) => values[i] === skipped);
          const wanted = pack(queries);
          for (const [q, query] of queries.entries()) {
            const expected = values.flatMap((value, i) => (value === query && value !== skipped ? [i] : []));
            assert.deepEqual(rows(table, wanted, q), expected);
            assert.equal(table.has(wanted, q), expected.length > 0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an empty table holds nothing', () => {
    assert.equal(new DigestTable(new Uint8Array(0)).first(pack([1]), 0), -1);
    assert.equal(new DigestTable(new Uint8Array(32), () => true).has(new Uint8Array(32), 0), false);
  });

  test('packed digests that start anywhere in their buffer', () => {
    const digests = pack([1, 2, 1]);
    const shifted = new Uint8Array(digests.length + 3).subarray(3);
    shifted.set(digests);
    assert.deepEqual(rows(new DigestTable(shifted), digests, 0), [0, 2]);
  });

  test('all 100,000 rows equal, or alike but for two bytes', () => {
    const count = 100_000;
    const equal = new DigestTable(new Uint8Array(count * DIGEST_LENGTH));
    assert.equal(rows(equal, new Uint8Array(32), 0).length, count);

    // What a hostile leaves file would hold. A table that used the digests' own first bytes would take minutes.
    const alike = new Uint8Array(count * DIGEST_LENGTH);
    for (let i = 0; i < count; i++) {
      alike[i * DIGEST_LENGTH + 20] = i >> 16;
      alike[i * DIGEST_LENGTH + 30] = i >> 8;
      alike[i * DIGEST_LENGTH + 31] = i;
    }
    const table = new DigestTable(alike);
    for (let i = 0; i < count; i++) {
      if (table.first(alike, i) !== i) assert.fail(`row ${i}`);
    }
  });

  test('looks many digests up at once, whatever they begin with', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.array(fc.nat(12)), (values, asked) => {
        const table = new DigestTable(pack(values), (i) => values[i] === 7);
        assert.equal(table.size, values.filter((value) => value !== 7).length);
        const digests = pack(asked);
        const found: [index: number, first: number][] = [];
        table.eachFound(digests, (...pair) => found.push(pair));
        const expected = asked
          .map((_, index) => [index, table.first(digests, index)] as [number, number])
          .filter(([, first]) => first >= 0);
        assert.deepEqual(found, expected);
      }),
    );
    // All alike in their first bytes.
    const table = new DigestTable(new Uint8Array(DIGEST_LENGTH));
    const digests = new Uint8Array(3 * DIGEST_LENGTH);
    digests[DIGEST_LENGTH + 9] = 1;
    const found: number[] = [];
    table.eachFound(digests, (index) => found.push(index));
    assert.deepEqual(found, [0, 2]);
  });

  test('what two packed lists have in common at their ends, wherever they stand in memory', () => {
    const list = fc.array(fc.nat(2), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, fc.nat(5), (a, b, offset) => {
        const shifted = new Uint8Array(offset + a.length * DIGEST_LENGTH).subarray(offset);
        shifted.set(pack(a));
        const shorter = Math.min(a.length, b.length);
        let head = 0;
        while (head < shorter && a[head] === b[head]) head++;
        let tail = 0;
        while (tail < shorter && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
        assert.deepEqual([commonHead(shifted, pack(b)), commonTail(shifted, pack(b))], [head, tail]);
      }),
    );
    // The last byte of one digest is another.
    const a = new Uint8Array(2 * DIGEST_LENGTH);
    const b = a.slice();
    b[DIGEST_LENGTH - 1] = 1;
    assert.deepEqual([commonHead(a, b), commonTail(a, b)], [0, 1]);
  });

  test('digestsEqual', () => {
    const a = pack([1, 2]);
    const b = pack([2, 1]);
    assert.equal(digestsEqual(a, 0, b, 1), true);
    assert.equal(digestsEqual(a, 0, b, 0), false);
    for (let k = 0; k < DIGEST_LENGTH; k++) {
      const c = a.slice();
      c[DIGEST_LENGTH + k]! ^= 1;
      assert.equal(digestsEqual(a, 1, c, 1), false);
      assert.equal(digestsEqual(a, 0, c, 0), true);
    }
  });
});
