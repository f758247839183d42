import * as vscode from 'vscode';
import { ALLOWED_SIGNERS, EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import type { EvidenceFiles } from '../protocol/datasetWorker.ts';
import { DisposableStore } from './disposables.ts';
import { onDidChangeSettings, setting } from './settings.ts';

/** Changes on disk come in bursts: a temporary file, a rename, a lock. */
const SETTLE_MS = 100;

/** Where the evidence and the trust roots of this window are, and when they change. */
export class WorkspaceEvidence {
  private readonly disposables = new DisposableStore();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;
  private found: Promise<EvidenceFiles> | undefined;
  private userWatcher: vscode.Disposable | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly worker: DatasetWorkerClient,
    private readonly defaultAllowedSigners: string,
  ) {
    const watcher = this.disposables.add(
      vscode.workspace.createFileSystemWatcher(`**/${EVIDENCE_FOLDER}/**`),
    );
    const onFile = (uri: vscode.Uri) => {
      if (!/\.(lock|tmp|break)$/.test(uri.path)) this.invalidate();
    };
    this.disposables.addAll(
      watcher.onDidCreate(onFile),
      watcher.onDidChange(onFile),
      watcher.onDidDelete(onFile),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.invalidate();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.invalidate();
      }),
      onDidChangeSettings(() => {
        this.watchUserFile();
        this.invalidate();
      }),
    );
    this.watchUserFile();
  }

  /** Bundles of the workspace, and the advisories of trusted workspace folders. */
  async files(): Promise<EvidenceFiles> {
    this.found ??= this.find();
    try {
      return await this.found;
    } catch (error) {
      this.found = undefined;
      throw error;
    }
  }

  /**
   * Files that say who is trusted: the user's, and those at the roots of the workspace folders once the user trusts the
   * workspace. Never one further down, which may have come with a download (docs/security.md).
   */
  allowedSigners(): string[] {
    const user = this.userAllowedSigners();
    if (!vscode.workspace.isTrusted) return [user];
    return [user, ...workspaceFolders().map((folder) => `${folder}/${EVIDENCE_FOLDER}/${ALLOWED_SIGNERS}`)];
  }

  /** The user's own file. */
  userAllowedSigners(): string {
    return setting('allowedSignersFile') || this.defaultAllowedSigners;
  }

  /** Looks again at once, for changes that this window made itself. */
  refresh(): void {
    clearTimeout(this.timer);
    this.found = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.userWatcher?.dispose();
    this.disposables.dispose();
  }

  private invalidate(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.refresh();
    }, SETTLE_MS);
  }

  private async find(): Promise<EvidenceFiles> {
    const files = await this.worker.call('findEvidence', { folders: workspaceFolders() });
    return vscode.workspace.isTrusted ? files : { ...files, advisories: [] };
  }

  private watchUserFile(): void {
    this.userWatcher?.dispose();
    const path = vscode.Uri.file(this.userAllowedSigners());
    const folder = vscode.Uri.joinPath(path, '..');
    const name = path.path.slice(path.path.lastIndexOf('/') + 1);
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name));
    const invalidate = () => {
      this.invalidate();
    };
    this.userWatcher = vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(invalidate),
      watcher.onDidChange(invalidate),
      watcher.onDidDelete(invalidate),
    );
  }
}

/** Absolute paths, with `/`, of the workspace folders that are on disk. */
export function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => pathOf(uri));
}

/** A file URI as core writes paths: absolute, with `/`. */
export function pathOf(uri: vscode.Uri): string {
  return uri.fsPath.replaceAll('\\', '/');
}
