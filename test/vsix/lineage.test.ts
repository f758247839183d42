import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FrameLocator } from 'playwright-core';
import { VsCodePage } from '../support/vscodePage.ts';

/**
 * The Lineage panel in a window, with the packaged extension, over steps that the program recorded: from a row to its
 * source and back with the keyboard alone.
 */

const PROGRAM = resolve('dist/provenance.mjs');
const ROWS = 60;

interface Row {
  readonly id: number;
  readonly text: string;
}

function write(path: string, rows: readonly Row[]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

describe('the Lineage panel in a window', { concurrency: false }, () => {
  let folder: string;
  let code: VsCodePage;

  before(async () => {
    folder = join(mkdtempSync(join(tmpdir(), 'provenance-lineage-')), 'workspace');
    mkdirSync(folder);
    const env = {
      ...process.env,
      XDG_CONFIG_HOME: join(folder, '../config'),
      XDG_CACHE_HOME: join(folder, '../cache'),
    };
    const raw = Array.from({ length: ROWS }, (_, id) => ({ id, text: `question ${String(id)}` }));
    const filtered = raw.filter(({ id }) => id % 4 !== 0);
    write(join(folder, 'raw.jsonl'), raw);
    write(join(folder, 'filtered.jsonl'), filtered);
    write(
      join(folder, 'train.jsonl'),
      filtered.map((row) => (row.id % 3 === 0 ? { ...row, text: `${row.text}!` } : row)),
    );
    const provenance = (...args: string[]) =>
      execFileSync(process.execPath, [PROGRAM, ...args], { cwd: folder, env, stdio: 'pipe' });
    provenance('keygen', '--name', 'me@example.org', '--trust');
    provenance('sign', 'raw.jsonl');
    provenance('derive', '--from', 'raw.jsonl', '--to', 'filtered.jsonl', '--step', 'filter');
    provenance(
      ...['derive', '--from', 'filtered.jsonl', '--to', 'train.jsonl', '--step', 'map', '--pair-by', '/id'],
    );
    code = await VsCodePage.open({
      folder,
      env,
      settings: { 'workbench.colorTheme': 'Default Dark Modern' },
    });
  });
  after(async () => {
    await code.dispose();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  /** The panel, once its drawing has the keyboard's focus on this dataset. */
  async function panel(name: string): Promise<FrameLocator> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      for (const outer of await code.page.locator('iframe.webview.ready:visible').all()) {
        const frame = outer.contentFrame().locator('iframe#active-frame').contentFrame();
        const focused = frame.locator(`.graph-box:focus[aria-label*="${name}"]`);
        if ((await focused.count().catch(() => 0)) > 0) return frame;
      }
      await code.page.waitForTimeout(100);
    }
    throw new Error(`The drawing does not stand at ${name}: see ${await code.screenshot('failure-lineage')}`);
  }

  /** The line of the cursor, as the status bar says it. */
  const cursorAt = (line: number) =>
    code.page.locator('.statusbar-item', { hasText: `Ln ${String(line)}, Col` }).waitFor({ timeout: 30_000 });

  const activeTab = (name: string) =>
    code.page.locator('.tab.active', { hasText: name }).waitFor({ timeout: 30_000 });

  test('leads from a row to its source and back, with the keyboard alone', async () => {
    const { keyboard } = code.page;
    await code.openFile('train.jsonl');
    await code.page
      .locator('.statusbar-item', { hasText: 'train.jsonl' })
      .or(code.page.locator('.codelens-decoration'))
      .first()
      .waitFor();
    // Line 5 of train.jsonl is the record 6, which the map changed; it is line 7 of raw.jsonl.
    await keyboard.press('Control+g');
    await code.answer(':5');
    await cursorAt(5);
    await code.runCommand('Provenance: Show Lineage');
    let frame = await panel('train.jsonl');
    await code.screenshot('lineage-sample');
    for (let step = 0; step < 4; step++) await keyboard.press('ArrowUp');
    frame = await panel('raw.jsonl');
    assert.match((await frame.locator('.graph-box:focus').getAttribute('aria-label')) ?? '', /Row 7/);
    await keyboard.press('Enter');
    await activeTab('raw.jsonl');
    await cursorAt(7);
    await code.runCommand('Provenance: Show Lineage');
    await panel('raw.jsonl');
    for (let step = 0; step < 4; step++) await keyboard.press('ArrowDown');
    await panel('train.jsonl');
    await keyboard.press('Enter');
    await activeTab('train.jsonl');
    await cursorAt(5);
  });

  test('shows what the step changed', async () => {
    await code.runCommand('Provenance: Show Lineage');
    const frame = await panel('train.jsonl');
    await code.page.keyboard.press('ArrowUp');
    await code.page.keyboard.press('Space');
    const card = frame.getByRole('dialog', { name: 'map' });
    await card.getByText('/text').waitFor();
    await card.getByText('"question 6!"').waitFor();
    await code.screenshot('lineage-card');
    await code.page.keyboard.press('Escape');
  });

  test('shows the dataset and the workspace', async () => {
    const frame = await panel('map');
    await frame.getByRole('radio', { name: 'Dataset' }).click();
    await frame.locator('.graph-box[aria-label*="45 → 45"]').waitFor();
    await code.screenshot('lineage-dataset');
    await frame.getByRole('radio', { name: 'Workspace' }).click();
    await frame.locator('.graph-box[aria-label*="60 → 45"]').waitFor();
  });

  for (const [name, label] of [
    ['light', 'Light Modern'],
    ['high-contrast', 'Dark High Contrast'],
  ] as const) {
    test(`it can be read in the ${name} theme`, async () => {
      await code.runCommand('Preferences: Color Theme');
      await code.answer(label);
      await code.page.locator(`.monaco-workbench${name === 'light' ? '.vs' : '.hc-black'}`).waitFor();
      await code.page.waitForTimeout(500);
      await code.screenshot(`lineage-${name}`);
    });
  }
});
