import * as vscode from 'vscode';
import { COMMANDS, VIEWS, type CommandName, type SampleTarget } from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { errorText, logError } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { webviewHtml, webviewOptions } from '../../host/webviewHtml.ts';
import { webviewPort } from '../../host/webviewPort.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type { SampleData } from '../../protocol/datasetWorker.ts';
import type {
  LineageHostEvents,
  LineageHostMethods,
  LineagePanelMethods,
  LineageState,
} from '../../protocol/lineagePanel.ts';
import { Rpc } from '../../protocol/rpc.ts';
import { lineageDataset, lineageSample, type KnownFile } from './model.ts';

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
    vscode.window.onDidChangeActiveTextEditor(() => {
      panel.updateSoon();
    }),
    vscode.window.onDidChangeTextEditorSelection(() => {
      panel.updateSoon();
    }),
  );
  return store;
}

class LineagePanel implements vscode.WebviewViewProvider {
  private rpc:
    Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents> | undefined;
  private view: vscode.WebviewView | undefined;
  private current: vscode.Uri | undefined;
  private timer: NodeJS.Timeout | undefined;
  private version = 0;

  constructor(private readonly services: Services) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    this.rpc?.dispose();
    this.view = view;
    view.webview.options = webviewOptions(this.services.extensionUri);
    const run = async (command: CommandName, target: SampleTarget): Promise<null> => {
      await vscode.commands.executeCommand(COMMANDS[command], target);
      return null;
    };
    const target = (line?: number): SampleTarget => ({
      ...(this.current && { uri: this.current.toString() }),
      ...(line !== undefined && { lines: [line] }),
    });
    const rpc = new Rpc<LineagePanelMethods, LineageHostMethods, Record<never, never>, LineageHostEvents>(
      webviewPort(view.webview),
      {
        ready: async () => ({ state: await this.state(), strings: strings() }),
        openInput: async ({ path }) => {
          // Only a path that this panel offered is opened.
          const file = this.files().find(({ shownAs }) => shownAs === path);
          if (file) await vscode.window.showTextDocument(vscode.Uri.file(file.path));
          return null;
        },
        revealLine: async ({ line }) => {
          if (this.current) {
            const position = new vscode.Position(Math.max(0, line - 1), 0);
            await vscode.window.showTextDocument(this.current, {
              selection: new vscode.Range(position, position),
            });
          }
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
    view.webview.html = webviewHtml(view.webview, this.services.extensionUri, 'lineage');
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
    const active = vscode.window.activeTextEditor;
    if (active && this.services.datasets.get(active.document.uri)) this.current = active.document.uri;
    const restricted = !vscode.workspace.isTrusted;
    const dataset = this.current && this.services.datasets.get(this.current);
    if (!dataset) return { restricted };
    const shown = lineageDataset(dataset, knownFile(dataset), this.files(), errorText);
    const editor = vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === this.current?.toString(),
    );
    const sample = editor && shown ? await this.sample(dataset, editor) : undefined;
    return { restricted, ...(shown && { dataset: shown }), ...(sample && { sample }) };
  }

  private async sample(dataset: Dataset, editor: vscode.TextEditor) {
    const position = editor.selection.active;
    const line = position.line + 1;
    if (dataset.status(line) === undefined) return undefined;
    const [record, sample] = await Promise.all([
      this.services.originMapping.originOf(dataset.uri, editor.document.lineAt(position.line).text),
      dataset.sample(line).catch((): SampleData => ({ statements: [] })),
    ]);
    return lineageSample(dataset, line, record, sample);
  }

  private files(): KnownFile[] {
    return this.services.datasets.all.map(knownFile);
  }
}

function knownFile({ uri, assessment }: Dataset): KnownFile {
  return { path: pathOf(uri), shownAs: vscode.workspace.asRelativePath(uri), sha256: assessment?.sha256 };
}

/** The strings of the user's language, for the panel's own `l10n`. */
function strings(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(vscode.l10n.bundle ?? {}).filter((entry) => typeof entry[1] === 'string'),
  );
}
