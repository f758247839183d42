import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { ProvenanceError } from '../../../src/core/errors.ts';
import { lineOf, type SampleDigests } from '../../../src/core/sample/digest.ts';
import { LineCounter } from '../../../src/core/sample/lines.ts';
import { SampleCollector } from '../../../src/core/sample/sampleCollector.ts';
import { SampleDigester } from '../../../src/core/sample/sampleDigester.ts';
import { DigestCache } from '../../../src/platform/digestCache.node.ts';
import { digestFile, type DigestOptions } from '../../../src/platform/digestFile.node.ts';

import { DigestPool } from '../../../src/platform/digestPool.node.ts';
import { DIGEST_THREAD, LARGE_FILE } from '../../../src/platform/digestThreadRole.node.ts';
import { HashAhead } from '../../../src/platform/hashAhead.node.ts';
import { hashTask } from '../../../src/platform/fileHash.node.ts';
import { lineRanges, LineRanges } from '../../../src/platform/lineRanges.node.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { bundledDigestWorker, temporaryFolder } from '../../support/processes.ts';

const folder = temporaryFolder('provenance-digest');
const pool = new DigestPool(await bundledDigestWorker(folder), { size: 2 });
after(() => {
  pool.dispose();
});

/** What every way of digesting must agree with: one pass, in plain JavaScript. */
function reference(bytes: Uint8Array): SampleDigests {
  const digester = new SampleDigester();
  digester.push(bytes);
  return digester.finish();
}

/** Everything that was found, in a form that can be compared. */
function found(samples: SampleDigests) {
  return {
    ...samples,
    digests: createHash('sha256').update(samples.digests).digest('hex'),
    lines: Array.from({ length: samples.count }, (_, row) => lineOf(samples, row)),
    malformed: [...samples.malformed],
  };
}

let files = 0;
function fileOf(bytes: Uint8Array | string, suffix = '.jsonl'): string {
  const path = join(folder, `${String(files++)}${suffix}`);
  writeFileSync(path, bytes);
  return path;
}

/** Lines of all kinds, of more bytes than a file needs to be digested in threads; the same each time. */
function largeText(seed = 1): Buffer {
  const random = randomNumbers(seed);
  const parts: string[] = ['\ufeff'];
  for (let length = 0; length < LARGE_FILE + 100_000;) {
    const kind = random(40);
    const text = 'x'.repeat(kind === 0 ? random(200_000) : random(900));
    const line =
      kind === 1
        ? ' \t'
        : kind === 2
          ? `{"a":1,"a":"${text}"}`
          : kind === 3
            ? `{"cut":"${text}`
            : `{"text":"${text}","id":${String(random(1e9))},"a":[1.50,{"z":0,"b":"\\u00e9"}]}`;
    parts.push(line, kind === 4 ? '\r\n' : '\n');
    length += line.length;
  }
  parts.push('{"last":"without a line end"}');
  return Buffer.from(parts.join(''));
}
const LARGE = largeText();
const LARGE_REFERENCE = found(reference(LARGE));

const failure = (code: string, message = /./) => ({ name: 'ProvenanceError', code, message });

