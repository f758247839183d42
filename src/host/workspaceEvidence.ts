import * as vscode from 'vscode';
import { ALLOWED_SIGNERS, EVIDENCE_FOLDER, POLICY } from '../core/evidence/layout.ts';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import type { Platform } from '../platform/platform.ts';
import type { EvidenceFiles, SigstoreFiles } from '../protocol/datasetWorker.ts';
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
  private userWatchers: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly worker: DatasetWorkerClient,
    private readonly defaults: Pick<Platform, 'userAllowedSigners' | 'userPolicy' | 'userSigstore'>,
  ) {
    const watcher = this.disposables.add(
      vscode.workspace.createFileSystemWatcher(`**/{${EVIDENCE_FOLDER}/**,*.sig,*.sigstore,*.sigstore.json}`),
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
        this.watchUserFiles();
        this.invalidate();
      }),
    );
    this.watchUserFiles();
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
    return setting('allowedSignersFile') || this.defaults.userAllowedSigners;
  }

  /**
   * Files that may hold the policy in force for a dataset, the first that is there: at the root of its workspace folder
   * once the user trusts the workspace, and the user's own.
   * @param path of the dataset, with `/`; the first workspace folder's without it
   */
  policies(path?: string): string[] {
    const user = this.userPolicy();
    const folders = workspaceFolders().sort((a, b) => (path === undefined ? 0 : b.length - a.length));
    const folder = folders.find((one) => path === undefined || path.startsWith(`${one}/`));
    if (folder === undefined || !vscode.workspace.isTrusted) return [user];
    return [`${folder}/${EVIDENCE_FOLDER}/${POLICY}`, user];
  }

  /** The user's own policy, for what no trusted workspace has one for. */
  userPolicy(): string {
    return this.defaults.userPolicy;
  }

  /** The user's own files about Sigstore. No workspace has any, trusted or not. */
  sigstore(): SigstoreFiles {
    const { trustedRoot, identities } = this.defaults.userSigstore;
    return {
      trustedRoot: setting('sigstore.trustedRoot') || trustedRoot,
      identities: setting('sigstore.identitiesFile') || identities,
    };
  }

  /** Looks again at once, for changes that this window made itself. */
  refresh(): void {
    clearTimeout(this.timer);
    this.found = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.userWatchers).dispose();
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

  private watchUserFiles(): void {
    vscode.Disposable.from(...this.userWatchers).dispose();
    const { trustedRoot, identities } = this.sigstore();
    this.userWatchers = [this.userAllowedSigners(), this.userPolicy(), trustedRoot, identities].map((file) =>
      this.watchUserFile(file),
    );
  }

  private watchUserFile(file: string): vscode.Disposable {
    const path = vscode.Uri.file(file);
    const folder = vscode.Uri.joinPath(path, '..');
    const name = path.path.slice(path.path.lastIndexOf('/') + 1);
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name));
    const invalidate = () => {
      this.invalidate();
    };
    return vscode.Disposable.from(
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
