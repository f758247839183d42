import * as vscode from 'vscode';
import { isDatasetUri } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { errorText, logError } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type { TablePlace } from '../../protocol/sampleTable.ts';
import type { RememberedTables } from './remembered.ts';
import { TableSession } from './session.ts';

/** States that follow each other quickly are sent as one. */
const SETTLE_MS = 60;
/** Judging a large file takes all cores: it begins so long after the page got its first rows, which it has to draw. */
const JUDGE_AFTER_ROWS_MS = 500;
/** … or so long after the file was opened, if it gets none. */
const JUDGE_AFTER_MS = 5000;
/** How often a file that is looked at is compared with what the table read: file watchers miss things on network drives. */
const CHECK_MS = 3000;

/** One file in any number of sample tables: they share what was read and the filter. */
export class TableDocument implements vscode.CustomDocument {
  readonly session: TableSession;
  /** Where the table that moved last is, in which version of the view. */
  place: TablePlace | undefined;

  private readonly disposables = new DisposableStore();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;
  private readonly shown = new Set<object>();
  private timer: NodeJS.Timeout | undefined;
  private judgeTimer: NodeJS.Timeout | undefined;
  private hasRows = false;
  private judging = false;

  constructor(
    readonly uri: vscode.Uri,
    private readonly services: Services,
    private readonly remembered: RememberedTables,
  ) {
    this.session = new TableSession({
      path: pathOf(uri),
      cacheFolder: services.cacheFolder,
      rows: services.rowWorker,
      dataset: () => services.datasets.get(uri),
      refreshDataset: () => services.datasets.refresh(uri),
      isRestricted: () => !vscode.workspace.isTrusted,
      describe: errorText,
      changed: () => {
        this.changeSoon();
      },
    });
    const memory = remembered.get(uri.toString());
    this.place = memory.place;
    this.session.filter = memory.filter;
    this.judgeIn(JUDGE_AFTER_MS);
    const check = setInterval(() => {
      if (this.shown.size > 0) this.session.check().catch(logError);
    }, CHECK_MS);
    this.disposables.addAll(
      services.datasets.onDidChange((dataset) => {
        if (dataset.uri.toString() === uri.toString()) this.session.datasetChanged().catch(logError);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.changeSoon();
      }),
      {
        dispose: () => {
          clearInterval(check);
          clearTimeout(this.judgeTimer);
          clearTimeout(this.timer);
        },
      },
    );
    this.session.open().catch(logError);
  }

  /** A page has rows to show: has the dataset judged once it has drawn them. */
  rowsGiven(): void {
    if (this.hasRows) return;
    this.hasRows = true;
    this.judgeIn(JUDGE_AFTER_ROWS_MS);
  }

  /** Tells whether a table is on screen. */
  show(table: object, visible: boolean): void {
    if (visible) this.shown.add(table);
    else this.shown.delete(table);
  }

  /** Keeps what the table is to be opened with again. */
  remember(): void {
    const { place, uri } = this;
    const { filter } = this.session;
    this.remembered.set(uri.toString(), { filter, ...(place && { place }) }).catch(logError);
  }

  dispose(): void {
    this.remember();
    this.session.dispose();
    this.disposables.dispose();
  }

  private changeSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire();
    }, SETTLE_MS);
  }

  private judgeIn(milliseconds: number): void {
    const { uri, services } = this;
    if (this.judging || !isDatasetUri(uri)) return;
    clearTimeout(this.judgeTimer);
    this.judgeTimer = setTimeout(() => {
      this.judging = true;
      this.disposables.add(services.datasets.hold(uri));
    }, milliseconds);
  }
}
