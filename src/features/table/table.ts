import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { TABLE_EDITORS, type CommandHandlers } from '../../commands.ts';
import type { Services } from '../../host/services.ts';
import { tableHandlers } from './commands.ts';
import { TableDocument } from './document.ts';
import { registerLargeFileOffer } from './largeFileOffer.ts';
import { TablePanel } from './panel.ts';
import { RememberedTables } from './remembered.ts';

/** The sample table: an editor for Parquet and compressed files, and one of two for JSONL. */
export function registerTable(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'openTable' | 'openAsText' | 'exportJsonl' | 'goToRow'>;
} {
  const remembered = new RememberedTables(services.workspaceState);
  const provider: vscode.CustomReadonlyEditorProvider<TableDocument> = {
    openCustomDocument(uri) {
      // The version in Git, for example, has the path of the file and is another one.
      if (uri.scheme !== 'file') throw notOnDisk(uri);
      return new TableDocument(uri, services, remembered);
    },
    resolveCustomEditor(document, panel) {
      new TablePanel(services, document, panel);
    },
  };
  const registrations = Object.values(TABLE_EDITORS).map((viewType) =>
    vscode.window.registerCustomEditorProvider(viewType, provider, {
      supportsMultipleEditorsPerDocument: true,
    }),
  );
  return {
    disposable: vscode.Disposable.from(...registrations, registerLargeFileOffer()),
    handlers: tableHandlers(services),
  };
}

function notOnDisk(uri: vscode.Uri): Error {
  return new Error(l10n.t('{0} is not a file on disk. Open the file itself.', uri.toString(true)));
}
