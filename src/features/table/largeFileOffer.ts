import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS } from '../../commands.ts';
import { isTextDatasetUri } from '../../host/datasets.ts';
import { logError } from '../../host/messages.ts';
import { fitsTextEditor } from '../../host/revealSample.ts';
import { DisposableStore } from '../../host/disposables.ts';

/**
 * Where the verdict on a dataset stands otherwise: the way to the sample table, while the active editor shows a dataset
 * that is too large for its text to be shared with extensions.
 */
export function registerLargeFileOffer(): vscode.Disposable {
  const store = new DisposableStore();
  const item = store.add(
    vscode.window.createStatusBarItem('provenance.openTable', vscode.StatusBarAlignment.Right, 110),
  );
  item.name = l10n.t('Dataset provenance');
  item.text = `$(table) ${l10n.t('Open as Sample Table')}`;
  item.tooltip = l10n.t(
    'Nothing can be shown about the samples here: VS Code does not share files over 50 MB with extensions. The sample table shows them.',
  );
  item.command = COMMANDS.openTable;
  const update = async () => {
    const uri = largeTextUri();
    const isLarge = uri !== undefined && !(await fitsTextEditor(uri));
    // Another tab may be the active one by now.
    if (isLarge && uri.toString() === largeTextUri()?.toString()) item.show();
    else item.hide();
  };
  const updateSoon = () => {
    update().catch(logError);
  };
  updateSoon();
  store.addAll(
    vscode.window.tabGroups.onDidChangeTabs(updateSoon),
    vscode.window.tabGroups.onDidChangeTabGroups(updateSoon),
  );
  return store;
}

/** The dataset in the active text tab, if its text did not reach us. */
function largeTextUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (!(input instanceof vscode.TabInputText) || !isTextDatasetUri(input.uri)) return undefined;
  const uri = input.uri.toString();
  const isShared = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri);
  return isShared ? undefined : input.uri;
}
