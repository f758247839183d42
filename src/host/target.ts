import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { isSha256Hex } from '../core/bytes/hex.ts';
import { ProvenanceError } from '../core/errors.ts';
import type { SampleTarget } from '../commands.ts';
import { isDatasetUri } from './datasets.ts';
import type { Services } from './services.ts';

/**
 * What a command is to work on. Commands are called from menus (a URI), from hovers, lenses, trees and tables (a
 * {@link SampleTarget}), and from the palette or a key (nothing: the active editor or sample table counts).
 */

/** Single samples that can be signed or flagged at once; each stands in the statement by name. */
export const MAX_TARGET_LINES = 10_000;

/** @throws ProvenanceError `invalid-argument` where no dataset is meant */
export function targetUri(services: Pick<Services, 'tables'>, argument: unknown): vscode.Uri {
  if (argument instanceof vscode.Uri) return argument;
  const { uri } = sampleTarget(argument);
  if (uri !== undefined) return vscode.Uri.parse(uri, true);
  const active =
    services.tables.active?.uri ?? vscode.window.activeTextEditor?.document.uri ?? activeTabUri();
  if (active && (isDatasetUri(active) || active.scheme === 'untitled')) return active;
  throw new ProvenanceError('invalid-argument', 'Open a dataset (JSONL or Parquet) first.');
}

/** The file of the active tab, also where it is too large for its text to be shared. */
export function activeTabUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom
    ? input.uri
    : undefined;
}

/**
 * Lines (1-based) of the target: those it names, or those that are selected in the active editor or sample table.
 * @throws ProvenanceError `too-large` when there are more than `limit`
 */
export function targetLines(
  services: Pick<Services, 'tables'>,
  argument: unknown,
  uri: vscode.Uri,
  limit = MAX_TARGET_LINES,
): number[] {
  const { lines } = sampleTarget(argument);
  if (lines !== undefined) return atMost(limit, [...lines]);
  const { active } = services.tables;
  if (active?.uri.toString() === uri.toString()) return active.selectedLines(limit);
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.toString() !== uri.toString()) return [];
  const selected = new Set<number>();
  for (const { start, end, isEmpty } of editor.selections) {
    // A selection that ends at the start of a line does not mean that line.
    const last = !isEmpty && end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
    for (let line = start.line; line <= last; line++) selected.add(line + 1);
  }
  return atMost(
    limit,
    [...selected].sort((a, b) => a - b),
  );
}

function atMost(limit: number, lines: number[]): number[] {
  if (lines.length <= limit) return lines;
  throw new ProvenanceError(
    'too-large',
    'More than {limit} samples are selected; select fewer, or sign the dataset as a whole.',
    { limit },
  );
}

export function sampleTarget(argument: unknown): SampleTarget {
  if (typeof argument !== 'object' || argument === null || argument instanceof vscode.Uri) return {};
  const { uri, lines, keyId, step, statement, digest } = argument as Record<keyof SampleTarget, unknown>;
  return {
    ...(typeof uri === 'string' && { uri }),
    ...(Array.isArray(lines) && {
      lines: lines.filter((line) => Number.isSafeInteger(line) && line > 0) as number[],
    }),
    ...(typeof keyId === 'string' && { keyId }),
    ...(typeof step === 'string' && isSha256Hex(step) && { step }),
    ...(typeof statement === 'string' && isSha256Hex(statement) && { statement }),
    ...(typeof digest === 'string' && isSha256Hex(digest) && { digest }),
  };
}

/**
 * The dataset's file on disk, saved, and as a table shows it. Asks before it saves.
 * @throws ProvenanceError `cancelled`, `invalid-argument`, `changed-while-reading`
 */
export async function savedFile(services: Pick<Services, 'tables'>, uri: vscode.Uri): Promise<void> {
  if (uri.scheme !== 'file') {
    throw new ProvenanceError(
      'invalid-argument',
      'Save this document as a file first: evidence is kept beside it.',
    );
  }
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (document?.isDirty) await askToSave(document);
  // What is said of lines is said of those that the user sees.
  const { active } = services.tables;
  if (active?.uri.toString() === uri.toString()) await active.requireUnchanged();
}

async function askToSave(document: vscode.TextDocument): Promise<void> {
  const save = l10n.t('Save and Continue');
  const answer = await vscode.window.showWarningMessage(
    l10n.t(
      '{0} has unsaved changes. What is signed is the file on disk.',
      vscode.workspace.asRelativePath(document.uri),
    ),
    { modal: true },
    save,
  );
  if (answer !== save) throw new ProvenanceError('cancelled', 'Cancelled.');
  if (!(await document.save())) {
    throw new ProvenanceError('io', '{path} could not be saved.', { path: document.uri.fsPath });
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
