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

/** Makes the demo workspace in a folder of its own. */
function demo(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'provenance-demo-')), 'demo');
  execFileSync(process.execPath, ['scripts/demo.mjs', '--out', folder], { stdio: 'ignore' });
  return folder;
}

const SETTINGS = {
  'workbench.colorTheme': 'Default Dark Modern',
  'files.autoSave': 'off',
  'editor.minimap.enabled': false,
};

/** The user's configuration lies beside the workspace, so that nothing of this machine has a say. */
function environment(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CONFIG_HOME: join(folder, '../config') };
}

/** The title of the lens above the first line: it says that the file has been judged. */
async function summary(code: VsCodePage, text: string | RegExp): Promise<void> {
  await code.page.locator('.codelens-decoration', { hasText: text }).first().waitFor({ timeout: 60_000 });
}

async function statusBar(code: VsCodePage, text: string): Promise<void> {
  await code.page.locator('.statusbar-item', { hasText: text }).first().waitFor({ timeout: 30_000 });
}

/** Rests the mouse on a line (counted from the top of the window), and gives the hover's text. */
async function hoverText(code: VsCodePage, line: number): Promise<string> {
  const hover = code.page.locator('.monaco-hover:visible').first();
  for (let attempt = 0; attempt < 5; attempt++) {
    await code.page.mouse.move(700, 5);
    await code.page.locator(`.editor-instance .view-lines .view-line >> nth=${String(line - 1)}`).hover();
    try {
      await hover.waitFor({ timeout: 5000 });
      return (await hover.innerText()).replaceAll('\u00a0', ' ');
    } catch {
      // The window may have been busy: VS Code drops a hover that comes late.
    }
  }
  throw new Error('no hover was shown');
}

