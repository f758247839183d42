import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { ProvenanceError } from '../../src/core/errors.ts';
import type { TablePlace, TableState } from '../../src/protocol/sampleTable.ts';
import { launchBrowser, noChromium } from './support/browser.ts';
import { assertGolden } from './support/golden.ts';
import { counts, SAMPLE } from './support/states.ts';
import { FakeTableHost, linesInView, openTable } from './support/tablePage.ts';
import { JUDGEMENT, tableState } from './support/tableStates.ts';
import { bundle, type Bundle, type WebviewOptions, type WebviewPage } from './support/webviewPage.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../out/screenshots/', import.meta.url));
const MILLIONS = 10_000_000;

describe('The sample table', { skip: noChromium }, () => {
  let browser: Browser;
  let code: Bundle;

  before(async () => {
    [browser, code] = await Promise.all([launchBrowser(), bundle('webview/table/main.ts')]);
  });

  after(async () => {
    await browser.close();
  });

  /** Runs the test on an open table. Whatever it does, nothing may break the policy, fail or load anything. */
  async function withTable(
    start: FakeTableHost | Partial<TableState>,
    test: (page: Page, host: FakeTableHost, grid: Locator, webview: WebviewPage) => Promise<void>,
    options: WebviewOptions = {},
  ): Promise<void> {
    const host = start instanceof FakeTableHost ? start : new FakeTableHost(tableState(start));
    const webview = await openTable(browser, code, host, options);
    await test(webview.page, host, webview.page.getByRole('grid'), webview);
    host.dispose();
    await webview.close();
  }

  describe('shows ten million rows', () => {
    it('to the last one and back, whichever way one goes, with few elements', () =>
      withTable({}, async (page, host, grid) => {
        assert.deepEqual((await linesInView(grid)).slice(0, 3), [1, 2, 3]);
        assert.equal(await grid.getAttribute('aria-rowcount'), String(MILLIONS + 1));

        await page.keyboard.press('Control+End');
        await eventually(async () => {
          assert.equal((await linesInView(grid)).at(-1), MILLIONS);
        });
        await page.keyboard.press('PageUp');
        await page.keyboard.press('ArrowUp');
        const page1 = await activeRow(grid);
        assert.ok(page1 < MILLIONS - 10 && page1 > MILLIONS - 60);

        await page.keyboard.press('Control+Home');
        await eventually(async () => {
          assert.equal((await linesInView(grid))[0], 1);
        });

        await scrollTo(grid, 1e9);
        await eventually(async () => {
          assert.equal((await linesInView(grid)).at(-1), MILLIONS);
        });
        await scrollTo(grid, 4_000_000);
        await eventually(async () => {
          const [first = 0] = await linesInView(grid);
          assert.ok(first > 4_900_000 && first < 5_100_000);
        });
        const [before = 0] = await linesInView(grid);
        const height = await grid
          .locator('.row')
          .first()
          .evaluate((row) => row.getBoundingClientRect().height);
        await grid.evaluate((element, deltaY) => {
          element.dispatchEvent(new WheelEvent('wheel', { deltaY, cancelable: true }));
        }, 5 * height);
        await eventually(async () => {
          assert.equal((await linesInView(grid))[0], before + 5);
        });
        await scrollTo(grid, 0);
        await eventually(async () => {
          assert.equal((await linesInView(grid))[0], 1);
        });
        assert.ok((await page.locator('.row').count()) < 60);
        assert.ok((await page.locator('*').count()) < 2000);
        for (const { from, to } of host.asked('rows')) assert.ok(to - from <= 500);
      }));

    it('calling off rows that nobody waits for any more', () =>
      withTable({}, async (_page, host, grid) => {
        let release: () => void = () => undefined;
        host.held = new Promise((resolve) => (release = resolve));
        await scrollTo(grid, 3_000_000);
        await grid.locator('.row-loading').first().waitFor();
        await scrollTo(grid, 6_000_000);
        await eventually(() => {
          assert.ok(host.asked('rows').some(({ from }) => from > 7_000_000));
        });
        release();
        await grid.locator('.row:not(.row-loading)').first().waitFor();
        await eventually(() => {
          assert.ok(host.calledOff.some(({ from }) => from > 3_000_000 && from < 4_500_000));
        });
        assert.equal(
          host.calledOff.some(({ from }) => from > 7_000_000),
          false,
        );
      }));

    it('and goes to any of them by number', () =>
      withTable({}, async (page, host, grid) => {
        await page.keyboard.press('Control+g');
        await page.keyboard.type('7,654,321');
        await page.keyboard.press('Enter');
        await eventually(async () => {
          assert.equal(await activeRow(grid), 7_654_321);
        });
        const lines = await linesInView(grid);
        const place = lines.indexOf(7_654_321) / lines.length;
        assert.ok(place > 0.4 && place < 0.6);
        await eventually(() => {
          assert.deepEqual(host.asked('focus').at(-1), { line: 7_654_321 });
        });
        host.reveal(99);
        await eventually(async () => {
          assert.equal(await activeRow(grid), 99);
        });
      }));
  });

  it('reads as a grid to a screen reader', () =>
    withTable({ lines: 3_000 }, async (page, _host, grid) => {
      assertGolden('table-toolbar.aria.txt', await page.locator('.chrome').ariaSnapshot());
      const rows = [1, 6, 13, 16, 18, 20].map((index) =>
        grid.locator(`[aria-rowindex="${index}"]`).ariaSnapshot(),
      );
      assertGolden('table-grid.aria.txt', (await Promise.all(rows)).join('\n'));
      assert.equal(await grid.getAttribute('aria-multiselectable'), 'true');
      assert.equal(await grid.getAttribute('aria-colcount'), '8');
      assert.equal(await grid.locator('[aria-rowindex="6"] [aria-colindex="4"]').textContent(), 'user');
    }));

  it('can be used with the keyboard alone', () =>
    withTable({}, async (page, host, grid) => {
      // Rows, columns, headers.
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      assert.equal(await activeId(grid), 'cell-1-7');
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Alt+ArrowUp');
      assert.equal(await activeId(grid), 'header-1');
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press(' ');
      await grid.getByRole('columnheader', { name: 'meta › source' }).waitFor();
      assert.deepEqual(host.asked('rows').at(-1)?.columns.slice(3), [
        '/score',
        '/meta/source',
        '/meta/licence',
        '/tags',
      ]);
      const header = grid.getByRole('columnheader', { name: 'meta › source' });
      const width = (await header.boundingBox())?.width ?? 0;
      await page.keyboard.press('Alt+Shift+ArrowRight');
      await eventually(async () => {
        assert.equal((await header.boundingBox())?.width, width + 16);
      });
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Back to one column' }).waitFor();
      await page.keyboard.press('b');
      await page.keyboard.press('Enter');
      await grid.getByRole('columnheader', { name: 'meta, object' }).waitFor();

      // Toolbar, grid and details, one after the other.
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Line 1' }).waitFor();
      await page.keyboard.press('F6');
      assert.equal(await focusedName(page), 'Details');
      await page.keyboard.press('F6');
      assert.equal(await focusedName(page), 'Find in rows');
      await page.keyboard.press('Shift+F6');
      assert.equal(await focusedName(page), 'Details');
      await page.keyboard.press('Shift+F6');
      assert.equal(await focusedName(page), 'Samples of train.jsonl');
      const detail = page.getByRole('region', { name: 'Details' });
      const before = (await detail.boundingBox())?.height ?? 0;
      await page.getByRole('separator', { name: 'Height of the details' }).press('ArrowUp');
      await eventually(async () => {
        assert.equal((await detail.boundingBox())?.height, before + 24);
      });
      await grid.press('Escape');
      await detail.waitFor({ state: 'hidden' });
    }));

  it('can be used with the mouse', () =>
    withTable({}, async (page, host, grid) => {
      const role = grid.getByRole('columnheader', { name: 'role, string' });
      const box = (await role.boundingBox())!;
      await page.mouse.move(box.x + box.width - 3, box.y + 8);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width + 47, box.y + 8, { steps: 3 });
      await page.mouse.up();
      await eventually(async () => {
        assert.equal((await role.boundingBox())?.width, box.width + 50);
        assert.deepEqual(host.asked('remember').at(-1)?.place.widths, { '/role': box.width + 50 });
      });
      await role.click();
      const sort = page.getByRole('menuitem', { name: 'Sort' });
      assert.match((await sort.textContent()) ?? '', /The order of the file is part of what is signed/);
      await page.getByRole('menuitem', { name: 'Hide' }).click();
      await role.waitFor({ state: 'detached' });
      await grid.locator('.twisty').click();
      await grid.getByRole('columnheader', { name: 'meta › licence' }).waitFor();
      await grid.locator('[aria-rowindex="4"] .value-string').first().dblclick();
      const detail = page.getByRole('region', { name: 'Details' });
      await detail.getByRole('heading', { name: 'Line 3' }).waitFor();
      const splitter = (await page.getByRole('separator', { name: 'Height of the details' }).boundingBox())!;
      const before = (await detail.boundingBox())?.height ?? 0;
      await page.mouse.move(600, splitter.y + 2);
      await page.mouse.down();
      await page.mouse.move(600, splitter.y - 58, { steps: 3 });
      await page.mouse.up();
      await eventually(async () => {
        assert.equal((await detail.boundingBox())?.height, before + 60);
      });
      await detail.getByRole('button', { name: 'Close (Escape)' }).click();
      await detail.waitFor({ state: 'hidden' });
      assert.equal(await focusedName(page), 'Samples of train.jsonl');
    }));

  it('asks for nothing while it is hidden', () =>
    withTable({}, async (page, host, grid) => {
      const hide = (hidden: boolean) =>
        page.evaluate((value) => {
          Object.defineProperty(document, 'hidden', { configurable: true, value });
          document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
      await hide(true);
      const asked = host.asked('rows').length;
      host.show({ ...host.state, version: 2 });
      await page.keyboard.press('Control+End');
      await grid.locator(`[aria-rowindex="${MILLIONS + 1}"]`).waitFor();
      assert.equal(host.asked('rows').length, asked);
      await hide(false);
      await grid.getByRole('rowheader', { name: '10,000,000' }).waitFor();
    }));

  it('selects ranges of rows, and does things with them', () =>
    withTable({}, async (page, host, grid) => {
      const bar = page.getByRole('group', { name: 'Selection' });
      const row = (line: number) => grid.locator(`[aria-rowindex="${line + 1}"]`);
      await row(2).locator('.value-string').first().click();
      assert.equal(await bar.isVisible(), false);
      await page.keyboard.press('Shift+ArrowDown');
      await page.keyboard.press('Shift+ArrowDown');
      await row(7)
        .locator('.number')
        .click({ modifiers: ['Control'] });
      await bar.getByText('4 rows selected').waitFor();
      assert.equal(await row(3).getAttribute('aria-selected'), 'true');
      assert.equal(await row(5).getAttribute('aria-selected'), 'false');
      await bar.getByRole('button', { name: 'Flag…', exact: true }).click();
      await grid.focus();
      await page.keyboard.press('Control+c');
      await page.keyboard.press('Control+a');
      await bar.getByText('10,000,000 rows selected').waitFor();
      await bar.getByRole('button', { name: 'Verify' }).click();
      await grid.press('Escape');
      await bar.waitFor({ state: 'hidden' });
      await row(6).locator('.value-string').first().click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Copy digests' }).click();
      const ranges = [
        [1, 3],
        [6, 6],
      ];
      await eventually(() => {
        assert.deepEqual(host.asked('run'), [
          { action: 'flag', version: 1, ranges },
          { action: 'copyJson', version: 1, ranges },
          { action: 'verify', version: 1, ranges: [[0, MILLIONS - 1]] },
          { action: 'copyDigests', version: 1, ranges: [[5, 5]] },
        ]);
      });
    }));

  it('filters by status, review, signer, origin and column', () =>
    withTable({}, async (page, host, grid) => {
      const show = (more: Partial<TableState>) => {
        host.show({ ...host.state, ...more });
      };
      host.answers.setFilter = ({ filter }) => {
        // Every other row passes.
        host.lineAt = (index) => 2 * index + 1;
        show({ filter, version: host.state.version + 1, count: 5_000_000 });
        return null;
      };
      await page.keyboard.press('Control+End');
      await grid.locator('[aria-rowindex="10000001"] .value-string').first().waitFor();
      host.answers.indexOfLine = ({ line }) => Math.floor(line / 2);
      await page.getByRole('button', { name: 'Modified: 2' }).click();
      await page.getByText('5,000,000 of 10,000,000 rows').waitFor();
      // What had the focus is still there, or else what follows it.
      await eventually(async () => {
        assert.equal((await linesInView(grid)).at(-1), 9_999_999);
      });
      await page.getByRole('button', { name: 'Flagged: 3' }).click();
      await page.getByRole('button', { name: 'Signer' }).click();
      await page.getByRole('menuitemcheckbox', { name: 'labels@example.com' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Origin' }).click();
      await page.getByRole('menuitemcheckbox', { name: 'crawl-2026-01.jsonl' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Filter by a column…' }).click();
      await page.getByLabel('Column', { exact: true }).selectOption('meta.source');
      await page.getByLabel('Comparison').selectOption('does not equal');
      await page.getByLabel('Value').fill('crawl-1');
      await page.keyboard.press('Enter');
      await page.getByText('meta.source does not equal “crawl-1”').waitFor();
      assert.deepEqual(host.asked('setFilter').at(-1)?.filter, {
        statuses: ['modified'],
        reviews: ['flagged'],
        signers: ['SHA256:k2'],
        origins: ['crawl'],
        queries: [{ text: 'crawl-1', operator: 'not-equals', matchCase: false, column: '/meta/source' }],
      });
      await page.screenshot({ path: `${SCREENSHOTS}webview-table-filtered.png` });
      await page.getByRole('button', { name: /^Remove the filter/ }).click();
      await eventually(() => {
        assert.equal(host.asked('setFilter').at(-1)?.filter.queries, undefined);
      });
      host.answers.setFilter = ({ filter }) => {
        show({ filter, version: host.state.version + 1, count: 0, filtering: 0.43 });
        return null;
      };
      await page.getByRole('button', { name: 'Added: 1' }).click();
      await page.getByText('0 rows so far, 43 % looked at').waitFor();
      const { filtering: _done, ...filtered } = host.state;
      host.show(filtered);
      await page.getByText('No row passes the filters.').waitFor();
      await page.locator('.empty').getByRole('button', { name: 'Clear filters' }).click();
      await eventually(() => {
        assert.deepEqual(host.asked('setFilter').at(-1), { filter: {} });
      });
    }));

  it('stays at its line when filters are dropped', () => {
    const filter = { statuses: ['verified'] } as const;
    const host = new FakeTableHost(tableState({ filter, count: 1000 }));
    host.lineAt = (index) => 5000 * index + 1;
    host.answers.indexOfLine = ({ line }) => (host.state.count === 1000 ? (line - 1) / 5000 : line - 1);
    // The filter is another one at once, the rows are later.
    host.answers.setFilter = (params) => {
      host.show({ ...host.state, filter: params.filter });
      setTimeout(() => {
        host.lineAt = (index) => index + 1;
        host.show({ ...host.state, version: 2, count: MILLIONS });
      }, 100);
      return null;
    };
    return withTable(host, async (page, _host, grid) => {
      await page.keyboard.press('Control+End');
      await grid.getByRole('rowheader', { name: '4,995,001' }).waitFor();
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await eventually(async () => {
        assert.equal(await activeRow(grid), 4_995_001);
        assert.ok((await linesInView(grid)).includes(4_995_001));
      });
    });
  });

  it('finds text, one row after the other, and can be told to stop', () =>
    withTable({}, async (page, host, grid) => {
      host.answers.find = ({ from, backwards }) => {
        const index = backwards ? 41 : from <= 41 ? 41 : 4_999_999;
        return { index, line: index + 1 };
      };
      await page.keyboard.press('Control+f');
      await page.keyboard.type('haiku');
      await page.keyboard.press('Enter');
      const result = page.getByRole('search').getByRole('status');
      await result.getByText('Line 42').waitFor();
      await eventually(async () => {
        assert.equal(await activeRow(grid), 42);
      });
      assert.ok((await grid.locator('mark').count()) > 0);
      await page.keyboard.press('F3');
      await result.getByText('Line 5,000,000').waitFor();
      assert.ok((await linesInView(grid)).includes(5_000_000));
      await page.keyboard.press('Shift+Enter');
      await result.getByText('Line 42', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Match case' }).first().click();
      await page.getByLabel('Find in', { exact: true }).selectOption('role');
      await page.getByRole('button', { name: 'Next match (Enter)' }).click();
      await eventually(() => {
        assert.deepEqual(host.asked('find').at(-1), {
          query: { text: 'haiku', operator: 'contains', matchCase: true, column: '/role' },
          from: 41,
          backwards: false,
        });
      });
      let stopped = false;
      host.answers.find = async (_params, { signal, progress }) => {
        progress(0.25);
        while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
        stopped = true;
        return null;
      };
      await page.getByRole('button', { name: 'Next match (Enter)' }).click();
      await result.getByText('25 %').waitFor();
      await page.getByRole('button', { name: 'Cancel the search' }).click();
      await eventually(async () => {
        assert.equal(stopped, true);
        assert.equal(await result.textContent(), '');
      });
      delete host.answers.find;
      await page.keyboard.press('F3');
      await result.getByText('No results').waitFor();
    }));

  it('shows a record whole, with what is known about it', () =>
    withTable({}, async (page, host, grid) => {
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const detail = page.getByRole('region', { name: 'Details' });
      await detail.getByText('Second paragraph, which says more about it.').waitFor();
      assertGolden('table-detail.aria.txt', await detail.ariaSnapshot());
      await detail.getByRole('button', { name: 'Fold "meta"' }).click();
      assert.equal(await detail.getByText('"reviewed"').isVisible(), false);
      await detail.getByRole('button', { name: 'Fold "meta"', expanded: false }).click();
      assert.equal(await detail.getByText('"reviewed"').isVisible(), true);
      await detail.getByRole('button', { name: /^Trust/ }).click();
      await detail.getByRole('button', { name: /^Copy digest/ }).click();
      await detail.getByRole('button', { name: 'Copy as JSON' }).click();
      await detail.getByRole('button', { name: 'Show in Lineage' }).click();
      await eventually(() => {
        assert.deepEqual(host.asked('trustSigner'), [{ keyId: SAMPLE.coveredBy[0]?.keyId }]);
        assert.deepEqual(host.asked('copy'), [{ text: SAMPLE.digest }]);
        assert.deepEqual(
          host.asked('run').map(({ action, ranges }) => [action, ranges]),
          [
            ['copyJson', [[1, 1]]],
            ['showLineage', [[1, 1]]],
          ],
        );
      });
      // It follows the focus, and says so when it shows only the beginning.
      host.answers.detail = ({ line }) => ({
        line,
        text: 'x\u202e'.repeat(500),
        cut: true,
        length: 123_456_789,
      });
      await grid.press('ArrowDown');
      await detail.getByText('Only the beginning is shown: 1,000 characters of 123,456,789 bytes').waitFor();
      assert.ok((await detail.locator('.record').textContent())?.includes('x\\u202E'));
      host.answers.detail = () => {
        throw new ProvenanceError('io', '{file} cannot be read.', { file: 'train.jsonl' });
      };
      await grid.press('ArrowDown');
      await detail.getByRole('alert').getByText('train.jsonl cannot be read.').waitFor();
    }));

  it('takes hostile text as text', () => {
    const hostile = '<img src=x onerror=alert(1)>\u202e"\u0000\u2028</div><script>alert(2)</script>';
    const host = new FakeTableHost(
      tableState({
        name: hostile,
        lines: 1,
        columns: [{ name: hostile, pointer: '/x', type: hostile, children: [] }],
        notices: [{ text: hostile }],
        judged: {
          ...JUDGEMENT,
          summary: hostile,
          signers: [{ keyId: hostile, name: hostile, rows: 1 }, ...JUDGEMENT.signers],
        },
        filter: { queries: [{ text: hostile, column: '/x', operator: 'equals', matchCase: true }] },
      }),
    );
    host.answers.rows = () => [
      {
        index: 0,
        line: 1,
        kind: 'record',
        cells: [{ kind: 'string', text: hostile }],
        status: 'verified',
        signer: hostile,
      },
    ];
    host.answers.detail = () => ({
      line: 1,
      text: JSON.stringify({ [hostile]: hostile }, undefined, 2),
      cut: false,
      length: 9,
    });
    return withTable(host, async (page, _host, grid) => {
      await page.keyboard.press('Enter');
      await page.locator('.json-string').first().waitFor();
      await page.getByRole('button', { name: 'Signer' }).click();
      await page.getByRole('menuitemcheckbox').first().waitFor();
      assert.equal(await page.locator('img, .record script').count(), 0);
      const cell = await grid.locator('[aria-colindex="3"] bdi').last().textContent();
      assert.ok(cell?.startsWith('<img src=x onerror=alert(1)>\\u202E"\\u0000\\u2028</div>'));
      assert.ok(!(await page.locator('body').innerText()).includes('\u202e'));
    });
  });

  it('offers no signing where the workspace is not trusted, and says why', () =>
    withTable({ restricted: true }, async (page, host) => {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Control+a');
      const bar = page.getByRole('group', { name: 'Selection' });
      for (const name of ['Sign…', 'Flag…', 'Clear flag…']) {
        const button = bar.getByRole('button', { name, exact: true });
        assert.equal(await button.getAttribute('aria-disabled'), 'true');
        assert.equal(await button.getAttribute('title'), 'This workspace is not trusted.');
        await button.click({ force: true });
      }
      await bar.getByRole('button', { name: 'Verify' }).click();
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('menuitem', { name: 'Sign dataset…' }).click({ force: true });
      await page.getByRole('menuitem', { name: 'Verify' }).click();
      await eventually(() => {
        assert.deepEqual(
          host.asked('run').map(({ action }) => action),
          ['verify'],
        );
        assert.deepEqual(host.asked('runOnDataset'), [{ action: 'verify' }]);
      });
      const detail = page.getByRole('region', { name: 'Details' });
      await detail.getByText('This workspace is not trusted.').waitFor();
      assert.equal(await detail.getByRole('button', { name: /Trust|Sign|Flag/ }).count(), 0);
    }));

  it('says what keeps it from showing rows', () =>
    withTable({ lines: 0, columns: [], name: 'empty.jsonl' }, async (page, host) => {
      await page.getByText('This file has no rows.').waitFor();
      const base = host.state;
      host.show({ ...base, complete: false });
      await page.locator('.empty').getByText('Reading…').waitFor();
      host.show({ ...base, error: 'train.parquet is encrypted, which is not supported.' });
      await page.getByText('train.parquet is encrypted').waitFor();
      await page.getByRole('button', { name: 'Try again' }).click();
      const { judged: _none, ...unjudged } = tableState({ lines: 20 });
      host.show({
        ...unjudged,
        version: 2,
        judging: 0.5,
        error: 'The evidence cannot be read.',
        notices: [{ text: 'The file has grown.', action: 'reload' }],
      });
      await page.getByRole('progressbar', { name: 'Checking signatures' }).waitFor();
      await page.getByText('The evidence cannot be read.').waitFor();
      await page.getByRole('button', { name: 'Reload' }).click();
      await eventually(() => {
        assert.equal(host.asked('reload').length, 2);
      });
    }));

  it('survives a host that fails, and tries again', () => {
    const host = new FakeTableHost(tableState());
    host.answers.ready = () => {
      throw new ProvenanceError('io', 'The file cannot be read.');
    };
    return withTable(host, async (page, _host, grid) => {
      const alert = page.getByRole('alert');
      await alert.getByText('The file cannot be read.').waitFor();
      delete host.answers.ready;
      host.answers.rows = () => {
        throw new ProvenanceError('changed-while-reading', 'The file changed.');
      };
      await page.getByRole('button', { name: 'Try again' }).click();
      await alert.getByText('The file changed.').waitFor();
      const asked = host.asked('rows').length;
      await grid.press('ArrowDown');
      assert.equal(host.asked('rows').length, asked);
      delete host.answers.rows;
      await page.getByRole('button', { name: 'Try again' }).click();
      await grid.locator('.row:not(.row-loading)').first().waitFor();
      assert.equal(await alert.textContent(), '');
    });
  });

  it('comes back as it was left', async () => {
    let place: TablePlace | null = null;
    await withTable({}, async (page, host, grid) => {
      host.reveal(5_000_000);
      await eventually(async () => {
        assert.equal(await activeRow(grid), 5_000_000);
      });
      await page.keyboard.press('Shift+ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Line 5,000,001' }).waitFor();
      await page.getByRole('button', { name: 'Columns', exact: true }).click();
      await page.getByRole('menuitemcheckbox', { name: /^score/ }).click();
      await page.keyboard.press('Escape');
      await eventually(() => {
        const last = host.asked('remember').at(-1);
        assert.equal(last?.version, 1);
        assert.deepEqual(last.place.columns, ['/id', '/role', '/text', '/meta', '/tags']);
        assert.equal(last.place.focusedIndex, 5_000_000);
        assert.deepEqual(last.place.selection, [[4_999_999, 5_000_000]]);
        assert.equal(last.place.detailOpen, true);
        place = last.place;
      });
    });
    // The index is not complete yet when it comes back.
    const host = new FakeTableHost(tableState({ lines: 1000, complete: false }), place);
    await withTable(host, async (page, _host, grid) => {
      assert.equal((await linesInView(grid))[0], 1);
      host.show(tableState());
      await page.getByRole('heading', { name: 'Line 5,000,001' }).waitFor();
      assert.equal((await linesInView(grid))[0], (place?.topIndex ?? 0) + 1);
      assert.equal(await activeId(grid), 'cell-5000000-0');
      await page.getByText('2 rows selected').waitFor();
      assert.equal(await grid.getByRole('columnheader', { name: 'score' }).count(), 0);
      // Nothing has changed, so there is nothing to remember.
      assert.deepEqual(host.asked('remember').at(-1)?.place ?? place, place);
    });
  });

  it('stays at its row while rows are judged, and shows what they are then', () => {
    const { judged: _none, ...unjudged } = tableState();
    const host = new FakeTableHost({ ...unjudged, judging: 0.1 });
    host.answers.rows = ({ from, to, version }) =>
      Array.from({ length: to - from }, (_, offset) => ({
        index: from + offset,
        line: from + offset + 1,
        kind: 'record' as const,
        cells: [],
        ...(version > 1 ? { status: 'untrusted' as const } : {}),
      }));
    return withTable(host, async (page, _host, grid) => {
      await page.keyboard.press('Control+End');
      await page.keyboard.press(' ');
      await grid
        .locator(`[aria-rowindex="${MILLIONS + 1}"]`)
        .getByLabel('Not checked yet')
        .waitFor();
      host.show(
        tableState({ version: 2, judged: { ...JUDGEMENT, counts: counts({ untrusted: MILLIONS }) } }),
      );
      await grid
        .locator(`[aria-rowindex="${MILLIONS + 1}"]`)
        .getByText('Untrusted')
        .waitFor();
      assert.equal(await activeRow(grid), MILLIONS);
      await page.getByRole('group', { name: 'Selection' }).getByText('1 row selected').waitFor();
      await page.getByRole('button', { name: 'Untrusted: 10,000,000' }).waitFor();
      assert.equal(await page.getByRole('button', { name: /^Verified/ }).count(), 0);
    });
  });

  for (const theme of ['dark', 'light', 'hc'] as const) {
    it(`looks as it should in the ${theme} theme, also when it is narrow`, () =>
      withTable(
        { notices: [{ text: 'train.jsonl has grown.', action: 'reload' }] },
        async (page) => {
          await page.keyboard.press('ArrowDown');
          await page.keyboard.press('Shift+ArrowDown');
          await page.keyboard.press('Enter');
          await page.getByRole('heading', { name: 'Line 3' }).waitFor();
          for (const width of [1200, 420]) {
            await page.setViewportSize({ width, height: 700 });
            await page.screenshot({ path: `${SCREENSHOTS}webview-table-${theme}-${width}.png` });
            assert.equal(
              await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
              true,
            );
            assert.ok(((await page.getByRole('grid').boundingBox())?.height ?? 0) >= 80);
          }
        },
        { theme },
      ));
  }
});

/** The id of the focused cell. */
function activeId(grid: Locator): Promise<string | null> {
  return grid.getAttribute('aria-activedescendant');
}

/** The place of the focused row, from 1. */
async function activeRow(grid: Locator): Promise<number> {
  return Number((await activeId(grid))?.split('-')[1]) + 1;
}

/** What dragging the scroll bar does. */
function scrollTo(grid: Locator, top: number): Promise<void> {
  return grid.evaluate((element, to) => {
    element.scrollTop = to;
  }, top);
}

function focusedName(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
}

/** Tries until it holds, for at most four seconds. */
async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  const end = Date.now() + 4000;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
