import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import type { Sha256 } from '../../../../src/core/bytes/sha256.ts';
import { merkleRoot } from '../../../../src/core/merkle/tree.ts';
import type { ChunkDigester, ChunkDigests } from '../../../../src/core/sample/chunkDigests.ts';
import { JsChunkDigester } from '../../../../src/core/sample/jsChunkDigester.ts';
import { createSampleKernel, type SampleKernel } from '../../../../src/core/sample/sampleKernel.ts';
import { hostileText, mutated, seededRandom } from '../../../support/hostileJson.ts';
import { dataFolder, skipWithout, vectorsFolder } from '../../../support/vectors.ts';

const MODULE = new URL('../../../../dist/sampleKernel.wasm', import.meta.url);
assert.ok(existsSync(MODULE), 'dist/sampleKernel.wasm is missing: run node scripts/build.mjs first');
const wasm = new Uint8Array(readFileSync(MODULE));

const opensslSha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

const kernel = newKernel();
const nativeKernel = newKernel(opensslSha256);
const reference = new JsChunkDigester(opensslSha256);

function newKernel(nativeSha256?: Sha256): SampleKernel {
  const made = createSampleKernel(wasm, { nativeSha256 });
  assert.ok(made, 'this Node.js has no WebAssembly SIMD');
  return made;
}

/** For samples that the kernel has to digest without help, unless they are long. */
const kernelAlone = newKernel((bytes) => {
  if (bytes.length < 2048) throw new Error(`left to the reference: ${new TextDecoder().decode(bytes)}`);
  return opensslSha256(bytes);
});

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

/** What a digester has found, in a form that a failed test can show. */
function readable({ lines, count, digests, lineOfSample, malformed }: ChunkDigests): unknown {
  const samples = Array.from({ length: count }, (_, i) => {
    const problem = malformed.get(i);
    const digest = toHex(digests.subarray(32 * i, 32 * i + 32));
    return problem ? `${problem.code}@${problem.offset} ${digest}` : digest;
  });
  return {
    lines,
    samples,
    malformed: malformed.size,
    lineOfSample: lineOfSample && Array.from(lineOfSample),
  };
}

/** Fails unless the kernel finds what the reference finds, wherever the chunk stands. */
function assertSame(text: string | Uint8Array, digester: ChunkDigester = kernel): void {
  const chunk = bytesOf(text);
  const expected = reference.digest(chunk);
  for (const actual of [digester.digest(chunk), digestInRoom(chunk, digester)]) {
    if (actual === undefined || isDeepStrictEqual(actual, expected)) continue;
    assert.deepEqual(readable(actual), readable(expected));
    assert.fail('different results');
  }
}

/** Digests a chunk that was put where the kernel has room for it, with memory that was used before; if it fits. */
function digestInRoom(chunk: Uint8Array, digester: ChunkDigester): ChunkDigests | undefined {
  const { room } = digester;
  if (!room || chunk.length > room.length) return undefined;
  const start = Math.min(chunk.length % 13, room.length - chunk.length);
  room.set(chunk, start);
  const used = new Uint8Array(4096).fill(0xaa);
  return digester.digest(room.subarray(start, start + chunk.length), used);
}

