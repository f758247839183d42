import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, VIEWS, type CommandHandlers, type SampleTarget } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import type { AssessmentData } from '../../protocol/datasetWorker.ts';
import { isTextDatasetUri, type Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { explainStatus } from '../../language/explain.ts';
import { tellingErrors } from '../../host/messages.ts';
import { revealDigest, revealSample } from '../../host/revealSample.ts';
import type { Services } from '../../host/services.ts';
import { sampleTarget, targetLines, targetUri } from '../../host/target.ts';
import { FLAG_CODICON, statusCodicon, UPSTREAM_CODICON } from '../../host/statusIcons.ts';
import { removedPhrase } from '../../language/log.ts';
import { explainUpstream, upstreamWord } from '../../language/upstream.ts';
import { categoryWord, severityWord, statusWord } from '../../language/words.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { goToUpstream } from './goToUpstream.ts';
import { attentionGroups, nextAttentionLine, type AttentionGroup, type Reason } from './model.ts';

/** A node is also what commands of its menu are about. */
type Node = SampleTarget & { readonly uri: string; readonly dataset: Dataset } & (
    | { readonly kind: 'file'; readonly groups: readonly AttentionGroup[] }
    | { readonly kind: 'missing' }
    | { readonly kind: 'group'; readonly group: AttentionGroup }
    | { readonly kind: 'sample'; readonly reason: Reason; readonly line: number }
  );

/** Updates of a burst are shown together. */
const SETTLE_MS = 60;

/** The “Needs Attention” tree, by file and reason, and the commands that go from one such sample to the next. */
export function registerAttention(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'nextAttention' | 'previousAttention' | 'revealSample' | 'goToUpstream'>;
} {
  const store = new DisposableStore();
  const changed = store.add(new vscode.EventEmitter<void>());
  const view = store.add(
    vscode.window.createTreeView<Node>(VIEWS.attention, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getTreeItem: treeItem,
        getChildren: (node) => (node ? childrenOf(node) : files(services.datasets.all)),
      },
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  const update = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed.fire();
      const total = files(services.datasets.all).reduce(
        // What a stranger signed is no alarm: it is listed, but not counted.
        (sum, { groups }) =>
          sum +
          groups.reduce((inFile, { reason, count }) => (reason === 'untrusted' ? inFile : inFile + count), 0),
        0,
      );
      view.badge =
        total > 0 ? { value: total, tooltip: l10n.t('{0} samples need attention', total) } : undefined;
    }, SETTLE_MS);
  };
  update();
  store.addAll(services.datasets.onDidChange(update), services.datasets.onDidRemove(update), {
    dispose: () => {
      clearTimeout(timer);
    },
  });

  const go = (direction: 1 | -1) => () =>
    tellingErrors(async () => {
      const { current } = services.sampleFocus;
      const uri = services.sampleFocus.activeDataset;
      const dataset = uri && services.datasets.get(uri);
      if (!dataset) throw new ProvenanceError('invalid-argument', 'Open a dataset (JSONL or Parquet) first.');
      const table = services.tables.active;
      const line =
        dataset.assessment &&
        nextAttentionLine(dataset.assessment, current?.line ?? 1, direction, (candidate) =>
          table ? table.shows(candidate) : true,
        );
      if (line === undefined) {
        vscode.window.setStatusBarMessage(l10n.t('No sample of this dataset needs attention.'), 4000);
        return;
      }
      await revealSample(services, dataset.uri, line);
    });
  const reveal = (argument: unknown) =>
    tellingErrors(async () => {
      const uri = targetUri(services, argument);
      const [line = 1] = targetLines(services, argument, uri);
      const { digest } = sampleTarget(argument);
      if (digest === undefined) await revealSample(services, uri, line);
      else await revealDigest(services, uri, digest, line);
    });
  return {
    disposable: store,
    handlers: {
      nextAttention: go(1),
      previousAttention: go(-1),
      revealSample: reveal,
      goToUpstream: (argument: unknown) => tellingErrors(() => goToUpstream(services, argument)),
    },
  };
}

/** The groups of an assessment: a pass over all lines, of which there may be millions. */
const known = new WeakMap<AssessmentData, readonly AttentionGroup[]>();

function groupsOf({ assessment }: Dataset): readonly AttentionGroup[] {
  if (!assessment) return [];
  let groups = known.get(assessment);
  if (!groups) {
    groups = attentionGroups(assessment);
    known.set(assessment, groups);
  }
  return groups;
}

