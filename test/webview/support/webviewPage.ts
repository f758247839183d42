import * as esbuild from 'esbuild';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { withDeferredControls } from '../../../scripts/lib/deferredControls.mjs';
import type { Message, Port } from '../../../src/protocol/rpc.ts';
import { THEMES, type Theme } from './themes.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ORIGIN = 'http://webview.test';

/** The script and the style sheet of a webview, as scripts/build.mjs makes them. */
export interface Bundle {
  readonly script: string;
  readonly style: string;
}

/** Bundles a webview in memory. */
export async function bundle(entry: string): Promise<Bundle> {
  const options = await withDeferredControls({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: 'webview.js',
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    mainFields: ['module', 'main'],
    loader: { '.svg': 'dataurl', '.ttf': 'dataurl' },
  });
  const { outputFiles } = await esbuild.build(options);
  const text = (extension: string) => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
}

/** The hash of nothing: FAST adds an empty style element to learn whether the browser knows `:focus-visible`. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

/** The policy that the host gives its webviews (src/host): nothing but our own style sheet and our own script. */
export function contentSecurityPolicy(cspSource: string, nonce: string): string {
  return [
    "default-src 'none'",
    `style-src ${cspSource} ${EMPTY_STYLE}`,
    `script-src 'nonce-${nonce}'`,
    'img-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types fast-html',
  ].join('; ');
}

export interface WebviewOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** What VS Code kept from an earlier life of this webview. */
  readonly remembered?: unknown;
}

/** A webview in Chromium as VS Code would show it, and the host's end of its channel. */
export class WebviewPage {
  /** Everything that must never happen: violations of the policy, uncaught errors, requests, dialogs, errors logged. */
  readonly misdeeds: string[] = [];
  readonly port: Port;
  private readonly listeners = new Set<(message: unknown) => void>();

  private constructor(readonly page: Page) {
    this.port = {
      post: (message) => {
        void this.deliver(message);
      },
      listen: (onMessage) => {
        this.listeners.add(onMessage);
        return () => this.listeners.delete(onMessage);
      },
    };
    page.on('pageerror', (error) => this.misdeeds.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.misdeeds.push(`logged: ${message.text()}`);
    });
    page.on('dialog', (dialog) => {
      this.misdeeds.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens the page; the panel then runs, and talks to {@link port} as soon as somebody listens there. */
  static async open(
    browser: Browser,
    { script, style }: Bundle,
    { theme = 'dark', width = 300, height = 900, remembered }: WebviewOptions = {},
    connect: (port: Port) => void,
  ): Promise<WebviewPage> {
    const page = await browser.newPage({
      viewport: { width, height },
      deviceScaleFactor: 2,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    const webview = new WebviewPage(page);
    await page.clock.setFixedTime('2026-03-01T12:00:00Z');
    await page.exposeFunction('hostReceives', (message: unknown) => {
      for (const listener of webview.listeners) listener(message);
    });
    await page.exposeFunction('violation', (text: string) => webview.misdeeds.push(`violation: ${text}`));
    const nonce = randomBytes(16).toString('base64');
    const files: Record<string, readonly [contentType: string, body: string]> = {
      '/': ['text/html', harness(nonce, theme, remembered)],
      '/webview.js': ['text/javascript', script],
      '/webview.css': ['text/css', style],
    };
    await page.route('**/*', async (route) => {
      const url = new URL(route.request().url());
      // What the page's own script made: nothing leaves it.
      if (url.protocol === 'blob:') {
        await route.continue();
        return;
      }
      const file = url.origin === ORIGIN ? files[url.pathname] : undefined;
      if (!file) webview.misdeeds.push(`request: ${url.href}`);
      await (file
        ? route.fulfill({ contentType: `${file[0]}; charset=utf-8`, body: file[1] })
        : route.abort());
    });
    connect(webview.port);
    await page.goto(ORIGIN);
    return webview;
  }

  /** What the page keeps with `setState`. */
  remembered(): Promise<unknown> {
    return this.page.evaluate(() => (window as unknown as { remembered: unknown }).remembered);
  }

  /** Ends the page, and fails if anything happened that must not. */
  async close(): Promise<void> {
    await this.page.close();
    assert.deepEqual(this.misdeeds, []);
  }

  private async deliver(message: Message): Promise<void> {
    await this.page
      .evaluate((data) => {
        window.postMessage(data, '*');
      }, message)
      .catch(() => undefined); // The page is gone.
  }
}

/** The page as the host and VS Code make it: VS Code's own script and style stand before the policy. */
function harness(nonce: string, theme: Theme, remembered: unknown): string {
  const { kind, colors } = THEMES[theme];
  const variables = {
    ...Object.fromEntries(Object.entries(colors).map(([name, value]) => [`--vscode-${name}`, value])),
    '--vscode-font-family': "'Segoe WPC', 'Segoe UI', 'Liberation Sans', sans-serif",
    '--vscode-font-size': '13px',
    '--vscode-font-weight': 'normal',
    '--vscode-editor-font-family': "'DejaVu Sans Mono', monospace",
    '--vscode-editor-font-size': '12px',
  };
  const data = JSON.stringify({ variables, remembered }).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<style>
  @layer vscode-default {
    body { background-color: transparent; color: var(--vscode-editor-foreground); margin: 0; padding: 0 20px; }
  }
  html { background: var(--vscode-sideBar-background); }
</style>
<script>
  const { variables, remembered } = ${data};
  for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
  document.addEventListener('securitypolicyviolation', (event) => {
    violation(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample);
  });
  window.remembered = remembered;
  globalThis.acquireVsCodeApi = () => {
    delete globalThis.acquireVsCodeApi;
    return {
      postMessage: (message) => { hostReceives(structuredClone(message)); },
      getState: () => window.remembered,
      setState: (state) => { window.remembered = structuredClone(state); },
    };
  };
</script>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(ORIGIN, nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${ORIGIN}/webview.css">
<title>Webview</title>
</head>
<body class="${kind}" data-vscode-theme-kind="${kind}" role="document">
<main id="app"></main>
<script nonce="${nonce}" src="${ORIGIN}/webview.js"></script>
</body>
</html>`;
}
