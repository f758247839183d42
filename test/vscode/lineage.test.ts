import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/commands.ts';
import { serializeEnvelope, signEnvelope } from '../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE, type StepKind } from '../../src/core/evidence/predicates.ts';
import type { Signer } from '../../src/core/evidence/signer.ts';
import { advisoryStatement, statementBytes } from '../../src/core/evidence/statement.ts';
import { lineageScope } from '../../src/host/lineageScope.ts';
import type { Dataset } from '../../src/host/datasets.ts';
import { pathOf } from '../../src/host/workspaceEvidence.ts';
import { impactMarkdown } from '../../src/language/impactReport.ts';
import type { PairingRequest } from '../../src/protocol/lineageWorker.ts';
import {
  answering,
  api,
  closeAll,
  hoverText,
  judged,
  opened,
  testFolder,
  until,
  userTrust,
  workspaceFolder,
} from './support.ts';

const run = (command: keyof typeof COMMANDS, ...args: unknown[]) =>
  vscode.commands.executeCommand(COMMANDS[command], ...args);

interface Row {
  readonly id: number;
  readonly text: string;
}

const ROWS = 12;
/** Rows of the source that are flagged: one is changed on the way, two are not. */
const FLAGGED = [1, 5, 12];

/** Rows of this folder alone: evidence of one test must not say anything of another's. */
function sourceRows(folder: string): Row[] {
  return Array.from({ length: ROWS }, (_, i) => ({ id: i + 1, text: `Row ${String(i + 1)} of ${folder}` }));
}

/** Every third row is written anew: 3, 6, 9, 12. */
function cleaned({ id, text }: Row): Row {
  return { id, text: id % 3 === 0 ? text.toUpperCase() : text };
}

function writeJsonl(folder: string, name: string, rows: readonly Row[]): vscode.Uri {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return vscode.Uri.file(path);
}

function writeParquet(folder: string, name: string, rows: readonly Row[]): vscode.Uri {
  const path = join(folder, name);
  const columnData = [
    { name: 'id', data: rows.map(({ id }) => id), type: 'INT32' as const },
    { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' as const },
  ];
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData })));
  return vscode.Uri.file(path);
}

/** Signs a step as the command does, without its questions. */
async function record(
  kind: StepKind,
  inputs: readonly vscode.Uri[],
  output: vscode.Uri,
  pairing?: PairingRequest,
): Promise<string> {
  const { services } = await api();
  const { payload } = await services.lineageWorker.call('prepareStep', {
    inputs: inputs.map(pathOf),
    output: pathOf(output),
    kind,
    finishedOn: '2026-01-01T00:00:00Z',
    ...(pairing && { pairing }),
  });
  const { envelopeDigest } = await services.store.appendPayload(pathOf(output), payload, await userSigner());
  return envelopeDigest;
}

async function userSigner(): Promise<Signer> {
  const { keys } = (await api()).services;
  return keys.signer(keys.list()[0]!);
}

/** Source, cleaned copy, its two shards in another order, and a shard as Parquet, each with its step. */
async function pipeline(folder: string) {
  const rows = sourceRows(folder);
  const train = writeJsonl(folder, 'train.jsonl', rows);
  const clean = writeJsonl(folder, 'clean.jsonl', rows.map(cleaned));
  const shards = [rows.slice(0, 6), rows.slice(6)].map((part, i) =>
    writeJsonl(folder, `part-${String(i)}.jsonl`, part.map(cleaned).reverse()),
  );
  const table = writeParquet(folder, 'part-1.parquet', rows.slice(6).map(cleaned).reverse());
  const mapped = await record('map', [train], clean, { by: 'key', key: '/id' });
  for (const shard of shards) await record('split', [clean], shard);
  await record('convert', [shards[1]!], table);
  (await api()).services.evidence.refresh();
  return { train, clean, shards, table, mapped };
}

