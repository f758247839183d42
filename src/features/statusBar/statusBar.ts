import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS } from '../../commands.ts';
import type { Dataset } from '../../host/datasets.ts';
import { explainVerdict, isSignerUntrusted, statusCounts } from '../../language/explain.ts';
import { errorText } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { restrictedNote } from '../../host/restricted.ts';
import { FLAG_CODICON, UPSTREAM_CODICON } from '../../host/statusIcons.ts';
import { explainLog, removedPhrase } from '../../language/log.ts';
import { verdictPhrase, verdictWord } from '../../language/words.ts';
import type { DatasetVerdict } from '../../core/trust/status.ts';

const ICON: Readonly<Record<DatasetVerdict, string>> = {
  intact: 'verified-filled',
  reformatted: 'verified',
  reordered: 'verified',
  subset: 'verified',
  changed: 'warning',
  unsigned: 'circle-large-outline',
  unknown: 'question',
};

/** One item: the verdict on the active dataset. */
export function registerStatusBar(services: Services): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('provenance.verdict', vscode.StatusBarAlignment.Right, 110);
  item.name = l10n.t('Dataset provenance');
  item.command = COMMANDS.showLineage;
  const update = () => {
    const uri = services.sampleFocus.activeDataset;
    const dataset = uri && services.datasets.get(uri);
    if (!dataset) {
      item.hide();
      return;
    }
    const { text, warning, ...shown } = content(dataset);
    const note = restrictedNote();
    const tooltip = note === undefined ? shown.tooltip : `${shown.tooltip}\n${note}`;
    item.text = text;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: `${l10n.t('Dataset provenance')}: ${tooltip}` };
    item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.show();
  };
  update();
  return vscode.Disposable.from(
    item,
    services.datasets.onDidChange(update),
    services.datasets.onDidRemove(update),
    services.sampleFocus.onDidChange(update),
  );
}

/** What the item says. */
export function content(dataset: Pick<Dataset, 'assessment' | 'error' | 'progress'>): {
  text: string;
  tooltip: string;
  warning: boolean;
} {
  const { assessment, error, progress } = dataset;
  if (progress !== undefined) {
    const percent = Math.round(progress * 100);
    return {
      text: `$(sync~spin) ${l10n.t('Verifying… {0}%', percent)}`,
      tooltip: l10n.t('Verifying every sample of this dataset'),
      warning: false,
    };
  }
  if (!assessment) {
    const tooltip = error ? errorText(error) : l10n.t('Verifying every sample of this dataset');
    return error
      ? { text: `$(question) ${verdictWord('unknown')}`, tooltip, warning: error.code !== 'cancelled' }
      : { text: `$(sync~spin) ${l10n.t('Verifying…')}`, tooltip, warning: false };
  }
  const untrusted = isSignerUntrusted(assessment);
  const verdict = verdictPhrase(assessment.verdict, untrusted);
  const icon = untrusted && assessment.verdict !== 'changed' ? 'key' : ICON[assessment.verdict];
  const flagged = assessment.flagged > 0 ? ` $(${FLAG_CODICON}) ${String(assessment.flagged)}` : '';
  const upstream =
    assessment.flaggedUpstream > 0
      ? ` $(${UPSTREAM_CODICON}) ${l10n.t('{0} flagged upstream', assessment.flaggedUpstream)}`
      : '';
  const { log } = assessment;
  const removed = log?.standing === 'removed';
  return {
    text: `$(${icon}) ${verdict}${flagged}${upstream}${removed ? ` $(warning) ${removedPhrase()}` : ''}`,
    tooltip: [explainVerdict(assessment), statusCounts(assessment), log && explainLog(log)]
      .filter((line) => line !== undefined)
      .join('\n'),
    warning:
      assessment.verdict === 'changed' || assessment.flagged > 0 || assessment.flaggedUpstream > 0 || removed,
  };
}
