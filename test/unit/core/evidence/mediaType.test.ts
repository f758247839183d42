import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaTypeOf } from '../../../../src/core/evidence/mediaType.ts';

test('A dataset statement says what kind of file it is about', () => {
  const types = ['a.jsonl', 'a.NDJSON', 'a.jsonl.gz', 'a.jsonlines.zst', 'a.parquet', 'a.pq', 'notes.txt'];
  assert.deepEqual(types.map(mediaTypeOf), [
    'application/jsonl',
    'application/jsonl',
    'application/jsonl+gzip',
    'application/jsonl+zstd',
    'application/vnd.apache.parquet',
    'application/vnd.apache.parquet',
    'application/jsonl',
  ]);
});
