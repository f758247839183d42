import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { ProvenanceError } from '../../src/core/errors.ts';
import type { LineageState } from '../../src/protocol/lineagePanel.ts';
import { launchBrowser, noChromium } from './support/browser.ts';
import { assertGolden } from './support/golden.ts';
import { FakeHost, openLineage } from './support/lineagePage.ts';
import { CALM, counts, DATASET, hex, RICH, SAMPLE, statement } from './support/states.ts';
import { bundle, type Bundle, type WebviewOptions, type WebviewPage } from './support/webviewPage.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../out/screenshots/', import.meta.url));

describe('The Lineage panel', { skip: noChromium }, () => {
  let browser: Browser;
  let code: Bundle;

  before(async () => {
    [browser, code] = await Promise.all([launchBrowser(), bundle('webview/lineage/main.ts')]);
  });

  after(async () => {
    await browser.close();
  });

  /** Runs the test on an open panel. Whatever it does, nothing may break the policy, fail or load anything. */
  async function withPanel(
    state: LineageState | FakeHost,
    test: (page: Page, host: FakeHost, webview: WebviewPage) => Promise<void>,
    options: WebviewOptions = {},
  ): Promise<void> {
    const host = state instanceof FakeHost ? state : new FakeHost(state);
    const webview = await openLineage(browser, code, host, options);
    await test(webview.page, host, webview);
    host.dispose();
    await webview.close();
  }

  /** Waits until the host was called, and gives all calls but the first two, `ready` and `showGraph`. */
  async function callsOf(host: FakeHost, count: number): Promise<readonly unknown[]> {
    await eventually(() => {
      assert.equal(host.calls.length, count + 2);
    });
    return host.calls.slice(2);
  }

  describe('shows', () => {
    for (const [name, state] of [
      ['rich', RICH],
      ['calm', CALM],
      ['restricted', { ...RICH, restricted: true }],
      ['empty', {}],
    ] as const) {
      it(`the ${name} state, as a screen reader reads it`, () =>
        withPanel(state, async (page) => {
          assertGolden(`lineage-${name}.aria.txt`, await page.locator('body').ariaSnapshot());
        }));
    }

    it('that it works', () =>
      withPanel({ dataset: { ...DATASET, busy: true } }, async (page, host) => {
        const ring = page.getByRole('progressbar', { name: 'Working…' });
        await ring.waitFor();
        host.show({ dataset: DATASET });
        await ring.waitFor({ state: 'detached' });
      }));

    it('a new state without being asked', () =>
      withPanel(CALM, async (page, host) => {
        host.show(RICH);
        await page.getByText('2 modified, 1 added').waitFor();
        host.show({});
        await page.getByText('Open a JSONL dataset').waitFor();
      }));

    it('its strings in the language that the host sends', () => {
      const host = new FakeHost(CALM);
      host.strings = { Verify: 'Prüfen', 'Line {0}': 'Zeile {0}' };
      return withPanel(host, async (page) => {
        await page.getByRole('button', { name: 'Prüfen' }).waitFor();
        await page.getByRole('button', { name: 'Zeile 1' }).waitFor();
      });
    });

    it('long lists in parts', () => {
      const statements = Array.from({ length: 130 }, (_, index) =>
        statement(String(index), { id: hex(String(index)), claim: `Claim ${index}` }),
      );
      return withPanel({ dataset: { ...DATASET, statements } }, async (page) => {
        const entries = page.getByRole('list', { name: 'Statements' }).getByRole('listitem');
        assert.equal(await entries.count(), 20);
        await page.getByRole('button', { name: 'Show more (110 left)' }).click();
        assert.equal(await entries.count(), 120);
        await page.getByRole('button', { name: 'Show more (10 left)' }).click();
        assert.equal(await entries.count(), 130);
      });
    });

    it('how long ago something was signed, while time goes on', () =>
      withPanel(RICH, async (page) => {
        await page.getByText('2 minutes ago').first().waitFor();
        const time = page.getByRole('region', { name: 'Evidence' }).getByRole('time').first();
        assert.equal(await time.getAttribute('title'), 'Sunday, March 1, 2026 at 11:58:00 AM UTC');
      }));
  });

  describe('calls the host', () => {
    const clicks: readonly (readonly [button: string, call: readonly [string, unknown]])[] = [
      ['Verify', ['verifyDataset', null]],
      ['Sign dataset', ['signDataset', null]],
      ['Line 12', ['revealLine', { line: 12 }]],
      ['Sign line 12', ['signSample', { line: 12 }]],
      ['Flag line 12…', ['flagSample', { line: 12 }]],
      ['Copy digest 93f1a9c2…b58d', ['copy', { text: SAMPLE.digest }]],
      [`Trust ${DATASET.statements[1]?.signer}…`, ['trustSigner', { keyId: DATASET.statements[1]?.keyId }]],
    ];
    it('when a button is clicked', () =>
      withPanel(RICH, async (page, host) => {
        for (const [name] of clicks) await page.getByRole('button', { name, exact: true }).first().click();
        assert.deepEqual(
          await callsOf(host, clicks.length),
          clicks.map(([, call]) => call),
        );
      }));

    it('once, however often the user clicks before it answers', () =>
      withPanel(RICH, async (page, host) => {
        let answer: () => void = () => undefined;
        host.answers.verifyDataset = () =>
          new Promise((resolve) => {
            answer = () => {
              resolve(null);
            };
          });
        const verify = page.getByRole('button', { name: 'Verify' });
        await verify.click();
        await verify.click();
        await page.getByRole('button', { name: 'Line 12', exact: true }).click();
        assert.deepEqual(await callsOf(host, 2), [
          ['verifyDataset', null],
          ['revealLine', { line: 12 }],
        ]);
        answer();
        await eventually(async () => {
          await verify.click();
          assert.equal(host.calls.length, 5);
        });
      }));

    it('and says that it copied', () =>
      withPanel(CALM, async (page) => {
        await page.getByRole('button', { name: 'Copy digest' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
      }));
  });

  describe('survives', () => {
    it('an error of the host: it says so, and the next try clears it', () =>
      withPanel(RICH, async (page, host) => {
        host.answers.signDataset = () => {
          throw new ProvenanceError('locked', '{file} is locked by process {pid}.', {
            file: 'train.jsonl',
            pid: 7,
          });
        };
        const sign = page.getByRole('button', { name: 'Sign dataset' });
        await sign.click();
        const alert = page.getByRole('alert');
        await alert.getByText('train.jsonl is locked by process 7.').waitFor();
        await page.screenshot({ path: `${SCREENSHOTS}webview-lineage-error.png` });
        await alert.getByRole('button', { name: 'Dismiss' }).click();
        assert.equal(await alert.textContent(), '');
        assert.equal(await focused(page), 'Verify');
        await sign.click();
        await alert.getByText('is locked').waitFor();
        delete host.answers.signDataset;
        await sign.click();
        await eventually(async () => {
          assert.equal(await alert.textContent(), '');
        });
        assert.equal(host.calls.length, 5);
      }));

    it('a user who changes their mind, silently', () =>
      withPanel(RICH, async (page, host) => {
        host.answers.signDataset = () => {
          throw new ProvenanceError('cancelled', 'Cancelled.');
        };
        await page.getByRole('button', { name: 'Sign dataset' }).click();
        await callsOf(host, 1);
        await page.getByRole('button', { name: 'Verify' }).click();
        await callsOf(host, 2);
        assert.equal(await page.getByRole('alert').textContent(), '');
      }));

    it('a host that fails at the start: it offers to try again', () => {
      const host = new FakeHost(CALM);
      host.answers.ready = () => {
        throw new ProvenanceError('io', 'The evidence cannot be read.');
      };
      return withPanel(host, async (page) => {
        await page.getByRole('alert').getByText('The evidence cannot be read.').waitFor();
        delete host.answers.ready;
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole('heading', { name: 'train.jsonl' }).waitFor();
        assert.equal(await page.getByRole('alert').textContent(), '');
      });
    });

    it('what an earlier version remembered', () =>
      withPanel(
        CALM,
        async (page) => {
          await page.getByRole('button', { name: 'Evidence', expanded: true }).waitFor();
        },
        { remembered: { collapsed: 'all', scroll: {} } },
      ));
  });

  describe('keeps, when the state is sent again,', () => {
    it('the focus, also when entries come before it', () =>
      withPanel(RICH, async (page, host) => {
        const trust = page.getByRole('region', { name: 'Evidence' }).getByRole('button', { name: /^Trust/ });
        await trust.focus();
        const newer = statement('7', { claim: 'Newest of all' });
        host.show({ ...RICH, dataset: { ...DATASET, statements: [newer, ...DATASET.statements] } });
        await page.getByText('Newest of all').waitFor();
        await page.keyboard.press('Enter');
        assert.deepEqual(await callsOf(host, 1), [['trustSigner', { keyId: DATASET.statements[1]?.keyId }]]);
      }));

    it('the focus in its section, when what had it is gone', () =>
      withPanel(RICH, async (page, host) => {
        const evidence = page.getByRole('region', { name: 'Evidence' });
        await evidence.getByRole('button', { name: /^Trust/ }).focus();
        host.show({ ...RICH, dataset: { ...DATASET, statements: [statement('3')] } });
        await evidence.getByRole('button', { name: 'Evidence 1' }).waitFor();
        assert.match(await focused(page), /^Evidence/);
      }));

    it('folded sections, and remembers them', () =>
      withPanel(RICH, async (page, host, webview) => {
        await page.getByRole('button', { name: 'This sample' }).click();
        await page.getByRole('button', { name: 'Evidence' }).click();
        await page.getByRole('button', { name: 'Evidence' }).click();
        host.show({ ...RICH, sample: { ...SAMPLE, line: 13 } });
        await page.getByRole('button', { name: 'This sample', expanded: false }).waitFor();
        assert.equal(await page.getByText('The phrase').isVisible(), false);
        const { collapsed } = (await webview.remembered()) as { collapsed: unknown };
        assert.deepEqual(collapsed, ['sample']);
      }));

    it('the scroll position, and remembers it', () =>
      withPanel(
        RICH,
        async (page, host, webview) => {
          await page.mouse.move(150, 200);
          await page.mouse.wheel(0, 500);
          await eventually(async () => {
            assert.equal(await page.evaluate(() => window.scrollY), 500);
          });
          host.show({ ...RICH, dataset: { ...DATASET, summary: 'Another summary. '.repeat(3) } });
          await page.getByText('Another summary.').waitFor();
          assert.equal(await page.evaluate(() => window.scrollY), 500);
          await eventually(async () => {
            assert.deepEqual(await webview.remembered(), {
              collapsed: [],
              scroll: 500,
              view: 'sample',
              asList: false,
            });
          });
        },
        { height: 400 },
      ));

    it('the verdict as it is in the live region, so that nothing is read twice', () =>
      withPanel(RICH, async (page, host) => {
        await page.evaluate(() => {
          const seen: string[] = [];
          Object.assign(window, { seen });
          new MutationObserver(() => seen.push('changed')).observe(document.querySelector('.verdict')!, {
            subtree: true,
            childList: true,
            characterData: true,
          });
        });
        host.show({ ...RICH, sample: { ...SAMPLE, line: 13 } });
        await page.getByRole('button', { name: 'Line 13', exact: true }).waitFor();
        assert.deepEqual(await page.evaluate(() => (window as unknown as { seen: string[] }).seen), []);
        host.show(CALM);
        await page.getByText('Intact').waitFor();
        assert.notEqual(await page.evaluate(() => (window as unknown as { seen: string[] }).seen.length), 0);
      }));
  });

  it('shows no check mark for a dataset that only a stranger signed', () =>
    withPanel({ ...CALM, dataset: { ...CALM.dataset!, signerUntrusted: true } }, async (page) => {
      const verdict = page.locator('.verdict');
      await verdict.getByText('Intact, signer not trusted').waitFor();
      assert.equal(await verdict.locator('.tone-verified').count(), 0);
      assert.equal(await verdict.locator('.tone-untrusted').count(), 1);
    }));

  it('comes back as it was left', () =>
    withPanel(
      RICH,
      async (page) => {
        await page.getByRole('button', { name: 'This sample', expanded: false }).waitFor();
        assert.equal(await page.evaluate(() => window.scrollY), 300);
      },
      { remembered: { collapsed: ['sample'], scroll: 300 }, height: 400 },
    ));

  it('can be used with the keyboard alone', () =>
    withPanel(RICH, async (page, host) => {
      const stops: string[] = [];
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        const stop = await focused(page);
        if (stop === '') break;
        stops.push(stop);
      }
      assertGolden('lineage-tab-order.txt', stops.join('\n'));

      const evidence = page.getByRole('button', { name: 'Evidence' });
      await evidence.focus();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Evidence', expanded: false }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Evidence', expanded: true }).waitFor();

      await page.getByRole('button', { name: 'Flag line 12…' }).focus();
      await page.keyboard.press('Space');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      assert.deepEqual(await callsOf(host, 2), [
        ['flagSample', { line: 12 }],
        ['signSample', { line: 12 }],
      ]);
    }));

  it('treats text of others as text', () =>
    withPanel(
      {},
      async (page, host) => {
        for (const [what, text, shown] of HOSTILE) {
          host.show(hostile(text));
          await page.getByRole('heading', { level: 1 }).filter({ hasText: shown }).waitFor();
          const places = await page.locator('bdi').filter({ hasText: shown }).count();
          assert.ok(places >= 9, `${what}: ${places} places show the text`);
          const made = await page.evaluate(
            () =>
              document.body.querySelectorAll('img, script, a, iframe, [onerror], [onfocus], [autofocus]')
                .length,
          );
          assert.equal(made, 1, `${what}: only our own script`);
          assert.deepEqual(await overflowing(page), [], what);
        }
        assert.deepEqual(await callsOf(host, 0), []);
      },
      { width: 250 },
    ));

  it('fits into 250 to 500 px, whatever the numbers', () =>
    withPanel(
      {
        ...RICH,
        dataset: {
          ...DATASET,
          counts: counts({ verified: 123_456_789, modified: 1_234_567, malformed: 1 }),
        },
      },
      async (page) => {
        for (const width of [250, 300, 420, 500]) {
          await page.setViewportSize({ width, height: 900 });
          assert.deepEqual(await overflowing(page), [], `at ${width} px`);
        }
      },
    ));

  describe('looks right', () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    for (const theme of ['dark', 'light', 'hc'] as const) {
      it(`in ${theme}`, () =>
        withPanel(
          RICH,
          async (page) => {
            await page.getByRole('button', { name: 'Sign dataset' }).focus();
            for (const width of [300, 480]) {
              await page.setViewportSize({ width, height: 900 });
              const path = `${SCREENSHOTS}webview-lineage-${theme}-${width}.png`;
              await page.screenshot({ path, fullPage: true });
              assert.deepEqual(await overflowing(page), []);
            }
          },
          { theme },
        ));
    }
  });
});

