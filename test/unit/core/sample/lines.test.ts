import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../../../src/core/sample/lines.ts';

interface Line {
  text: string;
  line: number;
  offset: number;
}

/** The lines of the bytes, pushed in chunks of these sizes (the last one repeats). */
function split(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter((buffer, start, end, line, offset) => {
    lines.push({ text: Buffer.from(buffer.subarray(start, end)).toString('latin1'), line, offset });
  });
  let at = 0;
  for (let k = 0; at < bytes.length; k++) {
    const size = Math.max(1, sizes[Math.min(k, sizes.length - 1)] ?? 1);
    // One buffer for all chunks, overwritten after each push: the splitter must not keep a view of it.
    const chunk = bytes.slice(at, at + size);
    splitter.push(chunk);
    chunk.fill(0x0a);
    at += size;
  }
  splitter.finish();
  return lines;
}

/** `LINE:OFFSET:TEXT`, with line ends visible. */
function picture(text: string, sizes?: number[]): string[] {
  return split(Buffer.from(text, 'latin1'), sizes).map(
    ({ text: shown, line, offset }) => `${line}:${offset}:${JSON.stringify(shown).slice(1, -1)}`,
  );
}

const BOM = '\xef\xbb\xbf';

describe('LineSplitter', () => {
  const cases: readonly (readonly [what: string, input: string, lines: string[]])[] = [
    ['nothing', '', []],
    ['LF', 'a\nb\n', ['1:0:a', '2:2:b']],
    ['CRLF', 'a\r\nb\r\n', ['1:0:a', '2:3:b']],
    ['no line end at the end', 'a\nbc', ['1:0:a', '2:2:bc']],
    ['blank lines count, but are not given', '\n\r\n \t\na\n\n  \nb\n \t', ['4:6:a', '7:12:b']],
    ['a lone CR ends no line', 'a\rb\n\rc\n', ['1:0:a\\rb', '2:4:\\rc']],
    ['only one CR belongs to a line end', 'a\r\r\nb', ['1:0:a\\r', '2:4:b']],
    ['a CR at the end of the file stays', 'a\n b\r', ['1:0:a', '2:2: b\\r']],
    ['a byte order mark at the start is skipped', `${BOM}a\nb`, ['1:3:a', '2:5:b']],
    ['a byte order mark before a blank line', `${BOM}\nb`, ['2:4:b']],
    ['only a byte order mark', BOM, []],
    ['two byte order marks: the second is data', `${BOM}${BOM}a`, ['1:3:ï»¿a']],
    ['a byte order mark elsewhere is data', `a\n${BOM}b`, ['1:0:a', '2:2:ï»¿b']],
    ['part of a byte order mark is data', '\xef\xbba\n', ['1:0:ï»a']],
    ['other white space is no blank line', '\x0b\n\xa0\n', ['1:0:\\u000b', '2:2:\xa0']],
  ];
  for (const [what, input, expected] of cases) {
    test(what, () => {
      assert.deepEqual(picture(input), expected);
      assert.deepEqual(picture(input, [1]), expected, 'byte by byte');
      assert.deepEqual(picture(input, [2]), expected, 'two by two');
    });
  }

  test('does not depend on the chunks, and gives what String.split gives', () => {
    const file = fc
      .array(fc.constantFrom('{"a":1}', 'x', '\n', '\r\n', '\r', ' ', '\t', '', BOM), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(file, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (text, sizes) => {
        const body = text.startsWith(BOM) ? text.slice(3) : text;
        let offset = text.length - body.length;
        const expected: Line[] = [];
        for (const [i, line] of body.split('\n').entries()) {
          const ended = offset + line.length < text.length;
          const shown = ended ? line.replace(/\r$/, '') : line;
          if (/[^ \t\r]/.test(shown)) expected.push({ text: shown, line: i + 1, offset });
          offset += line.length + 1;
        }
        assert.deepEqual(split(Buffer.from(text, 'latin1')), expected);
        assert.deepEqual(split(Buffer.from(text, 'latin1'), sizes), expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('a line of 8 MB in chunks of 64 KB', () => {
    const bytes = new Uint8Array(8_000_001).fill(0x61);
    bytes[4] = 0x0a;
    bytes[8_000_000] = 0x0a;
    const lines = split(bytes, [65536]);
    assert.deepEqual(
      lines.map(({ text, line, offset }) => [text.length, line, offset]),
      [
        [4, 1, 0],
        [7_999_995, 2, 5],
      ],
    );
  });

  test('a long line is not copied over and over', () => {
    // Joined with a growing copy a chunk, this would move 30 GB.
    const splitter = new LineSplitter((_, start, end) => assert.equal(end - start, 8_000_000));
    const chunk = new Uint8Array(1000).fill(0x61);
    let moved = 0;
    const set = Uint8Array.prototype.set;
    try {
      Uint8Array.prototype.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number) {
        moved += source.length;
        set.call(this, source, offset);
      };
      for (let i = 0; i < 8000; i++) splitter.push(chunk);
      splitter.finish();
    } finally {
      Uint8Array.prototype.set = set;
    }
    assert.ok(moved < 4 * 8_000_000, `${moved} bytes moved`);
  });
});
