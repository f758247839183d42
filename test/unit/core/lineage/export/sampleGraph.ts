import type { DatasetNode, StepNode } from '../../../../../src/core/lineage/graph.ts';
import type { ExportedGraph } from '../../../../../src/core/lineage/export/exportedGraph.ts';

const digest = (digit: string) => digit.repeat(64);

/** Quotes, line ends, ends of markup of several kinds, a bidirectional override, an invisible character, a mark too many. */
export const HOSTILE_NAME =
  'a"b\'c\\d\ne\r`f`]]>--></script>%%{init:{}}%%\u202Egpj.\u200B<img src=x onerror=alert(1)>#quot; |x| é\u0301\u0301\u0301 \u{1F600} 😀 \uD800';
export const LONG_NAME = `${'long '.repeat(2000)}.jsonl`;

const SIGNER = 'SHA256:aApxQYkXeY/46G7YvJ6gEkOEZE+7dEt+xndbIxD5EIg';

const crawl: DatasetNode = {
  id: digest('a'),
  names: ['crawl.jsonl'],
  paths: ['/data/crawl.jsonl'],
  samples: { count: 120, root: digest('1') },
  statements: [0],
  presence: 'changed',
  path: '/data/crawl.jsonl',
};
const hostile: DatasetNode = {
  id: digest('b'),
  names: ['old name', HOSTILE_NAME],
  paths: [`/data/${HOSTILE_NAME}`],
  samples: { count: 1, root: digest('2') },
  statements: [],
  presence: 'present',
  path: `/data/${HOSTILE_NAME}`,
};
const gone: DatasetNode = {
  id: digest('c'),
  names: [LONG_NAME],
  paths: [],
  statements: [],
  presence: 'absent',
};
const claimed: DatasetNode = {
  id: 'claimed:https://huggingface.co/datasets/owner/name',
  names: ['owner/name'],
  paths: [],
  statements: [],
  presence: 'absent',
};
const unrelated: DatasetNode = {
  id: digest('d'),
  names: ['other.jsonl'],
  paths: ['/data/other.jsonl'],
  statements: [],
  presence: 'present',
  path: '/data/other.jsonl',
};

const filter: StepNode = {
  id: `${digest('e')}/${digest('b')}`,
  statement: 1,
  standing: 'trusted',
  signer: 'curator@example.org',
  inputs: [digest('a'), digest('c')],
  output: digest('b'),
  evidenceOf: `/data/${HOSTILE_NAME}`,
  step: {
    output: { name: HOSTILE_NAME, sha256: digest('b'), samples: { count: 1, root: digest('2') } },
    inputs: [
      { name: 'crawl.jsonl', sha256: digest('a') },
      { name: LONG_NAME, sha256: digest('c') },
    ],
    kind: 'filter',
    parameters: { minScore: 1, why: HOSTILE_NAME },
    command: ['python', 'filter.py', '--name', HOSTILE_NAME],
    materials: [
      {
        uri: 'git+https://git.example/pipelines',
        digest: { gitCommit: '0123456789012345678901234567890123456789' },
      },
    ],
    tool: { id: 'urn:dataset-provenance:cli', version: { 'dataset-provenance': '0.1.0' } },
    counts: { in: 150, out: 1, unchanged: 0, changed: 1, added: 0, dropped: 149 },
    map: { sha256: digest('f'), pairs: 1, pairing: 'key', key: '/id' },
    startedOn: '2026-10-12T09:29:00Z',
    finishedOn: '2026-10-12T09:30:00Z',
  },
};
const other: StepNode = {
  id: `${digest('9')}/${digest('d')}`,
  statement: 2,
  standing: 'untrusted',
  signer: SIGNER,
  inputs: [digest('a')],
  output: digest('d'),
  step: {
    output: { name: 'other.jsonl', sha256: digest('d') },
    inputs: [{ name: 'crawl.jsonl', sha256: digest('a') }],
    kind: HOSTILE_NAME,
    parameters: {},
    materials: [],
    tool: { id: 'https://pipelines.example/' },
  },
};
const claim: StepNode = {
  id: 'claimed:/data/README.md#2',
  standing: 'claimed',
  signer: '/data/README.md',
  inputs: [claimed.id],
  output: digest('a'),
  evidenceOf: '/data/README.md',
  step: {
    output: { name: 'crawl.jsonl', sha256: digest('a') },
    inputs: [{ name: 'owner/name', sha256: claimed.id }],
    kind: 'derived',
    parameters: { license: 'cc-by-4.0' },
    materials: [],
    tool: { id: 'dataset-card' },
  },
};

/** A claimed source, a filter with a signature, another step that nobody trusts, and names that attack each format. */
export const SAMPLE_GRAPH: ExportedGraph = {
  datasets: [claimed, crawl, gone, hostile, unrelated],
  steps: [claim, filter, other],
  issues: [
    {
      kind: 'changed-input',
      datasets: [digest('a')],
      steps: [filter.id],
      template: '{path} was used by a step, and has other bytes now.',
      args: { path: '/data/crawl.jsonl' },
    },
    {
      kind: 'untrusted-step',
      datasets: [],
      steps: [other.id],
      template: 'Nobody trusts {signer}.',
      args: { signer: SIGNER },
    },
  ],
  statements: [
    {
      envelopeDigest: digest('5'),
      standing: 'trusted',
      keyId: SIGNER,
      principal: 'curator@example.org',
      time: '2026-10-11T08:00:00Z',
    },
    {
      envelopeDigest: digest('e'),
      standing: 'trusted',
      keyId: SIGNER,
      principal: 'curator@example.org',
      time: '2026-10-12T09:30:00Z',
    },
    { envelopeDigest: digest('9'), standing: 'untrusted', keyId: 'SHA256:unknown' },
  ],
};

export const HOSTILE_PATH = `/data/${HOSTILE_NAME}`;
export const EXPORT_TIME = '2026-11-25T00:00:00Z';
