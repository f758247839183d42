import type { Browser } from 'playwright-core';
import type {
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
} from '../../../src/protocol/lineagePanel.ts';
import { Rpc, type Handlers, type Port, type Timers } from '../../../src/protocol/rpc.ts';

import { WebviewPage, type Bundle, type WebviewOptions } from './webviewPage.ts';

const TIMERS: Timers = {
  start: setTimeout,
  stop: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};

type Call = readonly [method: keyof LineageHostMethods, params: unknown];

/** A host that records what the panel asks, and answers as the test wants. */
export class FakeHost {
  readonly calls: Call[] = [];
  /** Answers instead of the usual `null`. */
  readonly answers: Partial<Handlers<LineageHostMethods>> = {};
  strings: Record<string, string> = {};
  private rpc:
    Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents> | undefined;

  constructor(public state: LineageState) {}

  connect(port: Port): void {
    this.rpc = new Rpc(port, this.handlers(), TIMERS);
  }

  /** Announces a new state. */
  show(state: LineageState): void {
    this.state = state;
    this.rpc?.emit('state', state);
  }

  dispose(): void {
    this.rpc?.dispose();
  }

  private handlers(): Handlers<LineageHostMethods> {
    const nothing =
      <Name extends Exclude<keyof LineageHostMethods, 'ready'>>(
        name: Name,
      ): Handlers<LineageHostMethods>[Name] =>
      async (params, context) => {
        this.calls.push([name, params]);
        await this.answers[name]?.(params, context);
        return null as ReturnType<LineageHostMethods[Name]>;
      };
    return {
      ready: (params, context) => {
        this.calls.push(['ready', params]);
        return this.answers.ready?.(params, context) ?? { state: this.state, strings: this.strings };
      },
      openInput: nothing('openInput'),
      revealLine: nothing('revealLine'),
      copy: nothing('copy'),
      trustSigner: nothing('trustSigner'),
      signDataset: nothing('signDataset'),
      verifyDataset: nothing('verifyDataset'),
      flagSample: nothing('flagSample'),
      signSample: nothing('signSample'),
    };
  }
}

/** Opens the Lineage panel on this host, and waits until it shows the host's state. */
export async function openLineage(
  browser: Browser,
  bundle: Bundle,
  host: FakeHost,
  options: WebviewOptions = {},
): Promise<WebviewPage> {
  const webview = await WebviewPage.open(browser, bundle, options, (port) => {
    host.connect(port);
  });
  await webview.page.getByRole('main').locator('header, .empty p, .error').first().waitFor();
  return webview;
}
