import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_TRACE_NODES } from '../../../../src/core/lineage/followSample.ts';
import { MAX_TRACE_ROWS } from '../../../../src/core/lineage/rowsOfSample.ts';
import { digestOf, LineageWorld, sha } from '../../../support/lineageWorld.ts';

/** `c` was made of `b` by a map that made Y of y, and `b` of `a` by a filter that dropped z. */
function chain(): LineageWorld {
  return new LineageWorld()
    .dataset('a', 'x y z')
    .dataset('b', 'x y')
    .dataset('c', 'x Y new')
    .step('b', 'a', { kind: 'filter' })
    .step('c', 'b', { kind: 'map', map: 'Y<y' });
}

describe('the way of a sample', () => {
  test('back to its source, through unchanged and changed samples', async () => {
    assert.equal(await chain().picture('back', 'c', 'x'), 'a:x* filter= b:x, b:x map= c:x');
    assert.equal(await chain().picture('back', 'c', 'Y'), 'a:y* filter= b:y, b:y map~ c:Y');
    assert.equal(await chain().picture('back', 'a', 'x'), 'a:x*');
  });

  test('a sample that no input had was added by the step', async () => {
    assert.equal(await chain().picture('back', 'c', 'new'), 'c:new+');
    const crawl = new LineageWorld().dataset('a', 'x').step('a', '', { kind: 'crawl' });
    assert.equal(await crawl.picture('back', 'a', 'x'), 'a:x+');
  });

  test('on to what was made of it, and to the steps that dropped it', async () => {
    assert.equal(await chain().picture('forward', 'a', 'y'), 'a:y filter= b:y, b:y map~ c:Y');
    assert.equal(await chain().picture('forward', 'a', 'z'), 'a:z filter!');
    assert.equal(await chain().picture('forward', 'c', 'x'), 'c:x');
  });

  test('rows, and how many there are', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x y x x')
      .dataset('b', 'x y')
      .step('b', 'a', { kind: 'dedupe' });
    const { nodes } = await world.trace('back', 'b', 'x');
    assert.deepEqual(
      nodes.map(({ rows, copies }) => ({ rows, copies })),
      [
        { rows: [0], copies: 1 },
        { rows: [0, 2, 3], copies: 3 },
      ],
    );
    const many = new LineageWorld().dataset('a', 'x '.repeat(MAX_TRACE_ROWS + 7)).sign('a');
    const [node] = (await many.trace('back', 'a', 'x')).nodes;
    assert.equal(node?.copies, MAX_TRACE_ROWS + 7);
    assert.equal(node.rows.length, MAX_TRACE_ROWS);
  });

  test('a sample that stands in two inputs comes from both; one that was made of two, from both', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x y')
      .dataset('b', 'x z')
      .dataset('c', 'x YZ')
      .step('c', 'a b', { kind: 'merge', map: 'YZ<y YZ<z' });
    assert.equal(await world.picture('back', 'c', 'x'), 'a:x* merge= c:x, b:x* merge= c:x');
    assert.equal(await world.picture('back', 'c', 'YZ'), 'a:y* merge~ c:YZ, b:z* merge~ c:YZ');
    assert.equal(await world.picture('forward', 'b', 'z'), 'b:z merge~ c:YZ');
  });

  test('steps of untrusted signers are followed and told; of wrong and revoked signatures not at all', async () => {
    for (const standing of ['untrusted', 'expired', 'unverifiable'] as const) {
      const world = new LineageWorld()
        .dataset('a', 'x')
        .dataset('b', 'x y')
        .step('b', 'a', { standing, kind: 'map' });
      assert.equal(await world.picture('back', 'b', 'x'), 'a:x* map= b:x');
      assert.deepEqual(kinds(await world.trace('back', 'b', 'x')), ['untrusted-step']);
    }
    for (const standing of ['invalid', 'revoked'] as const) {
      const world = new LineageWorld()
        .dataset('a', 'x')
        .dataset('b', 'x')
        .step('b', 'a', { standing })
        .sign('b');
      assert.equal(await world.picture('back', 'b', 'x'), 'b:x*');
    }
  });
});

