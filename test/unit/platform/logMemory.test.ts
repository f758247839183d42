import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SeenState } from '../../../src/core/log/logState.ts';
import { NodeLogMemory } from '../../../src/platform/logMemory.node.ts';
import { temporaryFolder } from '../../support/processes.ts';

function state(size: number, origin = 'dataset-provenance/log/a'): SeenState {
  return {
    origin,
    size,
    root: 'ab'.repeat(32),
    time: `2026-01-31T09:00:${String(size % 60).padStart(2, '0')}Z`,
  };
}

function sizes(memory: NodeLogMemory, dataset: string, origin?: string): Promise<number | undefined> {
  return memory.recall(dataset, origin).then((found) => found?.size);
}

test('the largest state is remembered, by path and by log, for whoever asks next', async () => {
  const folder = join(temporaryFolder('memory'), 'logs');
  const memory = new NodeLogMemory(folder);
  assert.equal(await memory.recall('/w/a', 'o'), undefined);
  await memory.remember('/w/a', state(3));
  await memory.remember('/w/a', state(2));
  const other = new NodeLogMemory(folder);
  const found = await other.recall('/w/a', undefined);
  assert.deepEqual([found?.size, found?.root, found?.time], [3, state(3).root, state(3).time]);
  assert.equal(await sizes(other, '/moved/a', state(1).origin), 3);
  assert.equal((await other.recall('/moved/a', state(1).origin))?.elsewhere, '/w/a');
  assert.equal(await sizes(other, '/moved/a', 'another log'), undefined);
  assert.equal(await sizes(other, '/moved/a'), undefined);
  assert.deepEqual(readdirSync(folder).length, 2, 'no lock and no temporary file is left');
});

test('the path goes before the log', async () => {
  const memory = new NodeLogMemory(temporaryFolder('memory'));
  await memory.remember('/w/a', state(9));
  await memory.remember('/copy/a', state(4));
  assert.equal(await sizes(memory, '/copy/a', state(1).origin), 4);
});

test('replacing and forgetting', async () => {
  const memory = new NodeLogMemory(temporaryFolder('memory'));
  await memory.remember('/w/a', state(9));
  await memory.replace('/w/a', state(2));
  assert.equal(await sizes(memory, '/w/a'), 2);
  assert.equal(await sizes(memory, '/elsewhere', state(1).origin), 2);
  await memory.replace('/w/a', state(5, 'dataset-provenance/log/b'));
  assert.equal(await sizes(memory, '/elsewhere', state(1).origin), undefined);
  await memory.replace('/w/a', undefined);
  assert.equal(await sizes(memory, '/w/a', 'dataset-provenance/log/b'), undefined);
});

test('what is known below a folder', async () => {
  const memory = new NodeLogMemory(temporaryFolder('memory'));
  for (const path of ['/w/b/x', '/w/a', '/wide/a', '/v']) await memory.remember(path, state(1, path));
  assert.deepEqual(await memory.known('/w'), ['/w/a', '/w/b/x']);
});

test('many writers at once: the largest state stays', async () => {
  const folder = temporaryFolder('memory');
  const order = Array.from({ length: 30 }, (_, i) => ((i * 7) % 30) + 1);
  await Promise.all(order.map((size) => new NodeLogMemory(folder).remember('/w/a', state(size))));
  assert.equal(await sizes(new NodeLogMemory(folder), '/w/a'), 30);
});

test('a damaged state is as if it had never been seen', async () => {
  const folder = temporaryFolder('memory');
  const memory = new NodeLogMemory(folder);
  await memory.remember('/w/a', state(3));
  for (const name of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const bad of [
      '',
      text.slice(0, -1),
      text.replace('"size":3', '"size":-3'),
      '[]',
      'null',
      'x'.repeat(70_000),
    ]) {
      writeFileSync(join(folder, name), bad);
      assert.equal(await sizes(memory, '/w/a', state(1).origin), name.startsWith('log') ? undefined : 3, bad);
    }
  }
});
