import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { sampleDigest } from '../../../src/core/sample/digest.ts';
import { ScopeLoader } from '../../../src/core/trust/scope.ts';
import type { TraceJson } from '../../../src/cli/traceJson.ts';
import { findEvidence } from '../../../src/platform/evidenceFinder.node.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { LineageReader, type Lineage } from '../../../src/platform/lineageReader.node.ts';
import { fastSha256 } from '../../../src/platform/sha256.node.ts';
import { openRowTable } from '../../../src/platform/rowTable.node.ts';
import { traceSample } from '../../../src/platform/sampleTrace.node.ts';
import { dataFolder, skipWithout } from '../../support/vectors.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox } from './support.ts';

const GSM8K = dataFolder('gsm8k', 'train.jsonl');
const HH_RLHF = dataFolder('hh-rlhf', 'harmless-base-test.jsonl');
/** Rows that are followed from either end. */
const FOLLOWED = 200;

/** What the script that made the datasets knows of a row. */
interface Row {
  readonly text: string;
  /** Rows of inputs that it was made of. */
  readonly from: readonly { readonly file: string; readonly row: number }[];
}

/**
 * The pipeline of a training set, recorded as it would be, and the truth about it. Each row of each file remembers the
 * rows that it was made of.
 */
class Pipeline {
  readonly files = new Map<string, Row[]>();
  readonly inputs = new Map<string, readonly string[]>();
  private readonly digests = new Map<string, string>();

  constructor(readonly sandbox: Sandbox) {
    for (const folder of ['raw', 'work', 'shards']) mkdirSync(sandbox.path(folder));
  }

  source(file: string, texts: readonly string[]): Row[] {
    return this.write(
      file,
      texts.map((text) => ({ text, from: [] })),
    );
  }

  write(file: string, rows: Row[]): Row[] {
    this.files.set(file, rows);
    this.sandbox.write(file, rows.map(({ text }) => `${text}\n`).join(''));
    return rows;
  }

  /** Rows of a file, as rows that are made of them: unchanged unless `change` says otherwise. */
  rowsOf(file: string, change: (text: string, row: number) => string = (text) => text): Row[] {
    return this.files.get(file)!.map(({ text }, row) => ({ text: change(text, row), from: [{ file, row }] }));
  }

  async derive(
    step: string,
    from: readonly string[],
    to: readonly string[],
    ...more: string[]
  ): Promise<void> {
    for (const output of to) this.inputs.set(output, from);
    const files = [...from.flatMap((file) => ['--from', file]), ...to.flatMap((file) => ['--to', file])];
    await this.provenance('derive', ...files, '--step', step, ...more);
  }

  async provenance(...args: string[]): Promise<void> {
    const { code, stderr } = await this.sandbox.provenance(...args);
    assert.equal(code, 0, stderr);
  }

  digest(text: string): string {
    const known = this.digests.get(text) ?? toHex(sampleDigest(Buffer.from(text), fastSha256));
    this.digests.set(text, known);
    return known;
  }

  /** A sample of a file as a trace has it: file, digest, and all rows that hold it. */
  place(file: string, row: number): string {
    const { text } = this.files.get(file)![row]!;
    return this.placeOf(file, this.digest(text));
  }

  placeOf(file: string, digest: string): string {
    return `${file} ${digest.slice(0, 16)} ${this.rowsWith(file).get(digest)!.join()}`;
  }