describe('the main job in a window', { concurrency: false }, () => {
  let folder: string;
  let code: VsCodePage;

  before(async () => {
    folder = demo();
    code = await VsCodePage.open({ folder, env: environment(folder), settings: SETTINGS });
  });
  after(async () => {
    await code.dispose();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  test('icons, summary, status bar, badges and the panel show what happened to the file', async () => {
    await code.openFile('data/train.jsonl');
    await summary(code, /Provenance: changed — 58 verified, 1 modified/);
    await statusBar(code, 'changed');
    const icons = code.page.locator('.editor-instance .glyph-margin-widgets .cgmr');
    await icons.first().waitFor();
    // Each status has its own picture: check, pencil, flag and plus are among the visible lines.
    const pictures = await icons.evaluateAll((elements) => [
      ...new Set(elements.map((element) => getComputedStyle(element).backgroundImage)),
    ]);
    for (const picture of ['verified', 'modified', 'flagged', 'added']) {
      assert.ok(
        pictures.some((url) => url.includes(`${picture}-dark.svg`)),
        `${picture} in ${pictures.join()}`,
      );
    }
    await code.runCommand('Provenance: Show Lineage');
    const panel = await code.webview();
    await panel.getByText('train.jsonl').first().waitFor();
    await panel.getByRole('radio', { name: 'Dataset' }).click();
    await panel.locator('.graph-box[aria-label*="60 changed · 6 dropped"]').waitFor();
    await panel.getByRole('button', { name: 'Show all (0)' }).click();
    await panel.locator('.graph-box[aria-label*="crawl.jsonl"]').first().waitFor();
    await code.page.waitForTimeout(1000);
    await code.screenshot('demo-dark');
  });

  test('the hover says who vouches, where it came from and what happened to it', async () => {
    const text = await hoverText(code, 5);
    await code.screenshot('hover-dark');
    for (const expected of ['verified', 'acme-curation', 'Source', 'Licence', 'cleaned']) {
      assert.ok(text.includes(expected), `"${expected}" in: ${text}`);
    }
    await code.page.keyboard.press('Escape');
  });

  for (const [name, label] of [
    ['light', 'Light Modern'],
    ['high-contrast', 'Dark High Contrast'],
    ['dark', 'Dark Modern'],
  ] as const) {
    test(`it can be read in the ${name} theme`, async () => {
      await code.runCommand('Preferences: Color Theme');
      await code.answer(label);
      const kind = { light: '.vs', 'high-contrast': '.hc-black', dark: '.vs-dark' }[name];
      await code.page.locator(`.monaco-workbench${kind}`).waitFor();
      await hoverText(code, 12);
      await code.page.waitForTimeout(500);
      await code.screenshot(`demo-hover-${name}`);
      await code.page.keyboard.press('Escape');
    });
  }

  test('a key is created, a file signed with it, and the signer trusted', async () => {
    await code.runCommand('Provenance: Create Signing Key…');
    await code.answer('me@example.org');
    await code.page.locator('.notification-toast', { hasText: 'Created the signing key' }).waitFor();
    await code.openFile('data/new-batch.jsonl');
    await summary(code, /Provenance: unsigned/);
    await code.runCommand('Provenance: Sign Dataset…');
    await code.choices.first().waitFor();
    await code.screenshot('sign-dark');
    await code.page.keyboard.press('Enter');
    const toast = code.page.locator('.notification-toast', { hasText: 'untrusted until you trust this key' });
    await toast.waitFor({ timeout: 30_000 });
    await toast.getByRole('button', { name: 'Trust This Key…' }).click();
    await code.page.locator('.quick-input-widget:visible', { hasText: 'The name to show' }).waitFor();
    await code.page.keyboard.press('Enter');
    await code.page.locator('.quick-input-widget:visible', { hasText: 'For me, everywhere' }).waitFor();
    await code.page.keyboard.press('Enter');
    await summary(code, /Provenance: intact — 9 verified/);
    const evidence = readFileSync(join(folder, 'data/.provenance/new-batch.jsonl.intoto.jsonl'), 'utf8');
    assert.equal(evidence.trimEnd().split('\n').length, 1);
    assert.match(
      readFileSync(join(folder, '../config/dataset-provenance/allowed_signers'), 'utf8'),
      /^me@example\.org .*ssh-ed25519 /,
    );
    await code.screenshot('signed-dark');
  });

  test('a sample is flagged and cleared by keyboard', async () => {
    await code.page.locator('.editor-instance .view-lines .view-line').nth(1).click();
    await code.runCommand('Provenance: Flag Selected Samples…');
    await code.answer('Prompt injection');
    await code.answer('high');
    await code.answer('asks to ignore the instructions');
    await summary(code, /2 flagged/);
    await summary(code, /flagged: Prompt injection, high/);
    await code.screenshot('flagged-dark');
    await code.runCommand('Provenance: Clear Flag…');
    await code.answer('it is quoted on purpose');
    await summary(code, /1 flagged/);
  });

  test('typing changes the status of its line, and undoing brings it back', async () => {
    await code.page
      .locator('.editor-instance .view-lines .view-line')
      .nth(2)
      .click({ position: { x: 150, y: 8 } });
    await code.page.keyboard.type('x');
    await summary(code, /1 modified/);
    await statusBar(code, 'changed');
    await code.page.keyboard.press('Control+z');
    await statusBar(code, 'intact');
  });
});

test('in a workspace that is not trusted, statuses show and signing is off', async () => {
  const folder = demo();
  const code = await VsCodePage.open({
    folder,
    env: environment(folder),
    settings: SETTINGS,
    restricted: true,
  });
  try {
    await code.openFile('data/train.jsonl');
    // The workspace's own allowed_signers does not count: what acme-curation signed is not trusted here.
    await summary(code, /Provenance: changed — .*untrusted/);
    await statusBar(code, 'signer not trusted');
    await code.runCommand('Provenance: Show Lineage');
    const panel = await code.webview();
    await panel.getByText('train.jsonl').first().waitFor();
    assert.equal(await panel.getByRole('button', { name: /Sign/ }).count(), 0);
    await code.screenshot('restricted-dark');
  } finally {
    await code.dispose();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
});
