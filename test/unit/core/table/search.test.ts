import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolvePointer } from '../../../../src/core/sample/origin.ts';
import { compareDecimals, parseDecimal } from '../../../../src/core/table/decimal.ts';
import { JsonlRows } from '../../../../src/core/table/jsonlRows.ts';
import { LineIndex } from '../../../../src/core/table/lineIndex.ts';
import { RowMatcher, type Query, type QueryOperator } from '../../../../src/core/table/query.ts';
import { RawTextFilter } from '../../../../src/core/table/rawTextFilter.ts';
import type { RowSource } from '../../../../src/core/table/rowSource.ts';
import { searchRows, type SearchOptions } from '../../../../src/core/table/search.ts';
import { feedOf } from '../../../../src/core/table/textFeed.ts';
import { memorySource } from './memorySource.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

const query = (text: string, more: Partial<Query> = {}): Query => ({
  text,
  operator: 'contains',
  matchCase: false,
  ...more,
});
const matches = (row: string, ...queries: Query[]) => {
  const bytes = utf8(row);
  const matcher = new RowMatcher(queries);
  const found = matcher.matches(bytes);
  // A filter that misses a match would hide it from people.
  if (found && matcher.filter) assert.ok(matcher.filter.indexOf(bytes, 0, bytes.length) >= 0, row);
  return found;
};

describe('RowMatcher', () => {
  const row =
    '{"id": 9007199254740993, "text": "Gr\\u00fc\\u00dfe\\n\\"x\\"", "n": 1.50, "source": "web/a", "tags": ["A", {"deep": "Needle"}], "z": null}';
  const cases: [Query, boolean][] = [
    [query('grüße'), true],
    [query('GRÜ'), true],
    [query('GRÜ', { matchCase: true }), false],
    [query('\n"x"'), true],
    [query('needle'), true],
    [query('web/a'), true],
    [query('source'), false],
    [query('9007199254740993'), true],
    [query('1.50'), true],
    [query('null'), true],
    [query(''), true],
    [query('needle', { column: '/tags' }), true],
    [query('needle', { column: '/text' }), false],
    [query('9007199254740993', { column: '/id', operator: 'equals' }), true],
    [query('9007199254740992', { column: '/id', operator: 'equals' }), false],
    [query('9007199254740992', { column: '/id', operator: 'greater' }), true],
    [query('9007199254740994', { column: '/id', operator: 'less' }), true],
    [query('15e-1', { column: '/n', operator: 'equals' }), true],
    [query('1.5', { column: '/n', operator: 'not-equals' }), false],
    [query('web', { column: '/source', operator: 'equals' }), false],
    [query('WEB/A', { column: '/source', operator: 'equals' }), true],
    [query('x', { column: '/missing', operator: 'not-equals' }), true],
    [query('', { column: '/missing', operator: 'exists' }), false],
    [query('', { column: '/z', operator: 'exists' }), true],
    [query('null', { column: '/z', operator: 'equals' }), true],
    [query('needle', { column: '/tags/1/deep', operator: 'equals' }), true],
    [query('["A"]', { column: '/tags', operator: 'equals' }), false],
    [query('v', { column: '/source', operator: 'greater' }), true],
    [query('a.*'), false],
  ];
  for (const [given, expected] of cases) {
    it(`${expected ? 'finds' : 'does not find'} ${JSON.stringify(given)}`, () => {
      assert.equal(matches(row, given), expected);
    });
  }

  it('asks for all queries', () => {
    assert.equal(matches(row, query('needle'), query('web', { column: '/source' })), true);
    assert.equal(matches(row, query('needle'), query('book', { column: '/source' })), false);
  });

  it('compares strings that are numbers as numbers, and dates as text', () => {
    assert.equal(matches('{"d":"12.50"}', query('9', { column: '/d', operator: 'greater' })), true);
    assert.equal(matches('{"d":"abc"}', query('9', { column: '/d', operator: 'greater' })), false);
    assert.equal(
      matches('{"d":"2024-05-01"}', query('2024-04', { column: '/d', operator: 'greater' })),
      true,
    );
    assert.equal(matches('{"d":5}', query('2024-04', { column: '/d', operator: 'less' })), false);
  });

  it('finds rows that are no JSON by their text, and blank ones never', () => {
    assert.equal(matches('{"a": oops', query('OOPS')), true);
    assert.equal(matches('{"a": oops', query('a": o')), true);
    assert.equal(matches('{"a": oops', query('oops', { column: '/a' })), false);
    assert.equal(matches('{"a": oops', query('x', { column: '/a', operator: 'not-equals' })), false);
    for (const operator of ['contains', 'exists', 'not-equals'] as const) {
      assert.equal(matches(' \t', query('', { operator })), false);
    }
  });

  it('needs only the columns that it is asked about', () => {
    assert.deepEqual(new RowMatcher([query('x', { column: '/a/b' }), query('y', { column: '/c' })]).members, [
      'a',
      'c',
    ]);
    assert.equal(new RowMatcher([query('x', { column: '/a' }), query('y')]).members, undefined);
    assert.equal(new RowMatcher([query('x', { column: '' })]).members, undefined);
  });
});