  /** All places that a row comes from, through every step. */
  history(file: string, row: number): string[] {
    const found = new Set<string>();
    const queue = this.equalRows(file, row);
    const seen = new Set<string>();
    for (let next = queue.pop(); next; next = queue.pop()) {
      const key = `${next.file} ${String(next.row)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      found.add(this.place(next.file, next.row));
      for (const from of this.files.get(next.file)![next.row]!.from) {
        queue.push(...this.equalRows(from.file, from.row));
      }
    }
    return [...found].sort();
  }

  /** All places of what was made of a row, and `FILE without DIGEST` for each step that dropped it. */
  future(file: string, row: number): string[] {
    const found = new Set<string>();
    const queue = this.equalRows(file, row);
    const seen = new Set<string>();
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { file: from, row: at } = next;
      const key = `${from} ${String(at)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      found.add(this.place(from, at));
      const equal = new Set(this.equalRows(from, at).map((place) => place.row));
      for (const [output, inputs] of this.inputs) {
        if (!inputs.includes(from)) continue;
        const made = this.madeOf(output).get(from);
        const rows = [...equal].flatMap((each) => made?.get(each) ?? []);
        if (rows.length === 0) {
          found.add(`${output} without ${this.digest(this.files.get(from)![at]!.text).slice(0, 16)}`);
        }
        for (const each of rows) queue.push(...this.equalRows(output, each));
      }
    }
    return [...found].sort();
  }

  private readonly byDigest = new Map<string, Map<string, number[]>>();
  private readonly made = new Map<string, Map<string, Map<number, number[]>>>();

  private rowsWith(file: string): Map<string, number[]> {
    const known = this.byDigest.get(file);
    if (known) return known;
    const rows = new Map<string, number[]>();
    this.files.get(file)!.forEach(({ text }, row) => {
      const digest = this.digest(text);
      rows.set(digest, [...(rows.get(digest) ?? []), row]);
    });
    this.byDigest.set(file, rows);
    return rows;
  }

  /** Rows are known by their digests: equal ones cannot be told apart. */
  private equalRows(file: string, row: number): { file: string; row: number }[] {
    const { text } = this.files.get(file)![row]!;
    return this.rowsWith(file)
      .get(this.digest(text))!
      .map((each) => ({ file, row: each }));
  }

  /** By input and row: the rows of `output` that were made of it. */
  private madeOf(output: string): Map<string, Map<number, number[]>> {
    const known = this.made.get(output);
    if (known) return known;
    const made = new Map<string, Map<number, number[]>>();
    this.files.get(output)!.forEach(({ from }, row) => {
      for (const source of from) {
        const rows = made.get(source.file) ?? new Map<number, number[]>();
        made.set(source.file, rows);
        rows.set(source.row, [...(rows.get(source.row) ?? []), row]);
      }
    });
    this.made.set(output, made);
    return made;
  }
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** The shuffle of a step that is recorded while it runs. */
const SHUFFLE = `
import { readFileSync, writeFileSync } from 'node:fs';
const [, , order, input, output] = process.argv;
const lines = readFileSync(input, 'utf8').split('\\n');
writeFileSync(output, JSON.parse(readFileSync(order, 'utf8')).map((row) => lines[row] + '\\n').join(''));
`;

describe('lineage of a pipeline over real datasets', skipWithout(GSM8K, HH_RLHF), () => {
  const random = randomNumbers(4);
  let pipeline: Pipeline;
  let lineage: Lineage & { files: LineageReader['files'] };
  const ENDS = [
    'shards/0.parquet',
    'shards/1.jsonl',
    'shards/2.jsonl',
    'shards/3.jsonl',
    'work/mapped.parquet',
  ];
  const STARTS = ['raw/train.jsonl', 'raw/harmless.jsonl'];

  before(async () => {
    const sandbox = new Sandbox(await buildPrograms());
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    pipeline = new Pipeline(sandbox);
    const p = pipeline;
    p.source('raw/train.jsonl', linesOf(GSM8K));
    p.source('raw/harmless.jsonl', linesOf(HH_RLHF));

    p.write(
      'work/filtered.jsonl',
      p.rowsOf('raw/train.jsonl').filter(({ text }) => text.length < 700),
    );
    await p.derive('filter', ['raw/train.jsonl'], ['work/filtered.jsonl'], '--param', 'maxLength=700');

    // Every ninth row twice, so that there is something to deduplicate.
    const filtered = p.rowsOf('work/filtered.jsonl');
    p.write('work/repeated.jsonl', [...filtered, ...filtered.filter((_, row) => row % 9 === 0)]);
    await p.derive('sample', ['work/filtered.jsonl'], ['work/repeated.jsonl']);
    // Of equal rows the last one stays: else the file would be again what it was before.
    const last = new Map<string, Row>();
    for (const { text, from } of p.rowsOf('work/repeated.jsonl')) {
      const before = last.get(text)?.from ?? [];
      last.delete(text);
      last.set(text, { text, from: [...before, ...from] });
    }
    p.write('work/deduplicated.jsonl', [...last.values()]);
    await p.derive('dedupe', ['work/repeated.jsonl'], ['work/deduplicated.jsonl']);

    const answered = p.rowsOf('work/deduplicated.jsonl', (text, row) => {
      if (row % 3 !== 0) return text;
      const record = JSON.parse(text) as { answer: string };
      return JSON.stringify({ ...record, answer: record.answer.replace('####', 'Answer:') });
    });
    p.write('work/mapped.jsonl', answered);
    await p.derive('map', ['work/deduplicated.jsonl'], ['work/mapped.jsonl'], '--pair-by', '/question');

    p.write(
      'work/harmless.jsonl',
      p.rowsOf('raw/harmless.jsonl').filter(({ text }) => text.length < 4000),
    );
    await p.derive('filter', ['raw/harmless.jsonl'], ['work/harmless.jsonl']);
    const both = ['work/mapped.jsonl', 'work/harmless.jsonl'];
    p.write(
      'work/merged.jsonl',
      both.flatMap((file) => p.rowsOf(file)),
    );
    await p.derive('merge', both, ['work/merged.jsonl']);

    const merged = p.rowsOf('work/merged.jsonl');
    const order = shuffled([...merged.keys()], random);
    p.files.set(
      'work/shuffled.jsonl',
      order.map((row) => merged[row]!),
    );
    p.inputs.set('work/shuffled.jsonl', ['work/merged.jsonl']);
    sandbox.write('shuffle.mjs', SHUFFLE);
    sandbox.write('order.json', JSON.stringify(order));
    const shuffle = ['node', 'shuffle.mjs', 'order.json', 'work/merged.jsonl', 'work/shuffled.jsonl'];
    const [from, to] = ['work/merged.jsonl', 'work/shuffled.jsonl'];
    await p.provenance('run', '--from', from, '--to', to, '--step', 'shuffle', '--', ...shuffle);

    const rows = p.rowsOf('work/shuffled.jsonl');
    const shards = [0, 1, 2, 3].map((n) => `shards/${String(n)}.jsonl`);
    const size = Math.ceil(rows.length / shards.length);
    shards.forEach((shard, n) => p.write(shard, rows.slice(n * size, (n + 1) * size)));
    await p.derive('split', ['work/shuffled.jsonl'], shards);

    // The members of the two datasets differ: in one table, each row has nulls where the other has values.
    await p.provenance('convert', 'shards/0.jsonl', '--output', 'shards/0.parquet', '--allow-changes');
    await convertedRows(p, 'shards/0.jsonl', 'shards/0.parquet');
    await p.derive('convert', ['shards/0.jsonl'], ['shards/0.parquet'], '--pair-by', 'position');
    await p.provenance('convert', 'work/mapped.jsonl', '--output', 'work/mapped.parquet');
    await convertedRows(p, 'work/mapped.jsonl', 'work/mapped.parquet');
    await p.derive('convert', ['work/mapped.jsonl'], ['work/mapped.parquet']);

    lineage = await readLineage(sandbox);
  });

  test('the graph has all steps and nothing else, and nothing is wrong with it', () => {
    const { graph } = lineage;
    assert.deepEqual(graph.issues, []);
    const made = [...graph.steps.values()].map(({ output, inputs, standing }) => {
      assert.equal(standing, 'trusted');
      return `${nameOf(output)} of ${inputs.map(nameOf).join(' ')}`;
    });
    const truth = [...pipeline.inputs].map(([output, inputs]) => `${output} of ${inputs.join(' ')}`);
    assert.deepEqual(made.sort(), truth.sort());
  });

  test(`the history of ${String(FOLLOWED)} rows from the end is the one that the script knows`, async () => {
    for (let n = 0; n < FOLLOWED; n++) {
      const file = ENDS[n % ENDS.length]!;
      const row = random(pipeline.files.get(file)!.length);
      const { back } = await traceOf(file, row);
      assert.deepEqual(back.issues, []);
      assert.deepEqual(
        back.nodes.map(shownPlace).sort(),
        pipeline.history(file, row),
        `${file} row ${String(row)}`,
      );
      for (const { dataset, end } of back.nodes) {
        assert.equal(end, STARTS.includes(nameOf(dataset)) ? 'source' : undefined);
      }
    }
  });

  test(`the forward trace of ${String(FOLLOWED)} rows at the start is complete`, async () => {
    for (let n = 0; n < FOLLOWED; n++) {
      const file = STARTS[n % STARTS.length]!;
      const row = random(pipeline.files.get(file)!.length);
      const { forward } = await traceOf(file, row);
      assert.deepEqual(forward.issues, []);
      const dropped = forward.edges.flatMap(({ step, from, to, how }) => {
        if (how !== 'dropped') return [];
        assert.equal(to, undefined);
        const { output } = lineage.graph.steps.get(step)!;
        return [`${nameOf(output)} without ${forward.nodes[from]!.digest.slice(0, 16)}`];
      });
      const found = [...forward.nodes.map(shownPlace), ...dropped];
      assert.deepEqual([...new Set(found)].sort(), pipeline.future(file, row), `${file} row ${String(row)}`);
    }
  });

  test('the program says the same', async () => {
    for (const file of [ENDS[0]!, ENDS[2]!, STARTS[0]!]) {
      const row = random(pipeline.files.get(file)!.length);
      const { sandbox } = pipeline;
      const json = (await sandbox.json('trace', `${file}:${String(row + 1)}`)) as TraceJson;
      const places = (way: TraceJson['back']) =>
        way.places.map(({ dataset, digest, positions }) =>
          shownPlace({ dataset, digest, rows: positions.map((position) => position - 1) }),
        );
      assert.deepEqual(places(json.back).sort(), pipeline.history(file, row));
      const kept = pipeline.future(file, row).filter((place) => !place.includes('without'));
      assert.deepEqual(places(json.forward).sort(), kept);
    }
  });

  test('what the map did to a row is shown member by member', async () => {
    const row = 3 * random(Math.floor(pipeline.files.get('work/mapped.jsonl')!.length / 3));
    const { back, changes } = await traceOf('work/mapped.jsonl', row);
    const [{ step, from, to } = { step: '', from: 0, to: 0 }] = back.edges;
    const [before, after] = ['work/deduplicated.jsonl', 'work/mapped.jsonl'].map((file) => {
      const { answer } = JSON.parse(pipeline.files.get(file)![row]!.text) as { answer: string };
      return JSON.stringify(answer);
    });
    assert.deepEqual(changes[`${step} ${back.nodes[from]!.digest} ${back.nodes[to!]!.digest}`], [
      { pointer: '/answer', change: 'changed', before, after },
    ]);
  });

  function nameOf(dataset: string): string {
    const { presence, path = '' } = lineage.graph.datasets.get(dataset)!;
    assert.equal(presence, 'present');
    return path.slice(pipeline.sandbox.work.length + 1);
  }

  function shownPlace({
    dataset,
    digest,
    rows,
  }: {
    dataset: string;
    digest: string;
    rows: readonly number[];
  }): string {
    return `${nameOf(dataset)} ${digest.slice(0, 16)} ${rows.join()}`;
  }

  function traceOf(file: string, row: number) {
    const { files, sandbox } = pipeline;
    const digest = pipeline.digest(files.get(file)![row]!.text);
    return traceSample(lineage, { path: sandbox.path(file), digest }, { files: lineage.files });
  }
});

/** Reads the rows of a Parquet file back: its text is the projection's, which the script does not know. */
async function convertedRows(pipeline: Pipeline, from: string, to: string): Promise<void> {
  const table = await openRowTable(pipeline.sandbox.path(to), '');
  try {
    const rows = await table.rows.rows(0, table.rows.rowCount);
    const made = rows.map(({ bytes }, row) => ({
      text: new TextDecoder().decode(bytes),
      from: [{ file: from, row }],
    }));
    assert.equal(made.length, pipeline.files.get(from)!.length);
    pipeline.files.set(to, made);
  } finally {
    await table.close();
  }
}

async function readLineage(sandbox: Sandbox): Promise<Lineage & { files: LineageReader['files'] }> {
  const store = nodeFileStore();
  const reader = new LineageReader(store, new ScopeLoader(store, fastSha256), undefined);
  const folders = [sandbox.work];
  const scope = {
    ...(await findEvidence(folders)),
    folders,
    allowedSigners: [`${sandbox.home}/.config/dataset-provenance/allowed_signers`],
  };
  return { ...(await reader.read(scope, { milliseconds: Infinity })), files: reader.files };
}
