import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isCovered, STATUSES, type Status } from '../../../../src/core/trust/status.ts';
import {
  assessedLines,
  AssessedLines,
  countOf,
  indexOfLine,
  jsonlPath,
  lineAt,
  LineList,
  linesBetween,
  linesOfRanges,
  rowProblem,
  tableJudgement,
  tableRows,
  type View,
} from '../../../../src/features/table/model.ts';
import type { TableFilter } from '../../../../src/protocol/sampleTable.ts';
import { assessment, review, statement } from './support.ts';

const statements = [
  statement({ keyId: 'SHA256:ann', principal: 'ann', origin: { source: 'https://crawl.example' } }),
  statement({ keyId: 'SHA256:eve', principal: 'eve', standing: 'untrusted', dataset: '/w/other.jsonl' }),
  statement({ keyId: 'SHA256:ann', principal: 'ann', dataset: '/w/other.jsonl', kind: 'sample' }),
];

const lines = (filter: TableFilter, of: Parameters<typeof assessedLines>[1]) =>
  assessedLines(
    filter,
    of,
    () => Promise.resolve(),
    () => true,
  ).then((found) => [...found]);

/** A view of some lines of a file. */
const views = fc
  .record({ lineCount: fc.nat(60), filtered: fc.boolean(), picks: fc.array(fc.boolean(), { maxLength: 60 }) })
  .map(({ lineCount, filtered, picks }): View & { shown: number[] } => {
    const all = Array.from({ length: lineCount }, (_, i) => i + 1);
    const shown = filtered ? all.filter((_, i) => picks[i]) : all;
    return { lineCount, lines: filtered ? Uint32Array.from(shown) : undefined, shown };
  });

describe('Filters', () => {
  const dataset = assessment(['verified', 'untrusted', 'modified', '-', 'verified', 'unsigned'], {
    by: [0, 1, 0, -1, 2, -1],
    statements,
    reviews: [review(2, 'flagged'), review(6, 'cleared')],
  });

  test('let through statuses, reviews, signers and origins, and all of them together', async () => {
    assert.deepEqual(await lines({}, dataset), [1, 2, 3, 4, 5, 6], 'blank lines too: nothing was asked');
    assert.deepEqual(await lines({ statuses: ['verified', 'modified'] }, dataset), [1, 3, 5]);
    assert.deepEqual(await lines({ statuses: STATUSES }, dataset), [1, 2, 3, 5, 6]);
    assert.deepEqual(await lines({ reviews: ['flagged'] }, dataset), [2]);
    assert.deepEqual(await lines({ reviews: ['flagged', 'cleared'] }, dataset), [2, 6]);
    assert.deepEqual(await lines({ signers: ['SHA256:eve'] }, dataset), [2]);
    assert.deepEqual(
      await lines({ signers: ['SHA256:ann'] }, dataset),
      [1, 5],
      'not line 3: ann signed something else there',
    );
    assert.deepEqual(await lines({ origins: ['https://crawl.example'] }, dataset), [1]);
    assert.deepEqual(await lines({ origins: ['/w/other.jsonl'] }, dataset), [2, 5]);
    assert.deepEqual(
      await lines({ origins: ['/w/other.jsonl'], signers: ['SHA256:ann'], statuses: ['verified'] }, dataset),
      [5],
    );
    assert.deepEqual(await lines({ statuses: [], signers: [] }, dataset), [1, 2, 3, 4, 5, 6]);
  });

  test('agree with looking at each line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Status | '-'>(...STATUSES, '-'), { maxLength: 40 }),
        fc.array(fc.constantFrom(-1, 0, 1, 2), { minLength: 40, maxLength: 40 }),
        fc.subarray([...STATUSES]),
        fc.subarray(['SHA256:ann', 'SHA256:eve', 'SHA256:nobody']),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 5 }),
        async (statuses, by, wanted, signers, flagged) => {
          const reviews = [...new Set(flagged)]
            .filter((line) => line <= statuses.length)
            .sort((a, b) => a - b)
            .map((line) => review(line, 'flagged'));
          const of = assessment(statuses, { by: by.slice(0, statuses.length), statements, reviews });
          const filter: TableFilter = {
            statuses: wanted,
            signers,
            ...(reviews.length > 0 && { reviews: ['flagged'] }),
          };
          const expected = statuses.flatMap((status, i) => {
            const signer = statements[by[i]!]?.keyId ?? '';
            const passes =
              (wanted.length === 0 || wanted.includes(status as Status)) &&
              (signers.length === 0 || (status !== '-' && isCovered(status) && signers.includes(signer))) &&
              (reviews.length === 0 || flagged.includes(i + 1));
            return passes ? [i + 1] : [];
          });
          assert.deepEqual(await lines(filter, of), expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('give others a turn on large files, and stop once nobody wants the result', async () => {
    const large = {
      ...assessment([]),
      statuses: new Uint8Array(5_000_000),
      coveredBy: new Int32Array(5_000_000),
    };
    let pauses = 0;
    const pause = () => {
      pauses++;
      return Promise.resolve();
    };
    const found = await assessedLines({ statuses: ['verified'] }, large, pause, () => true);
    assert.equal(found.length, 5_000_000);
    assert.equal(found.at(-1), 5_000_000);
    assert.ok(pauses >= 4, String(pauses));
    const stopped = await assessedLines({ statuses: ['verified'] }, large, pause, () => false);
    assert.equal(stopped.length, 0);
  });
});

describe('Views', () => {
  test('go from index to line and back', () => {
    fc.assert(
      fc.property(views, ({ shown, ...view }) => {
        assert.equal(countOf(view), shown.length);
        assert.deepEqual(linesBetween(view, 0, 1000), shown);
        shown.forEach((line, index) => {
          assert.equal(lineAt(view, index), line);
          assert.equal(indexOfLine(view, line), index);
        });
      }),
    );
  });

  test('find the next line where one is left out, and the last one after the end', () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 80 }), ({ shown, ...view }, line) => {
        const next = shown.findIndex((other) => other >= line);
        assert.equal(indexOfLine(view, line), next === -1 ? Math.max(0, shown.length - 1) : next);
      }),
    );
  });

  test('give the lines of ranges, each once and in order, up to a limit', () => {
    const range = fc.tuple(fc.nat(70), fc.nat(20)).map(([first, length]) => [first, first + length] as const);
    fc.assert(
      fc.property(views, fc.array(range, { maxLength: 6 }), ({ shown, ...view }, ranges) => {
        const expected = shown.filter((_, i) => ranges.some(([first, last]) => i >= first && i <= last));
        assert.deepEqual(linesOfRanges(view, ranges, shown.length), expected);
        assert.deepEqual(
          linesOfRanges(view, ranges, expected.length - 1),
          expected.length === 0 ? [] : undefined,
        );
      }),
    );
  });

  test('a huge selection is refused without listing it', () => {
    assert.equal(linesOfRanges({ lineCount: 4e9, lines: undefined }, [[0, 4e9]], 10_000), undefined);
  });

  test('a list of lines grows', () => {
    const list = new LineList();
    const all: number[] = [];
    for (let from = 1; from < 10_000; from += 777) {
      const part = Array.from({ length: 777 }, (_, i) => from + i);
      all.push(...part);
      list.append(Uint32Array.from(part));
    }
    assert.deepEqual([...list.lines], all);
  });
});