describe('the same samples in other bytes', () => {
  test('what has the samples of an output was made as that was', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x y')
      .dataset('b', 'x')
      .dataset('B', 'x')
      .step('b', 'a')
      .sign('B');
    assert.equal(await world.picture('back', 'B', 'x'), 'a:x* filter= B:x');
    const { nodes, edges } = await world.trace('back', 'B', 'x');
    const graph = world.graph();
    assert.notEqual(graph.steps.get(edges[0]!.step)?.output, nodes[edges[0]!.to!]!.dataset);
    assert.equal(await world.picture('forward', 'a', 'x'), 'a:x filter= B:x, a:x filter= b:x');
  });

  test('a conversion is no source of what it was made of', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x')
      .dataset('p', 'x')
      .dataset('q', 'x')
      .step('p', 'a', { kind: 'convert' })
      .step('q', 'p', { kind: 'convert' });
    assert.equal(await world.picture('back', 'a', 'x'), 'a:x*');
    assert.equal(await world.picture('back', 'q', 'x'), 'a:x* convert= p:x, p:x convert= q:x');
    assert.equal(await world.picture('forward', 'a', 'x'), 'a:x convert= p:x, p:x convert= q:x');
  });

  test('nor is a detour that comes back to the same samples', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x y')
      .dataset('s', 'y x')
      .dataset('t', 'x y')
      .step('s', 'a', { kind: 'shuffle' })
      .step('t', 's', { kind: 'shuffle' });
    assert.equal(await world.picture('back', 'a', 'x'), 'a:x*');
    assert.equal(await world.picture('back', 't', 'x'), 'a:x* shuffle= s:x, s:x shuffle= t:x');
  });

  test('a step that left all bytes as they were leads from a dataset to itself', async () => {
    const world = new LineageWorld()
      .dataset('a', 'x')
      .dataset('b', 'x y')
      .step('b', 'a')
      .step('b', 'b', { kind: 'dedupe' });
    assert.equal(await world.picture('back', 'b', 'x'), 'a:x* filter= b:x, b:x dedupe= b:x');
    assert.equal(
      await world.picture('back', 'b', 'y'),
      'b:y dedupe= b:y+'.replaceAll('b:y', 'b:y+').replace('++', '+'),
    );
    const only = new LineageWorld().dataset('b', 'x').step('b', 'b', { kind: 'dedupe' });
    assert.equal(await only.picture('back', 'b', 'x'), 'b:x* dedupe= b:x*');
  });
});