describe('digest, as the reference', () => {
  test('nothing', () => {
    assertSame('');
    assert.equal(kernel.digest(new Uint8Array(0)).count, 0);
  });

  for (const [name, text] of Object.entries({
    'one line': '{"a":1}\n',
    'no line end': '{"a":1}',
    'CR without LF at the end': '{"a":1}\r',
    CRLF: '{"a":1}\r\n{"b":2}\r\n',
    'a lone CR': '{"a":1}\r{"b":2}\n',
    'several CRs': '{"a":1}\r\r\n',
    'blank lines': '\n \n{"a":1}\n\t\r\n\n{"b":2}\n\n',
    'only blank lines': '\n\r\n  \n',
    'only white space, no line end': ' \t',
    'top-level scalars': '1\n"a"\ntrue\nfalse\nnull\n[]\n{}\n[ ]\n{ }\n',
    'literals that are cut off': 'tru\nnul\nfals\nt\ntrue1\nfalsee\nnulll\n',
    'a byte order mark, which the caller takes off': '\ufeff{"a":1}\n',
    'a malformed line among others': '{"a":1}\n{"a":}\n{"a":2}\n\n{"a":1,"a":2}\n3\n',
    'two values': '{"a":1}{"b":2}\n1 2\n1,2\n[1],\n',
    'names in disorder': '{"b":1,"a":{"d":[{"z":1,"y":2}],"c":3}}\n{"a":1,"b":{"d":1,"c":2},"aa":3}\n',
    'names that begin alike':
      '{"abcdefgh2":1,"abcdefgh1":2,"abcdefgh":3,"abcdefg":4,"":5,"a":6,"a b":7}\n{"":1,"":2}\n{"abcdefghi":1,"abcdefghi":2}\n',
    'names whose order in UTF-16 is not that in UTF-8':
      '{"\ufb33":1,"\u{1f600}":2}\n{"\\ud83d\\ude00":1,"\\ufb33":2}\n{"\ue000":1,"\ud7ff":2,"é":3,"中":4}\n',
    'names with escapes':
      '{"\\n":1,"!":2}\n{"a\\u0062":1,"ab":2}\n{"\\"":1,"#":2,"\\u0021":3}\n{"\\/":1,"/":2}\n',
    'every two-character escape': '"\\b\\t\\n\\f\\r\\"\\\\\\/"\n"\\a"\n"\\\u00e9"\n"\\u00e"\n"\\u00G0"\n"\\',
    surrogates:
      '"\\ud800"\n"\\udc00"\n"\\ud83d\\ude00"\n"\\ud83d\\u0041"\n"\\ud83d"\n"\\udbff\\udfff"\n"\\ude00\\ud83d"\n',
  })) {
    test(name, () => {
      assertSame(text);
      assertSame(text, nativeKernel);
    });
  }

  test('every control character, raw and escaped', () => {
    for (let code = 0; code < 0x100; code++) {
      const hex = code.toString(16).padStart(4, '0');
      assertSame(`"a\\u${hex}b"\n"\\u${hex.toUpperCase()}"\n{"\\u${hex}":1,"b":2}\n`);
      assertSame(Uint8Array.of(0x22, 0x61, code, 0x22, 0x0a, code, 0x0a));
    }
  });

  test('every pair of first bytes of a character, and hostile third and fourth ones', () => {
    const tails = [
      [],
      [0x7f],
      [0x80],
      [0xbf],
      [0xc0],
      [0x80, 0x7f],
      [0x80, 0x80],
      [0xbf, 0xbf],
      [0xbf, 0xc0],
    ];
    const bytes: number[] = [];
    for (let first = 0x7f; first < 0x100; first++) {
      for (let second = 0x70; second < 0x100; second++) {
        for (const tail of tails) bytes.push(0x22, first, second, ...tail, 0x22, 0x0a);
      }
    }
    assertSame(Uint8Array.from(bytes));
  });

  test('every length of a string, and every place in it for something special', () => {
    for (const special of ['', '"', '\\', '\n', '\u0001', 'é', '😀', '\\n', '\\u00e9']) {
      let text = '';
      for (let before = 0; before < 40; before++) {
        for (const after of [0, 1, 15, 16, 17])
          text += `"${'a'.repeat(before)}${special}${'b'.repeat(after)}"\n`;
      }
      assertSame(text);
    }
  });

  test('every depth about the limits', () => {
    for (const depth of [1, 2, 63, 64, 65, 511, 512, 513]) {
      assertSame(`${'['.repeat(depth)}${']'.repeat(depth)}\n`);
      assertSame(`${'{"b":1,"a":'.repeat(depth)}0${'}'.repeat(depth)}\n`);
      assertSame(`${'['.repeat(depth)}\n`);
    }
  });

  test('every number of members about the limits', () => {
    for (const count of [1, 2, 23, 24, 25, 255, 256, 257, 400, 4095, 4096, 4097, 6000]) {
      const members = Array.from({ length: count }, (_, i) => `"m${(i * 7919) % count}":${i}`);
      assertSame(`{${members.join(',')}}\n{${members.join(', ')},"m0":1}\n`);
      assertSame(`{${members.sort().join(',')}}\n`);
      assertSame(`[{"z":{${members.join(',')}},"y":{}}]\n`);
    }
  });
});

