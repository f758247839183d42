import { build } from 'esbuild';
import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { ProvenanceError } from '../../../src/core/errors.ts';
import { decompressed } from '../../../src/platform/decompress.node.ts';
import { FileSource } from '../../../src/platform/fileSource.node.ts';
import { RowWorkerClient } from '../../../src/platform/rowWorkerClient.node.ts';
import { TableCache } from '../../../src/platform/tableCache.node.ts';
import type { RowQuery, TableExtent } from '../../../src/protocol/rowWorker.ts';
import { memorySource } from '../../unit/core/table/memorySource.ts';
import { RowWorkerHere } from './rowSupport.ts';
import { temporaryFolder, until } from '../../support/processes.ts';
import { COMPRESSED_LINES, repeatingFrame, skippableFrame, storedFrame } from './zstd.ts';

const folder = temporaryFolder('rows');
let files = 0;
const newFolder = () => {
  const path = join(folder, String(files++));
  mkdirSync(path);
  return path;
};
const fileWith = (content: string | Uint8Array, name = 'a.jsonl') => {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
};

const workers: RowWorkerHere[] = [];
const newWorker = (cacheFolder = join(newFolder(), 'cache')) => {
  const worker = new RowWorkerHere(cacheFolder);
  workers.push(worker);
  return worker;
};
after(() => {
  for (const worker of workers) worker.dispose();
});

const contains = (text: string): RowQuery => ({ text, operator: 'contains', matchCase: false });
const linesOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `{"i": ${from + i}, "text": "sample ${from + i}"}\n`).join('');

