import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partAround, type ExportedGraph } from '../../../../../src/core/lineage/export/exportedGraph.ts';
import { toLineageJson } from '../../../../../src/core/lineage/export/lineageJson.ts';
import { ProvenanceError } from '../../../../../src/core/errors.ts';
import { HOSTILE_PATH, SAMPLE_GRAPH } from './sampleGraph.ts';
import { assertGolden, assertVisible } from './support.ts';

describe('The JSON export', () => {
  it('is as it was', () => {
    const text = toLineageJson(SAMPLE_GRAPH);
    assertGolden('lineage.json', text);
    assertVisible(text);
  });

  it('says who signed, and what is only claimed', () => {
    const { datasets, steps, issues } = JSON.parse(toLineageJson(SAMPLE_GRAPH)) as Record<
      string,
      Record<string, unknown>[]
    >;
    assert.deepEqual(
      steps?.map(({ standing, signedBy, claimedBy }) => [
        standing,
        (signedBy as { keyId?: string } | undefined)?.keyId,
        claimedBy,
      ]),
      [
        ['claimed', undefined, '/data/README.md'],
        ['trusted', 'SHA256:aApxQYkXeY/46G7YvJ6gEkOEZE+7dEt+xndbIxD5EIg', undefined],
        ['untrusted', 'SHA256:unknown', undefined],
      ],
    );
    assert.equal((datasets?.[1]?.['vouchedBy'] as unknown[]).length, 1);
    assert.equal(issues?.[0]?.['message'], '/data/crawl.jsonl was used by a step, and has other bytes now.');
  });
});

describe('The part around a dataset', () => {
  const idsOf = ({ datasets, steps }: ExportedGraph) => [
    datasets.map(({ id }) => id.slice(0, 8)),
    steps.map(({ step }) => step.kind.slice(0, 8)),
  ];

  it('is what leads to it and from it, with the other inputs of those steps', () => {
    assert.deepEqual(idsOf(partAround(SAMPLE_GRAPH, HOSTILE_PATH)), [
      ['claimed:', 'aaaaaaaa', 'cccccccc', 'bbbbbbbb'],
      ['derived', 'filter'],
    ]);
    assert.deepEqual(idsOf(partAround(SAMPLE_GRAPH, 'a'.repeat(64)))[0]?.length, 5);
    assert.deepEqual(idsOf(partAround(SAMPLE_GRAPH, 'c'.repeat(64))), [
      ['aaaaaaaa', 'cccccccc', 'bbbbbbbb'],
      ['filter'],
    ]);
  });

  it('has the issues of what it holds, and no others', () => {
    assert.deepEqual(
      partAround(SAMPLE_GRAPH, HOSTILE_PATH).issues.map(({ kind }) => kind),
      ['changed-input'],
    );
  });

  it('ends where steps go round in a circle', () => {
    const [, filter] = SAMPLE_GRAPH.steps;
    assert.ok(filter);
    const round = { ...filter, id: 'x', inputs: [filter.output], output: 'a'.repeat(64) };
    const part = partAround({ ...SAMPLE_GRAPH, steps: [filter, round] }, HOSTILE_PATH);
    assert.deepEqual(part.steps, [filter, round]);
  });

  it('is refused for what nobody knows', () => {
    assert.throws(
      () => partAround(SAMPLE_GRAPH, '/data/unknown.jsonl'),
      (error) =>
        error instanceof ProvenanceError &&
        error.code === 'not-found' &&
        error.message.includes('/data/unknown.jsonl'),
    );
  });
});