describe('numbers, as the reference', () => {
  const around = (value: number): string[] =>
    [14, 15, 16, 17, 18, 19].flatMap((precision) => [value.toPrecision(precision), value.toFixed(precision)]);

  test('integers of any length, with and without a sign', () => {
    const lengths = [...Array(40).keys(), 307, 308, 309, 310, 400];
    const texts = lengths.flatMap((n) => [
      '1'.repeat(n),
      '9'.repeat(n),
      '-' + '7'.repeat(n),
      '0' + '1'.repeat(n),
    ]);
    assertSame(texts.map((text) => `${text}\n[${text} ]\n`).join(''));
  });

  test('what is no number', () => {
    const texts = [
      '-',
      '+1',
      '.5',
      '1.',
      '1.e1',
      '1e',
      '1e+',
      '-.1',
      '00',
      '-01',
      '1.2.3',
      '1-',
      '0x1',
      '1_0',
      '--1',
    ];
    assertSame(
      [...texts, 'NaN', 'Infinity', '-Infinity', '1e999', '-1e999']
        .map((text) => `${text}\n[${text}]\n`)
        .join(''),
    );
  });

  test('zeros and ones in any decimal place', () => {
    const texts: string[] = [];
    for (let zeros = 0; zeros < 30; zeros++) {
      for (const [integer, tail] of [
        ['0', '1'],
        ['-0', ''],
        ['0', '10'],
        ['7', '1'],
        ['-1', '0'],
        ['0', '123456789012345'],
        ['0', '1234567890123456'],
        ['0', '12345678901234567'],
        ['1000000000000000', '5'],
      ] as const) {
        texts.push(`${integer}.${'0'.repeat(zeros)}${tail}`);
      }
    }
    assertSame(texts.map((text) => `${text}\n`).join(''));
  });

  test('powers of two and their neighbours, in more and fewer digits than they need', () => {
    const view = new DataView(new ArrayBuffer(8));
    const texts: string[] = [];
    for (let exponent = -70; exponent < 70; exponent++) {
      view.setFloat64(0, 2 ** exponent);
      const bits = view.getBigInt64(0);
      for (const step of [-2n, -1n, 0n, 1n, 2n]) {
        view.setBigInt64(0, bits + step);
        texts.push(String(view.getFloat64(0)), ...around(view.getFloat64(0)));
      }
    }
    assertSame(texts.map((text) => `${text}\n`).join(''));
  });

  test('any double, in more and fewer digits than it needs', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })), (values) => {
        const texts = values.flatMap((value) => [String(value), ...around(value % 1000), ...around(value)]);
        assertSame(texts.map((text) => `${text}\n`).join(''));
      }),
    );
  });

  test('decimals of 15 to 19 digits, halfway between doubles too', () => {
    const random = seededRandom(20);
    const texts: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      let digits = String(1 + random(9));
      for (let length = 15 + random(5); digits.length < length;) digits += String(random(10));
      const point = random(digits.length);
      texts.push(
        `${digits.slice(0, point) || '0'}.${'0'.repeat(point === 0 ? random(8) : 0)}${digits.slice(point)}`,
      );
    }
    assertSame(texts.map((text) => `${text}\n`).join(''));
  });

  test('decimals of more digits than 64 bits hold', () => {
    const random = seededRandom(22);
    const texts: string[] = [];
    for (let i = 0; i < 5000; i++) {
      const beyond =
        2n ** 64n * BigInt(1 + random(50)) + BigInt(random(2 ** 32)) * (i % 2 === 0 ? 1n : 2n ** 24n);
      const digits = String(beyond);
      const point = random(digits.length);
      texts.push(`${digits.slice(0, point) || '0'}.${digits.slice(point)}`);
    }
    assertSame(texts.map((text) => `${text}\n`).join(''));
  });

  test('the JCS numbers', skipWithout(vectorsFolder('jcs-es6-numbers')), () => {
    const lines = readFileSync(vectorsFolder('jcs-es6-numbers/es6testfile10k.txt'), 'utf8')
      .trim()
      .split('\n');
    const texts = lines.map((line) => line.trim().split(',')[1]!);
    assertSame(texts.map((text) => `${text}\n[${text}0]\n`).join(''));
  });
});

