import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { ProvenanceError } from '../../src/core/errors.ts';
import type { LineageGraphState } from '../../src/protocol/lineagePanel.ts';
import { launchBrowser, noChromium } from './support/browser.ts';
import { assertGolden } from './support/golden.ts';
import {
  chain,
  dataset,
  graph,
  lines,
  PIPELINE,
  SAMPLE_WAY,
  shards,
  step,
  workspace,
} from './support/graphs.ts';
import { FakeHost, openLineage } from './support/lineagePage.ts';
import { CALM } from './support/states.ts';
import { bundle, type Bundle, type WebviewOptions, type WebviewPage } from './support/webviewPage.ts';

const WIDE = { width: 1300, height: 760 };

describe('The drawing of the Lineage panel', { skip: noChromium }, () => {
  let browser: Browser;
  let code: Bundle;

  before(async () => {
    [browser, code] = await Promise.all([launchBrowser(), bundle('webview/lineage/main.ts')]);
  });

  after(async () => {
    await browser.close();
  });

  async function withGraph(
    drawn: LineageGraphState | readonly LineageGraphState[],
    test: (page: Page, host: FakeHost, webview: WebviewPage) => Promise<void>,
    options: WebviewOptions = {},
  ): Promise<void> {
    const host = new FakeHost(CALM);
    const all = Array.isArray(drawn) ? (drawn as readonly LineageGraphState[]) : [drawn as LineageGraphState];
    for (const state of all) host.graphs[state.view] = state;
    const remembered = { view: all[0]?.view };
    const webview = await openLineage(browser, code, host, { height: 1100, remembered, ...options });
    await box(webview.page).first().waitFor();
    await test(webview.page, host, webview);
    host.dispose();
    await webview.close();
  }

  describe('shows', () => {
    for (const [name, state] of [
      ['pipeline', PIPELINE],
      ['sample', SAMPLE_WAY],
    ] as const) {
      it(`the ${name}, box by box, from sources to results`, () =>
        withGraph(state, async (page) => {
          await press(page, '0');
          const labels = await box(page).evaluateAll((boxes) =>
            boxes.map((each) => each.getAttribute('aria-label')),
          );
          assertGolden(`lineage-graph-${name}.txt`, labels.join('\n'));
        }));
    }

    it('the same as a list, as a screen reader reads it', () =>
      withGraph(PIPELINE, async (page) => {
        await page.getByRole('button', { name: 'As a list' }).click();
        assertGolden('lineage-tree.aria.txt', await page.getByRole('tree').ariaSnapshot());
      }));

    it('what is claimed with dashes and a word, and nothing signed so', () =>
      withGraph(PIPELINE, async (page) => {
        await press(page, '0');
        const dashed = await box(page).evaluateAll((boxes) =>
          boxes
            .filter((each) => getComputedStyle(each.querySelector('.frame')!).strokeDasharray !== 'none')
            .map((each) => each.getAttribute('aria-label') ?? ''),
        );
        assert.equal(dashed.length, 2);
        for (const label of dashed) assert.match(label, /Claimed/);
        assert.equal(await page.locator('.line.claimed').count(), 2);
      }));

    it('problems below it, and leads to their boxes', () =>
      withGraph(PIPELINE, async (page) => {
        await page.getByRole('button', { name: /^The step “merge” was signed/ }).click();
        assert.equal(await focusedBox(page), 's:merge');
      }));

    it('why nothing is drawn', () =>
      withGraph(PIPELINE, async (page, host) => {
        host.draw({ view: 'dataset', boxes: [], lines: [], issues: [], note: 'No step is recorded here.' });
        await page.getByText('No step is recorded here.').waitFor();
        await box(page).first().waitFor({ state: 'hidden' });
      }));

    it('what the layout failed of', () =>
      withGraph(PIPELINE, async (page, host) => {
        host.answers.layout = () => {
          throw new ProvenanceError('too-large', 'A drawing of {nodes} boxes is too large.', { nodes: 9 });
        };
        host.draw(SAMPLE_WAY);
        host.draw(chain(3));
        await page.getByText('A drawing of 9 boxes is too large.').waitFor();
      }));
  });

  it('goes down in a narrow panel, and right in a wide one', () =>
    withGraph(
      PIPELINE,
      async (page, host) => {
        await page.setViewportSize({ width: 300, height: 1100 });
        await until(() => host.layouts.length === 2);
        assert.deepEqual(
          host.layouts.map(({ direction }) => direction),
          ['right', 'down'],
        );
      },
      WIDE,
    ));

  it('follows the sample, and keeps no answer to what was asked before', () =>
    withGraph([SAMPLE_WAY, PIPELINE], async (page, host) => {
      await page.getByRole('radio', { name: 'Dataset' }).click();
      await boxOf(page, 's:convert').waitFor();
      host.draw(SAMPLE_WAY);
      host.draw(PIPELINE);
      assert.equal(await boxOf(page, 's:split').count(), 0);
      assert.deepEqual(host.calls.slice(1), [
        ['showGraph', { view: 'sample' }],
        ['showGraph', { view: 'dataset' }],
      ]);
    }));

  it('asks for nothing while it is folded away', () =>
    withGraph(PIPELINE, async (page, host) => {
      const section = page.getByRole('button', { name: 'Lineage' });
      await section.click();
      await until(() => host.calls.at(-1)?.[0] === 'hideGraph');
      await section.click();
      await until(() => host.calls.at(-1)?.[0] === 'showGraph');
    }));

  describe('with the keyboard', () => {
    it('leads along the lines, opens the file at the row, and comes back', () =>
      withGraph(SAMPLE_WAY, async (page, host) => {
        await host.focusGraph();
        assert.equal(await focusedBox(page), 'd:train.jsonl');
        for (const expected of ['s:map', 'd:filtered.jsonl', 's:filter', 'd:crawl-2026-01.jsonl']) {
          await page.keyboard.press('ArrowUp');
          assert.equal(await focusedBox(page), expected);
          assert.ok(await inSight(page, boxOf(page, expected)));
        }
        await page.keyboard.press('Enter');
        await until(() => host.calls.at(-1)?.[0] === 'openBox');
        assert.deepEqual(host.calls.at(-1), ['openBox', { id: 'd:crawl-2026-01.jsonl', row: 12 }]);
        await page.keyboard.press('Home');
        assert.equal(await focusedBox(page), 'd:train.jsonl');
      }));

    it('reads a card, and gives the focus back', () =>
      withGraph(SAMPLE_WAY, async (page) => {
        await press(page, 'ArrowUp');
        await page.keyboard.press('Space');
        const card = page.getByRole('dialog', { name: 'map' });
        await card.getByText('/answer').waitFor();
        await card.getByText('python clean.py').waitFor();
        assert.match(await card.innerText(), /acme-curation@example\.org\s+Trusted/);
        await page.keyboard.press('Escape');
        await card.waitFor({ state: 'detached' });
        assert.equal(await focusedBox(page), 's:map');
      }));

    it('has a menu at every box', () =>
      withGraph(PIPELINE, async (page, host) => {
        await press(page, 'Shift+F10');
        await page.getByRole('menuitem', { name: 'Copy SHA-256' }).press('Enter');
        await until(() => host.calls.at(-1)?.[0] === 'copy');
        await press(page, 'ContextMenu');
        await page.getByRole('menuitem', { name: 'Open File' }).press('Enter');
        await until(() => host.calls.at(-1)?.[0] === 'openBox');
      }));

    it('goes to another dataset and back', () =>
      withGraph(PIPELINE, async (page, host) => {
        await press(page, 'ArrowUp');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.press('ContextMenu');
        await page.getByRole('menuitem', { name: 'Show Its Lineage' }).press('Enter');
        await until(() => host.calls.at(-1)?.[0] === 'showGraph');
        assert.deepEqual(host.calls.at(-1), ['showGraph', { view: 'dataset', at: 'merged.jsonl' }]);
        await press(page, 'Escape');
        await until(() => host.calls.length === 4);
        assert.deepEqual(host.calls.at(-1), ['showGraph', { view: 'dataset' }]);
      }));

    it('works in the list as in the drawing', () =>
      withGraph(SAMPLE_WAY, async (page, host) => {
        await page.getByRole('button', { name: 'As a list' }).click();
        await host.focusGraph();
        for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown'])
          await page.keyboard.press(key);
        assert.match(await focusedRow(page), /^crawl-2026-01\.jsonl, Row 12 · source/);
        await page.keyboard.press('Enter');
        await until(() => host.calls.at(-1)?.[0] === 'openBox');
        await page.keyboard.press('ArrowLeft');
        assert.match(await focusedRow(page), /^filter/);
        await page.keyboard.press('ArrowLeft');
        await page.getByRole('treeitem', { name: /^crawl/ }).waitFor({ state: 'detached' });
        await page.keyboard.press('Home');
        assert.match(await focusedRow(page), /^train\.jsonl/);
      }));
  });

  describe('folds', () => {
    it('long chains, until they are opened', () =>
      withGraph(chain(9), async (page) => {
        const fold = box(page).filter({ hasText: '9 steps' });
        assert.equal(await box(page).count(), 3);
        await fold.click();
        await boxOf(page, 's:1').waitFor();
        assert.equal(await focusedBox(page), 's:1');
        await page.keyboard.press('ContextMenu');
        await page.getByRole('menuitem', { name: 'Fold Again' }).press('Enter');
        await fold.waitFor();
      }));

    it('shards that stand alike, and shows how many', () =>
      withGraph(shards(50), async (page) => {
        await press(page, '0');
        assert.equal(await box(page).filter({ hasText: '50 datasets' }).count(), 2);
        assert.equal(await box(page).filter({ hasText: 'split × 50' }).count(), 1);
        assert.equal(await box(page).count(), 7);
      }));

    it('not what differs: a shard with a flag stands alone', () => {
      const { boxes, ...rest } = shards(20);
      const flagged = boxes.map((each) =>
        each.id === 'd:corpus-00007-of-00020.jsonl' && each.kind === 'dataset'
          ? { ...each, flagged: 1 }
          : each,
      );
      return withGraph({ ...rest, boxes: flagged }, async (page) => {
        await press(page, '0');
        await boxOf(page, 'd:corpus-00007-of-00020.jsonl').waitFor();
        assert.equal(await box(page).filter({ hasText: '19 datasets' }).count(), 2);
      });
    });
  });

  describe('finds', () => {
    it('datasets, steps and signers, one after the other', () =>
      withGraph(PIPELINE, async (page) => {
        await press(page, '/');
        await page.keyboard.type('train');
        await page.getByText('1 of 2').waitFor();
        await page.keyboard.press('Enter');
        await page.getByText('2 of 2').waitFor();
        assert.equal(await page.locator('.graph-box.found').count(), 2);
        await page.keyboard.press('Escape');
        assert.equal(await focusedBox(page), 'd:train.parquet');
      }));

    it('what is folded, and opens it', () =>
      withGraph(shards(50), async (page) => {
        await press(page, '/');
        await page.keyboard.type('corpus-00031');
        await boxOf(page, 'd:corpus-00031-of-00050.jsonl').waitFor();
        await until(() => inSight(page, boxOf(page, 'd:corpus-00031-of-00050.jsonl')));
      }));
  });

  describe('moves', () => {
    it('with the pointer: drag, wheel, pinch', () =>
      withGraph(
        workspace(60),
        async (page) => {
          const drawing = page.locator('.drawing');
          const transform = () => page.locator('.graph > g').getAttribute('transform');
          const { x, y } = (await drawing.boundingBox()) ?? { x: 0, y: 0 };
          let last = await transform();
          const changed = async () => {
            await until(async () => (await transform()) !== last);
            last = await transform();
          };
          await page.mouse.move(x + 5, y + 5);
          await page.mouse.down();
          await page.mouse.move(x + 60, y + 80, { steps: 4 });
          await page.mouse.up();
          await changed();
          await page.mouse.wheel(0, 90);
          await changed();
          await page.keyboard.down('Control');
          await page.mouse.wheel(0, 300);
          await page.keyboard.up('Control');
          await changed();
          await page.getByRole('button', { name: 'Show all (0)' }).click();
          await changed();
        },
        WIDE,
      ));

    it('500 datasets: only what is in sight is in the page, and small boxes keep their icons', () =>
      withGraph(
        workspace(500),
        async (page) => {
          assert.ok((await box(page).count()) < 150);
          await press(page, '0');
          await page.locator('[data-detail=icon]').waitFor();
          const boxes = await box(page).count();
          assert.ok(boxes > 500, `${boxes} boxes`);
          assert.equal(await page.locator('.graph-box text').count(), 0);
          assert.equal(await page.locator('.graph-box:not(:has(.glyph))').count(), 0);
        },
        WIDE,
      ));
  });

  describe('saves', () => {
    it('an SVG that needs nothing else', () =>
      withGraph(PIPELINE, async (page, host) => {
        await page.getByRole('button', { name: 'More…' }).click();
        await page.getByRole('menuitem', { name: 'Save as SVG…' }).click();
        await until(() => host.calls.at(-1)?.[0] === 'saveImage');
        const { format, content } = host.calls.at(-1)?.[1] as { format: string; content: Uint8Array };
        assert.equal(format, 'svg');
        const text = new TextDecoder().decode(content);
        assert.match(text, /^<\?xml/);
        assert.match(text, />merged\.jsonl</);
        assert.doesNotMatch(text, /var\(|class=|currentColor(?!")|url\(|href|color\(|foreignObject/);
      }));

    it('a PNG, twice as fine', () =>
      withGraph(SAMPLE_WAY, async (page, host) => {
        await page.getByRole('button', { name: 'More…' }).click();
        await page.getByRole('menuitem', { name: 'Save as PNG…' }).click();
        await until(() => host.calls.at(-1)?.[0] === 'saveImage');
        const { format, content } = host.calls.at(-1)?.[1] as { format: string; content: Uint8Array };
        assert.equal(format, 'png');
        assert.equal(Buffer.from(content.subarray(1, 4)).toString('latin1'), 'PNG');
        assert.ok(Buffer.from(content).readUInt32BE(16) > 400, 'width');
      }));
  });

  it('treats names of others as text', () => {
    const hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202Egnp.exe';
    const long = 'A'.repeat(50_000);
    const state = graph(
      [
        dataset(hostile, {
          id: 'd:1',
          vouchers: [{ signer: hostile, keyId: 'k', standing: 'untrusted' }],
          path: hostile,
        }),
        step('1', hostile, { id: 's:1', facts: [[hostile, hostile]], by: { claimedBy: hostile } }),
        dataset(long, { id: 'd:2', sample: { digest: long, copies: 1, end: 'unknown' } }),
      ],
      lines('d:1 > s:1 > d:2'),
      { current: 'd:2', issues: [{ kind: 'cycle', text: hostile, boxes: ['d:1'] }], note: hostile },
    );
    return withGraph(state, async (page, host) => {
      await press(page, '0');
      assert.equal(await box(page).count(), 3);
      for (const id of ['d:1', 's:1', 'd:2']) {
        await boxOf(page, id).focus();
        await page.keyboard.press('Space');
        await page.getByRole('dialog').waitFor();
        await page.keyboard.press('Escape');
      }
      await page.getByRole('button', { name: 'More…' }).click();
      await page.getByRole('menuitem', { name: 'Save as SVG…' }).click();
      await until(() => host.calls.at(-1)?.[0] === 'saveImage');
      await page.getByRole('button', { name: 'As a list' }).click();
      await page.getByRole('tree').waitFor();
      const made = await page.evaluate(
        () => document.body.querySelectorAll('img, script, a, iframe, [onerror]').length,
      );
      assert.equal(made, 1, 'only our own script');
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
      assert.ok(fits, 'nothing is wider than the panel');
    });
  });
});

function box(page: Page): Locator {
  return page.locator('.drawing .graph-box');
}

function boxOf(page: Page, id: string): Locator {
  return page.locator(`.drawing .graph-box[data-id=${JSON.stringify(id)}]`);
}

/** Presses a key in the drawing. */
async function press(page: Page, key: string): Promise<void> {
  await page.locator('.drawing .graph-box[tabindex="0"]').press(key);
}

function focusedBox(page: Page): Promise<string | undefined> {
  return page.evaluate(() => (document.activeElement as SVGElement | null)?.dataset['id']);
}

function focusedRow(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
}

async function inSight(page: Page, element: Locator): Promise<boolean> {
  const [inner, outer] = [await element.boundingBox(), await page.locator('.drawing').boundingBox()];
  if (!inner || !outer) return false;
  return (
    inner.x >= outer.x - 1 &&
    inner.y >= outer.y - 1 &&
    inner.x + inner.width <= outer.x + outer.width + 1 &&
    inner.y + inner.height <= outer.y + outer.height + 1
  );
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; ;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`did not come true: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
