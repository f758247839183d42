import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ProvenanceError } from '../../../src/core/errors.ts';
import type { TableRow } from '../../../src/protocol/sampleTable.ts';
import { RowStore, WINDOW, type RowRequest } from '../../../webview/table/rowStore.ts';

interface Asked extends RowRequest {
  readonly signal: AbortSignal;
  readonly answer: (rows: readonly TableRow[]) => void;
  readonly fail: (error: Error) => void;
}

/** A store whose requests the test answers. */
function makeStore() {
  const asked: Asked[] = [];
  const failures: string[] = [];
  const store = new RowStore(
    (request, signal) =>
      new Promise((answer, fail) => {
        asked.push({ ...request, signal, answer, fail });
      }),
    () => undefined,
    ({ code }) => failures.push(code),
  );
  return { store, asked, failures };
}

function rowsOf({ from, to, version }: RowRequest): TableRow[] {
  return Array.from({ length: to - from }, (_, offset) => ({
    index: from + offset,
    line: from + offset + 1,
    kind: 'record',
    cells: [{ kind: 'number', text: String(version) }],
  }));
}

const WANTED = { version: 1, columns: ['/a'], count: 1000 };

describe('The rows around what is in view', () => {
  it('are asked for in windows, once', () => {
    const { store, asked } = makeStore();
    store.want(WANTED, false);
    store.show(90, 130);
    store.show(95, 135);
    assert.deepEqual(
      asked.map(({ from, to }) => [from, to]),
      [
        [0, 100],
        [100, 200],
      ],
    );
  });

  it('are called off when nobody looks there any more', async () => {
    const { store, asked } = makeStore();
    store.want(WANTED, false);
    store.show(0, 30);
    store.show(500, 530);
    assert.equal(asked[0]?.signal.aborted, true);
    asked[0].answer(rowsOf(asked[0]));
    asked[1]?.answer(rowsOf(asked[1]));
    await setImmediate();
    assert.equal(store.row(0), undefined);
    assert.equal(store.row(500)?.line, 501);
  });

  it('stay until those of the next version are there', async () => {
    const { store, asked } = makeStore();
    store.want(WANTED, false);
    store.show(0, 30);
    asked[0]?.answer(rowsOf(asked[0]));
    await setImmediate();
    store.want({ ...WANTED, version: 2 }, false);
    assert.equal(store.row(3)?.cells[0]?.text, '1');
    store.show(0, 30);
    asked[1]?.answer(rowsOf(asked[1]));
    await setImmediate();
    assert.equal(store.row(3)?.cells[0]?.text, '2');
  });

  it('go at once when their columns or their places are others', async () => {
    const { store, asked } = makeStore();
    store.want(WANTED, false);
    store.show(0, 30);
    asked[0]?.answer(rowsOf(asked[0]));
    await setImmediate();
    store.want({ ...WANTED, columns: ['/b'] }, false);
    assert.equal(store.row(3), undefined);
    store.show(0, 30);
    asked[1]?.answer(rowsOf(asked[1]));
    await setImmediate();
    store.want({ ...WANTED, columns: ['/b'], version: 2 }, true);
    assert.equal(store.row(3), undefined);
  });

  it('are asked for again when there are more in the last window, but not when the host has none', async () => {
    const { store, asked } = makeStore();
    store.want({ ...WANTED, count: 50 }, false);
    store.show(0, 30);
    asked[0]?.answer(rowsOf(asked[0]));
    await setImmediate();
    store.want({ ...WANTED, count: 80 }, false);
    store.show(0, 30);
    assert.equal(asked[1]?.to, 80);
    asked[1].answer([]);
    await setImmediate();
    store.show(0, 30);
    assert.equal(asked.length, 2);
    assert.equal(store.row(49)?.line, 50);
  });

  it('are few, wherever one has been', async () => {
    const { store, asked } = makeStore();
    store.want({ ...WANTED, count: 1_000_000 }, false);
    for (let number = 0; number < 100; number++) {
      store.show(number * WINDOW, number * WINDOW + 30);
      const last = asked.at(-1);
      last?.answer(rowsOf(last));
      await setImmediate();
    }
    const kept = Array.from({ length: 100 }, (_, number) => store.row(number * WINDOW)).filter(Boolean);
    assert.ok(kept.length > 1 && kept.length < 50);
  });

  it('are not asked for over and over when the host fails, until somebody wants to try again', async () => {
    const { store, asked, failures } = makeStore();
    store.want(WANTED, false);
    store.show(0, 30);
    asked[0]?.fail(new ProvenanceError('io', 'The disk is gone.'));
    await setImmediate();
    store.show(0, 30);
    assert.deepEqual(failures, ['io']);
    assert.equal(asked.length, 1);
    store.retry();
    store.show(0, 30);
    assert.equal(asked.length, 2);
  });
});
