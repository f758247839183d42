import * as vscode from 'vscode';
import { COMMANDS, VIEWS, type CommandName, type SampleTarget } from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { errorText, logError } from '../../host/messages.ts';
import { revealSample } from '../../host/revealSample.ts';
import type { FocusedSample } from '../../host/sampleFocus.ts';
import { sampleView } from '../../host/sampleView.ts';
import type { Services } from '../../host/services.ts';
import { showPage, webviewStrings } from '../../host/webviewHtml.ts';
import { webviewPort } from '../../host/webviewPort.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type {
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
} from '../../protocol/lineagePanel.ts';
import { Rpc } from '../../protocol/rpc.ts';
import { lineageDataset, type KnownFile } from './model.ts';

/** The cursor moves fast. */
const SETTLE_MS = 80;

/** The Lineage panel. It shows the dataset that was last looked at, and the sample under the cursor. */
export function registerLineage(services: Services): vscode.Disposable {
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
  return store;
}

class LineagePanel implements vscode.WebviewViewProvider {
  private rpc:
    Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents> | undefined;
  private view: vscode.WebviewView | undefined;
  private timer: NodeJS.Timeout | undefined;
  private version = 0;
  /** The dataset that the panel shows: what its buttons are about. */
  private shown: vscode.Uri | undefined;

  constructor(private readonly services: Services) {}

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
        ready: async () => ({ state: await this.state(), strings: webviewStrings() }),
        openInput: async ({ path }) => {
          // Only a path that this panel offered is opened.
          const file = this.files().find(({ shownAs }) => shownAs === path);
          if (file) await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file.path));
          return null;
        },
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
      if (this.rpc === rpc) {
        this.rpc = undefined;
        this.view = undefined;
      }
    });
    // A hidden webview drops messages: it is sent everything when it is shown again.
    view.onDidChangeVisibility(() => {
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
    this.rpc?.dispose();
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
    const shown = lineageDataset(dataset, knownFile(dataset), this.files(), errorText);
    const sample = shown && (await this.sample(dataset, current));
    return { restricted, ...(shown && { dataset: shown }), ...(sample && { sample }) };
  }

  private async sample(dataset: Dataset, focused: FocusedSample) {
    const { line } = focused;
    if (line === undefined || dataset.status(line) === undefined) return undefined;
    return sampleView(this.services, dataset, line, await focused.text());
  }

  private files(): KnownFile[] {
    return this.services.datasets.all.map(knownFile);
  }
}

function knownFile({ uri, assessment }: Dataset): KnownFile {
  return { path: pathOf(uri), shownAs: vscode.workspace.asRelativePath(uri), sha256: assessment?.sha256 };
}
