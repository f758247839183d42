import type {
  LineageBox,
  LineageDatasetBox,
  LineageGraphState,
  LineageIssue,
  LineageLine,
  LineageStepBox,
} from '../../../src/protocol/lineagePanel.ts';
import { hex } from './states.ts';

const ACME = {
  signer: 'acme-curation@example.org',
  keyId: 'SHA256:k1',
  standing: 'trusted',
  time: '2026-02-26T09:30:00Z',
} as const;
const STRANGER = {
  signer: 'SHA256:8gvXj0f5x3nQq2Jw…',
  keyId: 'SHA256:8gvXj0f5x3nQq2Jw3mVd1bJm0m8Zl2m1o5hKZ4v7rUw',
  standing: 'untrusted',
  time: '2026-02-25T10:00:00Z',
} as const;

export function dataset(name: string, more: Partial<LineageDatasetBox> = {}): LineageDatasetBox {
  return {
    kind: 'dataset',
    id: `d:${name}`,
    dataset: name,
    names: [name],
    sha256: hex('c'),
    samples: 7473,
    root: hex('b'),
    presence: 'present',
    path: `data/${name}`,
    vouchers: [ACME],
    ...more,
  };
}

export function step(id: string, kind: string, more: Partial<LineageStepBox> = {}): LineageStepBox {
  return {
    kind: 'step',
    id: `s:${id}`,
    step: kind,
    by: ACME,
    facts: [
      ['minScore', '2'],
      ['Command', 'python clean.py --input train.jsonl --output clean.jsonl'],
      ['Git commit', '4f1c2a9d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39 git+https://example.org/pipeline'],
      ['Tool', 'urn:dataset-provenance:cli, provenance 0.4.0'],
    ],
    envelope: hex('e'),
    finishedOn: '2026-02-26T09:00:00Z',
    ...more,
  };
}

export function line(from: string, to: string): LineageLine {
  return { from, to };
}

/** Lines `d:a > s:b > d:c`, one way a line of text. */
export function lines(text: string): LineageLine[] {
  return text
    .trim()
    .split('\n')
    .flatMap((way) => {
      const ids = way.trim().split(' > ');
      return ids.slice(1).map((to, index) => line(ids[index] ?? '', to));
    });
}

export function graph(
  boxes: readonly LineageBox[],
  joined: readonly LineageLine[],
  more: Partial<LineageGraphState> = {},
): LineageGraphState {
  return { view: 'dataset', boxes, lines: joined, issues: [], ...more };
}

function counts(input: number, out: number, changed = 0): NonNullable<LineageStepBox['counts']> {
  return {
    in: input,
    out,
    unchanged: Math.min(input, out) - changed,
    changed,
    added: Math.max(0, out - input),
    dropped: Math.max(0, input - out),
  };
}

/** Two sources, filtered and merged, mapped, and split: with one thing of each kind. */
export const PIPELINE: LineageGraphState = graph(
  [
    dataset('crawl-2026-01.jsonl', { presence: 'changed', samples: 7473 }),
    dataset('https://huggingface.co/datasets/gsm8k', {
      claimed: true,
      vouchers: [],
      presence: 'absent',
      sha256: undefined as never,
    }),
    dataset('annotations-from-the-broker-2026.parquet', {
      presence: 'absent',
      vouchers: [STRANGER],
      samples: 1200,
      path: undefined as never,
    }),
    dataset('filtered.jsonl', { samples: 6901, flagged: 3 }),
    dataset('merged.jsonl', { samples: 8101, vouchers: [] }),
    dataset('train.jsonl', { samples: 8101, upstream: 3 }),
    dataset('train.parquet', { samples: 8101, upstream: 3 }),
    step('card', 'derived', { by: { claimedBy: 'data/README.md' }, facts: [] }),
    step('filter', 'filter', { counts: counts(7473, 6901) }),
    step('merge', 'merge', { counts: counts(8101, 8101), by: STRANGER }),
    step('map', 'map', { counts: counts(8101, 8101, 2700) }),
    step('convert', 'convert', { counts: counts(8101, 8101) }),
  ],
  lines(`
    d:https://huggingface.co/datasets/gsm8k > s:card > d:crawl-2026-01.jsonl
    d:crawl-2026-01.jsonl > s:filter > d:filtered.jsonl > s:merge
    d:annotations-from-the-broker-2026.parquet > s:merge > d:merged.jsonl > s:map > d:train.jsonl
    d:train.jsonl > s:convert > d:train.parquet`),
  {
    current: 'd:train.jsonl',
    issues: [
      {
        kind: 'missing-input',
        text: 'annotations-from-the-broker-2026.parquet, which the step “merge” used, is not here, and no evidence here knows it.',
        boxes: ['d:annotations-from-the-broker-2026.parquet'],
      },
      {
        kind: 'untrusted-step',
        text: 'The step “merge” was signed by SHA256:8gvXj0f5x3nQq2Jw…, whom you do not trust.',
        boxes: ['s:merge'],
      },
      {
        kind: 'changed-input',
        text: 'crawl-2026-01.jsonl has other bytes now than when the step “filter” used it.',
        boxes: ['d:crawl-2026-01.jsonl'],
      },
    ],
  },
);

