import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { EvidenceStore } from '../../src/core/evidence/evidenceStore.ts';
import { ed25519Signer } from '../../src/core/evidence/signer.ts';
import { sampleStatement, revocationStatement } from '../../src/core/evidence/statement.ts';
import { prepareDatasetStatement, rowDigest } from '../../src/platform/datasetService.node.ts';
import { digestFile } from '../../src/platform/digestFile.node.ts';
import { nodeFileStore } from '../../src/platform/fileStore.node.ts';
import {
  api,
  closeAll,
  hoverText,
  judged,
  opened,
  sample,
  shows,
  testFolder,
  until,
  userTrust,
  writeDataset,
} from './support.ts';

const ann = ed25519Signer(sha256(new TextEncoder().encode('ann')), 'ann');
const eve = ed25519Signer(sha256(new TextEncoder().encode('eve')), 'eve');
const TIME = '2026-02-01T10:00:00Z';

async function sign(uri: vscode.Uri, signer = ann): Promise<string> {
  const files = nodeFileStore();
  const { samples } = await digestFile(uri.fsPath);
  const { payload } = await prepareDatasetStatement(files, uri.fsPath, samples, {
    mediaType: 'application/jsonl',
    timeCreated: TIME,
  });
  return (await new EvidenceStore(files).appendPayload(uri.fsPath, payload, signer)).envelopeDigest;
}

async function signLine(uri: vscode.Uri, line: number, signer = ann): Promise<void> {
  const { samples } = await digestFile(uri.fsPath);
  const sha = rowDigest(samples, line - 1);
  assert.ok(sha);
  const statement = sampleStatement([{ name: `data.jsonl#${String(line)}`, sha256: sha }], {
    dataset: 'data.jsonl',
    timeCreated: TIME,
  });
  await new EvidenceStore(nodeFileStore()).append(uri.fsPath, statement, signer);
}

