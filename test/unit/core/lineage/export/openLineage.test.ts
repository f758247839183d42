import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { readClaims } from '../../../../../src/core/lineage/claims/readClaims.ts';
import { toOpenLineage } from '../../../../../src/core/lineage/export/openLineage.ts';
import type { StepNode } from '../../../../../src/core/lineage/graph.ts';
import { EXPORT_TIME, SAMPLE_GRAPH } from './sampleGraph.ts';
import { assertGolden, assertVisible, schema } from './support.ts';

interface Event {
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly job: {
    readonly namespace: string;
    readonly name: string;
    readonly facets: Record<string, unknown>;
  };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Record<string, Record<string, unknown>>;
}

const CORE = 'openlineage/OpenLineage-2-0-2.json';
const text = toOpenLineage(SAMPLE_GRAPH, EXPORT_TIME);
const events = JSON.parse(text) as Event[];

describe('The OpenLineage export', () => {
  it('is as it was', () => {
    assertGolden('openlineage.json', text);
    assertVisible(text);
  });

  it('is valid by the published JSON Schemas of events and facets', () => {
    const ajv = validator();
    const isEvent = ajv.getSchema('https://openlineage.io/spec/2-0-2/OpenLineage.json')!;
    assert.equal(events.length, SAMPLE_GRAPH.steps.length);
    let facets = 0;
    for (const event of events) {
      assert.ok(isEvent(event), JSON.stringify(isEvent.errors));
      for (const facet of facetsOf(event)) {
        const url = String(facet['_schemaURL']);
        if (!url.startsWith('https:')) continue;
        facets++;
        const isFacet = ajv.getSchema(url);
        assert.ok(isFacet, `${url} is a schema`);
        assert.ok(isFacet(facet), JSON.stringify(isFacet.errors));
      }
    }
    assert.ok(facets > 8);
    assert.ok(!isEvent({ ...events[0], eventTime: 'yesterday' }), 'the schema finds what is wrong');
  });

  it('calls files what other tools call them, and states that are gone by their digest', () => {
    const [claimed, signed] = events;
    assert.deepEqual(names(claimed?.inputs), [['https://huggingface.co', 'datasets/owner/name']]);
    assert.deepEqual(names(claimed?.outputs), [['file', '/data/crawl.jsonl']]);
    assert.deepEqual(names(signed?.inputs)[0], ['file', '/data/crawl.jsonl']);
    const [namespace, name] = names(signed?.inputs)[1] ?? [];
    assert.equal(namespace, 'dataset-provenance');
    assert.ok(name?.endsWith(`@sha256:${'c'.repeat(64)}`));
    assert.equal(signed?.inputs[0]?.facets['version']?.['datasetVersion'], `sha256:${'a'.repeat(64)}`);
  });

  it('says when a step was, and that it does not know', () => {
    const [claimed, signed] = events;
    assert.equal(signed?.eventTime, '2026-10-12T09:30:00Z');
    assert.equal(signed.run.facets['datasetProvenance_step']?.['timeIsUnknown'], undefined);
    assert.equal(claimed?.eventTime, EXPORT_TIME);
    assert.equal(claimed.run.facets['datasetProvenance_step']?.['timeIsUnknown'], true);
  });

  it('gives a step the same run each time, and two steps never the same', () => {
    const again = JSON.parse(
      toOpenLineage({ ...SAMPLE_GRAPH, steps: SAMPLE_GRAPH.steps.toReversed() }, EXPORT_TIME),
    ) as Event[];
    const ids = events.map(({ run }) => run.runId);
    assert.deepEqual(again.map(({ run }) => run.runId).reverse(), ids);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const [, signed] = SAMPLE_GRAPH.steps;
    const hex = fc.integer({ min: 0, max: 50 }).map((value) => value.toString(16).padStart(64, '0'));
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        const runs = [a, b].map((envelope) => runOf({ ...signed!, id: `${envelope}/${signed!.output}` }));
        assert.equal(runs[0] === runs[1], a === b);
      }),
    );
  });

  it('is read back as claims about the same datasets, but not of what was only claimed', () => {
    const bytes = new TextEncoder().encode(text);
    const { claims, problem } = readClaims({ file: '/data/x.openlineage.json', root: '/data', bytes });
    assert.equal(problem, undefined);
    const signed = SAMPLE_GRAPH.steps.filter(({ standing }) => standing !== 'claimed');
    assert.deepEqual(
      claims.map(({ output, inputs, restates }) => [
        output.sha256,
        inputs.map(({ sha256 }) => sha256),
        restates,
      ]),
      signed.map(({ id, output, inputs }) => [output, inputs, id]),
    );
    assert.equal(claims[0]?.inputs[0]?.path, '/data/crawl.jsonl');
  });
});

function runOf(step: StepNode): string | undefined {
  return (JSON.parse(toOpenLineage({ ...SAMPLE_GRAPH, steps: [step] }, EXPORT_TIME)) as Event[])[0]?.run
    .runId;
}

function names(datasets: readonly Dataset[] | undefined): [string, string][] {
  return (datasets ?? []).map(({ namespace, name }) => [namespace, name]);
}

function facetsOf({ run, job, inputs, outputs }: Event): Record<string, unknown>[] {
  return [run, job, ...inputs, ...outputs].flatMap(
    ({ facets }) => Object.values(facets) as Record<string, unknown>[],
  );
}

function validator() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  const core = schema(CORE);
  ajv.addSchema(core);
  // The facets of version 1-0-0 refer to an earlier core, whose facets are the same.
  ajv.addSchema({ ...core, $id: 'https://openlineage.io/spec/1-0-2/OpenLineage.json' });
  for (const facet of [
    'DatasetVersionDatasetFacet-1-0-0',
    'DocumentationJobFacet-1-0-0',
    'JobTypeJobFacet-2-0-4',
  ]) {
    ajv.addSchema(schema(`openlineage/facets/${facet}.json`));
  }
  return ajv;
}
