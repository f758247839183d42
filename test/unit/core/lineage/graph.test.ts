import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatMessage } from '../../../../src/core/errors.ts';
import { adjacency, components } from '../../../../src/core/lineage/circles.ts';
import { pathsByName, type FileState } from '../../../../src/core/lineage/fileStates.ts';
import { digestOf, LineageWorld, sha } from '../../../support/lineageWorld.ts';

function issues(world: LineageWorld): string[] {
  return world.graph().issues.map(({ kind, template, args }) => `${kind}: ${formatMessage(template, args)}`);
}

describe('the graph of the evidence', () => {
  test('has a node for each state that evidence names, and a step for each output', () => {
    const world = new LineageWorld().dataset('a', 'x y').dataset('b', 'x').sign('a').step('b', 'a');
    const { datasets, steps } = world.graph();
    assert.deepEqual([...datasets.keys()], [sha('a'), sha('b')]);
    const a = datasets.get(sha('a'))!;
    assert.deepEqual(
      [a.names, a.paths, a.samples?.count, a.statements, a.presence, a.path],
      [['a'], ['/w/a'], 2, [0], 'present', '/w/a'],
    );
    const [step] = steps.values();
    assert.deepEqual(
      [step?.inputs, step?.output, step?.standing, step?.signer, step?.evidenceOf],
      [[sha('a')], sha('b'), 'trusted', 'anna', '/w/b'],
    );
    assert.deepEqual(issues(world), []);
  });

  test('takes evidence that was copied with its dataset for one step', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').step('b', 'a');
    const [original] = world.statements;
    world.statements.push({ ...original!, index: 1, dataset: '/w/copy/b' });
    const { datasets, steps } = world.graph();
    assert.equal(steps.size, 1);
    assert.deepEqual(datasets.get(sha('b'))?.paths, ['/w/b', '/w/copy/b']);
  });

  test('says of each file whether it is here', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').sign('a').step('b', 'a');
    const presence = (state: { sha256: string } | 'absent' | 'unknown') => {
      const { presence: found, path } = world.graph(new Map([['/w/a', state]])).datasets.get(sha('a'))!;
      return `${found} ${path ?? ''}`;
    };
    assert.equal(presence({ sha256: sha('a') }), 'present /w/a');
    assert.equal(presence({ sha256: sha('other') }), 'changed /w/a');
    assert.equal(presence('absent'), 'absent /w/a');
    assert.equal(presence('unknown'), 'unknown /w/a');
    const renamed = new Map<string, FileState>([
      ['/w/a', 'absent'],
      ['/w/new', { sha256: sha('a') }],
    ]);
    assert.equal(world.graph(renamed).datasets.get(sha('a'))?.path, '/w/new');
  });

  test('a name never leads out of the workspace', () => {
    assert.deepEqual(pathsByName('/w/d/b', '../a', ['/w']), ['/w/a']);
    assert.deepEqual(pathsByName('/w/d/b', 'a', ['/w']), ['/w/d/a', '/w/a']);
    for (const name of ['/etc/passwd', '../../../etc/passwd', '..', '', 'a\0', '..\\x']) {
      assert.deepEqual(pathsByName('/w/d/b', name, ['/w/d']), []);
    }
  });
});

describe('what a reader has to know', () => {
  test('a circle', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').step('b', 'a').step('a', 'b');
    assert.match(
      issues(world)[0]!,
      /^cycle: The steps go round in a circle: [ab] was made, in 2 steps, of itself\./,
    );
    const itself = new LineageWorld().dataset('a', 'x').step('a', 'a');
    assert.deepEqual(issues(itself), []);
  });

  test('steps that contradict each other; two signers who say the same do not', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x y').dataset('c', 'x');
    world.step('c', 'a').step('c', 'a', { signer: 'ben' });
    assert.deepEqual(issues(world), []);
    world.step('c', 'b', { kind: 'map', signer: 'eve' });
    assert.deepEqual(issues(world), [
      'conflicting-steps: 3 steps say that they made c: “filter” from a says anna, “map” from b says eve. All are shown; ask the signers which one it was.',
    ]);
  });

  test('statements that disagree on the samples; the more trusted one holds', () => {
    const world = new LineageWorld()
      .dataset('a', 'x')
      .sign('a', 'untrusted', digestOf('elsewhere'))
      .sign('a');
    assert.equal(world.graph().datasets.get(sha('a'))?.samples?.root, world.root('a'));
    assert.deepEqual(issues(world), []);
    world.sign('a', 'trusted', digestOf('elsewhere'));
    assert.match(issues(world)[0]!, /^conflicting-samples: Statements disagree on which samples a holds/);
    assert.equal(world.graph().datasets.get(sha('a'))?.samples?.root, world.root('a'));
  });

  test('an input that is missing, and one that has changed', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').step('b', 'a');
    world.files.set('/w/a', 'absent');
    assert.match(
      issues(world)[0]!,
      /^missing-input: Nothing here knows a \(SHA-256 [0-9a-f]{64}\), which the step “filter” made b of/,
    );
    world.files.set('/w/a', { sha256: sha('other') });
    assert.deepEqual(issues(world), [
      'changed-input: /w/a has other bytes now than those that the step “filter” made b of.',
    ]);
    world.files.set('/w/a', 'absent');
    world.sign('a');
    assert.deepEqual(issues(world), []);
  });

  test('whom nobody trusts', () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x').dataset('c', 'x');
    world
      .step('b', 'a', { standing: 'untrusted', signer: 'eve' })
      .step('c', 'b', { standing: 'untrusted', signer: 'eve' });
    assert.deepEqual(issues(world), [
      'untrusted-step: You do not trust eve, who signed 2 of the steps shown, the first of them “filter”: anyone can make such a signature.',
    ]);
  });
});

test('components are those that reach each other', () => {
  const edges: [number, number][] = [
    [0, 1],
    [1, 2],
    [2, 0],
    [2, 3],
    [3, 4],
    [4, 3],
    [5, 5],
  ];
  const found = components(adjacency(6, edges));
  const groups = [0, 1, 2, 3, 4, 5].map((v) =>
    [0, 1, 2, 3, 4, 5].filter((w) => found[w] === found[v]).join(''),
  );
  assert.deepEqual(groups, ['012', '012', '012', '34', '34', '5']);
});
