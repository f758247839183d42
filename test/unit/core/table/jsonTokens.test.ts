import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CELL_LENGTH, rowValues } from '../../../../src/core/table/cells.ts';
import { ColumnSampler } from '../../../../src/core/table/columns.ts';
import { JsonTokens, stringValue } from '../../../../src/core/table/jsonTokens.ts';
import { prettyJson } from '../../../../src/core/table/prettyJson.ts';
import type { Column } from '../../../../src/core/table/rowSource.ts';
import { ValueFinder } from '../../../../src/core/table/valueFinder.ts';
import { resolvePointer } from '../../../../src/core/sample/origin.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const rowOf = (text: string, length = utf8(text).length) => ({ line: 1, bytes: utf8(text), length });

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The tokens of a text as they are written, the last one `end`, `invalid` or `cut off`. */
function tokensOf(text: string): string[] {
  const bytes = utf8(text);
  const tokens = new JsonTokens().reset(bytes);
  const all: string[] = [];
  for (;;) {
    const token = tokens.next();
    if (token === 'end') return [...all, 'end'];
    if (token === 'invalid') return [...all, tokens.cutOff ? 'cut off' : 'invalid'];
    all.push(new TextDecoder().decode(bytes.subarray(tokens.start, tokens.end)));
  }
}

/** JSON texts with all sorts of spacing and escapes, and what a careless hand makes of them. */
const jsonText = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), fc.boolean())
  .map(([json, indent, escape]) => {
    const text = JSON.stringify(JSON.parse(json), undefined, indent);
    return escape
      ? text.replace(/[\u0080-\uffff]|[aeiou]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : text;
  })
  .filter(parses);
const brokenText = fc
  .tuple(
    jsonText,
    fc.nat(),
    fc.constantFrom('', ',', ':', '"', '{', ']', '\\', '0', '-', '.', 'e', 'x', '\u0001', ' '),
  )
  .map(([text, at, insert]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + insert + text.slice(place + 1);
  });

describe('JsonTokens', () => {
  it('takes for JSON what JSON.parse does', () => {
    fc.assert(
      fc.property(fc.oneof(jsonText, brokenText, fc.string({ maxLength: 8 })), (text) => {
        assert.equal(tokensOf(text).at(-1) === 'end', parses(text), text);
      }),
      { numRuns: 3000 },
    );
  });

  it('knows the beginning of a JSON text from something else', () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), (text, at) => {
        fc.pre(text.startsWith('{') || text.startsWith('['));
        const bytes = utf8(text);
        const tokens = new JsonTokens().reset(bytes, 0, at % bytes.length);
        let token = tokens.next();
        while (token !== 'invalid' && token !== 'end') token = tokens.next();
        // Words and numbers of which the end is missing are not told from wrong ones.
        assert.ok(token === 'invalid');
        assert.ok(tokens.cutOff || /[\w.+-]$/.test(text.slice(0, at % bytes.length)));
        assert.equal(tokens.next(), 'invalid');
      }),
    );
  });

  it('is strict about what hostile or careless writers do', () => {
    for (const text of [
      '{"a":1,}',
      '[1,]',
      '[,1]',
      '{"a" 1}',
      '01',
      '1.',
      '.5',
      '+1',
      '1e',
      "'a'",
      '"\\x"',
      '"\\u12"',
      '"a\tb"',
      '[1}',
      '{"a"}',
      '{1:2}',
      '[1 2]',
      'nul',
      '{} {}',
      'undefined',
    ]) {
      assert.notEqual(tokensOf(text).at(-1), 'end', text);
    }
    assert.equal(tokensOf('['.repeat(513)).at(-1), 'invalid');
    assert.equal(tokensOf('['.repeat(512) + ']'.repeat(512)).at(-1), 'end');
  });

  it('lets the numbers pass that Python writes', () => {
    assert.deepEqual(tokensOf('[NaN, -Infinity, Infinity]'), [
      '[',
      'NaN',
      '-Infinity',
      'Infinity',
      ']',
      'end',
    ]);
  });
});

