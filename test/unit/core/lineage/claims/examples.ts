import type { ClaimSource } from '../../../../../src/core/lineage/claims/source.ts';

/** Datasets beside the claiming files of the examples. */
export const DATASETS = [
  'train.jsonl',
  'data/train-00000-of-00002.parquet',
  'data/train-00001-of-00002.parquet',
  'data/test-00000-of-00001.parquet',
  'data/prepared/a.jsonl',
  'data/prepared/b.jsonl',
  'extra/more.jsonl.gz',
];

export function sourceOf(file: string, text: string, more: Partial<ClaimSource> = {}): ClaimSource {
  return { file, root: '/w', bytes: new TextEncoder().encode(text), datasets: DATASETS, ...more };
}

export const DATASET_CARD = `---
annotations_creators:
- crowdsourced
language:
- en
license: cc-by-4.0
pretty_name: Math with Hints
source_datasets:
- original
- extended|openai/gsm8k
- squad
- extended|other-wikihow
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path:
    - data/test-*
dataset_info:
  features:
  - name: question
    dtype: string
  splits:
  - name: train
    num_examples: 7473
---

# Dataset Card

---
source_datasets: not this one
`;

export const CROISSANT = JSON.stringify({
  '@context': {
    '@language': 'en',
    '@vocab': 'https://schema.org/',
    cr: 'http://mlcommons.org/croissant/',
    prov: 'http://www.w3.org/ns/prov#',
    sc: 'https://schema.org/',
  },
  '@type': 'sc:Dataset',
  name: 'hints',
  conformsTo: 'http://mlcommons.org/croissant/1.1',
  license: 'https://creativecommons.org/licenses/by/4.0/',
  url: 'https://hub.example/datasets/hints',
  'prov:wasDerivedFrom': [{ '@id': 'https://hub.example/datasets/gsm8k' }, { '@id': 'raw.jsonl' }],
  isBasedOn: { '@type': 'CreativeWork', name: 'A book', url: 'https://books.example/1' },
  'prov:wasGeneratedBy': {
    '@type': 'prov:Activity',
    'prov:label': 'Adding hints',
    'prov:endedAtTime': '2026-03-01T12:00:00Z',
    'prov:used': { '@id': 'urn:model:hinter' },
  },
  distribution: [
    {
      '@type': 'cr:FileObject',
      '@id': 'repo',
      name: 'repo',
      contentUrl: 'https://hub.example/git/hints',
      encodingFormat: 'git+https',
    },
    {
      '@type': 'cr:FileSet',
      '@id': 'parquet',
      containedIn: { '@id': 'repo' },
      encodingFormat: 'application/x-parquet',
      includes: 'data/train-*.parquet',
    },
    {
      '@type': 'cr:FileObject',
      '@id': 'train.jsonl',
      name: 'train.jsonl',
      contentUrl: 'train.jsonl',
      encodingFormat: 'application/jsonlines',
      sha256: 'ABCDEF'.repeat(10) + 'ABCD',
      md5: '0123456789abcdef0123456789abcdef',
    },
    {
      '@type': 'cr:FileObject',
      '@id': 'raw.jsonl',
      contentUrl: 'https://hub.example/raw.jsonl',
      sha256: 'https://github.com/mlcommons/croissant/issues/80',
      'prov:wasGeneratedBy': {
        '@type': 'prov:Activity',
        'prov:label': 'Web crawl',
        'prov:used': 'https://forum.example/',
      },
    },
    {
      '@type': 'cr:FileObject',
      '@id': 'inside',
      contentUrl: 'secret.jsonl',
      containedIn: { '@id': 'raw.jsonl' },
    },
  ],
});

