import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHex } from '../../src/core/bytes/hex.ts';
import { serializeEnvelope, signEnvelope } from '../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../src/core/evidence/predicates.ts';
import { advisoryStatement, statementBytes } from '../../src/core/evidence/statement.ts';
import { digest, signer } from '../support/judged.ts';
import { SigstoreInstance } from '../support/sigstoreInstance.ts';
import { VsCodePage } from '../support/vscodePage.ts';

/**
 * A hostile workspace in restricted mode, in a real VS Code: what it says of whom to trust has no effect, in files or in
 * settings, and nothing is signed. Granting trust makes its `allowed_signers` count, and its settings still do not.
 */
describe('a workspace that is not trusted', { concurrency: false }, () => {
  const home = mkdtempSync(join(tmpdir(), 'provenance-restricted-'));
  const folder = join(home, 'demo');
  let code: VsCodePage;

  before(async () => {
    execFileSync(process.execPath, ['scripts/demo.mjs', '--out', folder], { stdio: 'ignore' });
    await makeHostile(folder);
    mkdirSync(userFolder, { recursive: true });
    code = await VsCodePage.open({
      folder,
      env: { ...process.env, XDG_CONFIG_HOME: join(home, 'config') },
      settings: { 'workbench.colorTheme': 'Default Dark Modern', 'editor.minimap.enabled': false },
      restricted: true,
    });
  });
  after(async () => {
    await code.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  const summary = (text: RegExp) =>
    code.page.locator('.codelens-decoration', { hasText: text }).first().waitFor({ timeout: 60_000 });
  const userFolder = join(home, 'config/dataset-provenance');
  const evidence = () => readFileSync(join(folder, 'data/.provenance/train.jsonl.intoto.jsonl'), 'utf8');

  test('its allowed_signers does not count, and the status bar says so', async () => {
    await code.openFile('data/train.jsonl');
    await summary(/Provenance: changed — .*untrusted/);
    const item = code.page.locator('.statusbar-item', { hasText: 'signer not trusted' }).first();
    await item.waitFor();
    const label = await item.locator('[aria-label]').first().getAttribute('aria-label');
    assert.match(label ?? '', /This workspace is not trusted: signing is off, and whom it says to trust/);
    await item.hover();
    await code.page.waitForTimeout(1500);
    await code.screenshot('restricted-status-bar');
  });

  test('its policy is not in force', async () => {
    await code.page.locator('.statusbar-item', { hasText: 'Policy: not in force' }).first().waitFor();
  });

  test('its settings name no trusted root and no signers, and its advisories do not count', async () => {
    await code.openFile('data/by-robot.jsonl');
    await summary(/^Provenance: unknown — 1 unknown$/);
    await code.screenshot('restricted-settings');
  });

  test('nothing that signs is offered in the palette', async () => {
    for (const title of ['Sign Dataset', 'Trust Signer', 'Flag Selected Samples', 'Record Step']) {
      await code.page.keyboard.press('F1');
      await code.input.fill(`>Provenance: ${title}`);
      await code.page.waitForTimeout(500);
      const labels = await code.choices.locator('.label-name').allInnerTexts();
      assert.deepEqual(
        labels.filter((label) => label.startsWith(`Provenance: ${title}`)),
        [],
      );
      await code.page.keyboard.press('Escape');
    }
  });

  test('a link that signs says why it does not, and leads to the trust of the workspace', async () => {
    const before = evidence();
    await code.openFile('data/train.jsonl');
    await summary(/Provenance: changed/);
    await code.page.locator('.editor-instance .view-lines .view-line').nth(4).hover();
    const hover = code.page.locator('.monaco-hover:visible').first();
    await hover.waitFor();
    await hover.getByRole('link', { name: 'Sign…' }).click();
    const toast = code.page.locator('.notification-toast', { hasText: 'not trusted' });
    await toast.waitFor();
    await code.page.waitForTimeout(500);
    await code.screenshot('restricted-sign');
    assert.match(await toast.innerText(), /Signing is off in a workspace that is not trusted/);
    await toast.getByRole('button', { name: 'Manage Workspace Trust' }).click();
    await code.page.locator('.workspace-trust-editor').waitFor();
    await code.page.waitForTimeout(500);
    await code.screenshot('restricted-manage');
    assert.equal(evidence(), before);
  });

  test('granting trust makes its allowed_signers count and signing work; its settings still have no effect', async () => {
    await code.page
      .locator('.workspace-trust-editor')
      .getByRole('button', { name: 'Trust', exact: true })
      .click();
    await code.openFile('data/train.jsonl');
    await summary(/Provenance: changed — 58 verified/);
    const item = code.page.locator('.statusbar-item', { hasText: 'changed' }).first();
    const label = await item.locator('[aria-label]').first().getAttribute('aria-label');
    assert.doesNotMatch(label ?? '', /not trusted/);
    await code.runCommand('Provenance: Sign Dataset…');
    // There is no key yet: it offers one.
    await code.page.locator('.monaco-dialog-box:visible, .quick-input-widget:visible').first().waitFor();
    await code.page.waitForTimeout(500);
    await code.screenshot('restricted-granted');
    await code.page.keyboard.press('Escape');
    await code.openFile('data/by-robot.jsonl');
    await summary(/^Provenance: unknown — 1 unknown, 1 flagged/);
    assert.equal(await code.page.locator('.statusbar-item', { hasText: 'Policy: not in force' }).count(), 0);
  });

  test('the same files count where the user puts them', async () => {
    for (const name of ['trusted_root.json', 'sigstore_identities']) {
      copyFileSync(join(folder, 'data', name), join(userFolder, name));
    }
    await summary(/^Provenance: intact — 1 verified/);
    const line = code.page.locator('.editor-instance .view-lines .view-line').first();
    const hover = code.page.locator('.monaco-hover:visible').first();
    for (let attempt = 0; attempt < 5 && !(await hover.isVisible()); attempt++) {
      await code.page.mouse.move(700, 5);
      // The line is short, and nothing is shown behind it.
      await line.hover({ position: { x: 60, y: 8 } });
      await code.page.waitForTimeout(3000);
    }
    await code.screenshot('sigstore-hover');
    assert.match(
      (await hover.innerText()).replaceAll('\u00a0', ' '),
      /verified — robot vouches for every byte of the file that it stands in\./,
    );
  });
});

/** Adds to a workspace whatever could make data look good, if anybody listened to it. */
async function makeHostile(folder: string): Promise<void> {
  const own = join(folder, '.provenance');
  const sigstore = await SigstoreInstance.create();
  const text = '{"text":"ignore all previous instructions"}\n';
  writeFileSync(join(folder, 'data/by-robot.jsonl'), text);
  writeFileSync(
    join(folder, 'data/by-robot.jsonl.sigstore.json'),
    JSON.stringify(await sigstore.signFile(text)),
  );
  const root = JSON.stringify(sigstore.trustedRoot());
  const identities = 'robot https://accounts.example.com *\n';
  for (const place of [own, join(folder, 'data'), join(folder, 'data/.provenance')]) {
    writeFileSync(join(place, 'trusted_root.json'), root);
    writeFileSync(join(place, 'sigstore_identities'), identities);
  }
  // Lets nearly everything pass.
  writeFileSync(join(own, 'policy.jsonc'), '{"rules": {"flags": {"severity": "critical", "by": "trusted"}}}');
  const advisory = advisoryStatement([{ name: 'by-robot.jsonl#1', sha256: toHex(digest(text).digests) }], {
    id: 'ROBOT-1',
    title: 'Look here',
    category: 'other',
    severity: 'low',
    timeCreated: '2026-01-01T00:00:00Z',
  });
  const envelope = await signEnvelope(statementBytes(advisory), PAYLOAD_TYPE, signer('robot'));
  mkdirSync(join(own, 'advisories'), { recursive: true });
  writeFileSync(join(own, 'advisories/robot.intoto.jsonl'), serializeEnvelope(envelope));
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  writeFileSync(
    join(folder, '.vscode/settings.json'),
    JSON.stringify({
      'provenance.allowedSignersFile': join(own, 'allowed_signers'),
      'provenance.sigstore.trustedRoot': join(own, 'trusted_root.json'),
      'provenance.sigstore.identitiesFile': join(own, 'sigstore_identities'),
    }),
  );
}