/** "flagged 1 5, upstream 12": what a dataset shows. */
function flags(dataset: Dataset): string {
  const { reviews = [], upstream = [] } = dataset.assessment ?? {};
  const flagged = reviews.filter(({ state }) => state === 'flagged').map(({ line }) => line);
  return [
    ['flagged', ...flagged].join(' '),
    ['upstream', ...upstream.map(({ line }) => line)].join(' '),
  ].join(', ');
}

async function showsFlags(uri: vscode.Uri, expected: string): Promise<void> {
  let last = '';
  await until(
    async () => {
      last = flags(await judged(uri));
      return last === expected;
    },
    () => `${uri.path} shows "${expected}", not "${last}"`,
  );
}

/** Flags lines of a dataset by the command, as a user would. */
async function flag(uri: vscode.Uri, lines: readonly number[]): Promise<void> {
  await answering(['Backdoor trigger', 'high', 'praises a product'], () =>
    run('flagSamples', { uri: uri.toString(), lines }),
  );
}

async function clear(uri: vscode.Uri, lines: readonly number[]): Promise<void> {
  await answering(['checked: harmless'], () => run('clearFlag', { uri: uri.toString(), lines }));
}

describe('flags that follow what was made of a sample', () => {
  let folder: string;

  before(async () => {
    await userTrust();
    const { keys } = (await api()).services;
    if (keys.list().length === 0) await answering([], () => run('createKey', 'curator@example.org'));
    const { keyId } = keys.list()[0]!;
    await answering(['curator', 'For me'], () => run('trustSigner', { keyId }));
  });
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(closeAll);

  it('flags three samples at the source: their descendants show it, in every shard and in the table; clearing takes it back', async () => {
    const { train, clean, shards, table } = await pipeline(folder);
    // All are open before the flag is raised: nobody reads them anew but the product.
    for (const uri of [clean, ...shards]) await opened(uri);
    await run('openTable', table);
    await showsFlags(table, 'flagged, upstream');
    await flag(train, FLAGGED);
    await showsFlags(train, 'flagged 1 5 12, upstream');
    // Rows that no step changed are the flagged samples themselves; row 12 was changed.
    await showsFlags(clean, 'flagged 1 5, upstream 12');
    await showsFlags(shards[0]!, 'flagged 2 6, upstream');
    await showsFlags(shards[1]!, 'flagged, upstream 1');
    await showsFlags(table, 'flagged, upstream 1');
    await clear(train, [12]);
    await showsFlags(clean, 'flagged 1 5, upstream');
    await showsFlags(table, 'flagged, upstream');
    await clear(train, [1, 5]);
    for (const uri of [train, clean, ...shards, table]) await showsFlags(uri, 'flagged, upstream');
  });

  it('tells on every surface how the flag came', async () => {
    const { train, clean } = await pipeline(folder);
    await flag(train, [12]);
    await opened(clean);
    await showsFlags(clean, 'flagged, upstream 12');
    const hover = await hoverText(clean, 12);
    for (const text of [
      '**flagged upstream**',
      'map',
      'train',
      'praises a product',
      'goToUpstream',
      'traceImpact',
    ]) {
      assert.ok(hover.includes(text), `the hover says ${text}: ${hover}`);
    }
    await until(
      () =>
        vscode.languages
          .getDiagnostics(clean)
          .some(({ code, message }) => code === 'upstream' && message.includes('train.jsonl#12')),
      'Problems list it',
    );
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      clean,
    );
    const titles = lenses.map(({ command }) => command?.title ?? '');
    assert.ok(
      titles.some((title) => title.includes('1 flagged upstream')),
      titles.join(),
    );
    assert.ok(
      titles.some((title) => title.startsWith('flagged upstream: Backdoor trigger, high')),
      titles.join(),
    );
    await run('goToUpstream', { uri: clean.toString(), lines: [12] });
    await until(
      () => vscode.window.activeTextEditor?.document.uri.toString() === train.toString(),
      'the source is shown',
    );
    assert.equal(vscode.window.activeTextEditor?.selection.active.line, 11);
  });

  it('follows a sample while the text around it is edited, and loses it when it is changed', async () => {
    const { train, clean } = await pipeline(folder);
    await flag(train, [12]);
    const { editor } = await opened(clean);
    await showsFlags(clean, 'flagged, upstream 12');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), '{"id": 0, "text": "typed"}\n');
    });
    await showsFlags(clean, 'flagged, upstream 13');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(12, 1), '"typed": true, ');
    });
    await showsFlags(clean, 'flagged, upstream');
  });

  it('flags a dataset and a step as a whole, and clears both', async () => {
    const { train, clean, shards, mapped } = await pipeline(folder);
    await opened(clean);
    await answering(['Licence', 'medium', 'not ours'], () => run('flagDataset', train));
    const all = Array.from({ length: ROWS }, (_, i) => String(i + 1)).join(' ');
    await showsFlags(clean, `flagged, upstream ${all}`);
    await showsFlags(shards[0]!, 'flagged, upstream 1 2 3 4 5 6');
    assert.match(await hoverText(clean, 1), /Part of train/);
    await answering(['train.jsonl', 'it is ours'], () => run('clearDatasetFlag', clean));
    await showsFlags(clean, 'flagged, upstream');
    await answering(['Other', 'low', 'the tool was broken'], () =>
      run('flagStep', { uri: clean.toString(), step: mapped }),
    );
    await showsFlags(clean, `flagged, upstream ${all}`);
    await showsFlags(train, 'flagged, upstream 1 2 4 5 7 8 10 11');
    const { messages } = await answering([(items) => items[0], 'it was not'], () =>
      run('clearDatasetFlag', clean),
    );
    assert.deepEqual(messages, []);
    await showsFlags(clean, 'flagged, upstream');
    await answering([], () => run('clearDatasetFlag', clean)).then(({ messages: told }) => {
      assert.match(told.join(), /No flag on a dataset or on a step reaches clean\.jsonl/);
    });
  });

  it('names every descendant in the impact report, and the tree leads to their rows', async () => {
    const { train, shards } = await pipeline(folder);
    const { services } = await api();
    await run('traceImpact', { uri: train.toString(), lines: FLAGGED });
    const digests = await (await judged(train)).digests(FLAGGED);
    const of = digests.map((digest, i) => ({
      kind: 'sample' as const,
      digest: digest!,
      name: `train.jsonl#${String(FLAGGED[i])}`,
    }));
    const data = await services.lineageWorker.call('impact', { ...(await lineageScope(services)), of });
    const found = data.datasets
      .map(({ dataset, samples }) => {
        const rows = samples.flatMap((sample) => sample.rows).sort((a, b) => a - b);
        return `${dataset.path?.slice(folder.length + 1) ?? '?'} ${rows.join(' ')}`;
      })
      .sort();
    assert.deepEqual(found, [
      'clean.jsonl 1 5 12',
      'part-0.jsonl 2 6',
      'part-1.jsonl 1',
      'part-1.parquet 1',
      'train.jsonl 1 5 12',
    ]);
    const report = impactMarkdown(of, data, '2026-01-01T00:00:00Z').replaceAll('\\', '');
    for (const name of ['train.jsonl#12', 'clean.jsonl', 'part-0.jsonl', 'part-1.jsonl', 'part-1.parquet']) {
      assert.ok(report.includes(name), `the report names ${name}: ${report}`);
    }
    const [changed] = await (await judged(shards[1]!)).digests([1]);
    await run('revealSample', { uri: shards[1]!.toString(), lines: [6], digest: changed });
    await until(
      () => vscode.window.activeTextEditor?.document.uri.toString() === shards[1]!.toString(),
      'the shard is shown',
    );
    assert.equal(
      vscode.window.activeTextEditor?.selection.active.line,
      0,
      'the sample, wherever it stands now',
    );
    await run('closeImpact');
  });

  it('shows what an advisory names, and what was made of it, until it is withdrawn', async () => {
    const { train, clean } = await pipeline(folder);
    const { dataset } = await opened(train);
    const digests = await dataset.digests([3]);
    const advisory = async (name: string, withdrawn?: string) => {
      const statement = advisoryStatement([{ name: 'train.jsonl#3', sha256: digests[0]! }], {
        id: `TEST-${folder.slice(-6)}`,
        title: 'Praises a product',
        category: 'poisoning',
        severity: 'critical',
        references: ['https://acme.example/advisories/1', 'javascript:alert(1)'],
        timeCreated: withdrawn ?? '2026-01-01T00:00:00Z',
        ...(withdrawn !== undefined && { withdrawn }),
      });
      const envelope = await signEnvelope(statementBytes(statement), PAYLOAD_TYPE, await userSigner());
      const path = join(folder, name);
      writeFileSync(path, Buffer.concat([Buffer.from(serializeEnvelope(envelope)), Buffer.from('\n')]));
      return vscode.Uri.file(path);
    };
    await run('importAdvisory', await advisory('acme.intoto.jsonl'));
    try {
      await showsFlags(train, 'flagged 3, upstream');
      await showsFlags(clean, 'flagged, upstream 3');
      const hover = await hoverText(train, 3);
      assert.ok(hover.includes('(https://acme.example/advisories/1)'), hover);
      assert.ok(!hover.includes('javascript:'), hover);
      assert.match(hover, /advisory/);
      const { messages } = await answering([], () => run('checkAdvisories', train));
      assert.match(
        messages.join(),
        /train\.jsonl was checked against one advisory\. 1 of its samples are named/,
      );
      await run('importAdvisory', await advisory('acme.intoto.jsonl', '2026-02-01T00:00:00Z'));
      await showsFlags(train, 'flagged, upstream');
      await showsFlags(clean, 'flagged, upstream');
    } finally {
      rmSync(join(workspaceFolder(), '.provenance', 'advisories'), { recursive: true, force: true });
      (await api()).services.evidence.refresh();
    }
  });

  it('shows it in a dataset of another folder, whose bundle comes from elsewhere', async () => {
    const { train, clean } = await pipeline(folder);
    const elsewhere = testFolder();
    const copy = vscode.Uri.file(join(elsewhere, 'renamed.jsonl'));
    copyFileSync(clean.fsPath, copy.fsPath);
    await opened(copy);
    await flag(train, [12]);
    await showsFlags(copy, 'flagged, upstream 12');
    // A bundle that is taken away with its folder says nothing any more.
    rmSync(join(folder, '.provenance'), { recursive: true });
    await showsFlags(copy, 'flagged, upstream');
  });

  it('records a step from what the user says, and says what is wrong with a key that is not unique', async () => {
    const rows = sourceRows(folder).map((row) => ({ ...row, group: row.id % 2 }));
    const train = writeJsonl(folder, 'train.jsonl', rows);
    const clean = writeJsonl(
      folder,
      'clean.jsonl',
      rows.map((row) => ({ ...row, ...cleaned(row) })),
    );
    await opened(clean);
    const { messages } = await answering(
      [
        'map',
        ['train.jsonl'],
        'By a key',
        '/group',
        'Compare the samples',
        // The key is not unique: said in a modal message, whose first action changes what was said.
        'map',
        ['train.jsonl'],
        'By a key',
        '/id',
        'Parameter',
        'case=upper',
        'Compare the samples',
      ],
      () => run('recordStep', clean),
    );
    assert.match(messages[0] ?? '', /group/);
    assert.match(messages[1] ?? '', /Record how clean\.jsonl was made\?/);
    const line = readFileSync(join(folder, '.provenance', 'clean.jsonl.intoto.jsonl'), 'utf8').trim();
    const { payload } = JSON.parse(line) as { payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      predicate: { buildDefinition: { externalParameters: { kind: string; parameters: unknown } } };
    };
    const { kind, parameters } = statement.predicate.buildDefinition.externalParameters;
    assert.deepEqual({ kind, parameters }, { kind: 'map', parameters: { case: 'upper' } });
    await flag(train, [12]);
    await showsFlags(clean, 'flagged, upstream 12');
    assert.match(await hoverText(clean, 1), /map/);
  });
});