describe('the row worker', () => {
  it('opens a JSONL file, shows its rows and searches them', async () => {
    const worker = newWorker();
    const path = fileWith(
      '{"id": 9007199254740993, "text": "a\\u202eb\\nc"}\n\n{"id": oops}\n{"x": {"y": [1]}}',
    );
    const opened = await worker.open(path);
    assert.equal(opened.format, 'jsonl');
    assert.deepEqual(
      opened.columns.map(({ pointer, type }) => [pointer, type]),
      [
        ['/id', 'integer'],
        ['/text', 'string'],
        ['/x', 'object'],
      ],
    );
    assert.deepEqual(await worker.call('index', {}), { lines: 4, complete: true, bytes: opened.size });

    const rows = await worker.call('rows', { lines: [4, 1, 2, 3, 99], columns: ['/id', '/text', '/x'] });
    assert.deepEqual(
      rows.map(({ line, kind }) => [line, kind]),
      [
        [4, 'record'],
        [1, 'record'],
        [2, 'blank'],
        [3, 'unreadable'],
      ],
    );
    assert.deepEqual(rows[1]?.cells, [
      { kind: 'number', text: '9007199254740993' },
      { kind: 'string', text: 'a\\u202Eb\\nc' },
      { kind: 'missing', text: '' },
    ]);

    const record = await worker.call('record', { line: 4 });
    assert.equal(record.text, '{\n  "x": {\n    "y": [\n      1\n    ]\n  }\n}');
    assert.equal(record.raw, '{"x": {"y": [1]}}');
    assert.equal(await worker.call('text', { lines: [4, 3] }), '{"x": {"y": [1]}}\n{"id": oops}');
    assert.deepEqual(await worker.search({ queries: [contains('OOPS')] }), [3]);
    await assert.rejects(worker.call('record', { line: 5 }), { code: 'sample-not-found' });
    await worker.call('close', {});
    await assert.rejects(worker.call('record', { line: 1 }), { code: 'not-found' });
  });

  it('shows the beginning of a row that is too long for cells', async () => {
    const worker = newWorker();
    await worker.open(fileWith(`{"a": 1}\n{"a": "${'x'.repeat(3_000_000)}"}\n`));
    await worker.call('index', {});
    const [row] = await worker.call('rows', { lines: [2], columns: ['/a'] });
    assert.equal(row?.kind, 'too-long');
    assert.equal(row.cells[0]?.cut, true);
    const record = await worker.call('record', { line: 2 });
    assert.equal(record.cut, true);
    assert.equal(record.length, 3_000_009);
    assert.equal(record.raw, undefined);
  });

  it('says what is wrong with what is no JSONL', async () => {
    const worker = newWorker();
    await assert.rejects(worker.open(fileWith('[\n{"a":1},\n{"a":2}\n]')), { code: 'not-jsonl' });
    await assert.rejects(worker.open(fileWith(Buffer.from('{"a":1}\n', 'utf16le'))), { code: 'not-jsonl' });
    await assert.rejects(worker.open(fileWith(gzipSync('[\n{"a":1},\n{"a":2}\n]'), 'a.jsonl.gz')), {
      code: 'not-jsonl',
    });
    await assert.rejects(worker.open(fileWith('PAR1 but not really', 'a.parquet')), {
      code: 'invalid-parquet',
    });
    await assert.rejects(worker.open(join(folder, 'none.jsonl')), { code: 'not-found' });
    await assert.rejects(worker.open(newFolder()), { code: 'not-a-file' });
    assert.deepEqual(await worker.open(fileWith('')), {
      format: 'jsonl',
      columns: [],
      size: 0,
      lines: 0,
      complete: true,
      bytes: 0,
      notices: [],
    });
  });

  it('refuses texts too long to be copied', async () => {
    const worker = newWorker();
    await worker.open(fileWith(`"${'x'.repeat(40_000_000)}"\n`.repeat(2)));
    await worker.call('index', {});
    await assert.rejects(worker.call('text', { lines: [1, 2] }), { code: 'too-large' });
  });

  it('stops indexing and searching when it is told to, and answers meanwhile', async () => {
    const worker = newWorker();
    await worker.open(fileWith(linesOf(400_000)));
    for (const method of ['index', 'search'] as const) {
      const stop = new AbortController();
      const params = method === 'search' ? { queries: [contains('nothing like it')] } : {};
      const running = worker.call(method, params, { signal: stop.signal });
      assert.deepEqual(await worker.texts([2], '/i'), [['1']]);
      stop.abort();
      await assert.rejects(running, { code: 'cancelled' });
    }
    const extents: number[] = [];
    const extent = await worker.call(
      'index',
      {},
      {
        onProgress: (value) => extents.push((value as TableExtent).lines),
      },
    );
    assert.equal(extent.lines, 400_000);
    assert.deepEqual(
      extents,
      extents.toSorted((a, b) => a - b),
    );
  });

  it('writes JSONL, but not over its own file', async () => {
    const worker = newWorker();
    const path = fileWith(linesOf(3));
    await worker.open(path);
    await assert.rejects(worker.call('exportJsonl', { path }), { code: 'invalid-argument' });
    const copy = join(newFolder(), 'b.jsonl');
    assert.deepEqual(await worker.call('exportJsonl', { path: copy }), { rows: 3 });
    assert.equal(readFileSync(copy, 'utf8'), linesOf(3));
  });

  it('opens a Parquet file, and searches the columns asked for', async () => {
    const worker = newWorker();
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: 'id', data: Array.from({ length: 3000 }, (_, i) => i), type: 'INT32' },
        { name: 'text', data: Array.from({ length: 3000 }, (_, i) => `sample ${i}`), type: 'STRING' },
      ],
    });
    const opened = await worker.open(fileWith(new Uint8Array(buffer), 'a.parquet'));
    assert.equal(opened.format, 'parquet');
    assert.equal(opened.lines, 3000);
    assert.equal(opened.complete, true);
    assert.deepEqual(await worker.texts([3000, 1], '/text', '/id'), [
      ['sample 2999', '2999'],
      ['sample 0', '0'],
    ]);
    assert.equal((await worker.call('record', { line: 2 })).raw, '{"id":1,"text":"sample 1"}');
    const over = { text: '2997', column: '/id', operator: 'greater', matchCase: true } as const;
    assert.deepEqual(await worker.search({ queries: [over] }), [2999, 3000]);
    assert.deepEqual(
      await worker.search({ queries: [contains('e 299')], backwards: true, limit: 2 }),
      [3000, 2999],
    );
  });
});