describe('ranges of a file', () => {
  const line = fc.oneof(
    fc.constantFrom('', ' ', '\t\r', '{', 'x', '\ufeff', '\ufeff1', '{"a":1,"a":2}', 'NaN'),
    fc.json({ maxDepth: 1 }).map((text) => text.replaceAll('\n', ' ')),
    fc.nat(300).map((length) => JSON.stringify('y'.repeat(length))),
  );
  const text = fc
    .tuple(
      fc.boolean(),
      fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 30 }),
      fc.option(line, { nil: '' }),
    )
    .map(
      ([bom, lines, last]) => `${bom ? '\ufeff' : ''}${lines.map((pair) => pair.join('')).join('')}${last}`,
    );

  test('give each line once, wherever their borders are', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 400 }), (content, step) => {
        const bytes = Buffer.from(content);
        const path = fileOf(bytes, '.range');
        const { size, ino } = statSync(path);
        const ranges = new LineRanges();
        const collector = new SampleCollector(size);
        let spare: Uint8Array<ArrayBuffer> | undefined;
        for (const { from, to } of lineRanges(size, step)) {
          const chunk = ranges.digest({ path, size, ino }, from, to, spare);
          collector.add(chunk, to - from);
          spare = new Uint8Array(chunk.digests.buffer);
        }
        ranges.close();
        const { sha256, ...expected } = found(reference(bytes));
        assert.deepEqual(found(collector.finish({ sha256, size })), { sha256, ...expected });
        const counter = new LineCounter();
        counter.push(bytes);
        assert.equal(collector.lines, counter.lines);
        assert.equal(counter.lines - counter.blank, expected.count);
      }),
      { numRuns: 300 },
    );
  });

  test('a line may be much longer than its range', () => {
    const bytes = Buffer.from(`[1]\n"${'z'.repeat(3_000_000)}"\n[2]`);
    const path = fileOf(bytes);
    const { size, ino } = statSync(path);
    const ranges = new LineRanges();
    const collector = new SampleCollector(size);
    for (const { from, to } of lineRanges(size, 50_000)) {
      collector.add(ranges.digest({ path, size, ino }, from, to), to - from);
    }
    ranges.close();
    const expected = reference(bytes);
    assert.deepEqual(found(collector.finish(expected)), found(expected));
  });

  test('a file that took the name of another one is not read', () => {
    const path = fileOf('[1]\n[2]\n');
    const { size, ino } = statSync(path);
    renameSync(fileOf('[3]\n[4]\n'), path);
    assert.throws(
      () => new LineRanges().digest({ path, size, ino }, 0, size),
      failure('changed-while-reading'),
    );
  });
});

