import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VsCodePage } from '../support/vscodePage.ts';

/**
 * The main job, as a user does it, with the packaged extension in a real VS Code: open the demo's training file, look at
 * the statuses, hover, look at the lineage, create a key, sign a new file, flag a sample and clear it.
 */
const THEMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  'high-contrast': 'Default High Contrast',
} as const;

describe('the main job in a window', { concurrency: false }, () => {
  let folder: string;
  let code: VsCodePage;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'provenance-demo-'));
    execFileSync(process.execPath, ['scripts/demo.mjs', '--out', folder], { stdio: 'ignore' });
    code = await VsCodePage.open({
      folder,
      settings: {
        'workbench.colorTheme': THEMES.dark,
        'files.autoSave': 'off',
        'editor.minimap.enabled': false,
        'provenance.allowedSignersFile': join(folder, 'user_allowed_signers'),
        'security.workspace.trust.enabled': false,
      },
    });
  });
  after(async () => {
    await code.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('icons, summary, status bar, badges and the panel show what happened to the file', async () => {
    await code.openFile('data/train.jsonl');
    await code.page.locator('.cgmr').first().waitFor();
    await code.page
      .getByText(/^Provenance: changed/)
      .first()
      .waitFor({ timeout: 30_000 });
    await code.page.locator('.statusbar-item', { hasText: 'changed' }).waitFor();
    await code.runCommand('Provenance: Show Lineage');
    const panel = await code.webview();
    await panel.getByText('train.jsonl').first().waitFor();
    await code.screenshot('demo-dark');
  });
});
