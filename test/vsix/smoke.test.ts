import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { VsCodePage } from '../support/vscodePage.ts';

const skip = existsSync('src/extension.node.ts') ? false : 'the extension has no entry yet';

describe('the packaged extension', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'provenance-vsix-'));
  let vscode: VsCodePage;

  before(async () => {
    writeFileSync(join(folder, 'train.jsonl'), '{"text":"one"}\n{"text":"two"}\n');
    vscode = await VsCodePage.open({ folder });
  });
  after(async () => {
    await vscode.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is installed', async () => {
    await vscode.runCommand('Extensions: Show Installed Extensions');
    const entry = vscode.page.locator('.extension-list-item', { hasText: 'Dataset Provenance' });
    await entry.first().waitFor();
    assert.match(await entry.first().innerText(), /Dataset Provenance/);
    await vscode.screenshot('installed');
  });

  it('opens a dataset', async () => {
    await vscode.openFile('train.jsonl');
    assert.match(await vscode.lines.innerText(), /two/);
  });
});
