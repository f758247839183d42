import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, HAS_IMPACT, VIEWS, type CommandHandlers, type SampleTarget } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { isTextDatasetUri } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { lineageScope } from '../../host/lineageScope.ts';
import { errorText, tellingErrors, withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { timeNow } from '../../host/signing.ts';
import {
  impactedBy,
  impactedName,
  impactedSummary,
  impactSummary,
  impactTree,
  sourceName,
  type ImpactNode,
} from '../../language/impactReport.ts';
import type { ImpactData, ImpactedSample, ImpactSource } from '../../protocol/lineageWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { saveReport, type TracedImpact } from './report.ts';
import { askSources } from './sources.ts';

type Node =
  | { readonly kind: 'dataset'; readonly node: ImpactNode }
  | { readonly kind: 'sample'; readonly node: ImpactNode; readonly sample: ImpactedSample }
  | { readonly kind: 'more'; readonly text: string }
  | { readonly kind: 'issue'; readonly text: string };

/** How many samples of a dataset the tree lists; the report has more. */
const MAX_LISTED = 500;

/** “Trace Impact…”: everything that was made of samples, a dataset or a step, as a tree to walk and as a report. */
export function registerImpact(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'traceImpact' | 'saveImpactReport' | 'closeImpact'>;
} {
  const store = new DisposableStore();
  const changed = store.add(new vscode.EventEmitter<void>());
  let traced: TracedImpact | undefined;
  let roots: readonly Node[] = [];
  const view = store.add(
    vscode.window.createTreeView<Node>(VIEWS.impact, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getTreeItem: (node) => treeItem(node, traced?.sources ?? []),
        getChildren: (node) => (node ? childrenOf(node) : [...roots]),
      },
    }),
  );
  const show = async (impact: TracedImpact | undefined) => {
    traced = impact;
    roots = impact ? rootsOf(impact.data) : [];
    view.description = impact ? sourceNames(impact.sources) : '';
    view.message = impact ? impactSummary(impact.data) : '';
    await vscode.commands.executeCommand('setContext', HAS_IMPACT, impact !== undefined);
    changed.fire();
  };

  const trace = async (argument: unknown) => {
    const sources = await askSources(services, argument);
    if (!sources) return;
    const data = await withProgress(
      l10n.t('Tracing what was made of {0}', sourceNames(sources)),
      async (signal) =>
        services.lineageWorker.call('impact', { ...(await lineageScope(services)), of: sources }, { signal }),
    );
    await show({ sources, data, time: timeNow() });
    await vscode.commands.executeCommand(`${VIEWS.impact}.focus`);
  };
  return {
    disposable: store,
    handlers: {
      traceImpact: (argument: unknown) => tellingErrors(() => trace(argument)),
      saveImpactReport: () =>
        tellingErrors(async () => {
          if (!traced) {
            throw new ProvenanceError('invalid-argument', 'Trace an impact first, with “Trace Impact…”.');
          }
          await saveReport(traced);
        }),
      closeImpact: () => show(undefined),
    },
  };
}

function sourceNames(sources: readonly ImpactSource[]): string {
  const [first] = sources;
  const name = first ? untrustedText(sourceName(first), 60) : '';
  return sources.length > 1 ? l10n.t('{0} and {1} more', name, sources.length - 1) : name;
}

function rootsOf(data: ImpactData): Node[] {
  return [
    ...impactTree(data).map((node): Node => ({ kind: 'dataset', node })),
    ...data.issues.map((issue): Node => ({ kind: 'issue', text: errorText(issue) })),
  ];
}

function childrenOf(parent: Node): Node[] {
  if (parent.kind !== 'dataset') return [];
  const { derived, impacted } = parent.node;
  const listed = impacted.samples.slice(0, MAX_LISTED);
  const left = impacted.count - listed.length;
  return [
    ...derived.map((node): Node => ({ kind: 'dataset', node })),
    ...listed.map((sample): Node => ({ kind: 'sample', node: parent.node, sample })),
    ...(left > 0
      ? [{ kind: 'more' as const, text: l10n.t('{0} more samples: save the report to see them', left) }]
      : []),
  ];
}

function treeItem(node: Node, sources: readonly ImpactSource[]): vscode.TreeItem {
  switch (node.kind) {
    case 'dataset':
      return datasetItem(node.node);
    case 'sample':
      return sampleItem(node.node, node.sample, sources);
    case 'more':
      return new vscode.TreeItem(node.text);
    case 'issue': {
      const item = new vscode.TreeItem(node.text);
      item.iconPath = new vscode.ThemeIcon('warning');
      item.tooltip = node.text;
      return item;
    }
  }
}

function datasetItem(node: ImpactNode): vscode.TreeItem {
  const { impacted } = node;
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const name = untrustedText(impactedName(impacted), 100);
  const item = new vscode.TreeItem(name, node.derived.length > 0 ? Expanded : Collapsed);
  const by = untrustedText(impactedBy(impacted), 200);
  item.description = [impactedSummary(impacted), by].filter((part) => part !== '').join(' — ');
  item.iconPath = new vscode.ThemeIcon(impacted.dataset.presence === 'absent' ? 'circle-slash' : 'database');
  item.tooltip = `${untrustedText(impacted.dataset.path ?? impacted.dataset.names.join(', '))}\n${item.description}`;
  return item;
}

function sampleItem(
  { impacted }: ImpactNode,
  { rows, digest, changed, source }: ImpactedSample,
  sources: readonly ImpactSource[],
): vscode.TreeItem {
  const { path } = impacted.dataset;
  const uri = path === undefined ? undefined : vscode.Uri.file(path);
  const places = rows.slice(0, 5).join(', ') + (rows.length > 5 ? ', …' : '');
  const item = new vscode.TreeItem(
    uri && isTextDatasetUri(uri) ? l10n.t('Line {0}', places) : l10n.t('Row {0}', places),
  );
  const origin = sources[source];
  const from = origin ? untrustedText(sourceName(origin), 80) : '';
  item.description = changed ? l10n.t('made of {0}', from) : from;
  item.iconPath = new vscode.ThemeIcon(changed ? 'edit' : 'copy');
  item.tooltip = changed
    ? l10n.t('Made of {0}, changed on the way', from)
    : l10n.t('The same sample as {0}, or part of it', from);
  if (uri && impacted.dataset.presence !== 'absent') {
    const target: SampleTarget = { uri: uri.toString(), lines: rows.slice(0, 1), digest };
    item.command = { title: l10n.t('Open'), command: COMMANDS.revealSample, arguments: [target] };
  }
  return item;
}
