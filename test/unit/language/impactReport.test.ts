import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceImpact, type ImpactData, type ImpactSource } from '../../../src/core/lineage/impact.ts';
import { LineageIndex } from '../../../src/core/lineage/lineageIndex.ts';
import {
  impactedBy,
  impactedName,
  impactedRows,
  impactedSummary,
  impactMarkdown,
  impactSummary,
  impactTree,
  sourceName,
  type ImpactNode,
} from '../../../src/language/impactReport.ts';
import { digestOf, LineageWorld, sha } from '../../support/lineageWorld.ts';

async function trace(world: LineageWorld, ...sources: ImpactSource[]): Promise<ImpactData> {
  const graph = world.graph();
  return await traceImpact(sources, graph, new LineageIndex(graph), world);
}

/** `raw` was filtered into `kept`, in which `a` became `x` of `made`. */
function world(): LineageWorld {
  return new LineageWorld()
    .dataset('raw', 'a b c a')
    .dataset('kept', 'a b a')
    .dataset('made', 'x b')
    .step('kept', 'raw', { kind: 'filter' })
    .step('made', 'kept', { kind: 'map', map: 'x<a', standing: 'untrusted' });
}

function outline(nodes: readonly ImpactNode[], indent = ''): string[] {
  return nodes.flatMap(({ impacted, derived }) => [
    `${indent}${impactedName(impacted)}: ${impactedSummary(impacted)}; rows ${impactedRows(impacted).join(' ')}`,
    ...outline(derived, `${indent}  `),
  ]);
}

const A: ImpactSource = { kind: 'sample', digest: digestOf('a'), name: 'raw#1' };

test('what was made of a sample is a tree, with its rows and whether it was changed', async () => {
  const data = await trace(world(), A);
  assert.deepEqual(outline(impactTree(data)), [
    'raw: 1 sample; rows 1 4',
    '  kept: 1 sample; rows 1 3',
    '    made: 1 sample, changed; rows 1',
  ]);
  assert.equal(impactSummary(data), '3 samples in 3 datasets');
  const made = data.datasets.find((one) => impactedName(one) === 'made')!;
  assert.equal(impactedBy(made), 'by the step “map” of anna, not trusted');
  assert.equal(impactedBy(data.datasets[0]!), '');
});

test('a dataset whose evidence alone is here, and one that changed, say so', async () => {
  const gone = world();
  gone.files.set('/w/made', 'absent');
  gone.files.set('/w/kept', { sha256: sha('other') });
  const lines = outline(impactTree(await trace(gone, A)));
  assert.deepEqual(
    lines.map((line) => line.trim()),
    [
      'raw: 1 sample; rows 1 4',
      'kept: 1 sample, as it was signed: the file has changed since; rows 1 3',
      'made: 1 sample, changed, not in this workspace; rows 1',
    ],
  );
});

test('evidence that claims a circle ends, with each dataset once', () => {
  const node = (id: string, from: string) =>
    ({
      dataset: { id, names: [id], paths: [], statements: [], presence: 'present' },
      from,
      samples: [],
      count: 0,
    }) as const;
  assert.deepEqual(outline(impactTree({ datasets: [node('a', 'b'), node('b', 'a'), node('c', 'c')] })), [
    'a: 0 samples; rows ',
    '  b: 0 samples; rows ',
    'c: 0 samples; rows ',
  ]);
});

test('the report lists sources, datasets, every sample, and what is not known', async () => {
  const broken = world();
  broken.broken.add('maps');
  const report = impactMarkdown([A], await trace(broken, A), '2026-01-01T00:00:00Z');
  assert.match(report, /^# Impact\n\nTraced at 2026-01-01T00:00:00Z: /);
  assert.match(report, /## Traced from\n\n- sample `raw#1`\n/);
  assert.match(report, /- `raw`: 1 sample\n {2}- `kept`, by the step .*: 1 sample\n/);
  assert.ok(report.includes(`| 1, 4 | \`raw#1\` | the same | \`${digestOf('a')}\` |`), report);
  assert.match(report, /## What is not known\n\n- .*map/i);
});

test('nothing in a report is markup of a dataset or a signer', () => {
  const hostile = '`<img src=x>`|[x](y)\n# no heading';
  const data: ImpactData = {
    datasets: [
      {
        dataset: { id: sha('a'), names: [hostile], paths: [], statements: [], presence: 'absent' },
        via: 's',
        step: { kind: hostile, signer: hostile, standing: 'untrusted' },
        samples: [{ digest: digestOf('a'), rows: [1], source: 0, changed: false }],
        count: 3,
      },
    ],
    issues: [{ kind: 'map-missing', datasets: [], steps: [], template: '{text}', args: { text: hostile } }],
  };
  const report = impactMarkdown(
    [{ kind: 'step', envelopeDigest: 'ab'.repeat(32), name: hostile }],
    data,
    '2026-01-01T00:00:00Z',
  );
  assert.ok(!report.split('\n').includes('# no heading'));
  const outside = report.replace(/(`+) .*? \1(?!`)/g, '');
  assert.ok(!/(?<!\\)[<[]/.test(outside), outside);
  assert.match(report, /2 more samples are not listed/);
  assert.match(report, /not in this workspace/);
});

test('a source without a name is called by its digest', () => {
  const digest = '0123456789abcdef'.repeat(4);
  for (const source of [
    { kind: 'sample', digest },
    { kind: 'dataset', sha256: digest },
    { kind: 'step', envelopeDigest: digest, name: '' },
  ] as const) {
    assert.ok(sourceName(source).startsWith('0123456789'), source.kind);
  }
});
