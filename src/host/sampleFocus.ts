import * as vscode from 'vscode';
import { DisposableStore } from './disposables.ts';
import type { Datasets } from './datasets.ts';
import type { OpenTables } from './openTables.ts';

/** The dataset that was last looked at, and in it the sample that has the focus. */
export interface FocusedSample {
  readonly uri: vscode.Uri;
  /** 1-based; undefined when nothing shows the dataset any more. */
  readonly line: number | undefined;
  /** The text of that line; undefined when there is none, or it is too long. */
  text(): Promise<string | undefined>;
}

/** Which sample is in focus: under the cursor of a text editor, or in the focused row of a sample table. */
export class SampleFocus {
  private readonly disposables = new DisposableStore();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;
  /** Stays when something else than a dataset becomes active. */
  private last: vscode.Uri | undefined;

  constructor(
    private readonly datasets: Datasets,
    private readonly tables: OpenTables,
  ) {
    const fire = () => {
      this.changed.fire();
    };
    this.disposables.addAll(
      tables.onDidChange(fire),
      vscode.window.onDidChangeActiveTextEditor(fire),
      vscode.window.onDidChangeTextEditorSelection(fire),
    );
  }

  /** The dataset of the active editor; undefined where it shows something else. */
  get activeDataset(): vscode.Uri | undefined {
    const uri = this.tables.active?.uri ?? vscode.window.activeTextEditor?.document.uri;
    return uri && this.datasets.get(uri) ? uri : undefined;
  }

  get current(): FocusedSample | undefined {
    this.last = this.activeDataset ?? this.last;
    const uri = this.last;
    if (!uri) return undefined;
    const editor = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors].find(
      (shown) => shown?.document.uri.toString() === uri.toString(),
    );
    const table = this.tables.of(uri);
    if (table && (table.isActive || !editor)) {
      const line = table.focusedLine;
      return {
        uri,
        line,
        text: () => (line === undefined ? Promise.resolve(undefined) : table.lineText(line)),
      };
    }
    const position = editor?.selection.active;
    return {
      uri,
      line: position && position.line + 1,
      text: () => Promise.resolve(position && editor.document.lineAt(position.line).text),
    };
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
