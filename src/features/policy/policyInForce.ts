import * as vscode from 'vscode';
import { EVIDENCE_FOLDER, POLICY } from '../../core/evidence/layout.ts';
import type { Services } from '../../host/services.ts';

/** Which policy a dataset is under. */
export type PolicyInForce =
  | { readonly kind: 'none' }
  /** The workspace has one, and the user does not trust the workspace. */
  | { readonly kind: 'restricted'; readonly uri: vscode.Uri }
  | { readonly kind: 'policy'; readonly uri: vscode.Uri };

/**
 * The policy of a dataset: that at the root of its workspace folder, once the user trusts the workspace; else the user's
 * own. Never one further down, which may have come with a download (docs/security.md).
 */
export async function policyInForce(
  services: Pick<Services, 'evidence'>,
  dataset: vscode.Uri,
): Promise<PolicyInForce> {
  const folder = vscode.workspace.getWorkspaceFolder(dataset);
  const ofWorkspace = folder && folderPolicy(folder);
  const isThere = ofWorkspace !== undefined && (await isFile(ofWorkspace));
  if (isThere && vscode.workspace.isTrusted) return { kind: 'policy', uri: ofWorkspace };
  const own = vscode.Uri.file(services.evidence.userPolicy());
  if (await isFile(own)) return { kind: 'policy', uri: own };
  return isThere ? { kind: 'restricted', uri: ofWorkspace } : { kind: 'none' };
}

/** Changes with the files that could be the policy of a dataset. */
export async function policyVersion(
  services: Pick<Services, 'evidence'>,
  dataset: vscode.Uri,
): Promise<string> {
  const folder = vscode.workspace.getWorkspaceFolder(dataset);
  const files = [...(folder ? [folderPolicy(folder)] : []), vscode.Uri.file(services.evidence.userPolicy())];
  const versions = files.map(async (uri) => {
    try {
      const { size, mtime } = await vscode.workspace.fs.stat(uri);
      return `${String(size)}:${String(mtime)}`;
    } catch {
      return 'absent';
    }
  });
  return (await Promise.all(versions)).join(' ');
}

export function folderPolicy(folder: vscode.WorkspaceFolder): vscode.Uri {
  return vscode.Uri.joinPath(folder.uri, EVIDENCE_FOLDER, POLICY);
}

/** Whether something stands there; a policy that cannot be read is one that says so when it is checked against. */
async function isFile(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    return !(error instanceof vscode.FileSystemError && error.code === 'FileNotFound');
  }
}
