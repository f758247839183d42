import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import {
  datasetActionOf,
  filterOf,
  findOf,
  lineOf,
  placeOf,
  rowsOf,
  runOf,
  stringMember,
  versionOf,
} from '../../../../src/features/table/input.ts';
import { RememberedTables } from '../../../../src/features/table/remembered.ts';
import type { TableFilter, TablePlace } from '../../../../src/protocol/sampleTable.ts';

const PLACE: TablePlace = {
  topIndex: 10,
  focusedIndex: 12,
  selection: [
    [12, 12],
    [20, 30],
  ],
  columns: ['/text'],
  widths: { '/text': 120.5 },
  detailOpen: true,
  detailHeight: 200,
};
const FILTER: TableFilter = {
  statuses: ['verified'],
  reviews: ['flagged'],
  signers: ['SHA256:ann'],
  origins: ['https://example.org'],
  queries: [{ text: 'x', column: '/text', operator: 'contains', matchCase: false }],
};

describe('What a table sends', () => {
  test('comes through as it is when it is right', () => {
    assert.deepEqual(placeOf(PLACE), PLACE);
    assert.deepEqual(filterOf(FILTER), FILTER);
    assert.deepEqual(filterOf({}), {});
    assert.deepEqual(rowsOf({ version: 1, from: 5, to: 9, columns: ['/a'] }), {
      version: 1,
      from: 5,
      to: 9,
      columns: ['/a'],
    });
    assert.deepEqual(runOf({ action: 'flag', version: 2, ranges: [[1, 2]] }).ranges, [[1, 2]]);
    assert.equal(lineOf({ line: 7 }), 7);
  });

  test('is bounded', () => {
    assert.equal(rowsOf({ version: 1, from: 5, to: 1e9, columns: [] }).to, 505);
    const wrong: (() => unknown)[] = [
      () => lineOf({ line: 0 }),
      () => lineOf({ line: 1.5 }),
      () => runOf({ action: 'delete', version: 1, ranges: [] }),
      () => runOf({ action: 'sign', version: 1, ranges: [[2, 1]] }),
      () => runOf({ action: 'sign', version: 1, ranges: [[1]] }),
      () => filterOf({ statuses: ['intact'] }),
      () => filterOf({ queries: [{ text: 'x'.repeat(10_001), operator: 'contains' }] }),
      () => filterOf({ queries: [{ text: 'x', operator: 'matches' }] }),
      () => placeOf({ ...PLACE, widths: { a: Number.NaN } }),
      () => datasetActionOf({ action: 'quit' }),
      () => stringMember({ text: 1 }, 'text'),
      () => versionOf('1'),
    ];
    for (const call of wrong) {
      assert.throws(
        call,
        (error: unknown) => (error as ProvenanceError).code === 'invalid-argument',
        String(call),
      );
    }
  });

  test('is refused with an error of ours, whatever it is', () => {
    const parsers = [filterOf, findOf, lineOf, placeOf, rowsOf, runOf, datasetActionOf, versionOf];
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), fc.constantFrom(...parsers), (value, parse) => {
        try {
          parse(value);
        } catch (error) {
          assert.ok(error instanceof ProvenanceError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('What is remembered', () => {
  const memory = () => {
    let value: unknown;
    return {
      get: () => value,
      update: (_key: string, next: unknown) => {
        // As VS Code keeps it.
        value = JSON.parse(JSON.stringify(next));
        return Promise.resolve();
      },
    };
  };

  test('is there again, of the tables that were open last', async () => {
    const remembered = new RememberedTables(memory());
    assert.deepEqual(remembered.get('file:///a'), { filter: {} });
    for (let i = 0; i < 40; i++)
      await remembered.set(`file:///${String(i)}`, { place: PLACE, filter: FILTER });
    assert.deepEqual(remembered.get('file:///39'), { place: PLACE, filter: FILTER });
    assert.deepEqual(remembered.get('file:///0'), { filter: {} });
    await remembered.set('file:///39', { filter: {} });
    assert.deepEqual(remembered.get('file:///39'), { filter: {} });
  });

  test('of another version is forgotten', async () => {
    for (const value of [null, 1, [], [null, 1], [{ uri: 'u', memory: { place: 1 } }], [{ uri: 'u' }]]) {
      const state = memory();
      await state.update('', value);
      assert.deepEqual(new RememberedTables(state).get('u'), { filter: {} });
    }
  });

  test('does not grow with the selection', async () => {
    const remembered = new RememberedTables(memory());
    const selection = Array.from({ length: 5000 }, (_, i) => [i * 2, i * 2] as const);
    await remembered.set('u', { place: { ...PLACE, selection }, filter: {} });
    assert.deepEqual(remembered.get('u').place, { ...PLACE, selection: [] });
  });
});