export const DVC_LOCK = `schema: '2.0'
stages:
  prepare:
    cmd: python src/prepare.py data/raw.xml
    deps:
    - path: data/raw.xml
      hash: md5
      md5: 22a1a2931c8370d3aeedd7183606fd7f
      size: 14445097
    - path: src/prepare.py
      hash: md5
      md5: f09ea0c15980b43010257ccb9f0055e2
      size: 1576
    params:
      params.yaml:
        prepare.seed: 20170428
    outs:
    - path: data/prepared
      hash: md5
      md5: 153aad06d376b6595932470e459ef42a.dir
      size: 8437363
      nfiles: 2
  fetch@de:
    cmd:
    - curl https://crawl.example/de
    - gzip de.jsonl
    deps:
    - path: https://crawl.example/de
      hash: md5
      md5: 22a1a2931c8370d3aeedd7183606fd70
    outs:
    - path: de.jsonl.gz
      md5: a304afb96060aad90176268345e10355
      size: 10
`;

export const DVC_YAML = `stages:
  prepare:
    cmd: python src/prepare.py data/raw.xml
  fetch:
    foreach: [de, en]
    do:
      wdir: crawls
      cmd: curl
`;

export const DVC_IMPORT = `md5: 1aef6d4ea1ec1d3b9ba8d66ad1fb9a31
frozen: true
deps:
- path: use-cases/train.jsonl
  repo:
    url: https://git.example/registry
    rev_lock: f31f5c4cdae787b4bdeb97a717687d44667d9e62
outs:
- md5: a304afb96060aad90176268345e10355
  size: 14445097
  hash: md5
  path: train.jsonl
`;

const EVENT = {
  producer: 'https://producer.example/1',
  schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
};
const RUN = { runId: '0176a8c2-fe01-7439-87e6-56a1a1b4029f' };
const JOB = { namespace: 'spark', name: 'clean.map' };

export const OPEN_LINEAGE = [
  {
    ...EVENT,
    eventType: 'START',
    eventTime: '2026-05-01T10:00:00Z',
    run: RUN,
    job: JOB,
    inputs: [{ namespace: 's3://bucket', name: 'raw/part-0.jsonl' }],
  },
  {
    ...EVENT,
    eventType: 'COMPLETE',
    eventTime: '2026-05-01T10:05:00.123Z',
    run: RUN,
    job: {
      ...JOB,
      facets: {
        sql: { _producer: 'x', _schemaURL: 'x', query: 'SELECT 1' },
        documentation: { description: 'Cleans.' },
      },
    },
    inputs: [{ namespace: 'file', name: '/w/data/prepared/a.jsonl' }],
    outputs: [
      {
        namespace: 'file',
        name: '/w/train.jsonl',
        facets: { version: { datasetVersion: `sha256:${'ab'.repeat(32)}` }, columnLineage: { fields: {} } },
      },
      { namespace: 'file', name: '/elsewhere/copy.jsonl', facets: { version: { datasetVersion: '7' } } },
    ],
  },
  {
    ...EVENT,
    eventType: 'FAIL',
    eventTime: '2026-05-02T10:00:00Z',
    run: { runId: 'x' },
    job: JOB,
    inputs: [{ namespace: 'a', name: 'b' }],
    outputs: [{ namespace: 'a', name: 'c' }],
  },
  {
    ...EVENT,
    eventTime: '2026-05-03T10:00:00Z',
    job: { namespace: 'dbt', name: 'model' },
    inputs: [{ namespace: 'warehouse', name: 'db.t' }],
    outputs: [{ namespace: 'postgres://host:5432', name: 'db.out' }],
  },
]
  .map((event) => JSON.stringify(event))
  .join('\n');

/** One file of each format. */
export const CLAIMING_FILES: readonly { file: string; text: string; pipeline?: string }[] = [
  { file: '/w/README.md', text: DATASET_CARD },
  { file: '/w/croissant.json', text: CROISSANT },
  { file: '/w/dvc.lock', text: DVC_LOCK, pipeline: DVC_YAML },
  { file: '/w/train.jsonl.dvc', text: DVC_IMPORT },
  { file: '/w/openlineage.jsonl', text: OPEN_LINEAGE },
];