describe('Rows', () => {
  const assessed = new AssessedLines(
    assessment(['verified', 'modified', '-', 'untrusted'], {
      by: [0, 0, -1, 1],
      statements,
      reviews: [review(2, 'flagged')],
    }),
  );
  const read = [4, 2, 3].map((line) => ({ line, kind: 'record' as const, cells: [] }));

  test('say status, signer and review, each at its index', () => {
    assert.deepEqual(tableRows(10, [2, 3, 4], read, assessed), [
      { index: 12, line: 4, kind: 'record', cells: [], status: 'untrusted', signer: 'eve' },
      {
        index: 10,
        line: 2,
        kind: 'record',
        cells: [],
        status: 'modified',
        review: { state: 'flagged', category: 'poisoning', severity: 'high' },
      },
      { index: 11, line: 3, kind: 'record', cells: [] },
    ]);
  });

  test('say nothing of what is not judged', () => {
    assert.deepEqual(tableRows(0, [2], [read[1]!], undefined), [
      { index: 0, line: 2, kind: 'record', cells: [] },
    ]);
  });
});

test('A judgement counts rows by signer and by origin, the most first', () => {
  const of = assessment(['verified', 'verified', 'modified', 'untrusted', 'verified', 'verified'], {
    by: [0, 2, 0, 1, 2, 2],
    statements,
    reviews: [review(1, 'flagged'), review(2, 'cleared')],
  });
  const { signers, origins, flagged, cleared, summary } = tableJudgement(of);
  assert.deepEqual(
    signers.map(({ keyId, rows }) => [keyId, rows]),
    [
      ['SHA256:ann', 4],
      ['SHA256:eve', 1],
    ],
  );
  assert.deepEqual(origins, [
    { id: '/w/other.jsonl', name: 'other.jsonl', rows: 4 },
    { id: 'https://crawl.example', name: 'https://crawl.example', rows: 1 },
  ]);
  assert.deepEqual([flagged, cleared], [1, 1]);
  assert.match(summary, /Nobody has signed this dataset as a whole/);
});

test('An export is called after the dataset, and never like it', () => {
  assert.equal(jsonlPath('/w/a.parquet'), '/w/a.jsonl');
  assert.equal(jsonlPath('/w/a.PQ'), '/w/a.jsonl');
  assert.equal(jsonlPath('/w/a.ndjson.gz'), '/w/a.ndjson');
  assert.equal(jsonlPath('/w/a.jsonl.zst'), '/w/a.jsonl');
  assert.equal(jsonlPath('/w/a.jsonl'), '/w/a-export.jsonl');
});

test('A row number is one that there is', () => {
  const all = { lines: 12, complete: true };
  for (const good of ['1', ' 12 ', '0005']) assert.equal(rowProblem(good, all), undefined, good);
  for (const bad of ['', '0', '-1', '1.5', 'x', '1e3', '99999999999999999999']) {
    assert.match(rowProblem(bad, all) ?? '', /number/, bad);
  }
  assert.match(rowProblem('13', all) ?? '', /12 rows/);
  assert.equal(rowProblem('13', { lines: 12, complete: false }), undefined, 'more may be found');
});
