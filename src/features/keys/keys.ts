import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, type CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { chooseKey } from '../../host/keyChoice.ts';
import type { KeyInfo } from '../../host/keyRing.ts';
import { tellingErrors } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';

/** Create or choose a signing key; copy or export its public half. */
export function keyHandlers(
  services: Services,
): Pick<CommandHandlers, 'createKey' | 'chooseKey' | 'copyPublicKey' | 'exportPublicKey'> {
  return {
    createKey: (name?: unknown) =>
      tellingErrors(() => createKey(services, typeof name === 'string' ? name : undefined)),
    chooseKey: () =>
      tellingErrors(async () => {
        const key = await chooseKey(services);
        if (key) vscode.window.setStatusBarMessage(l10n.t('You now sign as {0}.', key.name), 4000);
      }),
    copyPublicKey: () =>
      tellingErrors(async () => {
        const key = await existingKey(services);
        if (!key) return;
        await vscode.env.clipboard.writeText(key.publicKey);
        vscode.window.setStatusBarMessage(l10n.t('Copied the public key of {0}.', key.name), 4000);
      }),
    exportPublicKey: () =>
      tellingErrors(async () => {
        const key = await existingKey(services);
        if (!key) return;
        const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
        const target = await vscode.window.showSaveDialog({
          ...(folder && {
            defaultUri: vscode.Uri.joinPath(folder, `${key.name.replace(/[^\w.@-]/g, '_')}.pub`),
          }),
          title: l10n.t('Export the public key of {0}', key.name),
        });
        if (target)
          await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(`${key.publicKey}\n`));
      }),
  };
}

async function createKey(services: Services, given: string | undefined): Promise<KeyInfo | undefined> {
  const name =
    given ??
    (await vscode.window.showInputBox({
      title: l10n.t('Create a signing key'),
      prompt: l10n.t('Who signs with it? Others see this name once they trust the key.'),
      placeHolder: l10n.t('for example your e-mail address'),
      ignoreFocusOut: true,
      validateInput: (text) => nameProblem(text.trim()),
    }));
  if (name === undefined) return undefined;
  const problem = nameProblem(name.trim());
  if (problem !== undefined) throw new ProvenanceError('invalid-argument', problem);
  const key = await services.keys.create(name.trim());
  const copy = l10n.t('Copy Public Key');
  const trust = l10n.t('Trust This Key…');
  void vscode.window
    .showInformationMessage(
      l10n.t(
        'Created the signing key of {0} ({1}). Give its public half to those who should trust you.',
        key.name,
        key.keyId,
      ),
      trust,
      copy,
    )
    .then((answer) => {
      if (answer === copy) void vscode.env.clipboard.writeText(key.publicKey);
      if (answer === trust) void vscode.commands.executeCommand(COMMANDS.trustSigner, { keyId: key.keyId });
    });
  return key;
}

/** It becomes a principal in allowed_signers and a comment in the public key: one word of printable characters. */
function nameProblem(name: string): string | undefined {
  if (name === '') return l10n.t('Enter a name.');
  if (name.length > 200) return l10n.t('At most {0} characters.', 200);
  if (!/^[\p{L}\p{N}._@+-]+$/u.test(name))
    return l10n.t('Use letters, digits and . _ @ + - only, without spaces.');
  return undefined;
}

async function existingKey(services: Services): Promise<KeyInfo | undefined> {
  if (services.keys.list().length === 0) {
    throw new ProvenanceError(
      'key-missing',
      'There is no signing key yet; run “Create Signing Key” or “Choose Signing Key” first.',
    );
  }
  return services.keys.pick(l10n.t('Which key?'));
}
