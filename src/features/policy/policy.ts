import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, HAS_POLICY, VIEWS, type CommandHandlers, type SampleTarget } from '../../commands.ts';
import { asProvenanceError, ProvenanceError } from '../../core/errors.ts';
import { STARTER_POLICY } from '../../core/policy/starterPolicy.ts';
import type { PolicyVerdict } from '../../core/policy/verdict.ts';
import { isDatasetUri, isTextDatasetUri, MAX_BACKGROUND_BYTES, type Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { lineageScope } from '../../host/lineageScope.ts';
import { logError, tellingErrors, withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { requireTrustedWorkspace, savedFile, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';
import { sentenceText } from '../../language/policy.ts';
import type { PolicyProgress } from '../../protocol/policy.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import {
  checklist,
  checklistChildren,
  policyErrors,
  policyItem,
  type ChecklistNode,
  type PolicyState,
} from './model.ts';
import { folderPolicy, policyInForce, policyVersion } from './policyInForce.ts';

/** Changes come in bursts. */
const SETTLE_MS = 250;
/** How often the policy is looked at, beside the file watchers, which miss things on network drives and at start. */
const LOOK_MS = 3000;
/** How many files of a folder are checked as one. */
const MAX_FILES = 100_000;
const DATASET_FILES =
  '**/*.{jsonl,ndjson,jsonlines,jsonl.gz,jsonl.zst,ndjson.gz,ndjson.zst,jsonlines.gz,jsonlines.zst,parquet,pq}';

/** “Policy”: the verdict on the active dataset in the status bar, and as a checklist; the same rules as `provenance check`. */
export function registerPolicy(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'checkPolicy' | 'showPolicy' | 'openPolicy'>;
} {
  const panel = new PolicyPanel(services);
  return {
    disposable: panel,
    handlers: {
      checkPolicy: (argument: unknown) => tellingErrors(() => panel.check(targetUri(services, argument))),
      showPolicy: () => tellingErrors(() => panel.show()),
      openPolicy: (argument: unknown) => tellingErrors(() => openPolicy(services, argument)),
    },
  };
}

function noPolicy(): ProvenanceError {
  return new ProvenanceError(
    'not-found',
    'There is no policy with rules to check against; make one with “Open Policy”.',
  );
}

/** What the checklist is about, and what was found. */
interface Shown {
  readonly name: string;
  readonly state: PolicyState;
}

class PolicyPanel implements vscode.TreeDataProvider<ChecklistNode> {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view = this.store.add(
    vscode.window.createTreeView(VIEWS.policy, { treeDataProvider: this, showCollapseAll: true }),
  );
  private readonly item = this.store.add(
    vscode.window.createStatusBarItem('provenance.policy', vscode.StatusBarAlignment.Right, 109),
  );
  /** Errors of the policy, at their lines: also of a file that is not open. */
  private readonly errors = this.store.add(vscode.languages.createDiagnosticCollection('provenance-policy'));
  private shown: Shown = { name: '', state: { kind: 'none' } };
  /** What was checked last, and by which evidence: nothing else is checked anew. */
  private key = '';
  /** Counts changes of evidence, policies and trust. */
  private evidence = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: AbortController | undefined;
  /** Of the policy files of the active dataset. */
  private version = '';

  constructor(private readonly services: Services) {
    this.item.name = l10n.t('Dataset provenance: policy');
    this.item.command = COMMANDS.showPolicy;
    const soon = () => {
      this.updateSoon();
    };
    const looking = setInterval(() => {
      void this.look().catch(logError);
    }, LOOK_MS);
    this.store.addAll(
      services.evidence.onDidChange(() => {
        this.evidence++;
        soon();
      }),
      services.datasets.onDidChange(soon),
      services.datasets.onDidRemove(soon),
      services.sampleFocus.onDidChange(soon),
      {
        dispose: () => {
          clearInterval(looking);
          clearTimeout(this.timer);
          this.running?.abort();
        },
      },
    );
    soon();
  }

  getTreeItem(node: ChecklistNode): vscode.TreeItem {
    return treeItem(node);
  }

  getChildren(node?: ChecklistNode): ChecklistNode[] {
    if (node) return checklistChildren(node);
    const { state } = this.shown;
    return state.kind === 'checked' ? checklist(state.verdict) : [];
  }

  dispose(): void {
    this.store.dispose();
  }

  async show(): Promise<void> {
    const uri = this.services.sampleFocus.activeDataset;
    if (uri && this.shown.state.kind === 'unchecked') await this.check(uri);
    else await vscode.commands.executeCommand(`${VIEWS.policy}.focus`);
  }

  /** Checks a dataset, or all datasets in a folder as one, with progress. */
  async check(uri: vscode.Uri): Promise<void> {
    const policy = await policyInForce(this.services, uri);
    if (policy.kind === 'restricted') {
      throw new ProvenanceError(
        'workspace-not-trusted',
        'The policy of this workspace has no effect until you trust the workspace; trust it with “Workspaces: Manage Workspace Trust” first.',
      );
    }
    if (policy.kind === 'none') throw noPolicy();
    const isFolder = await isDirectory(uri);
    if (!isFolder) await savedFile(this.services, uri);
    const datasets = isFolder ? await datasetsIn(uri) : [uri];
    const name = fileName(uri.path);
    this.running?.abort();
    clearTimeout(this.timer);
    const verdict = await withProgress(l10n.t('Checking {0} against the policy', name), (signal, report) =>
      this.verdictOn(datasets, policy.uri, signal, ({ nth, of, bytes, size }) => {
        report((nth - 1 + (size === 0 ? 1 : bytes / size)) / of);
      }),
    );
    if (!verdict) throw noPolicy();
    this.key = isFolder ? '' : this.keyOf(uri);
    this.set({ name, state: { kind: 'checked', verdict } });
    await vscode.commands.executeCommand(`${VIEWS.policy}.focus`);
  }

  private updateSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.update().catch(logError);
    }, SETTLE_MS);
  }

  private async look(): Promise<void> {
    const uri = this.services.sampleFocus.activeDataset;
    if (!uri) return;
    const version = await policyVersion(this.services, uri);
    if (version === this.version) return;
    this.version = version;
    this.evidence++;
    this.updateSoon();
  }

  /** Checks the active dataset, where what was found last may be different now. */
  private async update(): Promise<void> {
    const uri = this.services.sampleFocus.activeDataset;
    const dataset = uri && this.services.datasets.get(uri);
    if (!uri || !dataset) {
      // What the user asked for stays until they turn to a dataset.
      if (!uri) this.item.hide();
      return;
    }
    // While it is read or edited, what is on disk is judged the next time.
    if (dataset.progress !== undefined || !isSaved(dataset)) return;
    const key = this.keyOf(uri);
    if (key === this.key) {
      this.showItem();
      return;
    }
    this.running?.abort();
    const controller = new AbortController();
    this.running = controller;
    this.key = key;
    const name = fileName(uri.path);
    const policy = await policyInForce(this.services, uri);
    if (this.running !== controller) return;
    if (policy.kind !== 'policy' || (await isLarge(uri))) {
      this.set({ name, state: { kind: policy.kind === 'policy' ? 'unchecked' : policy.kind } });
      return;
    }
    // A verdict stays on show until the next one is there; of another dataset it would be a wrong one.
    if (this.shown.name !== name || this.shown.state.kind !== 'checked')
      this.set({ name, state: { kind: 'checking' } });
    try {
      const verdict = await this.verdictOn([uri], policy.uri, controller.signal);
      if (this.running !== controller) return;
      this.set({ name, state: verdict ? { kind: 'checked', verdict } : { kind: 'none' } });
    } catch (cause) {
      const error = asProvenanceError(cause);
      if (this.running !== controller || error.code === 'cancelled') return;
      logError(error);
      this.set({ name, state: { kind: 'failed', error } });
    }
  }

  private async verdictOn(
    datasets: readonly vscode.Uri[],
    policy: vscode.Uri,
    signal: AbortSignal,
    onProgress?: (progress: PolicyProgress) => void,
  ): Promise<PolicyVerdict | undefined> {
    const { evidence, lineageWorker } = this.services;
    const verdict = await lineageWorker.call(
      'checkPolicy',
      {
        ...(await lineageScope(this.services)),
        sigstore: evidence.sigstore(),
        datasets: datasets.map(pathOf),
        policy: pathOf(policy),
      },
      {
        signal,
        ...(onProgress && {
          onProgress: (value) => {
            onProgress(value as PolicyProgress);
          },
        }),
      },
    );
    return verdict ?? undefined;
  }

  /** The dataset, its bytes, and the evidence. */
  private keyOf(uri: vscode.Uri): string {
    const sha256 = this.services.datasets.get(uri)?.assessment?.sha256 ?? '';
    return `${uri.toString()} ${sha256} ${String(this.evidence)} ${String(vscode.workspace.isTrusted)}`;
  }

  private set(shown: Shown): void {
    this.shown = shown;
    const { state, name } = shown;
    this.view.description = state.kind === 'none' ? '' : name;
    this.view.message = messageOf(state);
    void vscode.commands.executeCommand('setContext', HAS_POLICY, state.kind !== 'none');
    if (state.kind === 'checked') this.showErrors(state.verdict);
    else if (state.kind === 'none') this.errors.clear();
    this.changed.fire();
    this.showItem();
  }

  private showErrors(verdict: PolicyVerdict): void {
    this.errors.clear();
    const diagnostics = policyErrors(verdict).map(({ line = 1, sentence }) => {
      const range = new vscode.Range(line - 1, 0, line - 1, Number.MAX_SAFE_INTEGER);
      const diagnostic = new vscode.Diagnostic(range, untrustedText(shownSentence(sentence), 1000));
      diagnostic.source = l10n.t('Provenance');
      return diagnostic;
    });
    this.errors.set(vscode.Uri.file(verdict.policy.path), diagnostics);
  }

  private showItem(): void {
    const content = policyItem(this.shown.state);
    if (!content) {
      this.item.hide();
      return;
    }
    const tooltip = untrustedText(content.tooltip.replaceAll('\n', ' — '), 2000);
    this.item.text = `$(${content.icon}) ${content.text}`;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `${content.text}. ${tooltip}` };
    this.item.backgroundColor = content.warning
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.item.show();
  }
}