describe('the file of an open table', () => {
  async function table() {
    const path = fileWith(linesOf(1000));
    const worker = newWorker();
    await worker.open(path);
    await worker.call('index', {});
    return { path, worker, check: () => worker.call('check', {}) };
  }

  it('is the same', async () => {
    const { check } = await table();
    assert.equal(await check(), 'same');
  });

  it('has grown: its rows stay, and opening it again shows more', async () => {
    const { path, worker, check } = await table();
    appendFileSync(path, linesOf(1, 1000));
    assert.equal(await check(), 'grown');
    assert.deepEqual(await worker.texts([1000], '/i'), [['999']]);
    await worker.open(path);
    assert.equal((await worker.call('index', {})).lines, 1001);
  });

  it('was replaced: its rows are those that were opened', async () => {
    const { path, worker, check } = await table();
    writeFileSync(`${path}.new`, linesOf(1000, 5));
    renameSync(`${path}.new`, path);
    assert.equal(await check(), 'changed');
    assert.deepEqual(await worker.texts([1], '/i'), [['0']]);
  });

  it('was overwritten or truncated: its rows are not shown any more', async () => {
    for (const change of [
      (path: string) => writeFileSync(path, linesOf(1000, 5)),
      (path: string) => truncateSync(path, 1000),
    ]) {
      const { path, worker, check } = await table();
      change(path);
      assert.equal(await check(), 'changed');
      await assert.rejects(worker.texts([1000], '/i'), { code: 'changed-while-reading' });
      await assert.rejects(worker.search({ queries: [contains('x')] }), { code: 'changed-while-reading' });
    }
  });

  it('is gone', async () => {
    const { path, check } = await table();
    rmSync(path);
    assert.equal(await check(), 'gone');
  });
});

describe('a kept index', () => {
  // Smaller files are not worth it.
  const line = `{"text": "${'x'.repeat(990)}"}\n`;
  const content = line.repeat(20_000);

  async function kept() {
    const cacheFolder = join(newFolder(), 'cache');
    const path = fileWith(content);
    const worker = newWorker(cacheFolder);
    assert.equal((await worker.open(path)).complete, false);
    await worker.call('index', {});
    const [name] = readdirSync(cacheFolder);
    return { path, worker, cacheFolder, indexFile: join(cacheFolder, name!) };
  }

  it('makes a file known at once when it is opened again', async () => {
    const { path, worker } = await kept();
    const opened = await worker.open(path);
    assert.equal(opened.complete, true);
    assert.equal(opened.lines, 20_000);
    assert.equal((await worker.texts([20_000], '/text')).length, 1);
  });

  it('does not count when the file has another time or other content', async () => {
    const { path, worker } = await kept();
    utimesSync(path, new Date(), new Date(0));
    assert.equal((await worker.open(path)).complete, false);
    await worker.call('index', {});
    const other = Buffer.from(content);
    other[0] = 0x0a;
    writeFileSync(path, other);
    utimesSync(path, new Date(), new Date(0));
    assert.equal((await worker.open(path)).complete, false);
    assert.equal((await worker.call('index', {})).lines, 20_001);
  });

  it('does not count when it is damaged', async () => {
    const { path, worker, indexFile } = await kept();
    const bytes = readFileSync(indexFile);
    bytes[200]! ^= 1;
    writeFileSync(indexFile, bytes);
    assert.equal((await worker.open(path)).complete, false);
    assert.equal((await worker.call('index', {})).lines, 20_000);
  });

  it('is continued when the file has grown, and only then', async () => {
    const { path, worker } = await kept();
    appendFileSync(path, '{"text": "new"}');
    const opened = await worker.open(path);
    assert.equal(opened.complete, false);
    assert.ok(opened.lines >= 20_000);
    assert.equal((await worker.call('index', {})).lines, 20_001);
    assert.deepEqual(await worker.texts([20_001], '/text'), [['new']]);

    writeFileSync(path, `{"a":1}\n${content}${content}`);
    assert.ok((await worker.open(path)).lines < 20_000);
    assert.equal((await worker.call('index', {})).lines, 40_001);
  });

  it('is done without where none can be kept, with a notice', async () => {
    const worker = newWorker(join(fileWith('a file, not a folder'), 'cache'));
    const path = fileWith(content);
    const { notices } = await worker.open(path);
    assert.match(notices[0]?.template ?? '', /cannot be written/);
    assert.equal((await worker.call('index', {})).lines, 20_000);
  });

  it('goes when there are too many, the longest unused first', async () => {
    const cache = new TableCache(newFolder());
    const names = ['a.lines', 'b.jsonl', 'c.lines', 'other.txt', 'd.jsonl.1.part'];
    names.forEach((name, i) => {
      const path = join(cache.folder, name);
      writeFileSync(path, 'x'.repeat(100));
      utimesSync(path, new Date(1e12 + 1000 * i), new Date(1e12 + 1000 * i));
    });
    await cache.touch(join(cache.folder, 'a.lines'));
    await cache.prune(250);
    assert.deepEqual(readdirSync(cache.folder).sort(), ['a.lines', 'c.lines', 'other.txt']);
  });
});