/** The way of one sample: changed on the way, and on to a shard. */
export const SAMPLE_WAY: LineageGraphState = graph(
  [
    dataset('crawl-2026-01.jsonl', { sample: { digest: hex('1'), row: 12, copies: 1, end: 'source' } }),
    dataset('filtered.jsonl', { sample: { digest: hex('1'), row: 11, copies: 1 } }),
    dataset('train.jsonl', { sample: { digest: hex('2'), row: 1042, copies: 2 } }),
    dataset('train-00003-of-00008.jsonl', { sample: { digest: hex('2'), row: 42, copies: 1 } }),
    step('filter', 'filter', { counts: counts(7473, 6901), sample: { how: 'unchanged', changes: [] } }),
    step('map', 'map', {
      counts: counts(6901, 6901, 2300),
      sample: {
        how: 'key',
        changes: [
          {
            pointer: '/answer',
            change: 'changed',
            before: '"Natalia sold 48/2 = <<48/2=24>>24 clips in May."',
            after: '"Natalia sold 48/2 = 24 clips in May."',
          },
          { pointer: '/meta/source', change: 'added', after: '"https://example.org/gsm8k"' },
          { pointer: '/id', change: 'removed', before: '4711' },
        ],
      },
    }),
    step('split', 'split', { counts: counts(6901, 862), sample: { how: 'unchanged', changes: [] } }),
  ],
  lines(`d:crawl-2026-01.jsonl > s:filter > d:filtered.jsonl > s:map > d:train.jsonl > s:split
    s:split > d:train-00003-of-00008.jsonl`),
  { view: 'sample', current: 'd:train.jsonl' },
);

/** A chain of so many steps. */
export function chain(steps: number): LineageGraphState {
  const boxes: LineageBox[] = [dataset('v0.jsonl')];
  const joined: LineageLine[] = [];
  for (let i = 1; i <= steps; i++) {
    boxes.push(step(String(i), i % 2 === 0 ? 'filter' : 'map', { counts: counts(8000 - i, 7999 - i) }));
    boxes.push(dataset(`v${i}.jsonl`, { samples: 7999 - i }));
    joined.push(line(`d:v${i - 1}.jsonl`, `s:${i}`), line(`s:${i}`, `d:v${i}.jsonl`));
  }
  return graph(boxes, joined, { current: `d:v${steps}.jsonl` });
}

/** One file split into shards, each cleaned, and merged again. */
export function shards(count: number): LineageGraphState {
  const boxes: LineageBox[] = [dataset('corpus.jsonl'), step('merge', 'merge'), dataset('corpus.parquet')];
  const joined: LineageLine[] = [line('s:merge', 'd:corpus.parquet')];
  for (let i = 0; i < count; i++) {
    const name = `corpus-${String(i).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.jsonl`;
    boxes.push(
      step(`split-${i}`, 'split'),
      dataset(name, { samples: 150 }),
      step(`clean-${i}`, 'filter'),
      dataset(`clean-${name}`, { samples: 140 }),
    );
    joined.push(
      ...lines(`d:corpus.jsonl > s:split-${i} > d:${name} > s:clean-${i} > d:clean-${name} > s:merge`),
    );
  }
  return graph(boxes, joined, { current: 'd:corpus.parquet' });
}

/** A workspace of so many datasets, each made of some of those before it: always the same one. */
export function workspace(
  datasets: number,
  view: LineageGraphState['view'] = 'workspace',
): LineageGraphState {
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const kinds = ['filter', 'dedupe', 'map', 'annotate', 'merge', 'split', 'shuffle', 'convert'];
  const boxes: LineageBox[] = [];
  const joined: LineageLine[] = [];
  const issues: LineageIssue[] = [];
  for (let i = 0; i < datasets; i++) {
    const name = `${['web', 'math', 'code', 'chat'][random(4)]}-${String(i).padStart(3, '0')}.jsonl`;
    const id = `d:${i}`;
    boxes.push(
      dataset(name, {
        id,
        dataset: String(i),
        samples: 1000 + random(900_000),
        vouchers: random(5) === 0 ? [STRANGER] : random(6) === 0 ? [] : [ACME],
        presence: random(12) === 0 ? 'absent' : random(15) === 0 ? 'changed' : 'present',
        ...(random(20) === 0 && { flagged: 1 + random(9) }),
      }),
    );
    if (i < Math.max(3, datasets / 12)) continue;
    const inputs = new Set([i - 1 - random(Math.min(i, 14))]);
    if (random(6) === 0) inputs.add(Math.max(0, i - 1 - random(Math.min(i, 30))));
    boxes.push(
      step(String(i), inputs.size > 1 ? 'merge' : (kinds[random(kinds.length)] ?? ''), {
        counts: counts(1000 + random(90_000), 1000 + random(90_000)),
        by: random(9) === 0 ? STRANGER : ACME,
      }),
    );
    for (const input of inputs) joined.push(line(`d:${input}`, `s:${i}`));
    joined.push(line(`s:${i}`, id));
  }
  return graph(boxes, joined, { view, current: `d:${datasets - 1}`, issues });
}
