import * as vscode from 'vscode';
import { COMMANDS, type CommandName, type SampleTarget } from '../../commands.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { logError, tellingErrors } from '../../host/messages.ts';
import type { OpenTable } from '../../host/openTables.ts';
import { sampleView } from '../../host/sampleView.ts';
import type { Services } from '../../host/services.ts';
import { MAX_TARGET_LINES } from '../../host/target.ts';
import { showPage, webviewStrings } from '../../host/webviewHtml.ts';
import { webviewPort } from '../../host/webviewPort.ts';
import { Rpc } from '../../protocol/rpc.ts';
import {
  MAX_SHOWN_COLUMNS,
  WINDOW_ROWS,
  type SampleTableHostEvents,
  type SampleTableHostMethods,
  type SampleTableMethods,
  type TableAction,
  type TableDetail,
  type TablePlace,
  type TableRows,
} from '../../protocol/sampleTable.ts';
import type { TableDocument } from './document.ts';
import {
  datasetActionOf,
  filterOf,
  findOf,
  lineOf,
  placeOf,
  rowsOf,
  runOf,
  stringMember,
  versionOf,
} from './input.ts';
import type { IndexRange } from './model.ts';

type TableRpc = Rpc<SampleTableMethods, SampleTableHostMethods, Record<never, never>, SampleTableHostEvents>;

/** So many rows go to the clipboard at most, as far as their texts allow; the statuses of so many are counted. */
const MAX_COPIED_ROWS = 100_000;
const MAX_COUNTED_ROWS = 1_000_000;

/** The commands that do it, for rows and for the dataset. */
const ROW_COMMANDS: Readonly<
  Record<Exclude<TableAction, 'copyJson'>, { command: CommandName; limit: number }>
> = {
  sign: { command: 'signSamples', limit: MAX_TARGET_LINES },
  verify: { command: 'verifySample', limit: MAX_COUNTED_ROWS },
  flag: { command: 'flagSamples', limit: MAX_TARGET_LINES },
  clear: { command: 'clearFlag', limit: MAX_TARGET_LINES },
  copyDigests: { command: 'copyDigest', limit: MAX_COPIED_ROWS },
  showLineage: { command: 'showLineage', limit: MAX_COUNTED_ROWS },
};
const DATASET_COMMANDS = {
  sign: 'signDataset',
  verify: 'verifyDataset',
  exportJsonl: 'exportJsonl',
  openAsText: 'openAsText',
} as const;

/** One sample table in an editor tab: answers its page, and is what other features see of it. */
export class TablePanel implements OpenTable {
  focusedLine: number | undefined;
  private readonly disposables = new DisposableStore();
  private rpc: TableRpc | undefined;
  private place: TablePlace | undefined;
  /** The version of the view that the place is in. */
  private placeVersion = 0;
  /** The page waits for states. */
  private isReady = false;
  private awaitedLine: number | undefined;

  constructor(
    private readonly services: Services,
    private readonly document: TableDocument,
    private readonly panel: vscode.WebviewPanel,
  ) {
    const { webview } = panel;
    this.place = document.place;
    this.listen();
    this.disposables.addAll(
      document.onDidChange(() => {
        this.sendState();
      }),
      panel.onDidChangeViewState(() => {
        this.viewStateChanged();
      }),
      panel.onDidDispose(() => {
        this.dispose();
      }),
    );
    document.show(this, panel.visible);
    this.disposables.add(services.tables.add(this));
    showPage(webview, services.extensionUri, 'table');
  }

  get uri(): vscode.Uri {
    return this.document.uri;
  }

  get isActive(): boolean {
    return this.panel.active;
  }

  get extent(): { lines: number; complete: boolean } {
    const { lines, complete } = this.session.state;
    return { lines, complete };
  }

  shows(line: number): boolean {
    return this.session.has(line);
  }

  selectedLines(limit: number): number[] {
    const ranges = this.place?.selection ?? [];
    if (ranges.length > 0) return this.session.linesOf(this.placeVersion, ranges, limit);
    return this.focusedLine === undefined ? [] : [this.focusedLine];
  }

  async lineText(line: number): Promise<string | undefined> {
    return (await this.session.record(line)).raw;
  }

  requireUnchanged(): Promise<void> {
    return this.session.requireUnchanged();
  }

  reveal(line: number): void {
    this.awaitedLine = line;
    this.goToAwaitedLine();
  }

  reload(): void {
    this.session.reload().catch(logError);
  }

  private get session(): TableDocument['session'] {
    return this.document.session;
  }

  private dispose(): void {
    this.document.show(this, false);
    this.rpc?.dispose();
    this.disposables.dispose();
  }