describe('SHA-256', () => {
  test('every length about the block boundaries, alone and in any company', () => {
    const lines = Array.from({ length: 300 }, (_, length) => `"${'x'.repeat(length)}"\n`);
    for (const line of lines) assertSame(line, kernelAlone);
    assertSame(lines.join(''), kernelAlone);
    assertSame(lines.reverse().join(''), kernelAlone);
  });

  test('lanes of very different lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(3), fc.nat(200), fc.nat(20_000)), { maxLength: 40 }),
        (lengths) => {
          const text = lengths.map((length) => `"${'y'.repeat(length)}"\n`).join('');
          assertSame(text);
          assertSame(text, nativeKernel);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('what the platform hashes and what the kernel hashes', () => {
    const lengths = [1900, 2045, 2046, 2047, 2048, 2049, 5000];
    assertSame(lengths.map((length) => `"${'z'.repeat(length)}"\n[1]\n`).join(''), nativeKernel);
  });
});

describe('chunks of any size', () => {
  const MEBIBYTE = 2 ** 20;

  test('lines and chunks about the size of the kernel’s window', () => {
    for (const length of [-2, -1, 0, 1, 2].map((difference) => MEBIBYTE + difference)) {
      const line = `"${'a'.repeat(length - 2)}"`;
      assert.equal(line.length, length);
      for (const text of [line, `${line}\n`, `${line}\r\n`, `{"a":1}\n${line}\n[2]`, `${line}\n\n${line}`]) {
        assertSame(text, nativeKernel);
      }
      const padded = `{"a":1}${' '.repeat(length - 7)}`;
      for (const text of [padded, `${padded}\n`, `1\n${padded}\n2\n`, `${' '.repeat(length)}\n3\n`])
        assertSame(text);
    }
  });

  test('a long line whose canonical form is longer', () => {
    for (const item of ['1e20,', '1E20,1,', '0.1e-5,']) {
      for (const count of [10, 5_000, 100_000]) assertSame(`[${item.repeat(count)}0]\n["after"]\n`);
    }
  });

  test('a long line out of order', () => {
    const big = 'b'.repeat(500_000);
    assertSame(`{"z":"${big}","y":{"d":"${big.slice(200)}","c":1},"x":0}\n{"b":1,"a":2}\n`);
  });

  test('a window of many megabytes', () => {
    const line = '{"text": "some ordinary text", "id": 1234567, "ok": true}\n';
    assertSame(line.repeat(40_000), kernelAlone);
    assertSame(`${line.repeat(20_000)}\n${line.repeat(20_000)}{"cut`);
  });

  test('many tiny lines, blank and malformed ones among them', () => {
    assertSame('1\n'.repeat(50_000), kernelAlone);
    assertSame('1\n\n[\n"a"\r\n'.repeat(10_000));
    assertSame('\n'.repeat(MEBIBYTE + 10));
    assertSame('{\n'.repeat(40_000));
  });

  test('a chunk is neither kept nor changed, and results are independent', () => {
    const chunk = bytesOf('{"b":1,"a":1e5}\n{"x":}\n');
    const before = chunk.slice();
    const first = kernel.digest(chunk);
    const digests = first.digests.slice();
    assert.deepEqual(chunk, before);
    kernel.digest(bytesOf('[3]\n[4]\n'));
    assert.deepEqual(first.digests, digests);
  });

  test('memory that was used before is used again where there is room enough', () => {
    const spare = new Uint8Array(64);
    assert.equal(kernel.digest(bytesOf('[3]\n[4]\n'), spare).digests.buffer, spare.buffer);
    assert.notEqual(kernel.digest(bytesOf('[3]\n[4]\n[5]\n'), spare).digests.buffer, spare.buffer);
  });

  test('a platform that fails leaves nothing behind', () => {
    let failing = true;
    const flaky = newKernel((bytes) => {
      if (failing) throw new Error('failed');
      return opensslSha256(bytes);
    });
    const text = `"${'a'.repeat(2000)}"\n[1]\n"${'b'.repeat(3000)}"\n`;
    assert.throws(() => flaky.digest(bytesOf(text)), /failed/);
    failing = false;
    assertSame('[2]\n[3]\n', flaky);
    assertSame(text, flaky);
  });

  test('a chunk that is a view into a larger buffer', () => {
    const bytes = bytesOf('xx{"b":1,"a":2}\n{"a":}\nyy');
    assertSame(bytes.subarray(2, bytes.length - 2));
  });
});

describe('ordinary lines need no help', () => {
  for (const [name, line] of Object.entries({
    'as json.dumps writes them':
      '{"id": 17, "text": "caf\\u00e9 \\ud83d\\ude00 \\"x\\" \\n\\u001b", "score": 0.731, "tags": []}',
    'as JSON.stringify writes them':
      '{"z":[1,-2.5,true,null,false],"messages":[{"role":"user","content":"Grüße 中文 😀"}],"a":{}}',
    'numbers that pass, and one that is formatted':
      '{"a":[12345678901234567890,0.1234567890123456,1.50,1e-5,100]}',
  })) {
    test(name, () => assertSame(`${line}\n`, kernelAlone));
  }
});

describe('hostile text, as the reference', () => {
  test('JSON as no library writes it', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => assertSame(hostileText(seededRandom(seed)))),
      { numRuns: 8000 },
    );
  });

  test('any JSON value', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        assertSame(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
      }),
      { numRuns: 500 },
    );
  });

  test('100,000 mutated lines', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 1000; round++) {
      const parts: Uint8Array[] = [];
      const text = bytesOf(hostileText(random));
      for (let i = 0; i < 100; i++) parts.push(mutated(random, text.subarray(0, 400)), Uint8Array.of(0x0a));
      assertSame(Buffer.concat(parts), round % 2 === 0 ? kernel : nativeKernel);
    }
  });

  test('bytes that are no text at all', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => assertSame(bytes)));
  });

  test('every beginning of a line', () => {
    const line = bytesOf(
      ' {"b\\u0041\\n": [1, -2.50e+3, true, null], "é😀": {"x": "\\ud83d\\ude00"}, "a": false} ',
    );
    for (let length = 0; length <= line.length; length++) {
      assertSame(line.subarray(0, length));
      assertSame(Buffer.concat([line.subarray(0, length), Buffer.from('\n{"a":1}\n')]));
    }
  });
});

