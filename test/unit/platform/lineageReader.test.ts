import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildGraph } from '../../../src/core/lineage/buildGraph.ts';
import {
  graphData,
  MAX_SENT_DATASETS,
  shownPart,
  wholeGraph,
} from '../../../src/platform/lineageGraph.node.ts';
import { PresentFiles } from '../../../src/platform/presentFiles.node.ts';
import { LineageWorld } from '../../support/lineageWorld.ts';
import { temporaryFolder, until } from '../../support/processes.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const PATIENT = { milliseconds: Infinity };

test('files are known by their bytes, and again after they were written to', async () => {
  const folder = temporaryFolder('present');
  const [path, missing] = [join(folder, 'a.jsonl'), join(folder, 'b.jsonl')];
  writeFileSync(path, '{"a":1}\n');
  const files = new PresentFiles();
  const states = async () => [...(await files.states([path, missing, folder], PATIENT)).entries()];
  assert.deepEqual(
    new Map(await states()),
    new Map<string, unknown>([
      [path, { sha256: sha256('{"a":1}\n') }],
      [missing, 'absent'],
      [folder, 'absent'],
    ]),
  );
  writeFileSync(path, '{"a":1000}\n');
  assert.deepEqual(new Map(await states()).get(path), { sha256: sha256('{"a":1000}\n') });
});

test('what no answer had patience for is read on in the background', async () => {
  const folder = temporaryFolder('present');
  const path = join(folder, 'a.jsonl');
  writeFileSync(path, 'x'.repeat(100_000));
  const files = new PresentFiles();
  assert.equal((await files.states([path], { milliseconds: -1 })).get(path), 'unknown');
  assert.equal(files.pending, 1);
  await until(() => files.pending === 0);
  assert.deepEqual((await files.states([path], { milliseconds: -1 })).get(path), {
    sha256: sha256('x'.repeat(100_000)),
  });
});

test('a file that was moved is found by its bytes', async () => {
  const folder = temporaryFolder('present');
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'a.jsonl'), 'a');
  writeFileSync(join(folder, 'other.jsonl'), 'b');
  renameSync(join(folder, 'a.jsonl'), join(folder, 'deep', 'renamed.jsonl'));
  const found = await new PresentFiles().search(new Map([[sha256('a'), 'a.jsonl']]), [folder], PATIENT);
  assert.deepEqual([...found], [[join(folder, 'deep', 'renamed.jsonl'), { sha256: sha256('a') }]]);
});

test('a cancelled look is given up', async () => {
  const folder = temporaryFolder('present');
  writeFileSync(join(folder, 'a.jsonl'), 'a');
  const states = new PresentFiles().states([join(folder, 'a.jsonl')], {
    ...PATIENT,
    signal: { aborted: true },
  });
  await assert.rejects(states, { code: 'cancelled' });
});

test('a graph that nobody could draw is cut for the editor, and says so; statements are numbered anew', () => {
  const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').step('b', 'a').sign('b');
  const [step] = world.statements;
  assert.ok(step?.statement.kind === 'step');
  const { statement } = step;
  const subjects = Array.from({ length: MAX_SENT_DATASETS + 5 }, (_, i) => ({
    name: String(i),
    sha256: i.toString(16).padStart(64, '0'),
  }));
  const statements = [world.statements[1]!, { ...step, index: 1, statement: { ...statement, subjects } }].map(
    (scoped, index) => ({ ...scoped, index }),
  );
  const graph = buildGraph({ statements });
  const sent = graphData({ statements, pending: 3 }, shownPart(graph));
  assert.ok(sent.datasets.length <= MAX_SENT_DATASETS);
  assert.equal(sent.issues[0]?.kind, 'too-large');
  assert.equal(sent.pending, 3);
  for (const { statement: index } of sent.steps) assert.equal(sent.statements[index!]?.kind, 'step');
  assert.equal(graphData({ statements, pending: 0 }, wholeGraph(graph)).datasets.length, graph.datasets.size);
});
