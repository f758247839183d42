import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../../core/errors.ts';
import { fingerprint, parseSshPublicKey, type SshPublicKey } from '../../core/evidence/sshKey.ts';
import {
  distrustKey,
  replaceKey,
  type FileEdit,
  type SignersFile,
} from '../../core/trust/editAllowedSigners.ts';
import type { SignerSummary } from '../../core/trust/signers.ts';
import { findSigner } from '../../core/trust/allowedSigners.ts';
import { errorText, logError } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { requireTrustedWorkspace, sampleTarget } from '../../host/target.ts';
import { confirmChange, effectDetails, pickSigner, shownPath, trustScope } from '../../host/trustScope.ts';
import { shortKeyId } from '../../language/explain.ts';
import { explainEffect, nameOfSigner, signerStateWord } from '../../language/signers.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

const SHOWN_LINE = 160;

/** Comments out the lines of allowed_signers files that trust a key. */
export async function distrustSigner(services: Services, argument: unknown): Promise<void> {
  const signer = await pickSigner(
    services,
    sampleTarget(argument).keyId,
    l10n.t('Whose signatures do you want to trust no more?'),
    isListed,
  );
  const name = nameOfSigner(signer);
  const edits = await editsOf(services, signer, (file) => distrustKey(file, signer.keyId));
  await change(services, edits, l10n.t('Trust {0} no more?', name), l10n.t('Distrust'));
  const still = await whereTrusted(services, signer.keyId);
  vscode.window.setStatusBarMessage(l10n.t('{0} is not trusted any more.', name), 6000);
  if (still !== undefined) {
    void vscode.window.showWarningMessage(l10n.t('{0} trusts {1} still.', still, name));
  }
}

/** Trusts another key as this one is trusted, and ends the validity of this one. */
export async function replaceSignerKey(services: Services, argument: unknown): Promise<void> {
  requireTrustedWorkspace();
  const signer = await pickSigner(
    services,
    sampleTarget(argument).keyId,
    l10n.t('Whose key do you want to replace?'),
    (one) => one.state === 'trusted' && isListed(one),
  );
  const next = await askNewKey(services, signer);
  if (!next) return;
  const now = Date.now();
  const keyId = fingerprint(next);
  if (keyId === signer.keyId) throw new ProvenanceError('invalid-argument', 'That is the same key.');
  const edits = await editsOf(services, signer, (file) =>
    replaceKey(file, signer.keyId, { key: next, keyId }, now),
  );
  const question = l10n.t('Replace the key of {0} by {1}?', nameOfSigner(signer), keyId);
  await change(services, edits, question, l10n.t('Replace Key'));
  vscode.window.setStatusBarMessage(
    l10n.t('{0} is trusted with the new key; what the old one signed until now stays.', nameOfSigner(signer)),
    6000,
  );
}

export function isListed({ lines }: SignerSummary): boolean {
  return lines.some(({ effect }) => effect === 'trusts' || effect === 'ended' || effect === 'not-yet');
}

/** @throws ProvenanceError `key-missing` where no file names the key */
async function editsOf(
  services: Services,
  signer: SignerSummary,
  edit: (file: SignersFile) => FileEdit | undefined,
): Promise<FileEdit[]> {
  const { files, problems } = await services.platform.readSignersFiles(services.evidence.allowedSigners());
  problems.forEach(logError);
  const edits = files.flatMap((file) => edit(file) ?? []);
  if (edits.length > 0) return edits;
  throw new ProvenanceError(
    'key-missing',
    'No line of an allowed_signers file names {keyId} to be changed so; a certificate may, or another program’s settings.',
    { keyId: shortKeyId(untrustedText(signer.keyId, 100)) },
  );
}

/** Shows what would change, asks, and writes. @throws ProvenanceError `cancelled`, and as `writeSignersFile` */
async function change(
  services: Services,
  edits: readonly FileEdit[],
  question: string,
  action: string,
): Promise<void> {
  const files = edits.map(({ path, edited }) => ({ path, bytes: edited }));
  const scope = await trustScope(services);
  const effect = await services.worker.call('trustEffect', { ...scope, change: { kind: 'files', files } });
  const lines = edits.flatMap(({ path, lines: changed }) =>
    changed.flatMap(({ line, text, becomes }) => [
      l10n.t('{0}, line {1}', shownPath(path), line),
      `− ${untrustedText(text.trim(), SHOWN_LINE)}`,
      ...becomes.map((added) => `+ ${untrustedText(added.trim(), SHOWN_LINE)}`),
    ]),
  );
  await confirmChange(question, [...lines, ...effectDetails(explainEffect(effect, shownPath))], action);
  try {
    for (const edit of edits) await services.platform.writeSignersFile(edit);
  } finally {
    services.evidence.refresh();
  }
}

/** Where a key is trusted still, if it is. */
async function whereTrusted(services: Services, keyId: string): Promise<string | undefined> {
  const { entries } = await services.platform.readAllowedSigners(services.evidence.allowedSigners());
  const found = findSigner(entries, keyId, Date.now());
  if (found.standing !== 'trusted') return undefined;
  return l10n.t('{0}, line {1}', shownPath(found.signer.path), found.signer.line);
}

/** One of the user's keys, one that signed something here, or one that is pasted. */
async function askNewKey(services: Services, old: SignerSummary): Promise<SshPublicKey | undefined> {
  const { signers } = await services.worker.call('signers', await trustScope(services));
  const known = new Map<string, { name: string; detail: string; publicKey: string }>();
  for (const signer of signers) {
    const { keyId, publicKey, state } = signer;
    if (publicKey === undefined || state === 'revoked') continue;
    known.set(keyId, { name: nameOfSigner(signer), detail: signerStateWord(state), publicKey });
  }
  for (const { keyId, name, publicKey } of services.keys.list()) {
    known.set(keyId, { name, detail: l10n.t('your own key'), publicKey });
  }
  known.delete(old.keyId);
  const picked = await vscode.window.showQuickPick(
    [
      ...[...known].map(([keyId, { name, detail, publicKey }]) => ({
        label: `$(key) ${name}`,
        description: keyId,
        detail,
        publicKey,
      })),
      {
        label: `$(clippy) ${l10n.t('Paste a public key…')}`,
        description: '',
        detail: l10n.t('as a .pub file holds it: ssh-ed25519 AAAA…'),
        publicKey: undefined,
      },
    ],
    { placeHolder: l10n.t('Which key replaces it? Make sure, outside this editor, whose it is.') },
  );
  if (!picked) return undefined;
  const text = picked.publicKey ?? (await askPublicKey());
  return text === undefined ? undefined : parseSshPublicKey(text);
}

function askPublicKey(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    prompt: l10n.t('The new public key: ssh-ed25519 AAAA…'),
    ignoreFocusOut: true,
    validateInput: (text) => {
      try {
        parseSshPublicKey(text.trim());
        return undefined;
      } catch (error) {
        return error instanceof ProvenanceError ? errorText(error) : undefined;
      }
    },
  });
}
