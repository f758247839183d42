import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { findSigner } from '../core/trust/allowedSigners.ts';
import { COMMANDS } from '../commands.ts';
import { chooseKey } from './keyChoice.ts';
import type { KeyInfo } from './keyRing.ts';
import type { Services } from './services.ts';

/** Now, as statements say it: RFC 3339, UTC, whole seconds. */
export function timeNow(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The key to sign with: the one that was chosen, else the user is asked, and can make one.
 * @throws ProvenanceError `cancelled` when the user left, `key-missing` when its private half is gone
 */
export async function signingKey(services: Services): Promise<KeyInfo> {
  const key = services.keys.chosen() ?? (await firstKey(services));
  if (!key) throw new ProvenanceError('cancelled', 'Cancelled.');
  return key;
}

/** Where there is no key at all, one is made; otherwise the user chooses. */
async function firstKey(services: Services): Promise<KeyInfo | undefined> {
  const found = services.platform.findSigningKeys();
  const hasSome = services.keys.list().length > 0 || (await found).keys.some(({ objection }) => !objection);
  if (hasSome) return await chooseKey(services, found);
  const create = l10n.t('Create Signing Key…');
  const answer = await vscode.window.showInformationMessage(
    l10n.t(
      'You need a signing key first. It is made on this machine and kept in your editor’s secret storage.',
    ),
    { modal: true },
    create,
  );
  if (answer === create) await vscode.commands.executeCommand(COMMANDS.createKey);
  return services.keys.chosen();
}

/** The signer of a key. A key whose private half is gone is dropped, and that is said. */
export async function signerOf(services: Services, key: KeyInfo): Promise<Signer> {
  try {
    return await services.keys.signer(key);
  } catch (error) {
    if (error instanceof ProvenanceError && error.code === 'key-missing') await services.keys.forget(key);
    throw error;
  }
}

/** Whether the key counts as trusted in this window now. */
export async function isTrusted(services: Services, keyId: string): Promise<boolean> {
  const { entries } = await services.platform.readAllowedSigners(services.evidence.allowedSigners());
  return findSigner(entries, keyId, Date.now()).standing === 'trusted';
}

/**
 * Says that it is done; where the signer is not trusted here, that too, and how to trust it.
 * @param untrusted what follows of that: for who signed samples, that these stay yellow
 */
export async function offerTrust(
  services: Services,
  keyId: string,
  done: string,
  untrusted = l10n.t('Its samples show as untrusted until you trust this key.'),
): Promise<void> {
  if (await isTrusted(services, keyId)) {
    vscode.window.setStatusBarMessage(`$(pass) ${done}`, 6000);
    return;
  }
  const trust = l10n.t('Trust This Key…');
  void vscode.window.showInformationMessage(`${done} ${untrusted}`, trust).then((answer) => {
    if (answer === trust) void vscode.commands.executeCommand(COMMANDS.trustSigner, { keyId });
  });
}
