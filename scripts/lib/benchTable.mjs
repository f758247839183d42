/**
 * The part of `npm run bench` that measures the sample table in a window of VS Code, with the packaged extension: from the
 * click to the first rows, to the last row and back, and to what a filter by status lets through. Makes its own data.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { TableInWindow } from '../../test/support/tableInWindow.ts';
import { VsCodePage } from '../../test/support/vscodePage.ts';
import { writeSamples } from './benchPipeline.mjs';

const ROWS = 1_000_000;
const parent = mkdtempSync(join(tmpdir(), 'provenance-bench-'));
const folder = join(parent, 'workspace');
mkdirSync(folder);
writeSamples(join(folder, 'samples.jsonl'), ROWS);
const numbers = Array.from({ length: 16 }, (_, k) => `(i * ${k + 2})::BIGINT AS n${k}`).join(', ');
const sql = await (await DuckDBInstance.create(':memory:')).connect();
await sql.run(
  `COPY (SELECT i AS id, 'row ' || i AS text, i / 7.0 AS score, i % 2 = 0 AS ok, ${numbers} FROM range(${ROWS}) t(i))
   TO '${join(folder, 'columns.parquet')}' (FORMAT parquet)`,
);

const code = await VsCodePage.open({
  folder,
  env: {
    ...process.env,
    XDG_CONFIG_HOME: join(parent, 'config'),
    XDG_CACHE_HOME: join(parent, 'cache'),
    HOME: parent,
  },
});
try {
  const { page } = code;
  // Pages of webviews tell when they show rows: asking them from here would take time of its own.
  let drawn;
  await page.exposeBinding('provenanceBenchDrawn', (source, time) => (drawn ??= time));
  await page.addInitScript(() => {
    if (window === window.top) return;
    const timer = setInterval(() => {
      if (!document.querySelector('main.table [role=gridcell]')) return;
      clearInterval(timer);
      void window.provenanceBenchDrawn(Date.now());
    }, 10);
  });

  console.log(
    `\n${ROWS.toLocaleString('en')} rows: first click in a fresh window to rows drawn, milliseconds\n`,
  );
  for (const name of ['samples.jsonl', 'columns.parquet', 'samples.jsonl', 'columns.parquet']) {
    console.log(name.padEnd(22) + String(await firstClick(name)));
  }

  console.log(`\n${ROWS.toLocaleString('en')} rows in the sample table, milliseconds\n`);
  console.log(['', 'first rows', 'last row', 'first row', 'filter'].map((cell) => cell.padEnd(22)).join(''));
  for (const name of ['samples.jsonl', 'samples.jsonl', 'columns.parquet', 'columns.parquet']) {
    console.log([name, ...(await times(name))].map((cell) => String(cell).padEnd(22)).join(''));
    await code.runCommand('View: Close All Editors');
    await page.waitForTimeout(2000);
  }

  /** What opens the table when it is clicked. */
  async function opener(name) {
    const entry = page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).first();
    if (name.endsWith('.jsonl')) await entry.click({ button: 'right' });
    const item = name.endsWith('.jsonl')
      ? page.locator('.monaco-menu .action-item:visible', { hasText: 'Open as Sample Table' }).first()
      : entry;
    await item.waitFor();
    // VS Code does not take a click on a menu that has just appeared.
    await page.waitForTimeout(500);
    return item;
  }

  async function firstClick(name) {
    await code.reload();
    // As long as somebody takes who looks for a file to click.
    await page.waitForTimeout(5000);
    const item = await opener(name);
    drawn = undefined;
    const clicked = Date.now();
    await item.click();
    for (const deadline = clicked + 60_000; drawn === undefined && Date.now() < deadline;) {
      await page.waitForTimeout(100);
    }
    await page.waitForTimeout(5000);
    await code.runCommand('View: Close All Editors');
    // Until VS Code has noted that nothing is open.
    await page.waitForTimeout(3000);
    return drawn - clicked;
  }

  async function times(name) {
    const item = await opener(name);
    const opened = await timed(async () => {
      await item.click();
      const table = await TableInWindow.visible(code);
      await table.rowAt(0).waitFor();
    });
    const table = await TableInWindow.visible(code);
    // The whole file has been judged by then.
    await table.frame.getByText('Unsigned').first().waitFor();
    await page.waitForTimeout(1000);
    const last = await timed(async () => {
      await table.press('Control+End');
      await table.rowAt(ROWS - 1).waitFor();
    });
    const first = await timed(async () => {
      await table.press('Control+Home');
      await table.rowAt(0).waitFor();
    });
    const chip = table.frame.getByRole('button', { name: /^Unsigned/ }).first();
    const filter = await timed(async () => {
      await chip.click();
      await table.frame.locator('[aria-pressed="true"]').first().waitFor();
      await table.rowAt(0, 'Unsigned').waitFor();
    });
    await chip.click();
    return [opened, last, first, filter];
  }
} finally {
  await code.dispose();
  rmSync(parent, { recursive: true, force: true });
}

async function timed(action) {
  const start = performance.now();
  await action();
  return Math.round(performance.now() - start);
}