describe('what cannot be followed', () => {
  test('circles are followed once, and told', async () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'x y').step('b', 'a').step('a', 'b');
    assert.equal(await world.picture('back', 'a', 'x'), 'a:x filter= b:x, b:x filter= a:x');
    assert.equal(await world.picture('forward', 'a', 'x'), 'a:x filter= b:x, b:x filter= a:x');
    assert.ok(kinds(await world.trace('back', 'a', 'x')).includes('cycle'));
  });

  test('missing leaves make nothing up', async () => {
    const world = chain();
    world.broken.add(world.root('a'));
    assert.equal(await world.picture('back', 'c', 'x'), 'b:x? map= c:x');
    assert.deepEqual(kinds(await world.trace('back', 'c', 'x')), ['leaves-missing']);
    world.broken.add(world.root('c'));
    assert.equal(await world.picture('forward', 'b', 'x'), 'b:x');
    assert.deepEqual(kinds(await world.trace('forward', 'b', 'x')), ['leaves-missing']);
  });

  test('a map tells of the only input whose leaves are missing, and of none of several', async () => {
    const world = chain();
    world.broken.add(world.root('b'));
    assert.equal(await world.picture('back', 'c', 'Y'), 'a:y* filter= b:y, b:y map~ c:Y');
    const merge = new LineageWorld()
      .dataset('a', 'x')
      .dataset('b', 'y')
      .dataset('c', 'X')
      .step('c', 'a b', { map: 'X<x' });
    merge.broken.add(merge.root('a'));
    assert.equal(await merge.picture('back', 'c', 'X'), 'c:X?');
  });

  test('a map that is missing, or is not what was signed, makes nothing up', async () => {
    const world = chain();
    world.broken.add('maps');
    assert.equal(await world.picture('back', 'c', 'Y'), 'c:Y?');
    assert.deepEqual(kinds(await world.trace('back', 'c', 'Y')), ['invalid-map']);
    assert.equal(await world.picture('back', 'c', 'x'), 'a:x* filter= b:x, b:x map= c:x');
    assert.equal(await world.picture('forward', 'b', 'y'), 'b:y');
  });

  test('a step that changed samples and names no map, or no samples, is not taken for one that added or dropped', async () => {
    const noMap = new LineageWorld().dataset('a', 'x').dataset('b', 'X').step('b', 'a', { changed: 1 });
    assert.equal(await noMap.picture('back', 'b', 'X'), 'b:X?');
    assert.equal(await noMap.picture('forward', 'a', 'x'), 'a:x');
    assert.deepEqual(kinds(await noMap.trace('back', 'b', 'X')), ['map-missing']);
    const bare = new LineageWorld()
      .dataset('a', 'x')
      .dataset('b', 'x')
      .step('b', 'a', { bare: true })
      .sign('b');
    assert.equal(await bare.picture('back', 'b', 'x'), 'b:x?');
    assert.deepEqual(kinds(await bare.trace('back', 'b', 'x')), ['leaves-missing']);
  });

  test('a map that contradicts the leaves is told, and its pair left out', async () => {
    const world = new LineageWorld().dataset('a', 'x').dataset('b', 'X').dataset('other', 'q Q');
    world.step('b', 'a', { map: 'X<q Q<x' });
    assert.equal(await world.picture('back', 'b', 'X'), 'b:X+');
    assert.deepEqual(kinds(await world.trace('back', 'b', 'X')), ['invalid-map']);
    assert.equal(await world.picture('forward', 'a', 'x'), 'a:x filter!');
    assert.deepEqual(kinds(await world.trace('forward', 'a', 'x')), ['invalid-map']);
  });

  test('a long way is cut, and says so', async () => {
    const world = new LineageWorld().dataset('0', 'x');
    for (let n = 1; n <= MAX_TRACE_NODES + 10; n++) {
      world.dataset(String(n), `x ${String(n)}`).step(String(n), String(n - 1));
    }
    const trace = await world.trace('forward', '0', 'x');
    assert.equal(trace.nodes.length, MAX_TRACE_NODES);
    assert.deepEqual(kinds(trace), ['too-large']);
  });
});

/** A row of a dataset, with the places (`DATASET:WORD`) that it was made of. */
interface Made {
  readonly word: string;
  readonly from: ReadonlySet<string>;
}

const pick = fc.nat({ max: 1_000_000 });
const outputRow = fc.record({
  how: fc.constantFrom('copy', 'copy', 'change', 'join', 'add'),
  first: pick,
  second: pick,
});
const plan = fc.record({
  sources: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(
    fc.record({
      inputs: fc.array(pick, { minLength: 1, maxLength: 3 }),
      rows: fc.array(outputRow, { maxLength: 8 }),
    }),
    { maxLength: 7 },
  ),
});