/** What stands above the checklist: nothing that the list itself says. */
function messageOf(state: PolicyState): string {
  const content = policyItem(state);
  if (!content) return '';
  return state.kind === 'checked' && !state.verdict.passed
    ? content.text
    : untrustedText(content.tooltip, 2000);
}

function isSaved({ document }: Dataset): boolean {
  return document?.isDirty !== true;
}

function treeItem(node: ChecklistNode): vscode.TreeItem {
  switch (node.kind) {
    case 'rule': {
      const { rule, passed, summary, findings, more } = node.result;
      const { Collapsed, None } = vscode.TreeItemCollapsibleState;
      // Closed: what is found by one rule must not push the others out of sight.
      const item = new vscode.TreeItem(untrustedText(rule, 100), passed ? None : Collapsed);
      const text = untrustedText(shownSentence(summary), 1000);
      // Sign and word: a colour alone says nothing to some.
      item.description = `${passed ? l10n.t('passed') : l10n.t('failed')} — ${text}`;
      item.iconPath = new vscode.ThemeIcon(
        passed ? 'pass' : 'error',
        new vscode.ThemeColor(passed ? 'testing.iconPassed' : 'testing.iconFailed'),
      );
      item.tooltip = text;
      item.id = `${rule}#${String(findings.length + more)}#${text}`;
      return item;
    }
    case 'remedy': {
      const item = new vscode.TreeItem(untrustedText(shownSentence(node.sentence), 1000));
      item.iconPath = new vscode.ThemeIcon('lightbulb');
      item.tooltip = item.label as string;
      return item;
    }
    case 'finding':
      return findingItem(node.finding);
    case 'more':
      return new vscode.TreeItem(l10n.t('and {0} more', node.count));
  }
}