function files(datasets: readonly Dataset[]): (Node & { kind: 'file' })[] {
  return datasets
    .map((dataset) => ({
      kind: 'file' as const,
      uri: dataset.uri.toString(),
      dataset,
      groups: groupsOf(dataset),
    }))
    .filter(({ groups, dataset }) => groups.length > 0 || isEvidenceMissing(dataset))
    .sort((a, b) => a.dataset.uri.path.localeCompare(b.dataset.uri.path));
}

/** Whether flags may be gone: then it is not true that nothing needs attention. */
function isEvidenceMissing({ assessment }: Dataset): boolean {
  return assessment?.log?.standing === 'removed';
}

function childrenOf(node: Node): Node[] {
  switch (node.kind) {
    case 'file': {
      const { uri, dataset, groups } = node;
      return [
        ...(isEvidenceMissing(dataset) ? [{ kind: 'missing' as const, uri, dataset }] : []),
        ...groups.map((group) => ({ kind: 'group' as const, uri, dataset, group })),
      ];
    }
    case 'missing':
      return [];
    case 'group':
      return node.group.lines.map((line) => ({
        kind: 'sample',
        uri: node.uri,
        lines: [line],
        dataset: node.dataset,
        reason: node.group.reason,
        line,
      }));
    case 'sample':
      return [];
  }
}

function treeItem(node: Node): vscode.TreeItem {
  switch (node.kind) {
    case 'file': {
      const item = new vscode.TreeItem(node.dataset.uri, vscode.TreeItemCollapsibleState.Expanded);
      item.id = node.dataset.uri.toString();
      item.description = vscode.workspace.asRelativePath(node.dataset.uri);
      item.contextValue = 'dataset';
      return item;
    }
    case 'missing': {
      const item = new vscode.TreeItem(removedPhrase());
      item.id = `${node.uri}#missing`;
      item.iconPath = new vscode.ThemeIcon('warning');
      item.tooltip = l10n.t('Show What Is Missing');
      const target: SampleTarget = { uri: node.uri };
      item.command = {
        title: item.tooltip,
        command: COMMANDS.showMissingEvidence,
        arguments: [target],
      };
      return item;
    }
    case 'group': {
      const { reason, count } = node.group;
      const item = new vscode.TreeItem(reasonWord(reason), vscode.TreeItemCollapsibleState.Collapsed);
      item.id = `${node.dataset.uri.toString()}#${reason}`;
      item.description = String(count);
      item.iconPath = reasonIcon(reason);
      if (reason === 'upstream' && hasDatasetFlags(node.dataset)) item.contextValue = 'flaggedAsWhole';
      return item;
    }
    case 'sample': {
      const { dataset, line, lines, reason } = node;
      const name = isTextDatasetUri(dataset.uri) ? l10n.t('Line {0}', line) : l10n.t('Row {0}', line);
      const item = new vscode.TreeItem(name);
      item.id = `${dataset.uri.toString()}#${reason}#${String(line)}`;
      item.description = untrustedText(describe(dataset, line, reason));
      item.tooltip = item.description;
      item.contextValue = reason === 'upstream' ? 'upstreamSample' : 'sample';
      const target: SampleTarget = { uri: dataset.uri.toString(), ...(lines && { lines }) };
      item.command = { title: l10n.t('Open'), command: COMMANDS.revealSample, arguments: [target] };
      return item;
    }
  }
}

/** Why the line stands in its group. */
function describe(dataset: Dataset, line: number, reason: Reason): string {
  const review = dataset.review(line);
  if (reason === 'flagged' && review)
    return `${categoryWord(review.category)}, ${severityWord(review.severity)}`;
  const upstream = dataset.upstream(line);
  if (reason === 'upstream' && upstream) {
    return explainUpstream(upstream, dataset.assessment?.statements ?? []);
  }
  return explainStatus(dataset.status(line) ?? 'unknown', dataset.covering(line));
}

/** Whether a dataset or a step as a whole is flagged, rather than samples: such a flag is cleared from here. */
function hasDatasetFlags({ assessment }: Dataset): boolean {
  return assessment?.upstream.some(({ way }) => way.flagged !== 'sample') ?? false;
}

function reasonWord(reason: Reason): string {
  switch (reason) {
    case 'flagged':
      return l10n.t('flagged');
    case 'upstream':
      return upstreamWord();
    default:
      return statusWord(reason);
  }
}

function reasonIcon(reason: Reason): vscode.ThemeIcon {
  switch (reason) {
    case 'flagged':
      return new vscode.ThemeIcon(FLAG_CODICON);
    case 'upstream':
      return new vscode.ThemeIcon(UPSTREAM_CODICON);
    default:
      return new vscode.ThemeIcon(statusCodicon(reason));
  }
}
