import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonValue } from '../../../../../src/core/sample/jsonValue.ts';
import { parquetSchema } from '../../../../../src/core/table/convert/parquetColumns.ts';
import { ShapeFinder } from '../../../../../src/core/table/convert/shape.ts';

function find(...rows: string[]): ShapeFinder {
  const finder = new ShapeFinder();
  rows.forEach((row, i) => {
    finder.add(parseJsonValue(row), i + 1);
  });
  return finder;
}

/** A column a line: `name type`, indented by depth. */
function columns(...rows: string[]): string[] {
  const elements = parquetSchema(find(...rows).shape);
  const lines: string[] = [];
  let at = 1;
  const show = (count: number, indent: string) => {
    for (let i = 0; i < count; i++) {
      const { name, type, converted_type: converted, num_children: children } = elements[at++]!;
      lines.push(`${indent}${name} ${[type, converted].filter(Boolean).join(' ') || 'group'}`);
      if (children) show(children, `${indent}  `);
    }
  };
  show(elements[0]!.num_children!, '');
  return lines;
}

const misfits = (...rows: string[]) =>
  find(...rows).misfits.map(({ line, pointer, reason }) => `${String(line)} ${pointer} ${reason}`);

describe('the columns for rows', () => {
  it('has a column for each member, in order of appearance', () => {
    assert.deepEqual(
      columns(
        '{"id":1,"x":1,"ok":true,"text":"a","at":null}',
        '{"id":-2,"x":0.5,"ok":false,"text":null,"at":null}',
      ),
      ['id INT64', 'x DOUBLE', 'ok BOOLEAN', 'text BYTE_ARRAY UTF8', 'at BYTE_ARRAY UTF8'],
    );
  });

  it('has groups for objects and lists', () => {
    assert.deepEqual(columns('{"m":[{"role":"user","n":[]}],"o":{"p":{"q":1}}}'), [
      'm LIST',
      '  list group',
      '    element group',
      '      role BYTE_ARRAY UTF8',
      '      n LIST',
      '        list group',
      '          element BYTE_ARRAY UTF8',
      'o group',
      '  p group',
      '    q INT64',
    ]);
  });

  it('takes unsigned integers only where int64 does not do', () => {
    assert.deepEqual(columns('{"a":1,"b":9223372036854775807}', '{"a":18446744073709551615,"b":-1}'), [
      'a INT64 UINT_64',
      'b INT64',
    ]);
  });
});

describe('rows that Parquet cannot hold as they are', () => {
  it('says where and why, once each', () => {
    assert.deepEqual(
      misfits(
        '{"a":1,"b":{},"c":[1],"d":{"e":1}}',
        '{"a":"x","b":{"f":1},"c":[1,"2"],"d":{}}',
        '{"a":"y","c":[null],"d":{"e":1},"new":1}',
        '{"a":true,"b":{"f":1},"c":[],"d":{"e":18446744073709551616},"new":1}',
      ),
      [
        '1 /b no-members',
        '2 /a mixed',
        '2 /b/f missing',
        '2 /c/* mixed',
        '2 /d no-members',
        '2 /d/e missing',
        '3 /new missing',
        '3 /b missing',
        '4 /d/e too-big',
      ],
    );
  });

  it('takes null for any value, but not for a missing one', () => {
    assert.deepEqual(misfits('{"a":null,"b":{"c":1}}', '{"a":1,"b":null}', '{"a":null,"b":{"c":null}}'), []);
  });

  it('refuses what is no row, and names used as values', () => {
    assert.throws(() => find('{"a":1}', '[1]'), /Line 2 is no object/);
    const many = JSON.stringify(
      Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${String(i)}`, i])),
    );
    assert.throws(() => find(many), { code: 'too-large' });
  });
});
