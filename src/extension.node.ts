import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, type CommandHandlers, type CommandName } from './commands.ts';
import { EvidenceStore } from './core/evidence/evidenceStore.ts';
import { advisoryHandlers } from './features/advisories/advisories.ts';
import { registerAnnotations } from './features/annotations/annotations.ts';
import { registerAttention } from './features/attention/attention.ts';
import { registerCodeLens } from './features/codeLens/codeLens.ts';
import { registerExplorerBadges } from './features/explorer/explorer.ts';
import { registerHover } from './features/hover/hover.ts';
import { registerImpact } from './features/impact/impact.ts';
import { keyHandlers } from './features/keys/keys.ts';
import { registerLineage } from './features/lineage/lineage.ts';
import { registerPolicy } from './features/policy/policy.ts';
import { registerProblems } from './features/problems/problems.ts';
import { registerReviews } from './features/reviews/reviews.ts';
import { registerSigners } from './features/signers/signers.ts';
import { signingHandlers } from './features/signing/signing.ts';
import { registerStatusBar } from './features/statusBar/statusBar.ts';
import { stepHandlers } from './features/steps/steps.ts';
import { registerTable } from './features/table/table.ts';
import { trustHandlers } from './features/trust/trust.ts';
import { verifyingHandlers } from './features/verifying/verifying.ts';
import { Datasets } from './host/datasets.ts';
import { DisposableStore } from './host/disposables.ts';
import { KeyRing } from './host/keyRing.ts';
import { log } from './host/messages.ts';
import { OpenTables } from './host/openTables.ts';
import { OriginMapping } from './host/originMapping.ts';
import { SampleFocus } from './host/sampleFocus.ts';
import type { Services } from './host/services.ts';
import { checkEvidence } from './host/evidenceCheck.ts';
import { WorkspaceEvidence } from './host/workspaceEvidence.ts';
import { DatasetWorkerClient } from './platform/datasetWorkerClient.node.ts';
import { LineageWorkerClient } from './platform/lineageWorkerClient.node.ts';
import { nodePlatform } from './platform/platform.node.ts';
import { RowWorkerClient } from './platform/rowWorkerClient.node.ts';
import { SshWorkerClient } from './platform/sshWorkerClient.node.ts';

/** What other extensions, and the tests, may use. */
export interface Api {
  readonly services: Services;
}

/** The composition root: builds the services and registers the features. */
export function activate(context: vscode.ExtensionContext): Api {
  if (vscode.l10n.bundle) l10n.config({ contents: vscode.l10n.bundle });
  const store = new DisposableStore();
  context.subscriptions.push(store, log);

  const ssh = store.add(
    new SshWorkerClient(context.asAbsolutePath('dist/sshWorker.node.cjs'), (reason) => {
      log.error(`The thread for SSH keys stopped (${reason}).`);
    }),
  );
  const platform = nodePlatform(ssh);
  const worker = store.add(
    new DatasetWorkerClient(context.asAbsolutePath('dist/datasetWorker.node.cjs'), (reason) => {
      log.error(`The verification worker stopped (${reason}); starting it again.`);
      services.datasets.reopenAll();
    }),
  );
  const rowWorker = store.add(
    new RowWorkerClient(context.asAbsolutePath('dist/rowWorker.node.cjs'), (reason) => {
      log.error(`The row worker stopped (${reason}); starting it again.`);
      services.tables.reloadAll();
    }),
  );
  const lineageWorker = store.add(
    new LineageWorkerClient(context.asAbsolutePath('dist/lineageWorker.node.cjs'), (reason) => {
      log.error(`The lineage worker stopped (${reason}).`);
    }),
  );
  const evidence = store.add(new WorkspaceEvidence(worker, platform));
  store.add(checkEvidence(worker, evidence));
  const datasets = store.add(new Datasets(worker, evidence));
  const tables = store.add(new OpenTables());
  const services: Services = {
    extensionUri: context.extensionUri,
    platform,
    worker,
    rowWorker,
    lineageWorker,
    cacheFolder: context.globalStorageUri.fsPath,
    workspaceState: context.workspaceState,
    evidence,
    datasets,
    tables,
    sampleFocus: store.add(new SampleFocus(datasets, tables)),
    keys: store.add(new KeyRing(context.secrets, context.globalState, platform)),
    store: new EvidenceStore(platform.files, platform.sha256, undefined, platform.logMemory),
    originMapping: new OriginMapping(evidence),
  };

  const annotations = registerAnnotations(services);
  const attention = registerAttention(services);
  const impact = registerImpact(services);
  const lineage = registerLineage(services);
  const policy = registerPolicy(services);
  const problems = registerProblems(services);
  const reviews = registerReviews(services);
  const signers = registerSigners(services);
  const table = registerTable(services);
  store.addAll(
    annotations.disposable,
    attention.disposable,
    impact.disposable,
    policy.disposable,
    problems.disposable,
    reviews.disposable,
    signers.disposable,
    table.disposable,
    registerHover(services),
    registerCodeLens(services),
    registerStatusBar(services),
    registerExplorerBadges(services),
    lineage.disposable,
  );
  registerCommands(store, {
    ...annotations.handlers,
    ...attention.handlers,
    ...impact.handlers,
    ...lineage.handlers,
    ...policy.handlers,
    ...problems.handlers,
    ...reviews.handlers,
    ...signers.handlers,
    ...table.handlers,
    ...signingHandlers(services),
    ...stepHandlers(services),
    ...advisoryHandlers(services),
    ...verifyingHandlers(services),
    ...keyHandlers(services),
    ...trustHandlers(services),
  });
  return { services };
}

function registerCommands(store: DisposableStore, handlers: CommandHandlers): void {
  for (const name of Object.keys(COMMANDS) as CommandName[]) {
    store.add(
      vscode.commands.registerCommand(COMMANDS[name], handlers[name] as (...args: unknown[]) => unknown),
    );
  }
}
