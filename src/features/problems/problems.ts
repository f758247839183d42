import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ProvenanceError } from '../../core/errors.ts';
import { datasetOfBundle } from '../../core/evidence/layout.ts';
import { errorText } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { onDidChangeSettings, setting } from '../../host/settings.ts';
import { missingEvidence } from './missingEvidence.ts';
import { problemsOf, removedProblem, type Problem } from './model.ts';

const SEVERITY: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

/** Problems: samples that need someone, and what is wrong with the evidence itself. */
export function registerProblems(
  services: Services,
): Pick<ReturnType<typeof missingEvidence>, 'disposable' | 'handlers'> {
  const { handlers, disposable } = missingEvidence(services);
  return { handlers, disposable: vscode.Disposable.from(disposable, showProblems(services)) };
}

function showProblems(services: Services): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('provenance');
  const update = () => {
    collection.clear();
    const evidence = new Map<string, vscode.Diagnostic[]>();
    for (const dataset of services.datasets.all) {
      const samples = problemsOf(dataset, setting('maxProblems'), errorText);
      const removed = removedProblem(dataset.assessment?.log, errorText);
      const diagnostics = (removed ? [removed, ...samples] : samples).map(
        ({ line, message, severity, code }) => diagnostic(line, message, SEVERITY[severity], code),
      );
      if (dataset.error && dataset.error.code !== 'cancelled') {
        diagnostics.push(
          diagnostic(1, errorText(dataset.error), vscode.DiagnosticSeverity.Error, dataset.error.code),
        );
      }
      collection.set(dataset.uri, diagnostics);
      for (const { path, line = 1, error } of dataset.assessment?.problems ?? []) {
        if (error.code === 'evidence-removed' && isShownAtDataset(services, path)) continue;
        const list = evidence.get(path) ?? [];
        evidence.set(path, list);
        const message = errorText(error);
        // Each dataset in the workspace reports the same problem of a shared bundle.
        if (
          list.length < 100 &&
          !list.some((known) => known.message === message && known.range.start.line === line - 1)
        ) {
          list.push(diagnostic(line, message, vscode.DiagnosticSeverity.Warning, error.code));
        }
      }
    }
    for (const [path, diagnostics] of evidence) collection.set(vscode.Uri.file(path), diagnostics);
  };
  update();
  return vscode.Disposable.from(
    collection,
    services.datasets.onDidChange((dataset) => {
      // While it is being read nothing is new.
      if (dataset.progress === undefined) update();
    }),
    services.datasets.onDidRemove(update),
    onDidChangeSettings(update),
  );
}

/** Whether a dataset itself shows that evidence is missing from its bundle. */
function isShownAtDataset({ datasets }: Services, bundle: string): boolean {
  const path = datasetOfBundle(bundle);
  const dataset = path === undefined ? undefined : datasets.get(vscode.Uri.file(path));
  return dataset?.assessment?.log?.standing === 'removed';
}

function diagnostic(
  line: number,
  message: string,
  severity: vscode.DiagnosticSeverity,
  code: Problem['code'] | ProvenanceError['code'],
): vscode.Diagnostic {
  // The first character only: a squiggle under a whole JSON line hides the text.
  const made = new vscode.Diagnostic(new vscode.Range(line - 1, 0, line - 1, 1), message, severity);
  made.source = l10n.t('Provenance');
  made.code = code;
  return made;
}
