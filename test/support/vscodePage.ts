/**
 * A window of VS Code for tests that use the packaged extension as a user would: the VS Code from npm, in Chromium,
 * with nothing but dist/dataset-provenance.vsix installed. `npm test vsix` makes that file.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/vscode-host/chromium.mjs';
import { startServer, type Server } from '../../scripts/vscode-host/server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const vsix = join(root, 'dist/dataset-provenance.vsix');

export interface VsCodePageOptions {
  /** The workspace folder to open: an absolute path. The tests may write to it, so it should be a copy. */
  folder: string;
  settings?: Record<string, unknown>;
  /** For the server, over this process's own: `XDG_CONFIG_HOME`, for example. */
  env?: NodeJS.ProcessEnv;
  /** Opens the folder in restricted mode. */
  restricted?: boolean;
}

export class VsCodePage {
  private constructor(
    readonly page: Page,
    private readonly browser: Browser,
    private readonly server: Server,
  ) {}

  /** Starts VS Code and waits until its window can be used. */
  static async open(options: VsCodePageOptions): Promise<VsCodePage> {
    if (!existsSync(vsix)) throw new Error('There is no packaged extension yet: `npm run package` makes it.');
    const { folder, ...serverOptions } = options;
    const server = await startServer({ ...serverOptions, vsix: [vsix] });
    try {
      const browser = await launchChromium();
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      const opened = new VsCodePage(page, browser, server);
      try {
        await page.goto(server.url(folder));
        await opened.ready();
        return opened;
      } catch (error) {
        await opened.screenshot('failure-open').catch(() => undefined);
        await browser.close();
        throw error;
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Waits for the workbench, and for the extension host, without which commands are missing. */
  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
    // What the extension contributes is known later: until then, a Parquet file opens in the text editor.
    await this.page.locator('.activitybar [aria-label="Provenance"]').first().waitFor({ timeout: 60_000 });
  }

  /** Reloads the window, as VS Code's own "Reload Window" does: extensions start anew. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Runs a command from the palette by its full title, for example `Dataset Provenance: Sign Dataset`. */
  async runCommand(title: string): Promise<void> {
    await this.pick(`>${title}`, title);
  }

  /** Opens a file of the workspace by its name (or the end of its path), through quick open. */
  async openFile(name: string): Promise<void> {
    const label = name.slice(name.lastIndexOf('/') + 1);
    await this.pick(name, label);
    await this.page.locator('.tab.active', { hasText: label }).waitFor();
  }

  /** Types into the quick input that is open, for example that of an extension's question, and accepts it. */
  async answer(text: string): Promise<void> {
    await this.input.waitFor();
    await this.input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The document inside a webview: the one with this title, or any that is visible. Waits for it. */
  async webview(title?: string): Promise<FrameLocator> {
    const inner = `iframe#active-frame${title === undefined ? '' : `[title=${JSON.stringify(title)}]`}`;
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      for (const outer of await this.page.locator('iframe.webview.ready:visible').all()) {
        const frame = outer.contentFrame().locator(inner);
        if ((await frame.count()) > 0) return frame.contentFrame();
      }
      await this.page.waitForTimeout(200);
    }
    const file = await this.screenshot('failure-webview');
    throw new Error(`VS Code shows no webview "${title ?? ''}": see ${file}`);
  }

  /** Saves what the window shows into out/screenshots. */
  async screenshot(name: string): Promise<string> {
    const file = join(root, 'out/screenshots', `${name}.png`);
    mkdirSync(dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
    return file;
  }

  async dispose(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }

  /** The visible lines of the active text editor. Their spaces are no-break spaces. */
  get lines(): Locator {
    return this.page.locator('.editor-group-container.active .editor-instance .view-lines');
  }

  /** The text field of the palette, of quick open and of extensions' questions. */
  get input(): Locator {
    return this.page.locator('.quick-input-widget:visible input').first();
  }

  /** The entries that the palette or a question offers. */
  get choices(): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
  }

  /**
   * Filters the palette and chooses an entry by its exact label. It is retried as a whole: while extensions start,
   * the list comes late, and opening it anew is the only way to have it refreshed.
   */
  private async pick(filter: string, label: string): Promise<void> {
    const exactly = new RegExp(`^${label.replaceAll(/[^\w ]/g, '\\$&')}$`);
    const entry = this.choices
      .filter({ has: this.page.locator('.label-name', { hasText: exactly }) })
      .first();
    for (const deadline = Date.now() + 60_000; ;) {
      await this.page.keyboard.press('F1');
      await this.input.waitFor();
      await this.input.fill(filter);
      try {
        await entry.click({ timeout: 5000 });
        return;
      } catch (error) {
        if (Date.now() > deadline) {
          const file = await this.screenshot('failure-pick');
          throw new Error(`VS Code offers no "${label}" for "${filter}": see ${file}`, { cause: error });
        }
        await this.page.keyboard.press('Escape');
      }
    }
  }
}