  private viewStateChanged(): void {
    const { visible } = this.panel;
    this.document.show(this, visible);
    // A hidden page is gone, and with it what it waits for; the next one numbers its requests from one again.
    if (!visible) this.listen();
    this.services.tables.update(this);
  }

  private listen(): void {
    this.rpc?.dispose();
    this.isReady = false;
    const { session } = this;
    this.rpc = new Rpc(
      webviewPort(this.panel.webview),
      {
        ready: async () => {
          // A round trip to the page and back takes longer than the rows.
          const rows = await this.firstRows();
          this.isReady = true;
          // Its answer has to come first.
          setTimeout(() => {
            this.goToAwaitedLine();
          });
          const { place } = this;
          return {
            state: session.state,
            place: place ?? null,
            strings: webviewStrings(),
            ...(rows && { rows }),
          };
        },
        rows: async (params) => {
          const rows = await session.rows(rowsOf(params));
          if (rows.length > 0) this.document.rowsGiven();
          return rows;
        },
        detail: (params) => this.detail(lineOf(params)),
        setFilter: ({ filter }) => {
          session.setFilter(filterOf(filter));
          this.document.remember();
          return null;
        },
        find: (params, { signal, progress }) => session.find(findOf(params), { signal, progress }),
        indexOfLine: (params) => session.indexOfLine(lineOf(params)),
        remember: ({ version, place }) => {
          this.place = placeOf(place);
          this.placeVersion = versionOf(version);
          this.document.place = this.place;
          return null;
        },
        focus: (params) => {
          this.focusedLine = lineOf(params);
          this.services.tables.update(this);
          return null;
        },
        run: (params) => {
          const { action, version, ranges } = runOf(params);
          void tellingErrors(() => this.run(action, version, ranges));
          return null;
        },
        runOnDataset: (params) => this.runCommand(DATASET_COMMANDS[datasetActionOf(params)], {}),
        reload: () => {
          this.reload();
          return null;
        },
        copy: async (params) => {
          await vscode.env.clipboard.writeText(stringMember(params, 'text'));
          return null;
        },
        trustSigner: (params) => this.runCommand('trustSigner', { keyId: stringMember(params, 'keyId') }),
      },
      this.services.platform.timers,
    );
  }

  private async detail(line: number): Promise<TableDetail> {
    const { text, cut, length, raw } = await this.session.record(line);
    const dataset = this.session.isJudged ? this.services.datasets.get(this.uri) : undefined;
    const sample = dataset && (await sampleView(this.services, dataset, line, raw));
    return { line, text, cut, length, ...(sample && { sample }) };
  }

  private async run(action: TableAction, version: number, ranges: readonly IndexRange[]): Promise<void> {
    if (action === 'copyJson') {
      const lines = this.session.linesOf(version, ranges, MAX_COPIED_ROWS);
      await vscode.env.clipboard.writeText(await this.session.text(lines));
      return;
    }
    const { command, limit } = ROW_COMMANDS[action];
    this.runCommand(command, { lines: this.session.linesOf(version, ranges, limit) });
  }

  /** The page does not wait for what users answer. */
  private runCommand(command: CommandName, target: SampleTarget): null {
    void vscode.commands.executeCommand(COMMANDS[command], { uri: this.uri.toString(), ...target });
    return null;
  }

  private sendState(): void {
    if (!this.isReady) return;
    this.rpc?.emit('state', this.session.state);
    this.goToAwaitedLine();
  }

  /** What the page is going to ask for first, as far as it can be told. */
  private async firstRows(): Promise<TableRows | undefined> {
    const { session, place } = this;
    const { version, count, columns: all } = session.state;
    const columns = (place?.columns ?? all.map(({ pointer }) => pointer)).slice(0, MAX_SHOWN_COLUMNS);
    const from = Math.floor((place?.topIndex ?? 0) / WINDOW_ROWS) * WINDOW_ROWS;
    const to = Math.min(count, from + WINDOW_ROWS);
    if (columns.length === 0 || from >= to) return undefined;
    try {
      const rows = await session.rows({ version, from, to, columns });
      if (rows.length > 0) this.document.rowsGiven();
      return { version, from, to, columns, rows };
    } catch {
      // The page asks again, and is told why not.
      return undefined;
    }
  }

  private goToAwaitedLine(): void {
    const line = this.awaitedLine;
    if (line === undefined || !this.isReady) return;
    const { lines, complete, error } = this.session.state;
    if (lines < line && !complete && error === undefined) return;
    this.awaitedLine = undefined;
    this.rpc?.emit('reveal', { line });
  }
}