describe('a compressed file', () => {
  const text = linesOf(20_000);
  const half = text.indexOf('\n', text.length / 2) + 1;

  const whole: Record<string, [string, Uint8Array]> = {
    'gzip of two members': [
      'a.jsonl.gz',
      Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]),
    ],
    'zstd of three frames': [
      'a.jsonl.zst',
      Buffer.concat([
        storedFrame(Buffer.from(text.slice(0, half))),
        skippableFrame(Uint8Array.of(1, 2)),
        storedFrame(Buffer.from(text.slice(half))),
      ]),
    ],
  };
  for (const [name, [file, bytes]] of Object.entries(whole)) {
    it(`reads like a plain one: ${name}`, async () => {
      const cacheFolder = join(newFolder(), 'cache');
      const worker = newWorker(cacheFolder);
      const path = fileWith(bytes, file);
      const opened = await worker.open(path);
      assert.ok(opened.lines > 0);
      assert.equal(opened.size, bytes.length);
      assert.deepEqual(await worker.texts([1], '/text'), [['sample 0']]);
      assert.deepEqual(await worker.call('index', {}), {
        lines: 20_000,
        complete: true,
        bytes: bytes.length,
      });
      assert.deepEqual(await worker.texts([20_000, 10_001], '/text'), [['sample 19999'], ['sample 10000']]);
      assert.deepEqual(await worker.search({ queries: [contains('e 12345')] }), [12_346]);
      await worker.call('close', {});

      // The copy is there now, and nothing else.
      assert.ok(readdirSync(cacheFolder).every((each) => each.endsWith('.jsonl') || each.endsWith('.lines')));
      await worker.open(path);
      assert.equal((await worker.call('index', {})).lines, 20_000);
      writeFileSync(path, gzipSync(linesOf(5)));
      await worker.open(path);
      assert.equal((await worker.call('index', {})).lines, 5);
    });
  }

  it('is decompressed as the zstd program compresses', async () => {
    const worker = newWorker();
    await worker.open(fileWith(COMPRESSED_LINES, 'a.jsonl.zst'));
    assert.equal((await worker.call('index', {})).lines, 300);
    assert.deepEqual(await worker.texts([300], '/text'), [[`sample 299 ${'abc '.repeat(299 % 7)}`]]);
  });

  const noise = Buffer.from(
    Array.from({ length: 400_000 }, (_, i) => `{"n": ${Math.imul(i, 2654435761) >>> 0}}\n`).join(''),
  );
  const gzipped = gzipSync(noise);
  const broken: Record<string, [Uint8Array, RegExp]> = {
    'truncated gzip': [gzipped.subarray(0, 1_000_000), /incomplete/],
    'damaged gzip': [Buffer.from(gzipped).fill(0x55, 1_000_000, 1_005_000), /damaged/],
    'truncated zstd': [storedFrame(noise).subarray(0, 3_000_000), /incomplete/],
    'zstd with a damaged frame': [
      Buffer.concat([storedFrame(noise), Buffer.from('no frame at all, no frame')]),
      /damaged/,
    ],
  };
  for (const [name, [bytes, expected]] of Object.entries(broken)) {
    it(`keeps the rows that could be read: ${name}`, async () => {
      const cacheFolder = join(newFolder(), 'cache');
      const worker = newWorker(cacheFolder);
      await worker.open(fileWith(bytes, 'a.jsonl.x'));
      for (const attempt of [1, 2]) {
        await assert.rejects(worker.call('index', {}), (error: ProvenanceError) => {
          assert.equal(error.code, 'not-jsonl', `attempt ${attempt}`);
          assert.match(error.message, expected);
          return true;
        });
      }
      assert.deepEqual(await worker.texts([50_000], '/n'), [[String(Math.imul(49_999, 2654435761) >>> 0)]]);
      await worker.call('close', {});
      assert.deepEqual(readdirSync(cacheFolder), []);
    });
  }

  it('is refused when it asks for too much memory, or is a bomb', async () => {
    const worker = newWorker();
    const huge = Buffer.concat([
      storedFrame(Buffer.from('{"a":1}\n')),
      storedFrame(Buffer.from('{"a":1}\n'), 31),
    ]);
    await assert.rejects(worker.open(fileWith(huge, 'a.jsonl.zst')), { code: 'too-large' });

    const bomb = memorySource(repeatingFrame(0x20, 20_000));
    let length = 0;
    await assert.rejects(
      async () => {
        for await (const piece of decompressed(bomb, 'zstd', 'bomb.zst')) length += piece.length;
      },
      { code: 'too-large' },
    );
    assert.ok(length < 1.1 * 2 ** 30);
  });

  it('never hangs or crashes, however it is damaged', async () => {
    const outcomes = new Set<string>();
    for (let i = 0; i < 600; i++) {
      const zstd = i % 2 === 0;
      const bytes = Buffer.from(zstd ? COMPRESSED_LINES : gzipSync(linesOf(50)));
      for (let n = 0; n <= i % 3; n++)
        bytes[4 + Math.floor(Math.random() * (bytes.length - 4))] = Math.floor(Math.random() * 256);
      let length = 0;
      try {
        for await (const piece of decompressed(memorySource(bytes), zstd ? 'zstd' : 'gzip', 'a'))
          length += piece.length;
        outcomes.add('read');
      } catch (error) {
        assert.ok(
          error instanceof ProvenanceError && ['not-jsonl', 'too-large'].includes(error.code),
          String(error),
        );
        outcomes.add(error.code);
      }
      assert.ok(length < 1e8);
    }
    assert.ok(outcomes.has('not-jsonl'));
  });
});

