import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMessage } from '../../../../src/core/errors.ts';
import {
  datasetState,
  loneId,
  loneState,
  nodeOfFile,
  sampleState,
  workspaceState,
  type DrawingContext,
  type JudgedFile,
} from '../../../../src/features/lineage/graphState.ts';
import { graphData, shownPart } from '../../../../src/platform/lineageGraph.node.ts';
import type { LineageBox, LineageGraphState } from '../../../../src/protocol/lineagePanel.ts';
import type { GraphData, TraceData } from '../../../../src/protocol/lineageWorker.ts';
import { digestOf, LineageWorld, sha } from '../../../support/lineageWorld.ts';

function drawing(files: readonly JudgedFile[] = []): DrawingContext {
  return {
    files: new Map(files.map((file) => [file.path, file])),
    shownPath: (path) => path.replace(/^\/w\//, ''),
    describe: ({ template, args }) => formatMessage(template, args),
  };
}

function dataOf(world: LineageWorld): GraphData {
  return graphData({ statements: world.statements, pending: 0 }, shownPart(world.graph()));
}

async function traceOf(world: LineageWorld, dataset: string, word: string): Promise<TraceData> {
  const [back, forward] = [
    await world.trace('back', dataset, word),
    await world.trace('forward', dataset, word),
  ];
  return { graph: dataOf(world), back, forward, changes: {}, elsewhere: [] };
}

function nameOf(box: LineageBox | undefined): string {
  switch (box?.kind) {
    case undefined:
      return 'nothing';
    case 'dataset':
      return box.sample ? `${box.names[0]}#${box.sample.row ?? '?'}` : box.names[0]!;
    case 'step':
      return box.sample ? `${box.step} (${box.sample.how})` : box.step;
    case 'more':
      return `${box.count} more`;
  }
}

/** Lines between boxes by name, in order, and the box that it is about. */
function picture({ boxes, lines, current }: LineageGraphState): string[] {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  assert.equal(byId.size, boxes.length, 'each box has an id of its own');
  const drawn = lines.map(({ from, to }) => `${nameOf(byId.get(from))} > ${nameOf(byId.get(to))}`).sort();
  return [...drawn, `at ${current === undefined ? 'nothing' : nameOf(byId.get(current))}`];
}

function world(): LineageWorld {
  return new LineageWorld()
    .dataset('raw', 'a b c')
    .dataset('kept', 'a b')
    .dataset('made', 'x b')
    .sign('raw')
    .step('kept', 'raw', { kind: 'filter' })
    .step('made', 'kept', { kind: 'map', map: 'x<a' });
}

test('a dataset is drawn with the steps that lead to it and from it', () => {
  const state = datasetState(drawing(), dataOf(world()), sha('kept'));
  assert.deepEqual(picture(state), ['filter > kept', 'kept > map', 'map > made', 'raw > filter', 'at kept']);
  assert.deepEqual([state.view, state.note, state.issues], ['dataset', undefined, []]);
});

test('a box tells who vouches, where the file is, and what is flagged in it', () => {
  const file: JudgedFile = { path: '/w/raw', sha256: sha('raw'), samples: 3, flagged: 2, upstream: 1 };
  const { boxes } = datasetState(drawing([file]), dataOf(world()), sha('kept'));
  const raw = boxes.find((box) => nameOf(box) === 'raw');
  assert.ok(raw?.kind === 'dataset');
  assert.deepEqual(
    [raw.dataset, raw.sha256, raw.samples, raw.presence, raw.path, raw.flagged, raw.upstream],
    [sha('raw'), sha('raw'), 3, 'present', 'raw', 2, 1],
  );
  assert.deepEqual(
    raw.vouchers.map(({ signer, standing }) => [signer, standing]),
    [['anna', 'trusted']],
  );
  const kept = boxes.find((box) => nameOf(box) === 'kept');
  assert.ok(kept?.kind === 'dataset');
  assert.deepEqual([kept.vouchers, kept.flagged], [[], undefined], 'nobody looked: nothing is said of flags');
});

test('a file that changed since says nothing of flags at the state that was signed', () => {
  const changed = world();
  changed.files.set('/w/raw', { sha256: sha('other') });
  const file: JudgedFile = { path: '/w/raw', sha256: sha('other'), samples: 3, flagged: 2, upstream: 0 };
  const { boxes } = datasetState(drawing([file]), dataOf(changed), sha('kept'));
  const raw = boxes.find((box) => nameOf(box) === 'raw');
  assert.ok(raw?.kind === 'dataset');
  assert.deepEqual([raw.presence, raw.flagged], ['changed', undefined]);
});

test('a step tells who signed it, and what is wrong there is named at its boxes', () => {
  const strange = new LineageWorld()
    .dataset('raw', 'a')
    .dataset('made', 'x')
    .step('made', 'raw gone', { kind: 'map', standing: 'untrusted', signer: 'eve' });
  strange.files.set('/w/gone', 'absent');
  const state = datasetState(drawing(), dataOf(strange), sha('made'));
  const step = state.boxes.find(({ kind }) => kind === 'step');
  assert.ok(step?.kind === 'step' && 'standing' in step.by);
  assert.equal(step.by.standing, 'untrusted');
  const untrusted = state.issues.find(({ kind }) => kind === 'untrusted-step');
  assert.deepEqual(untrusted?.boxes.includes(step.id), true);
  const missing = state.issues.find(({ kind }) => kind === 'missing-input');
  const gone = state.boxes.find((box) => box.kind === 'dataset' && box.dataset === sha('gone'));
  assert.deepEqual(missing?.boxes, [gone?.id, step.id]);
});

test('where no step is recorded, and where there is no evidence at all, the drawing says so', () => {
  const alone = new LineageWorld().dataset('raw', 'a').sign('raw');
  const state = datasetState(drawing(), dataOf(alone), sha('raw'));
  assert.deepEqual(picture(state), ['at raw']);
  assert.match(state.note ?? '', /No step that made this dataset/);
  const nothing = workspaceState(drawing(), dataOf(new LineageWorld()), undefined);
  assert.deepEqual(nothing.boxes, []);
  assert.match(nothing.note ?? '', /There is no evidence in this workspace yet/);
});

test('the workspace is drawn whole, whatever the current dataset leads to', () => {
  const two = world().dataset('island', 'q').sign('island');
  const state = workspaceState(drawing(), dataOf(two), sha('island'));
  assert.deepEqual(picture(state), [
    'filter > kept',
    'kept > map',
    'map > made',
    'raw > filter',
    'at island',
  ]);
  const elsewhere = workspaceState(drawing(), dataOf(two), sha('nowhere'));
  assert.equal(elsewhere.current, undefined);
});

test('what is too much is cut, and said to be', () => {
  const many = new LineageWorld().dataset('hub', 'a');
  for (let i = 0; i < 1200; i++) many.dataset(`leaf${i}`, `a${i}`).step(`leaf${i}`, 'hub', { bare: true });
  const state = workspaceState(drawing(), dataOf(many), sha('hub'));
  assert.ok(state.boxes.filter(({ kind }) => kind !== 'more').length <= 2000);
  assert.match(state.note ?? '', /^Only the \d+ nearest of 2401 datasets and steps are drawn/);
  const ids = new Set(state.boxes.map(({ id }) => id));
  assert.ok(state.lines.every(({ from, to }) => ids.has(from) && ids.has(to)));
});

test('the way of a sample is drawn with its rows, and what each step did to it', async () => {
  const trace = await traceOf(world(), 'kept', 'a');
  const state = sampleState(drawing(), trace);
  assert.deepEqual(picture(state), [
    'filter (unchanged) > kept#1',
    'kept#1 > map (key)',
    'map (key) > made#1',
    'raw#1 > filter (unchanged)',
    'at kept#1',
  ]);
  const source = state.boxes.find((box) => nameOf(box) === 'raw#1');
  assert.ok(source?.kind === 'dataset');
  assert.deepEqual(source.sample, { digest: digestOf('a'), row: 1, copies: 1, end: 'source' });
});

test('a sample that a step dropped ends there', async () => {
  const state = sampleState(drawing(), await traceOf(world(), 'raw', 'c'));
  assert.deepEqual(picture(state), ['raw#3 > filter (dropped)', 'at raw#3']);
});

test('what changed in a sample stands at the step', async () => {
  const trace = await traceOf(world(), 'made', 'x');
  const step = trace.graph.steps.find(({ step: { kind } }) => kind === 'map')!;
  const change = { pointer: '/text', before: '"a"', after: '"x"' } as never;
  const key = `${step.id} ${digestOf('a')} ${digestOf('x')}`;
  const { boxes } = sampleState(drawing(), { ...trace, changes: { [key]: [change] } });
  const box = boxes.find((one) => one.kind === 'step' && one.step === 'map');
  assert.ok(box?.kind === 'step');
  assert.deepEqual(box.sample?.changes, [change]);
});

test('a sample that no step touched says so', async () => {
  const alone = new LineageWorld().dataset('raw', 'a').sign('raw');
  assert.match(sampleState(drawing(), await traceOf(alone, 'raw', 'a')).note ?? '', /No step that made/);
});

test('files of one name in two folders are told apart by their paths', () => {
  const twins = new LineageWorld().dataset('a/t', 'p').dataset('b/t', 'q').step('b/t', 'a/t').sign('a/t');
  const { boxes } = datasetState(drawing(), dataOf(twins), sha('b/t'));
  const names = boxes.flatMap((box) => (box.kind === 'dataset' ? [box.names[0]] : []));
  assert.deepEqual(names.sort(), ['a/t', 'b/t']);
});

test('a file is the state of its bytes; one that changed, the newest that its evidence knows', () => {
  const graph = dataOf(world());
  const find = (sha256: string | undefined, signed?: string, path = '/w/raw') =>
    nodeOfFile(graph, { path, sha256 }, signed)?.id;
  assert.equal(find(sha('raw')), sha('raw'));
  assert.equal(find(sha('kept')), sha('kept'), 'its bytes count before its path');
  assert.equal(find(sha('unheard of')), sha('raw'));
  assert.equal(find(sha('unheard of'), sha('kept')), sha('kept'));
  assert.equal(find(undefined, undefined, '/w/nothing'), undefined);
});

test('a dataset that no evidence knows stands alone', () => {
  const file: JudgedFile = { path: '/w/new.jsonl', sha256: undefined, samples: 4, flagged: 0, upstream: 0 };
  const state = loneState(drawing([file]), file);
  assert.equal(loneId(file), '/w/new.jsonl');
  assert.deepEqual(picture(state), ['at new.jsonl']);
  const [box] = state.boxes;
  assert.ok(box?.kind === 'dataset');
  assert.deepEqual([box.samples, box.presence, box.sha256], [4, 'present', undefined]);
  assert.match(state.note ?? '', /nobody signed it/);
});
