import * as vscode from 'vscode';
import {
  COMMANDS,
  VIEWS,
  type CommandHandlers,
  type CommandName,
  type SampleTarget,
} from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { errorText, logError, tellingErrors } from '../../host/messages.ts';
import { revealSample } from '../../host/revealSample.ts';
import type { FocusedSample } from '../../host/sampleFocus.ts';
import { sampleView } from '../../host/sampleView.ts';
import type { Services } from '../../host/services.ts';
import { showPage, webviewStrings } from '../../host/webviewHtml.ts';
import { webviewPort } from '../../host/webviewPort.ts';
import type {
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
} from '../../protocol/lineagePanel.ts';
import type { Layout, LayoutRequest } from '../../protocol/lineageWorker.ts';
import { Rpc } from '../../protocol/rpc.ts';
import { exportLineage, saveImage } from './exportLineage.ts';
import { GraphFeed } from './graphFeed.ts';
import { lineageDataset } from './model.ts';

/** The cursor moves fast. */
const SETTLE_MS = 80;

/** A panel that is just being shown has its page after this. */
const FOCUS_TIMEOUT_MS = 5000;

/** The Lineage panel. It shows the dataset that was last looked at, the sample under the cursor, and draws their lineage. */
export function registerLineage(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'showLineage' | 'exportLineage'>;
} {
  const store = new DisposableStore();
  const panel = new LineagePanel(services);
  store.addAll(
    panel,
    vscode.window.registerWebviewViewProvider(VIEWS.lineage, panel),
    services.datasets.onDidChange(() => {
      panel.updateSoon();
    }),
    services.datasets.onDidRemove(() => {
      panel.updateSoon();
    }),
    services.sampleFocus.onDidChange(() => {
      panel.updateSoon();
    }),
  );
  return {
    disposable: store,
    handlers: {
      showLineage: () => tellingErrors(() => panel.focus()),
      exportLineage: (argument: unknown) => tellingErrors(() => exportLineage(services, argument)),
    },
  };
}

class LineagePanel implements vscode.WebviewViewProvider {
  private rpc:
    Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents> | undefined;
  private view: vscode.WebviewView | undefined;
  private timer: NodeJS.Timeout | undefined;
  private version = 0;
  /** The dataset that the panel shows: what its buttons are about. */
  private shown: vscode.Uri | undefined;
  private readonly feed: GraphFeed;
  private layout: AbortController | undefined;
  /** Whether the page is there and answers. */
  private ready = false;
  /** Those who wait for that. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly services: Services) {
    this.feed = new GraphFeed(services, (graph) => {
      if (this.view?.visible) this.rpc?.emit('graph', graph);
    });
  }

  /** Shows the panel, and gives its drawing the keyboard's focus. */
  async focus(): Promise<void> {
    const page = this.ready ? Promise.resolve() : new Promise<void>((resolve) => this.waiting.add(resolve));
    await vscode.commands.executeCommand(`${VIEWS.lineage}.focus`);
    await page;
    await this.rpc?.call('focusGraph', null, { timeout: FOCUS_TIMEOUT_MS });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.rpc?.dispose();
    this.view = view;
    const run = async (command: CommandName, target: SampleTarget): Promise<null> => {
      await vscode.commands.executeCommand(COMMANDS[command], target);
      return null;
    };
    const target = (line?: number): SampleTarget => ({
      ...(this.shown && { uri: this.shown.toString() }),
      ...(line !== undefined && { lines: [line] }),
    });
    const rpc = new Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents>(
      webviewPort(view.webview),
      {
        ready: async () => {
          const state = await this.state();
          this.ready = true;
          for (const resolve of this.waiting) resolve();
          this.waiting.clear();
          return { state, strings: webviewStrings() };
        },
        showGraph: (viewpoint) => {
          this.feed.show(viewpoint);
          return null;
        },
        hideGraph: () => {
          this.feed.hide();
          return null;
        },
        layout: (request) => this.lay(request),
        openBox: async ({ id, row }) => {
          await this.feed.open(id, row);
          return null;
        },
        saveImage: async ({ format, content }) => {
          await saveImage(this.shown, format, content);
          return null;
        },
        exportLineage: () => run('exportLineage', target()),
        revealLine: async ({ line }) => {
          if (this.shown) await revealSample(this.services, this.shown, line);
          return null;
        },
        copy: async ({ text }) => {
          await vscode.env.clipboard.writeText(text);
          return null;
        },
        trustSigner: ({ keyId }) => run('trustSigner', { keyId }),
        signDataset: () => run('signDataset', target()),
        verifyDataset: () => run('verifyDataset', target()),
        flagSample: ({ line }) => run('flagSamples', target(line)),
        signSample: ({ line }) => run('signSamples', target(line)),
      },
      this.services.platform.timers,
    );
    this.rpc = rpc;
    view.onDidDispose(() => {
      rpc.dispose();
      if (this.rpc !== rpc) return;
      this.rpc = undefined;
      this.view = undefined;
      this.pageGone();
    });
    view.onDidChangeVisibility(() => {
      // VS Code throws the page away; a new one asks for everything.
      if (!view.visible) this.pageGone();
      this.updateSoon();
    });
    showPage(view.webview, this.services.extensionUri, 'lineage');
  }

  updateSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.update();
    }, SETTLE_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.feed.dispose();
    this.rpc?.dispose();
  }

  private pageGone(): void {
    this.ready = false;
    this.feed.hide();
    this.layout?.abort();
  }

  /** Lays out the drawing; the page has one, so that a new request overtakes the last one. */
  private lay(request: LayoutRequest): Promise<Layout> {
    this.layout?.abort();
    this.layout = new AbortController();
    return this.services.lineageWorker.call('layout', request, { signal: this.layout.signal });
  }

  private async update(): Promise<void> {
    if (!this.rpc || !this.view?.visible) return;
    const version = ++this.version;
    try {
      const state = await this.state();
      if (version === this.version) this.rpc.emit('state', state);
    } catch (error) {
      logError(error);
    }
  }

  private async state(): Promise<LineageState> {
    const { current } = this.services.sampleFocus;
    this.shown = current?.uri;
    const restricted = !vscode.workspace.isTrusted;
    const dataset = current && this.services.datasets.get(current.uri);
    if (!dataset) return { restricted };
    const shown = lineageDataset(dataset, vscode.workspace.asRelativePath(dataset.uri), errorText);
    const sample = shown && (await this.sample(dataset, current));
    return { restricted, ...(shown && { dataset: shown }), ...(sample && { sample }) };
  }

  private async sample(dataset: Dataset, focused: FocusedSample) {
    const { line } = focused;
    if (line === undefined || dataset.status(line) === undefined) return undefined;
    return sampleView(this.services, dataset, line, await focused.text());
  }
}