test('over any steps, the traces are what whoever made the datasets knows', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ sources, steps }) => {
      const world = new LineageWorld();
      const truth = new Map<string, Made[]>();
      let fresh = 0;
      sources.forEach((count, n) => {
        const name = `s${String(n)}`;
        const words = Array.from({ length: count }, (_, i) => `${name}.${String(i % 4)}`);
        world.dataset(name, words.join(' ')).sign(name);
        truth.set(
          name,
          words.map((word) => ({ word, from: new Set<string>() })),
        );
      });
      const inputsOf = new Map<string, string[]>();
      steps.forEach(({ inputs, rows }, n) => {
        const names = [...truth.keys()];
        const used = [...new Set(inputs.map((input) => names[input % names.length]!))];
        const available = used.flatMap((name) => truth.get(name)!.map(({ word }) => ({ name, word })));
        const placesOf = (word: string) =>
          new Set(available.filter((row) => row.word === word).map((row) => `${row.name}:${row.word}`));
        const pairs = new Set<string>();
        const made = rows.flatMap(({ how, first, second }): Made[] => {
          const [a, b] = [first, second].map((i) => available[i % available.length]?.word);
          if (how === 'add') return [{ word: `n${String(fresh++)}`, from: new Set() }];
          if (a === undefined || b === undefined) return [];
          if (how === 'copy') return [{ word: a, from: placesOf(a) }];
          const word = `n${String(fresh++)}`;
          const parents = how === 'join' ? [a, b] : [a];
          for (const parent of parents) pairs.add(`${word}<${parent}`);
          return [{ word, from: new Set(parents.flatMap((parent) => [...placesOf(parent)])) }];
        });
        // No two datasets have the same samples: what stands in for what is tested above.
        made.push({ word: `n${String(fresh++)}`, from: new Set() });
        const output = `d${String(n)}`;
        inputsOf.set(output, used);
        truth.set(output, made);
        world.dataset(output, made.map(({ word }) => word).join(' '));
        world.step(output, used.join(' '), { kind: 'map', map: [...pairs].join(' ') });
      });

      const back = new Map<string, Set<string>>();
      for (const [name, rows] of truth) {
        for (const { word, from } of rows) {
          const place = `${name}:${word}`;
          back.set(place, new Set([...(back.get(place) ?? []), ...from]));
        }
      }
      const forward = new Map([...back.keys()].map((place) => [place, new Set<string>()]));
      for (const [place, from] of back) for (const parent of from) forward.get(parent)!.add(place);
      const reached = (start: string, next: ReadonlyMap<string, ReadonlySet<string>>) => {
        const found = new Set([start]);
        for (const place of found) for (const further of next.get(place) ?? []) found.add(further);
        return [...found].sort();
      };
      const graph = world.graph();
      for (const place of back.keys()) {
        const [name = '', word = ''] = place.split(':');
        const traced = await world.trace('back', name, word);
        const places = traced.nodes.map(
          (node) => `${world.nameOf(node.dataset)}:${wordOf(node.digest, truth)}`,
        );
        assert.deepEqual([...places].sort(), reached(place, back));
        const edges = traced.edges.map(({ from, to }) => `${places[from]!} ${places[to!]!}`).sort();
        const known = places.flatMap((to) => [...back.get(to)!].map((from) => `${from} ${to}`)).sort();
        assert.deepEqual(edges, known);
        traced.nodes.forEach(({ end }, i) => {
          const expected =
            back.get(places[i]!)!.size > 0 ? undefined : places[i]!.startsWith('s') ? 'source' : 'added';
          assert.equal(end, expected);
        });
        const onwards = await world.trace('forward', name, word);
        const further = onwards.nodes.map(
          (node) => `${world.nameOf(node.dataset)}:${wordOf(node.digest, truth)}`,
        );
        assert.deepEqual([...further].sort(), reached(place, forward));
        const dropped = onwards.edges
          .filter(({ how }) => how === 'dropped')
          .map(({ step, from }) => `${further[from]!} ${world.nameOf(graph.steps.get(step)!.output)}`);
        const known2 = further.flatMap((from) =>
          [...inputsOf]
            .filter(([output, used]) => {
              if (!used.includes(from.split(':')[0]!)) return false;
              return ![...forward.get(from)!].some((to) => to.startsWith(`${output}:`));
            })
            .map(([output]) => `${from} ${output}`),
        );
        assert.deepEqual(dropped.sort(), known2.sort());
        assert.deepEqual([...traced.issues, ...onwards.issues], []);
      }
    }),
    { numRuns: 60 },
  );
});

function wordOf(digest: string, truth: ReadonlyMap<string, readonly Made[]>): string {
  for (const rows of truth.values()) for (const { word } of rows) if (digestOf(word) === digest) return word;
  return digest;
}

function kinds({ issues }: { issues: readonly { kind: string }[] }): string[] {
  return [...new Set(issues.map(({ kind }) => kind))];
}

test('a start that no evidence knows is all there is', async () => {
  const world = chain();
  const { nodes, edges } = await world.trace('back', 'nowhere', 'x');
  assert.deepEqual(nodes, [
    { dataset: sha('nowhere'), digest: digestOf('x'), rows: [], copies: 0, end: 'source' },
  ]);
  assert.deepEqual(edges, []);
});