// Letters with case in one, two and three bytes, of which some change their length, and what has escapes.
const letters = fc.constantFrom(...'aAbBsSkKıİſKéÉßẞσςΣдДµΜμ漢😀/"\\\n\t\u2028 0');
const words = fc.array(letters, { maxLength: 6 }).map((all) => all.join(''));
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    words,
    words,
    fc.oneof(fc.integer({ min: -20, max: 20 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.constantFrom(null, true),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value;

/** JSON in which each character of a string is written as it is or as an escape. */
function spelled(value: unknown, seed: number): string {
  let n = seed;
  const string = (text: string) => {
    const units = [...text].map((character) => {
      n = (n * 1103515245 + 12345) % 2147483648;
      const plain = JSON.stringify(character).slice(1, -1);
      if (n % 3 > 0) return plain;
      if (character === '/') return '\\/';
      return character
        .split('')
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('');
    });
    return `"${units.join('')}"`;
  };
  const write = (value: unknown): string => {
    if (typeof value === 'string') return string(value);
    if (Array.isArray(value)) return `[${value.map(write).join()}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    return `{${Object.entries(value)
      .map(([key, member]) => `${string(key)}: ${write(member)}`)
      .join()}}`;
  };
  return write(value);
}

function scalars(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(scalars);
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** The same question, asked of the parsed record. */
function naive(record: unknown, { text, column, operator, matchCase }: Query): boolean {
  const contains = (value: unknown) =>
    matchCase ? String(value).includes(text) : new RegExp(escaped(text), 'i').test(String(value));
  // White space that was typed around a number does not make it a text.
  const isNumber = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim());
  const equals = (value: unknown): boolean => {
    if (typeof value === 'object' && value !== null) return false;
    if (typeof value === 'number' && isNumber) return value === Number(text);
    return matchCase ? String(value) === text : new RegExp(`^${escaped(text)}$`, 'i').test(String(value));
  };
  const order = (value: unknown): number => {
    if (typeof value === 'number') return isNumber ? value - Number(text) : NaN;
    if (typeof value !== 'string' || isNumber) return NaN;
    return value < text ? -1 : value > text ? 1 : 0;
  };
  const holds = (value: unknown): boolean => {
    switch (operator) {
      case 'contains':
        return contains(value);
      case 'equals':
      case 'not-equals':
        return equals(value);
      case 'less':
        return order(value) < 0;
      case 'greater':
        return order(value) > 0;
      case 'exists':
        return true;
    }
  };
  if (column === undefined) {
    if (operator === 'exists' || (operator === 'contains' && text === '')) return true;
    return (operator === 'not-equals') !== scalars(record).some(holds);
  }
  const found = resolvePointer(record, column);
  if (found === undefined) return operator === 'not-equals';
  if (operator === 'contains')
    return (typeof found === 'object' && text === '') || scalars(found).some(contains);
  return (operator === 'not-equals') !== (operator === 'exists' || holds(found));
}

const operators: QueryOperator[] = [
  'contains',
  'contains',
  'equals',
  'not-equals',
  'less',
  'greater',
  'exists',
];

describe('a query', () => {
  it('finds what the same question finds in the parsed record, however it is written', () => {
    fc.assert(
      fc.property(
        value,
        fc.nat(),
        fc.constantFrom(undefined, '/a', '/b', '/a/b', '/a/0'),
        fc.constantFrom(...operators),
        fc.boolean(),
        fc.oneof(words, fc.integer({ min: -5, max: 5 }).map(String)),
        fc.nat(),
        fc.nat(6),
        (record, seed, column, operator, matchCase, text, at, length) => {
          // Half of the time, look for what is there.
          const texts = scalars(record).filter((scalar) => typeof scalar === 'string');
          const from = texts[at % Math.max(1, 2 * texts.length)];
          const wanted = from === undefined ? text : [...from].slice(0, length).join('');
          // Numbers in strings are compared as exact decimals, which a double cannot say.
          fc.pre(!texts.some((each) => /^\s*\d+\s*$/.test(each)));
          const given: Query = { text: wanted, operator, matchCase, ...(column !== undefined && { column }) };
          const json = spelled(record, seed);
          assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(record)));
          assert.equal(
            matches(json, given),
            naive(JSON.parse(json), given),
            `${json} ${JSON.stringify(given)}`,
          );
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('RawTextFilter', () => {
  it('never takes an ASCII letter for another one, and so can look for it', () => {
    for (const text of ['k', 's', 'K', 'risk'])
      assert.equal(RawTextFilter.for(text, false)?.strength, text.length);
  });

  it('has nothing to look for where all may be written in other ways', () => {
    for (const text of ['', '"', '/\\\n', '\ufffd', '\ud800'])
      assert.equal(RawTextFilter.for(text, true), undefined);
  });

  it('agrees with regular expressions on what letters are the same', () => {
    // Each letter is found in a text of each letter that the regular expression finds in it.
    const cased = [...Array(0x10000).keys()].filter((unit) => {
      const character = String.fromCharCode(unit);
      return (unit < 0xd800 || unit > 0xdfff) && character.toUpperCase() !== character.toLowerCase();
    });
    for (const unit of cased) {
      const character = String.fromCharCode(unit);
      const filter = RawTextFilter.for(character, false);
      if (!filter) continue;
      const others = new Set([
        character,
        character.toUpperCase(),
        character.toLowerCase(),
        character.toUpperCase().toLowerCase(),
      ]);
      for (const other of others) {
        const bytes = utf8(other);
        if (new RegExp(character, 'i').test(other)) {
          assert.ok(filter.indexOf(bytes, 0, bytes.length) >= 0, `${character} in ${other}`);
        }
      }
    }
  });
});

describe('decimals', () => {
  it('compare as the numbers that they are', () => {
    const decimal = fc.oneof(
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const sign = Math.sign(compareDecimals(parseDecimal(a)!, parseDecimal(b)!));
        assert.equal(
          sign + 0,
          Math.sign(Number(a) - Number(b)) + 0 ||
            (Number(a) < Number(b) ? -1 : Number(a) > Number(b) ? 1 : 0),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('are exact, and not unfolded', () => {
    const order = (a: string, b: string) => Math.sign(compareDecimals(parseDecimal(a)!, parseDecimal(b)!));
    assert.equal(order('18446744073709551615', '18446744073709551616'), -1);
    assert.equal(order('0.1000', '1e-1'), 0);
    assert.equal(order('-0', '0.0'), 0);
    assert.equal(order('-2', '-1'), -1);
    assert.equal(order('1e999999999', '9e999999998'), 1);
    assert.equal(parseDecimal('1e'), undefined);
    assert.equal(parseDecimal('0x10'), undefined);
  });
});

describe('searchRows', () => {
  /** Lines with a number each; every seventh holds the word, and some are long. */
  const lines = Array.from({ length: 3000 }, (_, i) => {
    if (i % 50 === 3) return '';
    const text = i % 7 === 0 ? 'a needle' : 'hay';
    return JSON.stringify({ i, text: i % 400 === 0 ? text + 'y'.repeat(200_000) : text });
  });
  const expected = lines.flatMap((line, i) => (line.includes('needle') ? [i + 1] : []));
  const bytes = utf8(lines.join('\n') + '\n');
  const newRows = () => new JsonlRows(feedOf(memorySource(bytes)), new LineIndex());

  /** A source without a raw text, as a Parquet file is. */
  const otherRows = (): RowSource => ({
    rowCount: lines.length,
    complete: true,
    columns: [],
    rows: (from, to) =>
      Promise.resolve(
        lines
          .slice(from, to)
          .map((line, i) => ({ line: from + i + 1, bytes: utf8(line), length: line.length })),
      ),
  });

  async function search(
    rows: RowSource,
    options: Omit<SearchOptions, 'onProgress'> = {},
    queries = [query('NEEDLE')],
  ): Promise<{ found: number[]; complete: boolean }> {
    const found: number[] = [];
    let last = 0;
    const complete = await searchRows(rows, queries, {
      ...options,
      onProgress: (matches, searched, total) => {
        assert.ok(searched >= last && searched <= total, `${searched} of ${total}`);
        last = searched;
        found.push(...matches);
      },
    });
    return { found, complete };
  }

  for (const [name, make] of [
    ['JSONL', newRows],
    ['other rows', otherRows],
  ] as const) {
    describe(name, () => {
      it('finds all matches, indexing on the way', async () => {
        assert.deepEqual(await search(make()), { found: expected, complete: true });
      });

      it('goes from a line on, in both directions', async () => {
        for (const from of [1, 2, 8, 1500, 2999, 3000, 3001, 9000]) {
          const { found } = await search(make(), { from });
          assert.deepEqual(
            found,
            expected.filter((line) => line >= from),
            `from ${from}`,
          );
          const back = await search(make(), { from, backwards: true });
          assert.deepEqual(
            back.found,
            expected.filter((line) => line <= from).reverse(),
            `back from ${from}`,
          );
        }
        assert.deepEqual((await search(make(), { backwards: true })).found, expected.toReversed());
      });

      it('stops at the limit', async () => {
        assert.deepEqual(await search(make(), { from: 100, limit: 2 }), {
          found: [106, 113],
          complete: false,
        });
        assert.deepEqual(await search(make(), { from: 100, backwards: true, limit: 1 }), {
          found: [99],
          complete: false,
        });
      });

      it('looks only at the lines given', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(fc.integer({ min: 1, max: 3200 }), { maxLength: 300 }),
            fc.option(fc.integer({ min: 1, max: 3100 }), { nil: undefined }),
            fc.boolean(),
            async (some, from, backwards) => {
              const wanted = Uint32Array.from(some.sort((a, b) => a - b));
              const { found } = await search(make(), { lines: wanted, from, backwards });
              const forward = expected.filter(
                (line) =>
                  wanted.includes(line) && (from === undefined || (backwards ? line <= from : line >= from)),
              );
              assert.deepEqual(found, backwards ? forward.reverse() : forward);
            },
          ),
          { numRuns: 30 },
        );
      });

      it('asks of columns what no filter can', async () => {
        const { found } = await search(make(), {}, [query('2990', { column: '/i', operator: 'greater' })]);
        assert.deepEqual(found, [2992, 2993, 2994, 2995, 2996, 2997, 2998, 2999, 3000]);
      });

      it('stops when it is cancelled', async () => {
        const signal = { aborted: false };
        const searching = searchRows(make(), [query('hay')], {
          signal,
          onProgress: () => {
            signal.aborted = true;
          },
        });
        await assert.rejects(searching, { code: 'cancelled' });
      });
    });
  }

  it('finds a near match without reading the file', async () => {
    const source = memorySource(utf8('{"a":"needle"}\n' + '{"a":"hay"}\n'.repeat(1_000_000)));
    const rows = new JsonlRows(feedOf(source), new LineIndex());
    assert.deepEqual(await search(rows, { limit: 1 }), { found: [1], complete: false });
    assert.ok(source.bytesRead < 4_000_000, `${source.bytesRead} bytes were read`);
  });
});
