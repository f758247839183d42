import * as vscode from 'vscode';
import { COMMANDS } from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import type { Services } from '../../host/services.ts';
import { onDidChangeSettings, setting } from '../../host/settings.ts';
import { lenses, MAX_LINE_LENSES } from './model.ts';

/** The lenses of a dataset. They are made from what is known already: a slow provider holds up all others. */
export function registerCodeLens(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const provider = vscode.languages.registerCodeLensProvider([{ scheme: 'file' }, { scheme: 'untitled' }], {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses(document) {
      const dataset = services.datasets.get(document.uri);
      if (!dataset?.assessment || !setting('codeLens')) return [];
      const made = lenses(document.uri.toString(), dataset.assessment, modifiedLines(dataset), (line) =>
        dataset.covering(line),
      );
      return made.map(({ line, title, tooltip, command, target }) => {
        const at = Math.min(line, document.lineCount) - 1;
        return new vscode.CodeLens(new vscode.Range(at, 0, at, 0), {
          title,
          command: COMMANDS[command],
          arguments: [target],
          ...(tooltip !== undefined && { tooltip }),
        });
      });
    },
  });
  const listener = services.datasets.onDidChange(() => {
    changed.fire();
  });
  const settings = onDidChangeSettings(() => {
    changed.fire();
  });
  return vscode.Disposable.from(changed, provider, listener, settings);
}

function modifiedLines(dataset: Dataset): number[] {
  const lines: number[] = [];
  const count = dataset.assessment?.lineCount ?? 0;
  if (dataset.assessment?.counts.modified === 0) return lines;
  for (let line = 1; line <= count && lines.length < MAX_LINE_LENSES; line++) {
    if (dataset.status(line) === 'modified') lines.push(line);
  }
  return lines;
}