describe('public test data, as the reference', () => {
  for (const folder of [
    'jcs-rfc8785/input',
    'jcs-rfc8785/output',
    'jsontestsuite/test_parsing',
    'jsontestsuite/test_transform',
  ]) {
    test(folder, skipWithout(vectorsFolder(folder)), () => {
      for (const name of readdirSync(vectorsFolder(folder))) {
        const bytes = readFileSync(vectorsFolder(folder, name));
        assertSame(bytes);
        // Without line feeds outside of strings, so that the whole of it is one line.
        assertSame(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)));
      }
    });
  }

  for (const file of ['gsm8k/train.jsonl', 'hh-rlhf/harmless-base-test.jsonl', 'humaneval/HumanEval.jsonl']) {
    test(file, skipWithout(dataFolder(file)), () => {
      assertSame(readFileSync(dataFolder(file)), nativeKernel);
      assertSame(readFileSync(dataFolder(file)).subarray(0, 1_000_000), kernelAlone);
    });
  }
});

describe('merkleRoot', () => {
  const digests = new Uint8Array(5000 * 32).map((_, i) => (i * 31 + (i >> 8)) & 0xff);

  test('0 to 300 leaves', () => {
    for (let count = 0; count <= 300; count++) {
      const leaves = digests.subarray(0, count * 32);
      assert.equal(
        toHex(kernel.merkleRoot(leaves)),
        toHex(merkleRoot(leaves, opensslSha256)),
        `${count} leaves`,
      );
    }
  });

  test('numbers of leaves about those that the kernel takes at a time', () => {
    for (const count of [4095, 4096, 4097, 4098, 5000]) {
      const leaves = digests.subarray(0, count * 32);
      assert.equal(
        toHex(kernel.merkleRoot(leaves)),
        toHex(merkleRoot(leaves, opensslSha256)),
        `${count} leaves`,
      );
    }
  });

  test('several times that many', () => {
    for (const count of [8192, 12_289, 30_001]) {
      const leaves = new Uint8Array(count * 32).map((_, i) => (i * 7919) >> 5);
      assert.equal(
        toHex(kernel.merkleRoot(leaves)),
        toHex(merkleRoot(leaves, opensslSha256)),
        `${count} leaves`,
      );
    }
  });

  test('leaves stay as they are', () => {
    const before = digests.slice();
    kernel.merkleRoot(digests);
    assert.deepEqual(digests, before);
  });

  test('no whole number of leaves', () => {
    assert.throws(() => kernel.merkleRoot(new Uint8Array(33)), { code: 'invalid-argument' });
  });
});

describe('createSampleKernel', () => {
  test('undefined for a module that the platform refuses', () => {
    assert.equal(createSampleKernel(wasm.slice(0, -1)), undefined);
    assert.equal(createSampleKernel(new Uint8Array(0)), undefined);
  });
});
