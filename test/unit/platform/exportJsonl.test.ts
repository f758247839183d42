import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ProvenanceError } from '../../../src/core/errors.ts';
import type { RowSource } from '../../../src/core/table/rowSource.ts';
import { exportJsonl } from '../../../src/platform/exportJsonl.node.ts';
import type { RowTable } from '../../../src/platform/rowTable.node.ts';

/** A table of these rows. */
function tableOf(rows: RowSource, path = '/nowhere/rows.parquet'): RowTable {
  const table: Pick<RowTable, 'rows' | 'keepIndex'> = { rows, keepIndex: () => Promise.resolve() };
  return { ...table, file: { path } } as RowTable;
}

/** Rows in memory. @param onRead told of each batch: how many rows it has */
function sourceOf(rows: readonly string[], onRead: (count: number) => void = () => undefined): RowSource {
  return {
    rowCount: rows.length,
    complete: true,
    columns: [],
    rows: (from, to) => {
      const batch = rows.slice(from, to).map((text, i) => {
        const bytes = new TextEncoder().encode(text);
        return { line: from + i + 1, bytes, length: bytes.length };
      });
      onRead(batch.length);
      return Promise.resolve(batch);
    },
  };
}

describe('Export as JSONL', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'provenance-export-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('writes each row as it is, on the line of its number', async () => {
    const path = join(folder, 'rows.jsonl');
    const row = fc.oneof(
      fc.constant(''),
      fc.json().map((json) => json.replace(/\s/g, '')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 700 }), async (rows) => {
        const result = await exportJsonl(tableOf(sourceOf(rows)), path, { replace: true });
        assert.deepEqual(result, { rows: rows.length });
        assert.equal(readFileSync(path, 'utf8'), rows.map((text) => `${text}\n`).join(''));
      }),
      { numRuns: 25 },
    );
  });

  test('reads no more rows at once than fit into memory', async () => {
    const batches: number[] = [];
    const large = Array.from({ length: 300 }, () => `"${'x'.repeat(1 << 17)}"`);
    await exportJsonl(
      tableOf(
        sourceOf([...large, ...Array.from({ length: 3000 }, () => '1')], (count) => batches.push(count)),
      ),
      join(folder, 'large.jsonl'),
      { replace: true },
    );
    assert.ok(Math.max(...batches.slice(1, 3)) < 64, `few long rows: ${batches.join(' ')}`);
    assert.ok(Math.max(...batches) > 1000, `many short ones: ${batches.join(' ')}`);
  });

  test('leaves the old file, and nothing else, when it is cancelled or fails', async () => {
    const place = mkdtempSync(join(folder, 'atomic-'));
    const path = join(place, 'a.jsonl');
    writeFileSync(path, 'old');
    const rows = Array.from({ length: 2000 }, (_, i) => String(i));
    const signal = { aborted: false };
    const cancelled = exportJsonl(tableOf(sourceOf(rows, () => (signal.aborted = true))), path, {
      replace: true,
      signal,
    });
    await assert.rejects(cancelled, (error: unknown) => (error as ProvenanceError).code === 'cancelled');
    const broken = sourceOf(rows);
    const failing: RowSource = {
      ...broken,
      rows: (from, to) =>
        from > 0 ? Promise.reject(new ProvenanceError('invalid-parquet', 'Broken.')) : broken.rows(from, to),
    };
    const failed = exportJsonl(tableOf(failing), path, { replace: true });
    await assert.rejects(failed, (error: unknown) => (error as ProvenanceError).code === 'invalid-parquet');
    assert.deepEqual(readdirSync(place), ['a.jsonl']);
    assert.equal(readFileSync(path, 'utf8'), 'old');
  });

  test('does not write over the file that it reads', async () => {
    const path = join(folder, 'same.jsonl');
    writeFileSync(path, 'old');
    const exported = exportJsonl(tableOf(sourceOf(['1']), path), path, { replace: true });
    await assert.rejects(
      exported,
      (error: unknown) => (error as ProvenanceError).code === 'invalid-argument',
    );
    assert.equal(readFileSync(path, 'utf8'), 'old');
  });

  test('reports how far it is', async () => {
    const progress: [number, number][] = [];
    await exportJsonl(tableOf(sourceOf(Array.from({ length: 1000 }, () => '{}'))), join(folder, 'p.jsonl'), {
      replace: true,
      onProgress: (rows, total) => progress.push([rows, total]),
    });
    assert.deepEqual(progress.at(-1), [1000, 1000]);
    assert.ok(progress.length > 1);
  });
});
