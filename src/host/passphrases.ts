import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { AskPassphrase } from '../platform/keyFiles.node.ts';

const NOT_KEPT = 'provenance.passphrasesNotKept';
const secretName = (keyId: string) => `provenance.passphrase.${keyId}`;

/** Asks once for the passphrase of a key. */
export interface PassphrasePrompt {
  readonly ask: AskPassphrase;
  /** The last one, typed or from secret storage. */
  readonly entered: string | undefined;
  /** Asks whether to keep it, unless it is kept or the user does not want to be asked. Does not wait for the answer. */
  offerToKeep(name: string): void;
}

/** Passphrases of key files: asked for, and kept in SecretStorage only when the user says so. */
export class Passphrases {
  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly state: vscode.Memento,
  ) {}

  promptFor(keyId: string): PassphrasePrompt {
    let entered: string | undefined;
    let isKept = false;
    const ask: AskPassphrase = async ({ path, attempt }) => {
      entered = attempt === 1 ? await this.secrets.get(secretName(keyId)) : undefined;
      // One that was kept and does not open the key any more is of no use.
      if (isKept) await this.forget(keyId);
      isKept = entered !== undefined;
      entered ??= await vscode.window.showInputBox({
        title: attempt === 1 ? l10n.t('Passphrase') : l10n.t('Wrong passphrase: try again'),
        prompt: l10n.t('Passphrase of {0}. The key stays open until this window closes.', path),
        password: true,
        ignoreFocusOut: true,
      });
      return entered;
    };
    return {
      ask,
      get entered() {
        return entered;
      },
      offerToKeep: (name) => {
        if (!isKept && entered !== undefined) void this.offerToKeep(keyId, name, entered);
      },
    };
  }

  async isKept(keyId: string): Promise<boolean> {
    return (await this.secrets.get(secretName(keyId))) !== undefined;
  }

  async forget(keyId: string): Promise<void> {
    await this.secrets.delete(secretName(keyId));
  }

  private async offerToKeep(keyId: string, name: string, passphrase: string): Promise<void> {
    const notKept = this.state.get<readonly string[]>(NOT_KEPT, []);
    if (notKept.includes(keyId)) return;
    const keep = l10n.t('Keep Passphrase');
    const never = l10n.t('Don’t Ask Again');
    const answer = await vscode.window.showInformationMessage(
      l10n.t('Keep the passphrase of {0} in your editor’s secret storage?', name),
      keep,
      never,
    );
    if (answer === keep) await this.secrets.store(secretName(keyId), passphrase);
    if (answer === never) await this.state.update(NOT_KEPT, [...notKept, keyId]);
  }
}
