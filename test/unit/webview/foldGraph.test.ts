import assert from 'node:assert/strict';
import test from 'node:test';
import type { LineageBox, LineageGraphState } from '../../../src/protocol/lineagePanel.ts';
import { depthsOf, fold, Ways } from '../../../webview/lineage/graph/fold.ts';
import { chain, dataset, graph, lines, shards, step, workspace } from '../../webview/support/graphs.ts';

function picture(state: LineageGraphState, open: readonly string[] = []): string[] {
  return fold(state, new Set(open)).boxes.map((box) =>
    box.kind === 'fold' ? `${box.count} ${box.of}` : box.id,
  );
}

test('a run of four steps or more is one box, its ends are not in it', () => {
  assert.deepEqual(picture(chain(3)), [
    'd:v0.jsonl',
    's:1',
    'd:v1.jsonl',
    's:2',
    'd:v2.jsonl',
    's:3',
    'd:v3.jsonl',
  ]);
  assert.deepEqual(picture(chain(4)), ['d:v0.jsonl', '4 chain', 'd:v4.jsonl']);
  assert.equal(picture(chain(4), ['chain:s:1']).length, 9);
});

test('the dataset that all is about is never folded away', () => {
  assert.deepEqual(picture({ ...chain(9), current: 'd:v4.jsonl' }), [
    'd:v0.jsonl',
    '4 chain',
    'd:v4.jsonl',
    '5 chain',
    'd:v9.jsonl',
  ]);
});

test('shards that stand alike are one box, with the steps that made them', () => {
  assert.deepEqual(picture(shards(5)).length, 3 + 5 * 4);
  assert.deepEqual(picture(shards(50)), [
    'd:corpus.jsonl',
    '50 steps',
    '50 datasets',
    '50 steps',
    '50 datasets',
    's:merge',
    'd:corpus.parquet',
  ]);
});

test('an issue or another signer keeps a shard apart', () => {
  const state = shards(20);
  const apart = 'd:corpus-00003-of-00020.jsonl';
  const withIssue = { ...state, issues: [{ kind: 'changed-input', text: '', boxes: [apart] } as const] };
  assert.ok(picture(withIssue).includes(apart));
});

test('a circle is drawn as it is', () => {
  const round = graph(
    [dataset('a'), dataset('b'), step('1', 'map'), step('2', 'map')],
    lines('d:a > s:1 > d:b > s:2 > d:a'),
  );
  assert.deepEqual(picture(round), ['d:a', 'd:b', 's:1', 's:2']);
});

test('whatever is folded, each box is drawn once or stands in one fold, and no line is lost', () => {
  for (const state of [workspace(60), workspace(300), shards(30), chain(30)]) {
    const { boxes, lines: drawn, drawnAs } = fold(state, new Set());
    const ids = new Set(boxes.map(({ id }) => id));
    const members = boxes.flatMap((box): LineageBox[] => (box.kind === 'fold' ? [...box.members] : [box]));
    assert.deepEqual(members.map(({ id }) => id).sort(), state.boxes.map(({ id }) => id).sort());
    const joined = new Set(drawn.map(({ from, to }) => `${from} ${to}`));
    for (const { from, to } of state.lines) {
      const [a, b] = [drawnAs.get(from) ?? '', drawnAs.get(to) ?? ''];
      assert.ok(ids.has(a) && ids.has(b));
      assert.ok(a === b || joined.has(`${a} ${b}`));
    }
    // Folding never makes a circle of what had none.
    assert.equal(depthsOf(boxes, new Ways(drawn)).size, boxes.length);
  }
});
