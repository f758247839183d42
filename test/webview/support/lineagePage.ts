import type { Browser } from 'playwright-core';
import { layoutHandlers } from '../../../src/platform/lineageLayout.node.ts';
import type {
  LineageGraphState,
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
  LineageView,
} from '../../../src/protocol/lineagePanel.ts';
import type { LayoutRequest } from '../../../src/protocol/lineageWorker.ts';
import { Rpc, type Handlers, type Port, type Timers } from '../../../src/protocol/rpc.ts';

import { WebviewPage, type Bundle, type WebviewOptions } from './webviewPage.ts';

const TIMERS: Timers = {
  start: setTimeout,
  stop: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};

/** The layout that the worker makes. */
const LAYOUT = layoutHandlers().layout;

type Call = readonly [method: keyof LineageHostMethods, params: unknown];

/** A host that records what the panel asks, and answers as the test wants. */
export class FakeHost {
  readonly calls: Call[] = [];
  /** Answers instead of the usual `null`. */
  readonly answers: Partial<Handlers<LineageHostMethods>> = {};
  strings: Record<string, string> = {};
  private rpc:
    Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents> | undefined;

  /** What is drawn, by view; without one, the panel waits for it. */
  readonly graphs: Partial<Record<LineageView, LineageGraphState>> = {};
  /** Layouts that were asked for, not among {@link calls}. */
  readonly layouts: LayoutRequest[] = [];

  constructor(public state: LineageState) {}

  connect(port: Port): void {
    this.rpc = new Rpc(port, this.handlers(), TIMERS);
  }

  /** Announces a new state. */
  show(state: LineageState): void {
    this.state = state;
    this.rpc?.emit('state', state);
  }

  /** Announces a new graph. */
  draw(graph: LineageGraphState): void {
    this.graphs[graph.view] = graph;
    this.rpc?.emit('graph', graph);
  }

  /** Puts the focus into the drawing. */
  async focusGraph(): Promise<void> {
    await this.rpc?.call('focusGraph', null);
  }

  dispose(): void {
    this.rpc?.dispose();
  }

  private handlers(): Handlers<LineageHostMethods> {
    const nothing =
      <Name extends Exclude<keyof LineageHostMethods, 'ready' | 'layout'>>(
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
      showGraph: (params, context) => {
        this.calls.push(['showGraph', params]);
        const graph = this.graphs[params.view];
        if (graph) this.rpc?.emit('graph', graph);
        return this.answers.showGraph?.(params, context) ?? null;
      },
      hideGraph: nothing('hideGraph'),
      layout: (params, context) => {
        this.layouts.push(params);
        return (this.answers.layout ?? LAYOUT)(params, context);
      },
      openBox: nothing('openBox'),
      saveImage: nothing('saveImage'),
      exportLineage: nothing('exportLineage'),
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