/** What others may write, and how it starts where it is shown. */
const HOSTILE = [
  ['HTML', '<img src=x onerror="alert(1)"><script>alert(2)</script>', '<img src=x onerror="alert(1)'],
  ['attributes', '" onfocus="alert(1)" autofocus x="', '" onfocus="alert(1)'],
  ['Markdown', '[click](command:workbench.action.quit) ![](https://evil.test/x.png)', '[click](command:'],
  ['URLs', 'javascript:alert(1)', 'javascript:alert(1)'],
  ['bidirectional overrides', '\u202Elmth.exe\u2066', '\\u202Elmth.exe\\u2066'],
  ['hidden characters', 'a\u0000b\u200Bc\u2028d\u{E0041}', 'a\\u0000b\\u200Bc\\u2028d'],
  ['placeholders', '{0} {signer} $& $1', '{0} {signer} $& $1'],
  ['names of properties', '__proto__', '__proto__'],
  ['100 kB', 'A'.repeat(100_000), 'A'.repeat(20)],
  ['100 kB of marks', `z${'\u0301'.repeat(100_000)}`, '\\u0301\\u0301'],
] as const;

/** A state with this text wherever others can write. */
function hostile(text: string): LineageState {
  const signed = { signer: text, keyId: text, time: text } as const;
  const claims = statement('1', { ...signed, claim: text, note: text, standing: 'untrusted' });
  return {
    dataset: {
      ...DATASET,
      name: text,
      path: `${text}/x`,
      summary: text,
      statements: [claims],
      problems: [text],
    },
    sample: {
      ...SAMPLE,
      explanation: text,
      origin: [[text, text]],
      coveredBy: [claims],
      reviews: [
        { ...signed, verdict: 'flagged', category: text, severity: text, reason: text, standing: 'trusted' },
      ],
    },
  };
}

/** The name of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return '';
    return element.getAttribute('aria-label') ?? element.textContent;
  });
}

/** What sticks out to the right, or is cut without an ellipsis. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const found = document.documentElement.scrollWidth > width ? ['the page scrolls sideways'] : [];
    for (const element of document.body.querySelectorAll<HTMLElement>('*:not(path, rect, script)')) {
      if (element.closest('.visually-hidden, [hidden]')) continue;
      const { right, left } = element.getBoundingClientRect();
      // What is within an ellipsis is cut by it.
      const cut = element.parentElement?.closest('.ellipsis') !== null;
      if (!cut && (right > width + 0.5 || left < -0.5)) {
        found.push(`${element.tagName}.${element.className} ends at ${right}`);
      }
      const ellipsis = getComputedStyle(element).textOverflow === 'ellipsis';
      if (!cut && !ellipsis && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
        found.push(`${element.tagName}.${element.className} is cut: ${element.textContent.slice(0, 40)}`);
      }
    }
    return found;
  });
}

/** Tries until it holds, for at most two seconds. */
async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  const end = Date.now() + 2000;
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