describe('digesting a file', () => {
  test('tells how many lines it has, for programs and for editors', async () => {
    for (const text of ['', '\n', '[1]', '[1]\n', '[1]\n\n', '[1]\n ', '\ufeff', '\ufeff[1]\r\n[2]']) {
      const counter = new LineCounter();
      counter.push(Buffer.from(text));
      const { lines, lineCount } = await digestFile(fileOf(text));
      assert.deepEqual([lines, lineCount], [counter.lines, counter.editorLines], JSON.stringify(text));
    }
  });

  test('in this thread or in several, the result is the same', async () => {
    const path = fileOf(LARGE);
    const { size, ino } = statSync(path);
    const range = { file: { path, size, ino }, from: 1000, to: 2_000_000 };
    const part = await pool.call('digest', { ...range, format: 'jsonl' });
    assert.deepEqual(part, new LineRanges().digest(range.file, range.from, range.to), 'there are threads');
    const alone = await digestFile(path);
    const threads = await digestFile(path, { pool });
    assert.deepEqual(found(alone.samples), LARGE_REFERENCE);
    assert.deepEqual(found(threads.samples), LARGE_REFERENCE);
    const counter = new LineCounter();
    counter.push(LARGE);
    assert.deepEqual([threads.lines, threads.lineCount], [counter.lines, counter.editorLines]);
    assert.deepEqual([alone.lines, alone.lineCount], [threads.lines, threads.lineCount]);
  });

  test('progress never goes back, and ends with the file', async () => {
    const seen: number[] = [];
    await digestFile(fileOf(LARGE), { pool, onProgress: (bytes) => seen.push(bytes) });
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.ok(Math.abs(seen.at(-1)! - LARGE.length) < 2, String(seen.at(-1)));
  });

  test('it can be cancelled in the middle, with threads and without', async () => {
    for (const options of [{ pool }, {}] satisfies DigestOptions[]) {
      const signal = { aborted: false };
      const onProgress = (bytes: number) => (signal.aborted ||= bytes > LARGE.length / 3);
      await assert.rejects(
        digestFile(fileOf(LARGE), { ...options, signal, onProgress }),
        failure('cancelled'),
      );
    }
  });

  test('a file that is written to meanwhile has no digests', async () => {
    for (const change of [
      (path: string) => {
        appendFileSync(path, '[1]\n');
      },
      (path: string) => {
        // The same size and, in the end, the same time.
        const { atime, mtime } = statSync(path);
        writeFileSync(path, LARGE);
        utimesSync(path, atime, mtime);
      },
      (path: string) => {
        writeFileSync(path, '[1]\n');
      },
    ]) {
      const path = fileOf(LARGE);
      let changed = false;
      const onProgress = () => {
        if (!changed) change(path);
        changed = true;
      };
      await assert.rejects(
        digestFile(path, { pool, onProgress }),
        failure('changed-while-reading', /^.*\.jsonl was/),
      );
    }
  });

  test('a thread that dies is one clear error', async () => {
    const dying = new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from 'node:worker_threads';
        let first = true;
        parentPort.on('message', ({ id }) => {
          if (!first) process.exit(3);
          first = false;
          const empty = () => new Uint32Array(0);
          const malformed = { rows: empty(), codes: new Uint8Array(0), offsets: empty() };
          const result = { lines: 0, count: 0, digests: new Uint8Array(0), lineOfSample: undefined, malformed };
          parentPort.postMessage({ type: 'result', id, result });
        });`)}`,
    );
    const mortal = new DigestPool(dying, { size: 2 });
    await assert.rejects(digestFile(fileOf(LARGE), { pool: mortal }), failure('internal', /exit code 3/));
    mortal.dispose();
  });

  test('where no thread can be started, this one does it', async () => {
    const missing = new DigestPool(new URL('no-such-script.mjs', import.meta.url), { size: 2 });
    const { samples } = await digestFile(fileOf(LARGE), { pool: missing });
    assert.deepEqual(found(samples), LARGE_REFERENCE);
    missing.dispose();
  });

  test('a thread that was started before is used, unless it has ended since', async () => {
    const script = await bundledDigestWorker(folder);
    const ended = new Worker('', { eval: true });
    await once(ended, 'exit');
    for (const started of [new Worker(script, { workerData: DIGEST_THREAD }), ended]) {
      const lent = new DigestPool(script, { size: 2, started });
      const { samples } = await digestFile(fileOf(LARGE), { pool: lent });
      assert.deepEqual(found(samples), LARGE_REFERENCE);
      lent.dispose();
    }
  });

  test('what is no JSONL is refused', async () => {
    await assert.rejects(digestFile(fileOf(Buffer.from('[1]\n', 'utf16le'))), failure('not-jsonl', /UTF-16/));
    await assert.rejects(digestFile(folder), failure('not-a-file'));
    await assert.rejects(digestFile(join(folder, 'none.jsonl')), failure('not-found'));
  });
});

