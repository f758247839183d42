import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { BUNDLE_SUFFIX } from '../../core/evidence/layout.ts';
import { isTextDatasetUri } from '../../host/datasets.ts';
import { lineageScope } from '../../host/lineageScope.ts';
import { errorText, log, tellingErrors, withProgress } from '../../host/messages.ts';
import { revealSample } from '../../host/revealSample.ts';
import type { Services } from '../../host/services.ts';
import { offerTrust } from '../../host/signing.ts';
import { requireTrustedWorkspace, savedFile, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';
import type { AdvisedSample } from '../../protocol/lineageWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { checkSentence, importSentence } from './model.ts';

/** Warnings from elsewhere: import them, and check a dataset against all of them. */
export function advisoryHandlers(
  services: Services,
): Pick<CommandHandlers, 'importAdvisory' | 'checkAdvisories'> {
  return {
    importAdvisory: (argument: unknown) => tellingErrors(() => importAdvisory(services, argument)),
    checkAdvisories: (argument: unknown) =>
      tellingErrors(() => checkAdvisories(services, targetUri(services, argument))),
  };
}

/** @param argument the file to import, where the command was called with one */
async function importAdvisory(services: Services, argument: unknown): Promise<void> {
  requireTrustedWorkspace();
  const files = argument instanceof vscode.Uri ? [argument] : await pickFiles();
  if (!files || files.length === 0) return;
  const folder = await pickWorkspaceFolder();
  if (!folder) return;
  const imported = await withProgress(l10n.t('Importing advisories'), (signal) =>
    services.lineageWorker.call(
      'importAdvisories',
      { paths: files.map(pathOf), folder: pathOf(folder.uri) },
      { signal },
    ),
  );
  services.evidence.refresh();
  for (const { path, line, error } of imported.problems) {
    log.warn(`${path}:${String(line ?? 1)}: ${errorText(error)}`);
  }
  const [first] = imported.advisories;
  const done = importSentence(imported);
  // Whoever signed it: an advisory counts, but shows as one of a signer who is not trusted.
  if (first && imported.advisories.every(({ keyId }) => keyId === first.keyId)) {
    await offerTrust(services, first.keyId, done, l10n.t('You do not trust the key that signed this.'));
  } else {
    void vscode.window.showInformationMessage(done);
  }
}

async function pickFiles(): Promise<readonly vscode.Uri[] | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      { label: `$(file) ${l10n.t('Files…')}`, folder: false },
      {
        label: `$(folder) ${l10n.t('A folder…')}`,
        detail: l10n.t('All files in it that end with {0}', BUNDLE_SUFFIX),
        folder: true,
      },
    ],
    { title: l10n.t('Import advisories'), placeHolder: l10n.t('Where are they?') },
  );
  if (!picked) return undefined;
  const opened = await vscode.window.showOpenDialog({
    title: l10n.t('Import advisories'),
    openLabel: l10n.t('Import'),
    canSelectFiles: !picked.folder,
    canSelectFolders: picked.folder,
    canSelectMany: !picked.folder,
  });
  const [first] = opened ?? [];
  return picked.folder && first ? advisoriesIn(first) : opened;
}

/** @throws ProvenanceError `not-found` for a folder without such files */
async function advisoriesIn(folder: vscode.Uri): Promise<vscode.Uri[]> {
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  const found = names.filter((name) => name.endsWith(BUNDLE_SUFFIX)).sort();
  if (found.length === 0) {
    throw new ProvenanceError(
      'not-found',
      '{path} has no file that ends with {suffix}; choose the folder that holds the advisories.',
      { path: folder.fsPath, suffix: BUNDLE_SUFFIX },
    );
  }
  return found.map((name) => vscode.Uri.joinPath(folder, name));
}

/** The workspace folder whose datasets the advisories are for. Asks where there are several. */
async function pickWorkspaceFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    throw new ProvenanceError(
      'invalid-argument',
      'Open a folder first: advisories are kept in its .provenance folder.',
    );
  }
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({
    placeHolder: l10n.t('Keep the advisories in which folder?'),
  });
}

async function checkAdvisories(services: Services, uri: vscode.Uri): Promise<void> {
  await savedFile(services, uri);
  const name = fileName(uri.path);
  const found = await withProgress(l10n.t('Checking {0} against all advisories', name), async (signal) =>
    services.lineageWorker.call(
      'checkAdvisories',
      { ...(await lineageScope(services)), path: pathOf(uri) },
      { signal },
    ),
  );
  const message = checkSentence(name, found);
  if (found.samples.length === 0) {
    void vscode.window.showInformationMessage(message);
    return;
  }
  const show = l10n.t('Show…');
  void vscode.window.showWarningMessage(message, show).then((answer) => {
    if (answer === show) void tellingErrors(() => pickSample(services, uri, found.samples));
  });
}

/** A list to go from one such sample to the next: it stays open. */
async function pickSample(
  services: Services,
  uri: vscode.Uri,
  samples: readonly AdvisedSample[],
): Promise<void> {
  const isText = isTextDatasetUri(uri);
  const items = samples.map(({ line, match, id, title }) => ({
    label: `$(${match === 'equal' ? 'report' : 'question'}) ${isText ? l10n.t('Line {0}', line) : l10n.t('Row {0}', line)}`,
    description: match === 'equal' ? l10n.t('named') : l10n.t('similar, not equal'),
    detail: `${untrustedText(id, 80)}: ${untrustedText(title, 200)}`,
    line,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: l10n.t('Samples that advisories name, or that are similar'),
    placeHolder: l10n.t('Go to a sample'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked) await revealSample(services, uri, picked.line);
}
