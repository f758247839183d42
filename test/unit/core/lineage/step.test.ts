import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CANONICALIZATION,
  STEP_KINDS,
  type StepPredicate,
} from '../../../../src/core/evidence/predicates.ts';
import { parseStatement, statementBytes, stepStatement } from '../../../../src/core/evidence/statement.ts';
import { stepPredicate, stepsOf, type DatasetStep } from '../../../../src/core/lineage/step.ts';
import { kindMisfits } from '../../../../src/core/lineage/stepKinds.ts';

const hex = (digit: string) => digit.repeat(64);
const FULL: DatasetStep = {
  output: { name: 'train.jsonl', sha256: hex('a'), samples: { count: 3, root: hex('b') } },
  inputs: [
    { name: 'raw.jsonl', sha256: hex('c'), samples: { count: 5, root: hex('d') } },
    { name: 'old.bin', sha256: hex('e') },
  ],
  kind: 'map',
  parameters: { layout: 'chat', seed: 3 },
  command: ['python', 'map.py', ''],
  note: 'By hand.',
  materials: [{ name: 'git', uri: 'git+https://host/repo', digest: { gitCommit: '12'.repeat(20) } }],
  tool: { id: 'datatrove', version: { datatrove: '0.4' } },
  environment: { exitCode: 0 },
  counts: { in: 5, out: 3, unchanged: 1, changed: 1, added: 1, dropped: 3 },
  map: { sha256: hex('f'), pairs: 1, pairing: 'key', key: '/id' },
  invocationId: 'urn:uuid:1',
  startedOn: '2026-10-12T09:00:00Z',
  finishedOn: '2026-10-12T09:30:00Z',
};

/** What a reader gets of a step: through the bytes that are signed. */
function signedAndRead(step: DatasetStep): DatasetStep[] {
  const statement = stepStatement([step.output], stepPredicate(step, hex('9')));
  const parsed = parseStatement(statementBytes(statement));
  assert.equal(parsed.kind, 'step');
  return stepsOf(parsed);
}

describe('a step', () => {
  it('is read as it was written', () => {
    assert.deepEqual(signedAndRead(FULL), [FULL]);
    const { map, ...rest } = FULL;
    assert.ok(map);
    const similar = {
      ...rest,
      map: { sha256: hex('f'), pairs: 1, pairing: 'similar', threshold: 0.6 },
    } as const;
    assert.deepEqual(signedAndRead(similar), [similar]);
  });

  it('of another tool says what it says, and no more', () => {
    const predicate: StepPredicate = {
      buildDefinition: {
        buildType: 'https://pipelines.example/v1',
        externalParameters: { kind: 'tokenize' },
        resolvedDependencies: [
          { uri: 'https://data.example/a', digest: { sha256: hex('1') } },
          { digest: { sha256: hex('2') }, annotations: { samples: { count: -1, root: hex('3') } } },
          { uri: 'git+https://host/repo', digest: { gitCommit: 'abc' } },
        ],
      },
      runDetails: { builder: { id: 'x' } },
    };
    const [step] = stepsOf({ subjects: [{ name: 'o', sha256: hex('0') }], predicate });
    assert.deepEqual(step, {
      output: { name: 'o', sha256: hex('0') },
      inputs: [
        { name: 'https://data.example/a', sha256: hex('1') },
        { name: hex('2'), sha256: hex('2') },
      ],
      kind: 'tokenize',
      parameters: {},
      materials: [{ uri: 'git+https://host/repo', digest: { gitCommit: 'abc' } }],
      tool: { id: 'x' },
    });
  });

  it('is not believed where its parts are not what they should be', () => {
    const good = stepPredicate(FULL, hex('9'));
    const byproducts = good.runDetails.byproducts!;
    const read = (annotations: Record<string, unknown>, index: number) => {
      const changed = byproducts.map((resource, at) =>
        at === index ? { ...resource, annotations } : resource,
      );
      const predicate = { ...good, runDetails: { ...good.runDetails, byproducts: changed } };
      const { name, sha256 } = FULL.output;
      return stepsOf({ subjects: [{ name, sha256 }], predicate })[0]!;
    };
    const samples = { count: 3, root: hex('b'), canonicalization: CANONICALIZATION };
    for (const wrong of [
      {},
      { ...samples, count: '3' },
      { ...samples, root: '../x' },
      { ...samples, canonicalization: 'other' },
    ]) {
      assert.equal(read({ samples: wrong }, 0).output.samples, undefined);
    }
    const { counts } = FULL;
    for (const wrong of [{ ...counts, in: -1 }, { ...counts, out: 0.5 }, { in: 1 }, 7, null]) {
      assert.equal(read({ samples, counts: wrong }, 0).counts, undefined);
    }
    for (const wrong of [{}, { pairs: 1 }, { pairs: 1, pairing: 'magic' }, { pairs: '1', pairing: 'key' }]) {
      assert.equal(read(wrong, 1).map, undefined);
    }
  });

  it('with several outputs says of none which leaves, counts and map are its own', () => {
    const predicate = stepPredicate(FULL, hex('9'));
    const outputs = [FULL.output, { name: 'b.jsonl', sha256: hex('8') }];
    for (const { output, counts, map } of stepsOf({
      subjects: outputs.map(({ name, sha256 }) => ({ name, sha256 })),
      predicate,
    })) {
      assert.deepEqual([output.samples, counts, map], [undefined, undefined, undefined]);
    }
  });
});

describe('a kind of step', () => {
  const counts = { in: 10, out: 10, unchanged: 10, changed: 0, added: 0, dropped: 0 };
  const misfits = (kind: string, more: Partial<typeof counts>, copies = 0) =>
    kindMisfits(kind, { ...counts, ...more }, copies)
      .map(({ what, count }) => `${count} ${what}`)
      .join(', ');

  it('has limits to what it can have done', () => {
    const all = { changed: 1, added: 2, dropped: 3 };
    const table = Object.fromEntries(STEP_KINDS.map((kind) => [kind, misfits(kind, all, 4)]));
    assert.deepEqual(table, {
      crawl: '',
      import: '',
      filter: '2 added, 1 changed, 4 copied',
      dedupe: '2 added, 1 changed, 4 copied',
      map: '',
      annotate: '',
      merge: '2 added, 1 changed, 4 copied',
      split: '2 added, 1 changed, 4 copied',
      sample: '2 added, 1 changed',
      shuffle: '2 added, 1 changed, 4 copied, 3 dropped',
      convert: '2 added, 4 copied, 3 dropped',
      generate: '',
    });
  });

  it('does what it is for', () => {
    for (const kind of [...STEP_KINDS, 'tokenize', 'constructor']) assert.equal(misfits(kind, {}), '');
    assert.equal(misfits('filter', { out: 5, unchanged: 5, dropped: 5 }), '');
    assert.equal(misfits('sample', { out: 20, unchanged: 20 }, 10), '');
    assert.equal(misfits('convert', { unchanged: 0, changed: 10 }), '');
  });
});