describe('a file that evidence knows by its bytes', () => {
  const lines = Array.from({ length: 60_000 }, (_, id) => JSON.stringify({ id, text: 'x'.repeat(150) }));
  const bytes = Buffer.from(lines.join('\n'));
  const expected = reference(bytes);
  const recognise = (sha256: string) =>
    Promise.resolve(sha256 === expected.sha256 ? expected.count : undefined);

  test('needs no digests', async () => {
    for (const options of [
      { pool },
      {},
      { hashFirst: true },
      { pool, hashFirst: true },
    ] satisfies DigestOptions[]) {
      const { samples, lines: count } = await digestFile(fileOf(bytes), { ...options, recognise });
      assert.deepEqual(found(samples), { ...found(expected), digests: createHash('sha256').digest('hex') });
      assert.equal(count, expected.count);
    }
  });

  test('but it does where the number of its lines is another, or some are blank', async () => {
    for (const [content, claimed] of [
      [bytes, expected.count - 1],
      [bytes, expected.count + 1],
      [Buffer.concat([bytes, Buffer.from('\n\n')]), expected.count],
      [Buffer.concat([bytes, Buffer.from('\n ')]), expected.count + 1],
    ] as const) {
      for (const order of [{}, { hashFirst: true }]) {
        const { samples } = await digestFile(fileOf(content), {
          pool,
          ...order,
          recognise: () => Promise.resolve(claimed),
        });
        assert.deepEqual(found(samples), found(reference(content)));
      }
    }
  });

  test('what a cache holds of it is taken, also of a file that evidence expects, and of no other', async () => {
    const cache = new DigestCache(join(folder, 'expected-cache'));
    const other = Buffer.concat([bytes, Buffer.from('\n{"id":-1}')]);
    for (const content of [bytes, other]) await cache.put(await digestFile(fileOf(content), { pool }));
    for (const content of [bytes, other]) {
      for (const expectedOne of [
        reference(bytes).sha256,
        reference(other).sha256,
        '0'.repeat(64),
        undefined,
      ]) {
        const { samples } = await digestFile(fileOf(content), {
          pool,
          cache,
          hashFirst: true,
          expected: () => Promise.resolve(expectedOne),
        });
        assert.deepEqual(found(samples), found(reference(content)));
      }
    }
    const failing = () => Promise.reject(new Error('no evidence'));
    const { samples } = await digestFile(fileOf(bytes), { cache, expected: failing });
    assert.deepEqual(found(samples), found(expected));
  });

  test('hashing in a thread can be cancelled, and notices that the file is another', async () => {
    const path = fileOf(bytes);
    const controller = new AbortController();
    const onProgress = () => {
      controller.abort();
    };
    const { signal } = controller;
    await assert.rejects(
      digestFile(path, { pool, hashFirst: true, signal, onProgress }),
      failure('cancelled'),
    );
    const task = { path, size: bytes.length, ino: statSync(path).ino + 1 };
    await assert.rejects(hashTask(task, {}), failure('changed-while-reading'));
  });

  test('counting its lines, once it is known, can be cancelled', async () => {
    for (const order of [{}, { hashFirst: true }]) {
      const controller = new AbortController();
      const recogniseAndCancel = () => {
        controller.abort();
        return Promise.resolve(expected.count);
      };
      const options: DigestOptions = { ...order, signal: controller.signal, recognise: recogniseAndCancel };
      await assert.rejects(digestFile(fileOf(bytes), options), failure('cancelled'));
    }
  });

  test('a hash that was begun before is taken, once, and only of the file as it is', async () => {
    const path = fileOf(bytes);
    const ahead = new HashAhead(pool);
    const options: DigestOptions = { pool, ahead, hashFirst: true, recognise };
    ahead.begin(path, statSync(path));
    for (let round = 0; round < 2; round++) {
      const { samples } = await digestFile(path, options);
      assert.deepEqual([samples.sha256, samples.count], [expected.sha256, expected.count]);
    }
    // Written to after it was begun.
    const before = statSync(path);
    ahead.begin(path, before);
    writeFileSync(path, Buffer.concat([bytes, Buffer.from('\n{"id":-1}')]));
    assert.equal((await digestFile(path, options)).samples.count, expected.count + 1);
    const controller = new AbortController();
    ahead.begin(path, statSync(path));
    controller.abort();
    await assert.rejects(digestFile(path, { ...options, signal: controller.signal }), failure('cancelled'));
  });

  test('a file of which any byte was changed is another', async () => {
    const random = randomNumbers(7);
    for (let round = 0; round < 5; round++) {
      const mutated = Buffer.from(bytes);
      const at = random(mutated.length);
      mutated[at]! ^= 1 << random(8);
      const { samples } = await digestFile(fileOf(mutated), { pool, recognise });
      assert.deepEqual(found(samples), found(reference(mutated)));
      assert.notEqual(samples.sha256, expected.sha256);
    }
  });
});

