import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lineEdits, shiftLines, type TextChange } from '../../../src/host/documentEdits.ts';
import { SampleDigester } from '../../../src/core/sample/sampleDigester.ts';
import { LineDigests } from '../../../src/core/sample/lineDigests.ts';
import { toHex } from '../../../src/core/bytes/hex.ts';

const encoder = new TextEncoder();

function digestsOf(text: string): LineDigests {
  const digester = new SampleDigester();
  digester.push(encoder.encode(text));
  return new LineDigests(digester.finish(), text.split('\n').length);
}

/** Line by line what is known: a digest, `blank`, or why it is malformed. */
function picture(digests: LineDigests): string[] {
  const malformed = new Map(digests.malformedLines().map(({ line, malformed: { code } }) => [line, code]));
  return Array.from({ length: digests.lineCount }, (_, line) => {
    const digest = digests.digest(line);
    return digest ? toHex(digest).slice(0, 8) : (malformed.get(line + 1) ?? 'blank');
  });
}

/** A text edited as VS Code does: non-overlapping replacements of offsets, all in coordinates of the text before. */
function applyChanges(text: string, replacements: { start: number; end: number; text: string }[]) {
  const position = (offset: number) => {
    const before = text.slice(0, offset).split('\n');
    return { line: before.length - 1, character: before.at(-1)!.length };
  };
  const changes: TextChange[] = replacements
    .map(({ start, end, text: inserted }) => ({
      range: { start: position(start), end: position(end) },
      text: inserted,
    }))
    .reverse();
  let after = text;
  for (const { start, end, text: inserted } of [...replacements].reverse()) {
    after = after.slice(0, start) + inserted + after.slice(end);
  }
  return { after, changes };
}

const textOf = fc
  .array(fc.constantFrom('{"a":1}', '{"b":2}', '[1,2]', '', '  ', '{"a":', '{"a":1,"a":2}', '"x"'), {
    maxLength: 12,
  })
  .map((lines) => lines.join('\n'));

const editOf = fc.record({
  at: fc.nat(),
  length: fc.nat(20),
  text: fc.constantFrom('', 'x', '1', '\n', '\n\n', '{"c":3}', '\n{"d":4}\n', '}', '"'),
});

test('property: digests kept up to date through edits equal digests made afresh', () => {
  fc.assert(
    fc.property(
      textOf,
      fc.array(fc.array(editOf, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      (start, events) => {
        let text = start;
        const digests = digestsOf(text);
        for (const event of events) {
          const replacements: { start: number; end: number; text: string }[] = [];
          let from = 0;
          for (const { at, length, text: inserted } of event) {
            const begin = from + (text.length - from > 0 ? at % (text.length - from + 1) : 0);
            const end = Math.min(text.length, begin + length);
            replacements.push({ start: begin, end, text: inserted });
            // Touching ranges are allowed, overlapping ones are not.
            from = end;
            if (from >= text.length) break;
          }
          const { after, changes } = applyChanges(text, replacements);
          const lines = after.split('\n');
          for (const edit of lineEdits(changes, (line) => lines[line]!)) {
            digests.splice(
              edit.start,
              edit.deleteCount,
              edit.lines.map((line) => encoder.encode(line)),
            );
          }
          text = after;
        }
        assert.deepEqual(picture(digests), picture(digestsOf(text)));
        assert.deepEqual([...digests.rows().lines], [...digestsOf(text).rows().lines]);
        assert.deepEqual(digests.rows().rows.digests, digestsOf(text).rows().rows.digests);
      },
    ),
    { numRuns: 1000 },
  );
});

test('two cursors on one line make one edit', () => {
  const changes = [
    { range: { start: { line: 3, character: 8 }, end: { line: 3, character: 8 } }, text: 'y' },
    { range: { start: { line: 3, character: 2 }, end: { line: 3, character: 2 } }, text: 'x' },
  ];
  assert.deepEqual(
    lineEdits(changes, (line) => `line ${String(line)}`),
    [{ start: 3, deleteCount: 1, lines: ['line 3'] }],
  );
});

test('whole lines that come or go leave their neighbours alone', () => {
  const at = (line: number, character = 0) => ({ line, character });
  const edits = (start: ReturnType<typeof at>, end: ReturnType<typeof at>, text: string) =>
    lineEdits([{ range: { start, end }, text }], (line) => `line ${String(line)}`);
  assert.deepEqual(edits(at(4), at(4), 'x\n'), [{ start: 4, deleteCount: 0, lines: ['line 4'] }]);
  assert.deepEqual(edits(at(4), at(6), ''), [{ start: 4, deleteCount: 2, lines: [] }]);
  assert.deepEqual(edits(at(4), at(4), 'x'), [{ start: 4, deleteCount: 1, lines: ['line 4'] }]);
  assert.deepEqual(edits(at(4, 9), at(4, 9), '\n'), [
    { start: 4, deleteCount: 1, lines: ['line 4', 'line 5'] },
  ]);
});

test('statuses stay with their lines until the new ones are known', () => {
  const edits = [
    { start: 1, deleteCount: 1, lines: ['a', 'b', 'c'] },
    { start: 5, deleteCount: 2, lines: ['d'] },
  ];
  assert.deepEqual(
    [...shiftLines(new Uint8Array([1, 2, 3, 4, 5, 6]), edits, 255)],
    [1, 2, 255, 255, 3, 4, 6],
  );
  const untouched = new Uint8Array([1, 2]);
  assert.equal(shiftLines(untouched, [{ start: 0, deleteCount: 1, lines: ['x'] }], 255), untouched);
});
