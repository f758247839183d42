import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { TableInWindow } from '../support/tableInWindow.ts';
import { VsCodePage } from '../support/vscodePage.ts';

/**
 * The sample table in a window, with the packaged extension: a Parquet file is opened, signed, searched, flagged and
 * exported, as a user does it.
 */

const ROWS = 30_000;

async function workspace(): Promise<string> {
  const folder = join(mkdtempSync(join(tmpdir(), 'provenance-table-')), 'workspace');
  mkdirSync(folder);
  const sql = await (await DuckDBInstance.create(':memory:')).connect();
  await sql.run(`COPY (SELECT n AS id, 'question ' || n AS question, n / 7.0 AS score, n % 2 = 0 AS ok,
      TIMESTAMP '2024-01-01 00:00:00' + to_seconds(n) AS asked, {'url': 'https://example.org/' || n, 'lang': 'en'} AS meta
    FROM range(${String(ROWS)}) t(n)) TO '${join(folder, 'rows.parquet')}' (FORMAT parquet)`);
  const lines = Array.from({ length: 2000 }, (_, n) => `{"id":${String(n)},"text":"line ${String(n)}"}\n`);
  writeFileSync(join(folder, 'lines.jsonl'), lines.join(''));
  return folder;
}

describe('the sample table in a window', { concurrency: false }, () => {
  let folder: string;
  let code: VsCodePage;

  before(async () => {
    folder = await workspace();
    code = await VsCodePage.open({
      folder,
      env: {
        ...process.env,
        XDG_CONFIG_HOME: join(folder, '../config'),
        XDG_CACHE_HOME: join(folder, '../cache'),
      },
      settings: { 'workbench.colorTheme': 'Default Dark Modern', 'files.autoSave': 'off' },
    });
  });
  after(async () => {
    await code.dispose();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  const statusBar = (text: string) =>
    code.page.locator('.statusbar-item', { hasText: text }).first().waitFor({ timeout: 30_000 });

  test('a Parquet file opens in it, shows its last row and comes back to the first', async () => {
    await code.openFile('rows.parquet');
    const table = await TableInWindow.visible(code);
    await table.row('question 0').waitFor();
    assert.equal(await table.grid.getAttribute('aria-rowcount'), String(ROWS + 1));
    await table.press('Control+End');
    await table.row(`question ${String(ROWS - 1)}`).waitFor();
    await table.press('Control+Home');
    await table.rowAt(0).waitFor();
    await statusBar('unsigned');
  });

  test('the dataset is signed, and its rows are verified', async () => {
    await code.runCommand('Provenance: Create Signing Key…');
    await code.answer('me@example.org');
    await code.page.locator('.notification-toast', { hasText: 'Created the signing key' }).waitFor();
    await code.runCommand('Provenance: Sign Dataset…');
    await code.page.locator('.quick-input-widget:visible input[placeholder="Enter signs at once"]').waitFor();
    await code.page.keyboard.press('Enter');
    const toast = code.page.locator('.notification-toast', { hasText: 'untrusted until you trust this key' });
    await toast.waitFor({ timeout: 30_000 });
    await toast.getByRole('button', { name: 'Trust This Key…' }).click();
    await code.page.locator('.quick-input-widget:visible', { hasText: 'The name to show' }).waitFor();
    await code.page.keyboard.press('Enter');
    await code.page.locator('.quick-input-widget:visible', { hasText: 'For me, everywhere' }).waitFor();
    await code.page.keyboard.press('Enter');
    await statusBar('intact');
    const table = await TableInWindow.visible(code);
    await table.rowAt(0, 'Verified').waitFor();
    await code.screenshot('table-signed');
  });

  test('a row that was found is flagged, and shows it', async () => {
    const table = await TableInWindow.visible(code);
    await table.find('question 23456');
    await table.row('question 23456').waitFor();
    await table.press('Enter');
    await table.frame.getByText('https://example.org/23456').first().waitFor();
    await code.screenshot('table-found');
    await code.runCommand('Provenance: Flag Selected Samples…');
    await code.answer('Prompt injection');
    await code.answer('high');
    await code.answer('asks to ignore the instructions');
    await table.row(/Prompt injection.*question 23456/).waitFor();
    await code.screenshot('table-flagged');
    const evidence = readFileSync(join(folder, '.provenance/rows.parquet.intoto.jsonl'), 'utf8');
    assert.equal(evidence.trimEnd().split('\n').length, 2);
  });

  test('a filter leaves what is flagged, and a hidden tab comes back as it was', async () => {
    const table = await TableInWindow.visible(code);
    await table.frame
      .getByRole('button', { name: /Flagged/ })
      .first()
      .click();
    await table.frame.locator('[role=grid][aria-rowcount="2"]').waitFor();
    await code.openFile('lines.jsonl');
    await code.page.locator('.codelens-decoration', { hasText: 'unsigned' }).first().waitFor();
    await code.openFile('rows.parquet');
    const again = await TableInWindow.visible(code);
    await again.frame.locator('[role=grid][aria-rowcount="2"]').waitFor();
    await again.row('question 23456').waitFor();
    await code.screenshot('table-filtered');
  });

  test('a JSONL file opens in it when asked', async () => {
    await code.openFile('lines.jsonl');
    await code.runCommand('Provenance: Open as Sample Table');
    const table = await TableInWindow.visible(code);
    await table.row('line 0').waitFor();
    await table.press('Control+End');
    await table.row('line 1999').waitFor();
    await code.screenshot('table-jsonl');
  });

  for (const [name, label] of [
    ['light', 'Light Modern'],
    ['high-contrast', 'Dark High Contrast'],
  ] as const) {
    test(`it can be read in the ${name} theme`, async () => {
      await code.runCommand('Preferences: Color Theme');
      await code.answer(label);
      await code.page.locator(`.monaco-workbench${name === 'light' ? '.vs' : '.hc-black'}`).waitFor();
      const table = await TableInWindow.visible(code);
      await table.press('Enter');
      await code.page.waitForTimeout(500);
      await code.screenshot(`table-${name}`);
    });
  }
});