describe('compressed JSONL', () => {
  const text = largeText(2).subarray(0, 300_000);

  test('gzip, of several members', async () => {
    const compressed = Buffer.concat([gzipSync(text.subarray(0, 1000)), gzipSync(text.subarray(1000))]);
    const { samples } = await digestFile(fileOf(compressed, '.jsonl.gz'));
    const { sha256, size, ...expected } = found(reference(text));
    const { sha256: ofFile, size: sizeOfFile, ...got } = found(samples);
    assert.deepEqual(got, expected);
    assert.deepEqual([ofFile, sizeOfFile], [reference(compressed).sha256, compressed.length]);
    assert.notDeepEqual([ofFile, sizeOfFile], [sha256, size]);
  });

  test('Zstandard, of several frames', async () => {
    // RFC 8878: a frame of one raw block, as short as can be.
    const frame = (content: string) =>
      Buffer.concat([
        Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, (content.length << 3) | 1, 0, 0]),
        Buffer.from(content),
      ]);
    const compressed = Buffer.concat([frame('[1]\n{"a":'), frame('2}\n[3]\n')]);
    const { samples } = await digestFile(fileOf(compressed, '.jsonl.zst'));
    const { sha256, size, ...expected } = found(reference(Buffer.from('[1]\n{"a":2}\n[3]\n')));
    const got = found(samples);
    assert.deepEqual({ ...got, sha256, size }, { ...expected, sha256, size });
    await assert.rejects(
      digestFile(fileOf(compressed.subarray(0, -2), '.jsonl.zst')),
      failure('not-jsonl', /\.jsonl\.zst is incomplete/),
    );
  });

  test('by its bytes, whatever it is called', async () => {
    const { samples } = await digestFile(fileOf(gzipSync('[1]\n[2]\n'), '.jsonl'));
    assert.equal(samples.count, 2);
  });

  test('cut off, or damaged, it is an error that names the file', async () => {
    const compressed = gzipSync(text);
    const cut = fileOf(compressed.subarray(0, compressed.length - 100), '.jsonl.gz');
    await assert.rejects(digestFile(cut), failure('not-jsonl', /\.jsonl\.gz is incomplete/));
    const damaged = Buffer.from(compressed);
    damaged.fill(0, 400, 500);
    await assert.rejects(
      digestFile(fileOf(damaged, '.jsonl.gz')),
      failure('not-jsonl', /\.jsonl\.gz is damaged/),
    );
  });

  test('of something else than JSONL is refused', async () => {
    const array = gzipSync('[\n  {"a": 1},\n  {"a": 2}\n]\n');
    await assert.rejects(digestFile(fileOf(array, '.jsonl.gz')), failure('not-jsonl', /array/));
  });
});

test('rows of a Parquet file have the digests of their projection, with threads and without', async () => {
  const writer = new ByteWriter();
  const count = 40_000;
  const random = randomNumbers(3);
  // Of bytes that do not compress, so that threads do it.
  const noise = () => Array.from({ length: 40 }, () => random(2 ** 32).toString(36)).join('');
  const texts = Array.from({ length: count }, noise);
  await parquetWrite({
    writer,
    columnData: [
      { name: 'id', data: texts.map((_, id) => id), type: 'INT32' },
      { name: 'text', data: texts, type: 'STRING' },
    ],
    rowGroupSize: 9000,
    codec: 'UNCOMPRESSED',
  });
  const path = fileOf(Buffer.from(writer.getBuffer()), '.parquet');
  assert.ok(statSync(path).size > LARGE_FILE);
  const expected = reference(
    Buffer.from(texts.map((text, id) => `${JSON.stringify({ id, text })}\n`).join('')),
  );
  for (const options of [{ pool }, {}] satisfies DigestOptions[]) {
    const { samples, lines, lineCount } = await digestFile(path, options);
    const bytes = readFileSync(path);
    const { sha256, size } = reference(bytes.subarray(0, 0));
    assert.notEqual(samples.sha256, sha256);
    assert.deepEqual([samples.size, size], [bytes.length, 0]);
    assert.deepEqual({ ...found(samples), sha256: '', size: 0 }, { ...found(expected), sha256: '', size: 0 });
    assert.deepEqual([lines, lineCount], [count, count]);
  }
  await assert.rejects(
    digestFile(fileOf(readFileSync(path).subarray(0, -9), '.parquet'), { pool }),
    (error: unknown) => error instanceof ProvenanceError && error.code === 'invalid-parquet',
  );
});
