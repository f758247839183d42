import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VsCodePage } from '../support/vscodePage.ts';

/** A dataset under a policy, in a real VS Code: the verdict in the status bar, and the checklist. */
describe('the policy of a workspace', { concurrency: false }, () => {
  const home = mkdtempSync(join(tmpdir(), 'provenance-policy-'));
  const folder = join(home, 'demo');
  const policy = join(folder, '.provenance/policy.jsonc');
  let code: VsCodePage;

  before(async () => {
    execFileSync(process.execPath, ['scripts/demo.mjs', '--out', folder], { stdio: 'ignore' });
    rmSync(policy, { force: true });
    code = await VsCodePage.open({
      folder,
      env: { ...process.env, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
      settings: { 'workbench.colorTheme': 'Default Dark Modern', 'editor.minimap.enabled': false },
    });
  });
  after(async () => {
    await code.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  const item = (text: RegExp) => code.page.locator('.statusbar-item', { hasText: text }).first();
  const row = (text: RegExp) => code.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();

  test('is nowhere while there is none', async () => {
    await code.openFile('data/train.jsonl');
    await code.page
      .locator('.codelens-decoration', { hasText: /Provenance: changed/ })
      .first()
      .waitFor({ timeout: 60_000 });
    assert.equal(await item(/Policy/).count(), 0);
  });

  test('shows its verdict in the status bar as soon as there is one, and the checklist on a click', async () => {
    writeFileSync(
      policy,
      JSON.stringify({
        rules: { verified: { minShare: 1 }, signers: { distinct: 1 }, log: { require: 'kept' } },
      }),
    );
    const denied = item(/Policy: denied by 2 rules/);
    await denied.waitFor({ timeout: 30_000 });
    await denied.click();
    await row(/verified.*failed.*of \d+ samples are verified/).waitFor();
    await row(/log.*passed/).waitFor();
    await code.screenshot('policy-denied');
  });

  test('leads from a finding to the sample', async () => {
    await row(/verified.*failed/).click();
    const finding = row(/train\.jsonl, line \d+/);
    await finding.waitFor();
    const [, line] = /line (\d+)/.exec(await finding.innerText()) ?? [];
    await finding.click();
    await item(new RegExp(`Ln ${String(line)}, `)).waitFor();
  });

  test('is checked anew when it is changed', async () => {
    writeFileSync(
      policy,
      JSON.stringify({ rules: { verified: { minShare: 0.1 }, log: { require: 'kept' } } }),
    );
    await item(/Policy: passed/).waitFor({ timeout: 30_000 });
    writeFileSync(policy, JSON.stringify({ rules: { verifeid: {} } }));
    await item(/Policy: denied, it has errors/).waitFor({ timeout: 30_000 });
    await row(/policy.*failed/).click();
    await row(/policy\.jsonc, line 1/).click();
    await code.page.locator('.tab.active', { hasText: 'policy.jsonc' }).waitFor();
    await code.page.keyboard.press('Control+Shift+M');
    await code.page.locator('.markers-panel', { hasText: /there is no rule .verifeid/ }).waitFor();
    await code.screenshot('policy-wrong');
    await code.page.keyboard.press('Control+Shift+M');
  });

  test('checks when it is asked to, and opens for editing', async () => {
    writeFileSync(
      policy,
      JSON.stringify({ rules: { verified: { minShare: 0.2 }, log: { require: 'kept' } } }),
    );
    await code.openFile('data/train.jsonl');
    await code.runCommand('Provenance: Check Against Policy');
    await row(/verified.*passed.*at least 20 %/).waitFor();
    await code.runCommand('Provenance: Open Policy');
    await code.page.locator('.tab.active', { hasText: 'policy.jsonc' }).waitFor();
    await code.openFile('data/train.jsonl');
  });

  test('goes when it is removed', async () => {
    rmSync(policy);
    await item(/Policy/).waitFor({ state: 'hidden', timeout: 30_000 });
  });
});
