import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { isTextDatasetUri } from '../../host/datasets.ts';
import { tellingErrors, withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { activeTabUri, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';
import type { ExportProgress } from '../../protocol/rowWorker.ts';
import { jsonlPath, rowProblem } from './model.ts';

let exports = 0;

export function tableHandlers(
  services: Services,
): Pick<CommandHandlers, 'openTable' | 'openAsText' | 'exportJsonl' | 'goToRow'> {
  return {
    openTable: (argument: unknown) => tellingErrors(() => openTable(services, targetUri(services, argument))),
    openAsText: (argument: unknown) =>
      tellingErrors(() => openAsText(services, targetUri(services, argument))),
    exportJsonl: (argument: unknown) =>
      tellingErrors(() => exportJsonl(services, targetUri(services, argument))),
    goToRow: () => tellingErrors(() => goToRow(services)),
  };
}

async function openTable(services: Services, uri: vscode.Uri): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const line = editor?.document.uri.toString() === uri.toString() ? editor.selection.active.line + 1 : 1;
  await inPlace(uri, () => services.tables.open(uri, line > 1 ? line : undefined));
}

async function openAsText(services: Services, uri: vscode.Uri): Promise<void> {
  if (!isTextDatasetUri(uri)) {
    throw new ProvenanceError(
      'invalid-argument',
      '{file} is not text; export it as JSONL to read it in a text editor.',
      { file: fileName(uri.path) },
    );
  }
  const line = services.tables.of(uri)?.focusedLine ?? 1;
  const options = line > 1 ? { selection: new vscode.Range(line - 1, 0, line - 1, 0) } : undefined;
  await inPlace(uri, () => vscode.commands.executeCommand('vscode.openWith', uri, 'default', options));
}

/** Opens a file in another editor. That one takes the place of the active tab where it shows the same file. */
async function inPlace(uri: vscode.Uri, open: () => Thenable<unknown>): Promise<void> {
  const shown = activeTabUri();
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  await open();
  if (tab && shown?.toString() === uri.toString() && !tab.isActive && !tab.isDirty && !tab.isPinned) {
    await vscode.window.tabGroups.close(tab);
  }
}

/** Writes a dataset as JSONL, where the user says. */
async function exportJsonl(services: Services, uri: vscode.Uri): Promise<void> {
  const name = fileName(uri.path);
  const target = await vscode.window.showSaveDialog({
    title: l10n.t('Export {0} as JSONL', name),
    defaultUri: uri.with({ path: jsonlPath(uri.path) }),
    filters: { [l10n.t('JSON Lines')]: ['jsonl'] },
  });
  if (!target) return;
  const { rows } = await withProgress(l10n.t('Exporting {0}', name), async (signal, report) => {
    const { rowWorker, cacheFolder } = services;
    // Its own, so that it goes on when the editor is closed.
    const table = `export ${String(++exports)}`;
    await rowWorker.call('open', { table, path: pathOf(uri), cacheFolder }, { signal });
    try {
      await rowWorker.call('index', { table }, { signal });
      return await rowWorker.call(
        'exportJsonl',
        { table, path: pathOf(target) },
        {
          signal,
          onProgress: (value) => {
            const { rows: written, total } = value as ExportProgress;
            report(total === 0 ? 1 : written / total);
          },
        },
      );
    } finally {
      rowWorker.call('close', { table }).catch(() => undefined);
    }
  });
  const open = l10n.t('Open');
  const message =
    rows === 1
      ? l10n.t('Exported one row to {0}.', fileName(target.path))
      : l10n.t('Exported {0} rows to {1}.', rows, fileName(target.path));
  void vscode.window.showInformationMessage(message, open).then((answer) => {
    if (answer === open) void vscode.commands.executeCommand('vscode.open', target);
  });
}

async function goToRow(services: Services): Promise<void> {
  const table = services.tables.active;
  if (!table) {
    throw new ProvenanceError('invalid-argument', 'Open a sample table first.');
  }
  const entered = await vscode.window.showInputBox({
    title: l10n.t('Go to Row'),
    prompt: l10n.t('Row number'),
    value: String(table.focusedLine ?? 1),
    validateInput: (text) => rowProblem(text, table.extent),
  });
  if (entered !== undefined) table.reveal(Number(entered));
}
