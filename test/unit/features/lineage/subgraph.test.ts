import assert from 'node:assert/strict';
import test from 'node:test';
import type { DatasetNode, StepNode } from '../../../../src/core/lineage/graph.ts';
import {
  GraphIndex,
  surroundings,
  wholeGraph,
  type Subgraph,
} from '../../../../src/features/lineage/subgraph.ts';

/** A graph of steps such as `a b > c`: c was made of a and b. */
function graphOf(text: string): GraphIndex {
  const steps = text.split(';').map((step, i): StepNode => {
    const [inputs = '', output = ''] = step.split('>').map((part) => part.trim());
    return {
      id: `s${i}`,
      standing: 'trusted',
      signer: 'a',
      step: {} as StepNode['step'],
      inputs: inputs.split(' '),
      output,
    };
  });
  const ids = new Set(steps.flatMap(({ inputs, output }) => [...inputs, output]));
  const datasets = [...ids].map((id): DatasetNode => ({
    id,
    names: [id],
    paths: [],
    statements: [],
    presence: 'present',
  }));
  return new GraphIndex({ datasets, steps });
}

function picture({ datasets, steps, more, cut }: Subgraph): string {
  const boxes = [...datasets, ...steps].map(({ id }) => id).sort();
  const ends = more.map(({ node, side, count, at }) => `${node} ${side} ${count} at ${at}`);
  return [boxes.join(' '), ...ends, ...(cut ? ['cut'] : [])].join('; ');
}

test('the surroundings of a dataset are what leads to it and from it, not what its sources went into else', () => {
  const graph = graphOf('a > b; b > c; a > x; c > d');
  assert.equal(picture(surroundings(graph, 'b', 100)), 'a b c d s0 s1 s3');
});

test('what else went into a step on the way stands beside it, with a way to its own history', () => {
  const graph = graphOf('a > b; b y > c; z > y');
  assert.equal(picture(surroundings(graph, 'b', 100)), 'a b c s0 s1 y; y before 1 at y');
});

test('a limit leaves out what is farthest, and says where it goes on', () => {
  const graph = graphOf('a > b; b > c; c > d; d > e');
  assert.equal(picture(surroundings(graph, 'c', 5)), 'b c d s1 s2; b before 1 at b; d after 1 at d; cut');
});

test('circles end', () => {
  const graph = graphOf('a > b; b > a');
  assert.equal(picture(surroundings(graph, 'a', 100)), 'a b s0 s1');
  assert.equal(picture(wholeGraph(graph, 'a', 100)), 'a b s0 s1');
});

test('of 100,000 datasets the nearest are drawn', () => {
  const graph = graphOf(Array.from({ length: 50_000 }, (_, i) => `n${i} > n${i + 1}`).join(';'));
  for (const part of [surroundings(graph, 'n25000', 500), wholeGraph(graph, 'n25000', 500)]) {
    assert.equal(part.datasets.length + part.steps.length, 500);
    assert.ok(part.cut);
    assert.equal(part.more.length, 2);
  }
});
