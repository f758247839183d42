import * as vscode from 'vscode';
import { isTextDatasetUri, MAX_TEXT_BYTES } from './datasets.ts';
import type { Services } from './services.ts';

/**
 * Shows a line (1-based) of a dataset where it is shown already, else in a text editor, else in a sample table: of files
 * that are no text or that are too large for text editors to share.
 */
export async function revealSample(services: Services, uri: vscode.Uri, line: number): Promise<void> {
  const isActive = vscode.window.activeTextEditor?.document.uri.toString() === uri.toString();
  if (!isActive && (services.tables.of(uri) || !(await fitsTextEditor(uri)))) {
    await services.tables.open(uri, line);
    return;
  }
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(position, position) });
}

/** Whether VS Code shares the text of this dataset with extensions. */
export async function fitsTextEditor(uri: vscode.Uri): Promise<boolean> {
  if (uri.scheme !== 'file') return true;
  if (!isTextDatasetUri(uri)) return false;
  try {
    return (await vscode.workspace.fs.stat(uri)).size <= MAX_TEXT_BYTES;
  } catch {
    // The editor says best what is wrong with it.
    return true;
  }
}