describe('ValueFinder', () => {
  const pointers = ['/a', '/a/b', '/b/0', '/b/1/a', '', '/é', '/a~1b', '/missing', 'no pointer'];

  it('finds what the pointers lead to in the parsed record', () => {
    const keys = fc.constantFrom('a', 'b', 'é', 'a/b', 'c');
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.string({ maxLength: 3 }),
        fc.constant(null),
        tie('object'),
        tie('array'),
      ),
      object: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      array: fc.array(tie('value'), { maxLength: 3 }),
    })).value;
    const finder = new ValueFinder(pointers);
    fc.assert(
      fc.property(value, fc.boolean(), (value, escape) => {
        const text = escape ? JSON.stringify(value).replaceAll('é', '\\u00e9') : JSON.stringify(value);
        const bytes = utf8(text);
        assert.ok(finder.find(bytes));
        finder.found.forEach((found, i) => {
          const expected = resolvePointer(value, pointers[i]);
          const actual =
            found &&
            (JSON.parse(new TextDecoder().decode(bytes.subarray(found.start, found.end))) as unknown);
          assert.deepEqual(actual, expected && JSON.parse(JSON.stringify(expected)), pointers[i]);
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the last of repeated members, as parsers do', () => {
    const finder = new ValueFinder(['/a', '/a/b']);
    const bytes = utf8('{"a":{"b":1},"a":2}');
    assert.ok(finder.find(bytes));
    assert.equal(finder.found[0]?.kind, 'number');
    assert.equal(finder.found[1], undefined);
  });

  it('finds nothing in what is not JSON', () => {
    const finder = new ValueFinder(['/a']);
    assert.equal(finder.find(utf8('{"a":1} x')), false);
    assert.deepEqual(finder.found, [undefined]);
  });
});

describe('rowValues', () => {
  const cells = (text: string, ...pointers: string[]) => rowValues(rowOf(text), new ValueFinder(pointers));

  it('shows values as they are written, and strings without escapes', () => {
    const text =
      '{"n": 1.50, "big": 9007199254740993, "s": "a\\n\\u00e9", "t": true, "z": null, "o": {"x": [1, "\\u00e9\\n"]}}';
    assert.deepEqual(cells(text, '/n', '/big', '/s', '/t', '/z', '/o', '/o/x/0', '/q').cells, [
      { kind: 'number', text: '1.50' },
      { kind: 'number', text: '9007199254740993' },
      { kind: 'string', text: 'a\né' },
      { kind: 'boolean', text: 'true' },
      { kind: 'null', text: 'null' },
      { kind: 'object', text: '{"x": [1, "é\\n"]}' },
      { kind: 'number', text: '1' },
      { kind: 'missing', text: '' },
    ]);
  });

  it('says of rows without cells what they are', () => {
    assert.equal(cells(' \t', '/a').kind, 'blank');
    assert.deepEqual(cells('{"a": oops}', '/a'), {
      kind: 'unreadable',
      cells: [{ kind: 'text', text: '{"a": oops}' }],
    });
    assert.equal(rowValues(rowOf('{"a": "', 5000), new ValueFinder(['/a'])).kind, 'too-long');
  });

  it('decodes no more of a long value than a cell shows, and that rightly', () => {
    const long = [
      ...['é', '😀', '\n', '"', '\u0000', 'x', '\ud83d'].map((c) => c.repeat(5000)),
      'x' + '😀'.repeat(5000),
    ];
    for (const value of long) {
      for (const json of [
        JSON.stringify(value),
        JSON.stringify(value).replace(
          /[^ -~]/g,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
        ),
      ]) {
        const [cell] = cells(`{"a":${json}}`, '/a').cells;
        assert.ok(cell!.text.length > CELL_LENGTH && cell!.text.length < 10 * CELL_LENGTH);
        // A lone surrogate has no UTF-8 form: written as it is, it was replaced before it came here.
        const expected = json.includes('\\ud83d') ? value : new TextDecoder().decode(utf8(value));
        assert.equal(cell!.text.slice(0, CELL_LENGTH), expected.slice(0, CELL_LENGTH));
      }
    }
    const [array] = cells(`{"a":[${'1,'.repeat(100_000)}1]}`, '/a').cells;
    assert.ok(array!.text.startsWith('[1, 1, 1') && array!.text.length < 2 * CELL_LENGTH);
  });
});

describe('prettyJson', () => {
  it('keeps every token as it is written', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const pretty = prettyJson(utf8(text), false, Infinity);
        assert.equal(pretty.cut, false);
        assert.deepEqual(tokensOf(pretty.text), tokensOf(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('spreads a record out, with big integers, spellings and repeated members', () => {
    const text = '{"id":9007199254740993,"x":1.50e1,"x":[],"o":{"a":["\\u00e9",{}]}}';
    assert.equal(
      prettyJson(utf8(text), false, Infinity).text,
      '{\n  "id": 9007199254740993,\n  "x": 1.50e1,\n  "x": [],\n  "o": {\n    "a": [\n      "\\u00e9",\n      {}\n    ]\n  }\n}',
    );
  });

  it('leaves what is no JSON as it stands', () => {
    assert.deepEqual(prettyJson(utf8('{"a": oops}'), false, 100), { text: '{"a": oops}', cut: false });
  });

  it('spreads out the beginning of a record', () => {
    assert.deepEqual(prettyJson(utf8('{"a":1,"b":"xy'), true, 100), {
      text: '{\n  "a": 1,\n  "b":"xy',
      cut: false,
    });
  });

  it('does not make a long text of deep nesting', () => {
    const deep = '['.repeat(500) + '1,'.repeat(100_000) + '1' + ']'.repeat(500);
    const { text, cut } = prettyJson(utf8(deep), false, 10_000);
    assert.ok(cut);
    assert.equal(text.length, 10_000);
  });
});

describe('ColumnSampler', () => {
  const columnsOf = (...rows: string[]) => {
    const sampler = new ColumnSampler();
    for (const row of rows) sampler.add({ bytes: utf8(row) });
    return sampler.result();
  };
  const picture = (columns: readonly Column[], indent = ''): string[] =>
    columns.flatMap(({ pointer, type, children }) => [
      `${indent}${pointer}: ${type}`,
      ...picture(children, `${indent}  `),
    ]);

  it('unites members in order of first appearance, with the types seen', () => {
    const columns = columnsOf(
      '{"id":1,"text":"a","meta":{"url":"x","n":1}}',
      '',
      'not JSON',
      '{"id":2.5,"text":null,"meta":{"n":2,"a/b":[]},"tags":["x"]}',
    );
    assert.deepEqual(picture(columns), [
      '/id: number',
      '/text: string | null',
      '/meta: object',
      '  /meta/url: string',
      '  /meta/n: integer',
      '  /meta/a~1b: array',
      '/tags: array',
    ]);
  });

  it('has one column for records that are no objects', () => {
    assert.deepEqual(picture(columnsOf('[1]', '"x"', '{"a":1}')), ['/a: integer', ': string | array']);
  });

  it('has no more columns than a table can show, whatever the keys', () => {
    const keys = (n: number) =>
      `{${Array.from({ length: n }, (_, i) => `"k${i}":{"a":{"b":{"c":{"d":{"e":1}}}}}`).join()}}`;
    const columns = columnsOf(keys(100_000), `{"${'x'.repeat(1000)}":1,"__proto__":1}`);
    assert.equal(columns.length, 200);
    const depth = (list: readonly Column[]): number =>
      Math.max(0, ...list.map(({ children }) => 1 + depth(children)));
    assert.ok(depth(columns) <= 5);
  });

  it('reads what it can of a row that was cut off', () => {
    assert.deepEqual(picture(columnsOf('{"a":1,"b":"xy')), ['/a: integer', '/b: string']);
  });
});

describe('stringValue', () => {
  it('shows invalid UTF-8 as replaced', () => {
    assert.equal(stringValue(Uint8Array.of(0x22, 0xff, 0x22), 0, 3, false), '\ufffd');
  });
});
