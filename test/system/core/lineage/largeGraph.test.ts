import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../../../src/core/lineage/buildGraph.ts';
import { LineageIndex } from '../../../../src/core/lineage/lineageIndex.ts';
import { digestOf, LineageWorld } from '../../../support/lineageWorld.ts';

test('a chain and a star of 100,000 datasets', () => {
  const world = new LineageWorld().dataset('0', 'x');
  world.step('1', '0');
  const [step] = world.statements;
  assert.ok(step?.statement.kind === 'step');
  const { predicate } = step.statement;
  const made = (output: string, inputs: string[], index: number) => ({
    ...step,
    index,
    envelopeDigest: digestOf(`e${String(index)}`),
    statement: {
      kind: 'step' as const,
      subjects: [{ name: output, sha256: output }],
      predicate: {
        ...predicate,
        buildDefinition: {
          ...predicate.buildDefinition,
          resolvedDependencies: inputs.map((sha256) => ({ name: sha256, digest: { sha256 } })),
        },
      },
    },
  });
  const ids = Array.from({ length: 100_001 }, (_, i) => i.toString(16).padStart(64, '0'));
  const chain = ids.slice(1).map((id, i) => made(id, [ids[i]!], i));
  const graph = buildGraph({ statements: chain });
  assert.equal(graph.datasets.size, ids.length);
  assert.equal(new LineageIndex(graph).producers(ids.at(-1)!)[0]?.inputs[0], ids.at(-2));
  const circle = buildGraph({ statements: [...chain, made(ids[0]!, [ids.at(-1)!], chain.length)] });
  const [cycle] = circle.issues.filter(({ kind }) => kind === 'cycle');
  assert.equal(cycle?.datasets.length, ids.length);
  const star = buildGraph({ statements: [made(ids[0]!, ids.slice(1), 0)] });
  assert.equal(new LineageIndex(star).consumers(ids[5]!).length, 1);

  const cut = buildGraph({ statements: chain.slice(0, 10), maxEdges: 14 });
  assert.equal(cut.steps.size, 7);
  assert.deepEqual(
    cut.issues.filter(({ kind }) => kind === 'too-large').map(({ args }) => args),
    [{ limit: 14, count: 3 }],
  );
});
