import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

/** What does not count where the user does not trust the workspace; undefined where they do. */
export function restrictedNote(): string | undefined {
  return vscode.workspace.isTrusted
    ? undefined
    : l10n.t(
        'This workspace is not trusted: signing is off, and whom it says to trust, its policy and its advisories do not count.',
      );
}

/** Opens VS Code's page on the trust of this workspace. */
export async function manageWorkspaceTrust(): Promise<void> {
  await vscode.commands.executeCommand('workbench.trust.manage');
}
