import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import type { SampleTarget } from '../commands.ts';
import { isDatasetUri } from './datasets.ts';

/**
 * What a command is to work on. Commands are called from menus (a URI), from hovers, lenses and trees (a
 * {@link SampleTarget}), and from the palette or a key (nothing: the active editor counts).
 */

/** @throws ProvenanceError `invalid-argument` where no dataset is meant */
export function targetUri(argument: unknown): vscode.Uri {
  if (argument instanceof vscode.Uri) return argument;
  const { uri } = sampleTarget(argument);
  if (uri !== undefined) return vscode.Uri.parse(uri, true);
  const active = vscode.window.activeTextEditor?.document.uri ?? activeTabUri();
  if (active && (isDatasetUri(active) || active.scheme === 'untitled')) return active;
  throw new ProvenanceError('invalid-argument', 'Open a JSONL dataset first.');
}

function activeTabUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText ? input.uri : undefined;
}

/** Lines (1-based) of the target: those it names, or those of the active editor's selections. */
export function targetLines(argument: unknown, uri: vscode.Uri): number[] {
  const { lines } = sampleTarget(argument);
  if (lines !== undefined) return [...lines];
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.toString() !== uri.toString()) return [];
  const selected = new Set<number>();
  for (const { start, end, isEmpty } of editor.selections) {
    // A selection that ends at the start of a line does not mean that line.
    const last = !isEmpty && end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    for (let line = start.line; line <= last; line++) selected.add(line + 1);
  }
  return [...selected].sort((a, b) => a - b);
}

export function sampleTarget(argument: unknown): SampleTarget {
  if (typeof argument !== 'object' || argument === null || argument instanceof vscode.Uri) return {};
  const { uri, lines, keyId } = argument as Record<keyof SampleTarget, unknown>;
  return {
    ...(typeof uri === 'string' && { uri }),
    ...(Array.isArray(lines) && {
      lines: lines.filter((line) => Number.isSafeInteger(line) && line > 0) as number[],
    }),
    ...(typeof keyId === 'string' && { keyId }),
  };
}

/** The dataset's file on disk, saved. Asks before it saves. @throws ProvenanceError `cancelled`, `invalid-argument` */
export async function savedFile(uri: vscode.Uri): Promise<void> {
  if (uri.scheme !== 'file') {
    throw new ProvenanceError(
      'invalid-argument',
      'Save this document as a file first: evidence is kept beside it.',
    );
  }
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (!document?.isDirty) return;
  const save = l10n.t('Save and Continue');
  const answer = await vscode.window.showWarningMessage(
    l10n.t(
      '{0} has unsaved changes. What is signed is the file on disk.',
      vscode.workspace.asRelativePath(uri),
    ),
    { modal: true },
    save,
  );
  if (answer !== save) throw new ProvenanceError('cancelled', 'Cancelled.');
  if (!(await document.save())) {
    throw new ProvenanceError('io', '{path} could not be saved.', { path: uri.fsPath });
  }
}

/** @throws ProvenanceError `workspace-not-trusted` */
export function requireTrustedWorkspace(): void {
  if (vscode.workspace.isTrusted) return;
  throw new ProvenanceError(
    'workspace-not-trusted',
    'Signing is off in a workspace that is not trusted; trust it with “Workspaces: Manage Workspace Trust” first.',
  );
}
