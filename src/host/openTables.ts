import * as vscode from 'vscode';
import { TABLE_EDITORS } from '../commands.ts';
import { isTextDatasetUri } from './datasets.ts';

/** A sample table in an editor tab, as other features see it. */
export interface OpenTable {
  readonly uri: vscode.Uri;
  /** Whether it is the active editor. */
  readonly isActive: boolean;
  /** How many lines there are, as far as they are known. */
  readonly extent: { readonly lines: number; readonly complete: boolean };
  /** The line (1-based) that has the focus. */
  readonly focusedLine: number | undefined;
  /** Whether a line is shown, rather than left out by the table's filter. */
  shows(line: number): boolean;
  /** The selected lines, or the focused one. @throws ProvenanceError `too-large` when there are more than `limit` */
  selectedLines(limit: number): number[];
  /** A line's text as it stands; undefined where it is too long to be handed about. */
  lineText(line: number): Promise<string | undefined>;
  /**
   * Makes sure that the rows are what the file holds, before something is said of them.
   * @throws ProvenanceError `changed-while-reading`
   */
  requireUnchanged(): Promise<void>;
  /** Goes to a line, as soon as it is known. */
  reveal(line: number): void;
  /** Reads the file again. */
  reload(): void;
}

/** The sample tables of this window. */
export class OpenTables {
  private readonly changed = new vscode.EventEmitter<OpenTable>();
  /** A table came or went, became active or inactive, or another row has the focus. */
  readonly onDidChange = this.changed.event;
  /** The last active one first. */
  private tables: OpenTable[] = [];
  /** Lines that tables are to go to once they are there. */
  private readonly awaited = new Map<string, number>();

  get active(): OpenTable | undefined {
    return this.tables.find(({ isActive }) => isActive);
  }

  /** The table that shows a dataset; of several, the last active one. */
  of(uri: vscode.Uri): OpenTable | undefined {
    return this.tables.find((table) => table.uri.toString() === uri.toString());
  }

  add(table: OpenTable): vscode.Disposable {
    this.tables = [table, ...this.tables];
    const line = this.awaited.get(table.uri.toString());
    this.awaited.delete(table.uri.toString());
    if (line !== undefined) table.reveal(line);
    this.changed.fire(table);
    return new vscode.Disposable(() => {
      this.tables = this.tables.filter((other) => other !== table);
      this.changed.fire(table);
    });
  }

  /** Tells of a table's new focus or state. */
  update(table: OpenTable): void {
    if (table.isActive && this.tables[0] !== table) {
      this.tables = [table, ...this.tables.filter((other) => other !== table)];
    }
    this.changed.fire(table);
  }

  /** Opens a dataset in a table, or goes to the one that shows it, and to a line. */
  async open(uri: vscode.Uri, line?: number): Promise<void> {
    const existing = this.of(uri);
    if (!existing && line !== undefined) this.awaited.set(uri.toString(), line);
    await vscode.commands.executeCommand('vscode.openWith', uri, tableEditorOf(uri));
    if (existing && line !== undefined) existing.reveal(line);
  }

  /** What the row worker knew is gone: reads all files again. */
  reloadAll(): void {
    for (const table of this.tables) table.reload();
  }

  dispose(): void {
    this.changed.dispose();
  }
}

/** The kind of table for a dataset: VS Code gives one priority to all files of a kind. */
function tableEditorOf(uri: vscode.Uri): string {
  return isTextDatasetUri(uri) ? TABLE_EDITORS.optional : TABLE_EDITORS.standard;
}
