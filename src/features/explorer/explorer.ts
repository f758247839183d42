import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { isDatasetUri, type Dataset } from '../../host/datasets.ts';
import { explainVerdict, isSignerUntrusted, statusCounts } from '../../language/explain.ts';
import type { Services } from '../../host/services.ts';
import type { DatasetVerdict } from '../../core/trust/status.ts';

const BADGE: Readonly<Record<DatasetVerdict, { badge: string; color?: string } | undefined>> = {
  intact: { badge: '✓', color: 'testing.iconPassed' },
  reformatted: { badge: '✓', color: 'testing.iconPassed' },
  reordered: { badge: '✓', color: 'testing.iconPassed' },
  subset: { badge: '✓', color: 'testing.iconPassed' },
  changed: { badge: '✎', color: 'list.errorForeground' },
  unsigned: undefined,
  unknown: { badge: '?', color: 'list.deemphasizedForeground' },
};

/** Badges of datasets in the Explorer and on tabs. Answered from what is known; nothing is read for them. */
export function registerExplorerBadges(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.window.registerFileDecorationProvider({
    onDidChangeFileDecorations: changed.event,
    provideFileDecoration(uri) {
      if (!isDatasetUri(uri)) return undefined;
      const dataset = services.datasets.get(uri);
      return dataset && badgeOf(dataset);
    },
  });
  return vscode.Disposable.from(
    changed,
    provider,
    services.datasets.onDidChange(({ uri, progress }) => {
      if (progress === undefined) changed.fire(uri);
    }),
    services.datasets.onDidRemove((uri) => {
      changed.fire(uri);
    }),
  );
}

function badgeOf({ assessment }: Dataset): vscode.FileDecoration | undefined {
  if (!assessment) return undefined;
  const tooltip = `${l10n.t('Provenance')}: ${explainVerdict(assessment)} ${statusCounts(assessment)}`;
  if (assessment.flagged > 0) {
    return new vscode.FileDecoration('⚑', tooltip, new vscode.ThemeColor('list.errorForeground'));
  }
  if (assessment.flaggedUpstream > 0) {
    return new vscode.FileDecoration('⚐', tooltip, new vscode.ThemeColor('list.warningForeground'));
  }
  let shown = BADGE[assessment.verdict];
  // A signature of someone unknown is no reason for a check mark.
  if (shown && isSignerUntrusted(assessment) && assessment.verdict !== 'changed') {
    shown = { badge: '!', color: 'list.warningForeground' };
  }
  return (
    shown &&
    new vscode.FileDecoration(
      shown.badge,
      tooltip,
      shown.color === undefined ? undefined : new vscode.ThemeColor(shown.color),
    )
  );
}
