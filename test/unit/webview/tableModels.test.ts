import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Column } from '../../../src/core/table/rowSource.ts';
import {
  allColumns,
  collapsed,
  expanded,
  MAX_COLUMNS,
  shownColumns,
  toggledColumn,
} from '../../../webview/table/columns.ts';
import { HEADER, moved, START, type Cursor, type CursorAction } from '../../../webview/table/cursor.ts';
import { isFiltering, toggledValue, withoutQuery, withQuery } from '../../../webview/table/filter.ts';
import { jsonLines } from '../../../webview/table/jsonText.ts';
import { gridCommand, pageCommand } from '../../../webview/table/keys.ts';
import {
  added,
  between,
  includes,
  removed,
  size,
  toggled,
  within,
  type Ranges,
} from '../../../webview/table/selection.ts';

describe('A selection of rows', () => {
  const rows = fc.integer({ min: 0, max: 30 });
  const changes = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'toggle', 'within'), rows, rows), {
    maxLength: 20,
  });

  it('is what a set of rows would be, in as few ranges as it takes', () => {
    fc.assert(
      fc.property(changes, (all) => {
        let ranges: Ranges = [];
        let model = new Set<number>();
        for (const [change, one, other] of all) {
          const [first, last] = between(one, other);
          const inside = Array.from({ length: last - first + 1 }, (_, i) => first + i);
          if (change === 'add') {
            ranges = added(ranges, [first, last]);
            model = new Set([...model, ...inside]);
          } else if (change === 'remove') {
            ranges = removed(ranges, [first, last]);
            for (const row of inside) model.delete(row);
          } else if (change === 'toggle') {
            ranges = toggled(ranges, one);
            if (!model.delete(one)) model.add(one);
          } else {
            ranges = within(ranges, last);
            model = new Set([...model].filter((row) => row < last));
          }
        }
        for (let row = -1; row <= 31; row++) assert.equal(includes(ranges, row), model.has(row));
        assert.equal(size(ranges), model.size);
        for (const [index, [first]] of ranges.entries()) {
          const before = ranges[index - 1];
          assert.ok(!before || first > before[1] + 1);
        }
      }),
    );
  });

  it('of all of ten million rows is one range', () => {
    const cursor = moved(START, { type: 'select-all' }, { rows: 10_000_000, columns: 3, page: 20 });
    assert.deepEqual(cursor.selection, [[0, 9_999_999]]);
  });
});

describe('The cursor', () => {
  const extent = { rows: 1000, columns: 5, page: 20 };
  const run = (...actions: CursorAction[]): Cursor =>
    actions.reduce((cursor, action) => moved(cursor, action, extent), START);
  const down = (extend: boolean): CursorAction => ({ type: 'rows', by: 1, extend });

  it('stays within the table', () => {
    const action: fc.Arbitrary<CursorAction> = fc.oneof(
      fc.record({
        type: fc.constant('rows' as const),
        by: fc.oneof(fc.integer(), fc.constantFrom('page-up', 'page-down', 'first', 'last')),
        extend: fc.boolean(),
      }),
      fc.record({
        type: fc.constant('columns' as const),
        by: fc.oneof(fc.integer(), fc.constantFrom('first', 'last')),
      }),
      fc.record({ type: fc.constant('toggle' as const), row: fc.integer() }),
    );
    fc.assert(
      fc.property(fc.array(action), (all) => {
        const { row, column, selection } = run(...all);
        assert.ok(row >= HEADER && row < extent.rows && column >= 0 && column < extent.columns);
        assert.deepEqual(within(selection, extent.rows), selection);
      }),
    );
  });

  it('extends a selection from where it began, and takes back what it no longer reaches', () => {
    const cursor = run({ type: 'go', row: 10 }, down(true), down(true), {
      type: 'rows',
      by: -3,
      extend: true,
    });
    assert.deepEqual(cursor.selection, [[9, 10]]);
  });

  it('adds ranges to what was selected by Space or Ctrl+click', () => {
    const cursor = run({ type: 'toggle', row: 3 }, { type: 'go', row: 10 }, down(true), {
      type: 'toggle',
      row: 20,
    });
    assert.deepEqual(cursor.selection, [
      [3, 3],
      [10, 11],
      [20, 20],
    ]);
  });

  it('goes up to the headers, but selects none', () => {
    assert.equal(run({ type: 'rows', by: -1, extend: false }).row, HEADER);
    assert.deepEqual(run({ type: 'rows', by: -1, extend: true }).row, 0);
  });

  it('reads keys', () => {
    const key = (name: string, more: object = {}) => ({
      key: name,
      shiftKey: false,
      altKey: false,
      ctrlKey: false,
      metaKey: false,
      ...more,
    });
    assert.deepEqual(gridCommand(key('End', { ctrlKey: true })), { type: 'rows', by: 'last', extend: false });
    assert.deepEqual(gridCommand(key('a', { metaKey: true })), { type: 'select-all' });
    assert.equal(gridCommand(key('a')), undefined);
    assert.equal(gridCommand(key('ArrowLeft', { altKey: true })), undefined);
    assert.equal(pageCommand(key('F3', { shiftKey: true })), 'find-previous');
    assert.equal(pageCommand(key('g', { ctrlKey: true })), 'go-to-row');
  });
});