describe('FileSource', () => {
  it('is not read any more when it was closed', async () => {
    const source = await FileSource.open(fileWith('{"a":1}\n'));
    await source.close();
    await assert.rejects(source.read(0, 1), { code: 'disposed' });
  });
});

describe('RowWorkerClient', () => {
  it('talks to a thread, and starts another when it dies', async () => {
    const script = join(newFolder(), 'rowWorker.cjs');
    await build({
      entryPoints: [join(import.meta.dirname, '../../../src/platform/rowWorker.node.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    const dying = join(newFolder(), 'dying.cjs');
    writeFileSync(
      dying,
      `require(${JSON.stringify(script)});
      const { existsSync, rmSync } = require('node:fs');
      const order = ${JSON.stringify(`${dying}.order`)};
      setInterval(() => { if (existsSync(order)) { rmSync(order); process.exit(3); } }, 5);`,
    );
    const lost: string[] = [];
    const client = new RowWorkerClient(dying, (reason) => lost.push(reason));
    const path = fileWith(linesOf(10));
    const open = () => client.call('open', { table: 't', path, cacheFolder: join(folder, 'cache') });
    try {
      assert.equal((await open()).lines, 10);
      writeFileSync(`${dying}.order`, '');
      await until(() => lost.length > 0);
      assert.deepEqual(lost, ['exit code 3']);
      assert.equal((await open()).lines, 10);
    } finally {
      client.dispose();
    }
    await assert.rejects(open(), { code: 'disposed' });
  });
});