function findingItem({ dataset, line, sentence }: Extract<ChecklistNode, { kind: 'finding' }>['finding']) {
  const uri = vscode.Uri.file(dataset);
  const name = fileName(dataset);
  const place =
    line === undefined
      ? name
      : isTextDatasetUri(uri) || !isDatasetUri(uri)
        ? l10n.t('{0}, line {1}', name, line)
        : l10n.t('{0}, row {1}', name, line);
  const item = new vscode.TreeItem(untrustedText(place, 200));
  item.description = untrustedText(shownSentence(sentence), 1000);
  item.tooltip = item.description;
  item.iconPath = new vscode.ThemeIcon('circle-small');
  if (isDatasetUri(uri)) {
    const target: SampleTarget = { uri: uri.toString(), lines: [line ?? 1] };
    item.command = { title: l10n.t('Open'), command: COMMANDS.revealSample, arguments: [target] };
  } else {
    const at = new vscode.Position((line ?? 1) - 1, 0);
    const options = { selection: new vscode.Range(at, at) };
    item.command = { title: l10n.t('Open'), command: 'vscode.open', arguments: [uri, options] };
  }
  return item;
}

function shownSentence(sentence: Parameters<typeof sentenceText>[0]): string {
  return sentenceText(sentence, (path) => vscode.workspace.asRelativePath(path));
}

