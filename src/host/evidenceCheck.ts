import * as vscode from 'vscode';
import type { DatasetWorkerClient } from '../platform/datasetWorkerClient.node.ts';
import { logError } from './messages.ts';
import { workspaceFolders, type WorkspaceEvidence } from './workspaceEvidence.ts';

const CHECK_MS = 5000;
/** At most this share of the worker's time is spent on it: there may be many folders. */
const SHARE = 1 / 50;

/**
 * Looks every few seconds, while the window has the focus, whether evidence has changed. File watchers are told of changes
 * only once they are set up, some seconds after a window opens, and miss things on network drives.
 */
export function checkEvidence(worker: DatasetWorkerClient, evidence: WorkspaceEvidence): vscode.Disposable {
  let known: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let disposed = false;

  const look = async (): Promise<void> => {
    const start = performance.now();
    if (vscode.window.state.focused || known === undefined) {
      const version = await worker.call('evidenceVersion', { folders: workspaceFolders() });
      const changed = known !== undefined && known !== version;
      known = version;
      if (changed && !disposed) evidence.refresh();
    }
    if (!disposed) again(Math.max(CHECK_MS, (performance.now() - start) / SHARE));
  };
  const again = (milliseconds: number): void => {
    timer = setTimeout(() => {
      look().catch((error: unknown) => {
        logError(error);
        if (!disposed) again(CHECK_MS);
      });
    }, milliseconds);
  };
  again(0);
  return {
    dispose: () => {
      disposed = true;
      clearTimeout(timer);
    },
  };
}
