import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { JsonlRows } from '../../../../src/core/table/jsonlRows.ts';
import { LineIndex, textStart } from '../../../../src/core/table/lineIndex.ts';
import { decodeLineIndex, encodeLineIndex } from '../../../../src/core/table/lineIndexFile.ts';
import { feedOf } from '../../../../src/core/table/textFeed.ts';
import { memorySource } from './memorySource.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** What the lines of a text are, without regard to speed. */
function naiveLines(text: string): string[] {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  const last = lines.pop()!;
  const ended = lines.map((line) => line.replace(/\r$/, ''));
  if (last !== '') ended.push(last);
  return ended.map((line) => (/^[ \t\r]*$/.test(line) ? '' : line));
}

/** Lines of a few characters, and now and then one longer than a segment. */
const text = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom('', ' ', '\t', '{"a":1}', 'é', '"x\r"', '[1, 2]') },
          { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 140_000 }).map((n) => 'y'.repeat(n)) },
        ),
        fc.constantFrom('\n', '\n', '\r\n'),
      ),
      { maxLength: 120 },
    ),
    fc.constantFrom('', '{"last":true}', '\r', 'z'.repeat(70_000)),
  )
  .map(([bom, lines, last]) => bom + lines.map((parts) => parts.join('')).join('') + last);

async function indexed(bytes: Uint8Array, pieceBytes?: number) {
  const source = memorySource(bytes);
  const rows = new JsonlRows(feedOf(source, 0, pieceBytes), new LineIndex(textStart(bytes)));
  while (await rows.advance());
  return { rows, source };
}

const textsOf = async (rows: JsonlRows, from: number, to: number, maxBytes?: number) =>
  (await rows.rows(from, to, maxBytes === undefined ? {} : { maxBytes })).map(({ bytes }) =>
    new TextDecoder().decode(bytes),
  );

describe('JsonlRows', () => {
  it('has the lines that a naive splitter finds, whatever the size of the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5000 }), async (text, pieceBytes) => {
        const expected = naiveLines(text);
        const { rows } = await indexed(utf8(text), pieceBytes);
        assert.equal(rows.rowCount, expected.length);
        const read = await rows.rows(0, expected.length + 5);
        assert.deepEqual(
          read.map(({ line }) => line),
          expected.map((_, i) => i + 1),
        );
        assert.deepEqual(
          read.map(({ bytes }) => new TextDecoder().decode(bytes)),
          expected,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('reads any range, and cuts rows off', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.nat(130),
        fc.nat(20),
        fc.constantFrom(1, 5, 1000, 80_000),
        async (text, from, count, maxBytes) => {
          const expected = naiveLines(text)
            .slice(from, from + count)
            .map(utf8);
          const { rows } = await indexed(utf8(text));
          const read = await rows.rows(from, from + count, { maxBytes });
          assert.deepEqual(
            read.map(({ bytes, length }) => [Buffer.from(bytes).toString('hex'), length]),
            expected.map((line) => [Buffer.from(line.subarray(0, maxBytes)).toString('hex'), line.length]),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives blocks of whole lines in both directions that together are the text', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (text, backwards) => {
        const bytes = utf8(text);
        const { rows } = await indexed(bytes);
        const parts: Uint8Array[] = [];
        const buffer = new Uint8Array(0);
        for (let line = backwards ? rows.rowCount - 1 : 0; line >= 0 && line < rows.rowCount;) {
          const block = await rows.block(line, backwards ? 0 : rows.rowCount, backwards, buffer);
          if (backwards) parts.unshift(block.bytes);
          else parts.push(block.bytes);
          line = backwards ? block.firstLine - 1 : block.firstLine + block.lines;
        }
        assert.equal(Buffer.compare(Buffer.concat(parts), bytes.subarray(textStart(bytes))), 0);
      }),
      { numRuns: 30 },
    );
  });

  it('knows its first rows while the rest is not indexed', async () => {
    const bytes = utf8('{"a":1}\n'.repeat(100_000));
    const rows = new JsonlRows(feedOf(memorySource(bytes)), new LineIndex());
    await rows.advance();
    assert.ok(rows.rowCount > 0 && rows.rowCount < 100_000 && !rows.complete);
    assert.deepEqual(await textsOf(rows, rows.rowCount - 1, rows.rowCount + 1), ['{"a":1}']);
    await Promise.all([rows.advance(), rows.advance()]);
    while (await rows.advance());
    assert.equal(rows.rowCount, 100_000);
  });

  it('reads little around lines of 20 MB', async () => {
    const long = '"' + 'x'.repeat(20_000_000) + '"';
    const { rows, source } = await indexed(utf8(`{"a":1}\n${long}\r\n{"b":2}\n${long}`));
    const before = source.bytesRead;
    assert.deepEqual(await textsOf(rows, 2, 3), ['{"b":2}']);
    for (const line of [1, 3]) {
      const [row] = await rows.rows(line, line + 1, { maxBytes: 100 });
      assert.equal(row?.length, 20_000_002);
      assert.equal(row.bytes.length, 100);
    }
    assert.ok(source.bytesRead - before < 5_000_000, `${source.bytesRead - before} bytes were read`);
  });

  it('keeps what it has when reading fails, and fails again', async () => {
    const source = memorySource(utf8('{"a":1}\n'.repeat(100_000)));
    const feed = feedOf(source);
    let pieces = 0;
    const rows = new JsonlRows(
      {
        read: (offset, length) => feed.read(offset, length),
        next: () => {
          if (pieces++ > 1) throw new ProvenanceError('io', 'The disk is gone.');
          return feed.next();
        },
      },
      new LineIndex(),
    );
    const all = async () => {
      while (await rows.advance());
    };
    await assert.rejects(all, { code: 'io' });
    await assert.rejects(all, { code: 'io' });
    assert.equal(pieces, 3);
    assert.equal(rows.complete, false);
    assert.deepEqual(await textsOf(rows, 10, 11), ['{"a":1}']);
  });
});

describe('a line index', () => {
  const identity = { path: '/d/a.jsonl', size: 100, mtime: 1.5, probe: 'ab' };
  const indexOf = (text: string) => {
    const index = new LineIndex();
    index.push(utf8(text));
    index.finish();
    return index;
  };

  it('has few checkpoints', () => {
    const index = indexOf('{}\n'.repeat(100_000));
    assert.equal(index.lines, 100_000);
    assert.ok(index.segments <= 100_000 / 32 + 1);
  });

  it('comes back from its file', () => {
    fc.assert(
      fc.property(text, (text) => {
        const index = indexOf(text);
        const back = decodeLineIndex(encodeLineIndex(index, identity, sha256), sha256);
        assert.deepEqual(back?.identity, identity);
        assert.deepEqual(back.index.snapshot(), index.snapshot());
      }),
      { numRuns: 20 },
    );
  });

  it('does not come back from a damaged file', () => {
    const file = encodeLineIndex(indexOf('{"a":1}\n'.repeat(200)), identity, sha256);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = file.slice();
        damaged[at]! ^= change;
        assert.equal(decodeLineIndex(damaged, sha256), undefined);
      }),
      { numRuns: 100 },
    );
    for (const length of [0, 3, 47, 100, file.length - 1]) {
      assert.equal(decodeLineIndex(file.subarray(0, length), sha256), undefined);
    }
  });

  it('goes on when the text has grown, as if it had been all there', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const grown = indexOf(first);
        grown.reopen();
        grown.push(utf8(second));
        grown.finish();
        assert.deepEqual(grown.snapshot(), indexOf(first + second).snapshot());
      }),
      { numRuns: 30 },
    );
  });
});