/** Opens the policy in force, or makes one at the root of the workspace folder. */
async function openPolicy(services: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : services.sampleFocus.activeDataset;
  const folder = (uri && vscode.workspace.getWorkspaceFolder(uri)) ?? vscode.workspace.workspaceFolders?.[0];
  const start = uri ?? folder?.uri;
  const policy = start && (await policyInForce(services, start));
  if (policy && policy.kind !== 'none') {
    await vscode.window.showTextDocument(policy.uri);
    return;
  }
  if (!folder) {
    throw new ProvenanceError('invalid-argument', 'Open a folder first: its policy is kept in it.');
  }
  requireTrustedWorkspace();
  const made = folderPolicy(folder);
  await vscode.workspace.fs.writeFile(made, new TextEncoder().encode(STARTER_POLICY));
  services.evidence.refresh();
  await vscode.window.showTextDocument(made);
}

async function isDirectory(uri: vscode.Uri): Promise<boolean> {
  const { type } = await vscode.workspace.fs.stat(uri);
  return (type & vscode.FileType.Directory) !== 0;
}

async function isLarge(uri: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(uri)).size > MAX_BACKGROUND_BYTES;
  } catch {
    // The check says best what is wrong with it.
    return false;
  }
}

/** All datasets in a folder and below, also those that the user's settings hide: they would not be checked. */
async function datasetsIn(folder: vscode.Uri): Promise<vscode.Uri[]> {
  const pattern = new vscode.RelativePattern(folder, DATASET_FILES);
  // Not `undefined`, which means the user's exclusions.
  const found = (await vscode.workspace.findFiles(pattern, null, MAX_FILES + 1)).filter(isDatasetUri);
  if (found.length > MAX_FILES) {
    const template =
      '{path} has more than the {limit} datasets that are checked as one; choose a folder with fewer.';
    throw new ProvenanceError('too-large', template, { path: folder.fsPath, limit: MAX_FILES });
  }
  if (found.length === 0) {
    const template = 'There is no dataset in {path}, so there is nothing to check.';
    throw new ProvenanceError('not-found', template, { path: folder.fsPath });
  }
  return found.sort((a, b) => a.path.localeCompare(b.path));
}
