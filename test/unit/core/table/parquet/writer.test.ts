/** Files that hyparquet-writer writes, which is what `provenance convert` uses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { allLines, assertRangesEqual, open } from './support.ts';

const rows = fc.record({
  id: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  count: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  score: fc.double({ noNaN: true, noDefaultInfinity: true }),
  text: fc.option(fc.string({ unit: 'binary' })),
  word: fc.constantFrom('one', 'two', 'three'),
  flag: fc.option(fc.boolean()),
});

describe('files that hyparquet-writer writes', () => {
  it('have the rows that were written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { minLength: 1, maxLength: 60 }),
        fc.constantFrom('SNAPPY' as const, 'UNCOMPRESSED' as const),
        fc.integer({ min: 1, max: 70 }),
        async (samples, codec, rowGroupSize) => {
          const column = <Name extends keyof (typeof samples)[0]>(name: Name) =>
            samples.map((sample) => sample[name]);
          const bytes = parquetWriteBuffer({
            columnData: [
              { name: 'id', data: column('id'), type: 'INT64' },
              { name: 'count', data: column('count'), type: 'INT32', nullable: true },
              { name: 'score', data: column('score'), type: 'DOUBLE' },
              { name: 'text', data: column('text'), type: 'STRING', nullable: true },
              { name: 'word', data: column('word'), type: 'STRING' },
              { name: 'flag', data: column('flag'), type: 'BOOLEAN', nullable: true },
            ],
            codec,
            rowGroupSize,
          });
          const file = await open(new Uint8Array(bytes));
          const lines = await allLines(file);
          const expected = samples.map(
            ({ id, count, score, text, word, flag }) =>
              `{"id":${id},"count":${count},"score":${Object.is(score, -0) ? '-0' : String(score)},"text":${JSON.stringify(text)},"word":"${word}","flag":${flag}}`,
          );
          assert.deepEqual(lines, expected);
          await assertRangesEqual(file, lines);
        },
      ),
      { numRuns: 80 },
    );
  });
});