describe('The columns shown', () => {
  const leaf = (name: string, parent = ''): Column => ({
    name,
    pointer: `${parent}/${name}`,
    type: 'string',
    children: [],
  });
  const COLUMNS: readonly Column[] = [
    leaf('id'),
    { ...leaf('meta'), type: 'object', children: [leaf('source', '/meta'), leaf('date', '/meta')] },
    leaf('text'),
  ];
  const pointers = (chosen?: readonly string[]) =>
    shownColumns(COLUMNS, chosen).map(({ column }) => column.pointer);

  it('are the members of the samples, where nobody chose, or what was chosen is gone', () => {
    assert.deepEqual(pointers(), ['/id', '/meta', '/text']);
    assert.deepEqual(pointers(['/gone']), ['/id', '/meta', '/text']);
    assert.deepEqual(pointers(['/text', '/gone', '/meta/date']), ['/text', '/meta/date']);
  });

  it('open into members and close again', () => {
    const open = expanded(shownColumns(COLUMNS, undefined), '/meta');
    assert.deepEqual(open, ['/id', '/meta/source', '/meta/date', '/text']);
    assert.deepEqual(collapsed(shownColumns(COLUMNS, open), '/meta'), ['/id', '/meta', '/text']);
  });

  it('come back where the file has them, and never all go', () => {
    assert.deepEqual(toggledColumn(COLUMNS, shownColumns(COLUMNS, ['/id', '/text']), '/meta'), [
      '/id',
      '/meta',
      '/text',
    ]);
    assert.deepEqual(toggledColumn(COLUMNS, shownColumns(COLUMNS, ['/id']), '/id'), ['/id']);
  });

  it('are never too many', () => {
    const many = Array.from({ length: 5000 }, (_, i) => leaf(`column${i}`));
    assert.equal(shownColumns(many, undefined).length, MAX_COLUMNS);
    assert.equal(allColumns(many).length, 5000);
  });
});

describe('A filter', () => {
  it('has no empty parts', () => {
    const on = toggledValue({}, 'statuses', 'modified');
    assert.deepEqual(on, { statuses: ['modified'] });
    assert.equal(isFiltering(on), true);
    const off = toggledValue(on, 'statuses', 'modified');
    assert.deepEqual(off, {});
    assert.equal(isFiltering(off), false);
    const query = { text: 'x', operator: 'contains', matchCase: false } as const;
    assert.deepEqual(withoutQuery(withQuery({}, query), query), {});
  });
});

describe('Coloured JSON', () => {
  const textOf = (text: string) =>
    jsonLines(text)
      .map(({ indent, pieces }) => ' '.repeat(indent) + pieces.map((piece) => piece.text).join(''))
      .join('\n');

  it('is the text itself, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = text.replaceAll(/^[^\S\n]+/gm, '');
        assert.equal(textOf(plain), plain);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, undefined, 2);
        assert.equal(textOf(text), text);
      }),
    );
  });

  it('tells keys from strings, and a line end from a backslash before an n', () => {
    const [, line] = jsonLines(JSON.stringify({ 'a:b': 'c\nd\\n"e' }, undefined, 2));
    assert.deepEqual(
      line?.pieces.map(({ kind, text }) => [kind, text]),
      [
        ['key', '"a:b"'],
        ['punctuation', ': '],
        ['string', '"c'],
        ['line-end', '\\n'],
        ['string', 'd\\\\n\\"e"'],
      ],
    );
  });

  it('knows which line closes what another opens', () => {
    const lines = jsonLines(JSON.stringify({ a: [], b: { c: [1] }, d: '{' }, undefined, 2));
    assert.deepEqual(
      lines.flatMap(({ closedBy }, number) => (closedBy === undefined ? [] : [[number, closedBy]])),
      [
        [0, 8],
        [2, 6],
        [3, 5],
      ],
    );
  });

  it('is quick with text that is made to be slow', () => {
    for (const text of [`"${'\\'.repeat(1_000_001)}`, `"${'a'.repeat(1_000_000)}`, '[{'.repeat(200_000)]) {
      assert.equal(textOf(text), text);
    }
  });
});