describe('statuses in the editor', () => {
  let trust: Awaited<ReturnType<typeof userTrust>>;
  let folder: string;

  beforeEach(async () => {
    trust = await userTrust();
    folder = testFolder();
  });
  afterEach(closeAll);

  it('shows unsigned, verified, untrusted and revoked', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    await opened(uri);
    await shows(uri, 'unsigned: unsigned unsigned');
    const statement = await sign(uri);
    await shows(uri, 'intact: untrusted untrusted');
    await trust(ann, 'ann@example.org');
    await shows(uri, 'intact: verified verified');
    const revocation = revocationStatement([{ name: 'statement', sha256: statement }], {
      reason: 'x',
      timeCreated: TIME,
    });
    await new EvidenceStore(nodeFileStore()).append(uri.fsPath, revocation, ann);
    await shows(uri, 'unsigned: revoked revoked');
  });

  it('shows modified, added, malformed and what a single signature covers', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a', 'b', 'c', 'd']);
    await sign(uri);
    writeDataset(folder, ['a', 'changed', 'c', '{"text": "d"', 'new', 'a']);
    await opened(uri);
    await shows(uri, 'changed: verified modified verified malformed added added');
    await signLine(uri, 5);
    await shows(uri, 'changed: verified modified verified malformed verified added');
    await signLine(uri, 2, eve);
    await shows(uri, 'changed: verified modified verified malformed verified added');
  });

  it('shows unknown when the leaves are gone, and says what to do', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri);
    rmSync(join(folder, '.provenance', 'leaves'), { recursive: true });
    writeDataset(folder, ['a', 'x']);
    await opened(uri);
    await shows(uri, 'unknown: unknown unknown');
    const { assessment } = await judged(uri);
    assert.deepEqual(
      assessment?.problems.map(({ error }) => error.code),
      ['leaves-missing'],
    );
  });

  it('follows edits, undo, redo and saving', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a', 'b', 'c']);
    await sign(uri);
    const { editor } = await opened(uri);
    await shows(uri, 'intact: verified verified verified');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(1, 10), 'X');
    });
    await shows(uri, 'changed: verified modified verified');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(1, 0), `${sample('new')}\n`);
    });
    await shows(uri, 'changed: verified added added verified');
    await vscode.commands.executeCommand('undo');
    await shows(uri, 'changed: verified modified verified');
    await vscode.commands.executeCommand('undo');
    await until(() => !editor.document.isDirty, 'undone to what is saved');
    await shows(uri, 'intact: verified verified verified');
    await vscode.commands.executeCommand('redo');
    await shows(uri, 'changed: verified modified verified');
    await editor.document.save();
    await shows(uri, 'changed: verified modified verified');
    assert.match(readFileSync(uri.fsPath, 'utf8'), /X/);
  });

  it('keeps a sample verified when its line is only written differently', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['{"text":"café","n":1.0}', 'b']);
    await sign(uri);
    const { editor } = await opened(uri);
    await editor.edit((edit) => {
      edit.replace(editor.document.lineAt(0).range, '{ "n" : 1, "text": "caf\\u00e9" }');
    });
    await shows(uri, 'reformatted: verified verified');
  });

  it('follows cut and paste, many cursors and lines typed in between', async () => {
    await trust(ann, 'ann@example.org');
    const words = Array.from({ length: 12 }, (_, i) => `sample ${String(i)}`);
    const uri = writeDataset(folder, words);
    await sign(uri);
    const { editor } = await opened(uri);
    await editor.edit((edit) => {
      for (const line of [2, 5, 8]) edit.insert(new vscode.Position(line, 10), '!');
      edit.delete(new vscode.Range(10, 0, 11, 0));
      edit.insert(new vscode.Position(0, 0), `${sample('first')}\n\n`);
    });
    const dataset = await judged(uri);
    await shows(
      uri,
      'changed: added - verified verified modified verified verified modified verified verified modified verified verified',
    );
    assert.equal(dataset.assessment?.removed, 1);
  });

  it('notices evidence that changes on disk: removed, torn, and repaired', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a']);
    await sign(uri);
    await opened(uri);
    await shows(uri, 'intact: verified');
    const bundle = join(folder, '.provenance', 'data.jsonl.intoto.jsonl');
    const evidence = readFileSync(bundle);
    writeFileSync(bundle, evidence.subarray(0, 100));
    await shows(uri, 'unsigned: unsigned');
    const reported = (of: vscode.Uri) => vscode.languages.getDiagnostics(of).map(({ message }) => message);
    await until(
      () => /^Line 1 of the evidence was skipped: /.test(reported(vscode.Uri.file(bundle)).join('\n')),
      'the torn line is reported',
    );
    await until(
      () => reported(uri).some((message) => message.includes('is not what was here on')),
      'that evidence is missing is reported',
    );
    rmSync(bundle);
    await shows(uri, 'unsigned: unsigned');
    writeFileSync(bundle, evidence);
    await shows(uri, 'intact: verified');
    appendFileSync(bundle, '{"payloadType":"half');
    await shows(uri, 'intact: verified');
  });

  it('notices when the dataset itself changes on disk', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri);
    await opened(uri);
    await shows(uri, 'intact: verified verified');
    writeDataset(folder, ['a', 'c']);
    await shows(uri, 'changed: verified modified');
  });

  it('shows the same in two editors on one file', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri);
    const { editor } = await opened(uri);
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside });
    assert.equal(
      vscode.window.visibleTextEditors.filter(({ document }) => document.uri.fsPath === uri.fsPath).length,
      2,
    );
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 10), 'X');
    });
    await shows(uri, 'changed: modified verified');
  });

  it('judges a file that is no UTF-8, with BOM, CRLF and blank lines', async () => {
    await trust(ann, 'ann@example.org');
    const path = join(folder, 'data.jsonl');
    const uri = vscode.Uri.file(path);
    writeFileSync(path, '\uFEFF{"text":"a"}\r\n\r\n{"text":"b"}\r\n');
    await sign(uri);
    await opened(uri);
    await shows(uri, 'intact: verified - verified');
    await closeAll();
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('{"text":"a"}\n{"text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]),
    );
    await opened(uri);
    await shows(uri, 'changed: verified malformed');
    assert.equal((await judged(uri)).malformed(2)?.malformed.code, 'invalid-utf8');
  });

  it('judges unsaved documents too', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'jsonl',
      content: `${sample('unsaved')}\n{`,
    });
    await vscode.window.showTextDocument(document);
    await shows(document.uri, 'unsigned: unsigned malformed');
  });

  it('judges a long unsaved document, typed into while its text goes over', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => sample(`long ${String(i)}`));
    const document = await vscode.workspace.openTextDocument({
      language: 'jsonl',
      content: lines.join('\n'),
    });
    const editor = await vscode.window.showTextDocument(document);
    for (const line of [8999, 4500, 10, 4001]) {
      await editor.edit((edit) => {
        edit.insert(new vscode.Position(line, 0), line === 4500 ? `${sample('typed')}\n` : 'x');
      });
    }
    const dataset = await judged(document.uri);
    assert.equal(dataset.assessment?.lineCount, 9001);
    assert.deepEqual(
      dataset.assessment.malformed.map(({ line }) => line),
      // Line 9000 (1-based) before a line was put in above it.
      [11, 4002, 9001],
    );
  });

  it('tells how far the verification of a file is, and stops when it is cancelled', async () => {
    const path = join(folder, 'cancelled.jsonl');
    writeFileSync(path, `${sample(`cancelled ${'x'.repeat(1000)}`)}\n`.repeat(8000));
    const uri = vscode.Uri.file(path);
    const { datasets } = (await api()).services;
    const controller = new AbortController();
    let reported = 0;
    const verifying = datasets.verify(uri, {
      signal: controller.signal,
      onProgress: () => {
        reported++;
        controller.abort();
      },
    });
    await assert.rejects(verifying, { code: 'cancelled' });
    assert.ok(reported > 0);
    assert.equal((await datasets.verify(uri)).assessment?.samples, 8000);
  });

  it('leaves evidence files alone', async () => {
    const uri = writeDataset(folder, ['a']);
    await sign(uri);
    const bundle = vscode.Uri.file(join(folder, '.provenance', 'data.jsonl.intoto.jsonl'));
    await vscode.window.showTextDocument(bundle);
    assert.equal((await api()).services.datasets.get(bundle), undefined);
  });

  it('verifies row by row what another dataset of the workspace vouches for', async () => {
    await trust(ann, 'ann@example.org');
    const source = writeDataset(folder, ['a', 'b', 'c'], 'source.jsonl');
    await sign(source);
    const uri = writeDataset(folder, ['c', 'x', 'a'], 'derived.jsonl');
    await opened(uri);
    await shows(uri, 'unsigned: verified unsigned verified');
    assert.match(await hoverText(uri, 1), /source\.jsonl/);
  });

  it('judges the files of the workspace that have evidence without opening them', async () => {
    await trust(ann, 'ann@example.org');
    const uri = writeDataset(folder, ['a'], 'background.jsonl');
    await sign(uri);
    await shows(uri, 'intact: verified');
    const { services } = await api();
    assert.equal(services.datasets.get(uri)?.document, undefined);
    writeDataset(folder, ['x'], 'background.jsonl');
    await shows(uri, 'changed: modified');
  });
});
