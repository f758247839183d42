import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import type { SignerSummary } from '../core/trust/signers.ts';
import { nameOfSigner, signedKinds, signerStateWord, type ShowPath } from '../language/signers.ts';
import type { TrustScope } from '../protocol/signers.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import type { Services } from './services.ts';

/** Where the dataset worker is to look for signers: the evidence and the trust roots of this window as they are now. */
export async function trustScope({ evidence }: Pick<Services, 'evidence'>): Promise<TrustScope> {
  return {
    ...(await evidence.files()),
    allowedSigners: evidence.allowedSigners(),
    policies: evidence.policies(),
  };
}

/** Who signed what in this window's evidence. */
export async function signersHere(services: Services): Promise<readonly SignerSummary[]> {
  return (await services.worker.call('signers', await trustScope(services))).signers;
}

/** A path as people see it: below the workspace folder where it is in one. */
export const shownPath: ShowPath = (path) =>
  untrustedText(vscode.workspace.asRelativePath(vscode.Uri.file(path)), 500);

/**
 * The signer that a command is about: the one that it was called with, else one that the user picks.
 * @throws ProvenanceError `key-missing` where there is no such signer, `cancelled`
 */
export async function pickSigner(
  services: Services,
  keyId: string | undefined,
  question: string,
  isWanted: (signer: SignerSummary) => boolean,
): Promise<SignerSummary> {
  const signers = await signersHere(services);
  if (keyId !== undefined) {
    const signer = signers.find((one) => one.keyId === keyId);
    if (signer) return signer;
    throw new ProvenanceError('key-missing', 'The key {keyId} signed nothing here, and no file names it.', {
      keyId: untrustedText(keyId, 100),
    });
  }
  const wanted = signers.filter(isWanted);
  if (wanted.length === 0) throw new ProvenanceError('key-missing', 'There is no such signer here.');
  const picked = await vscode.window.showQuickPick(
    wanted.map((signer) => ({
      label: `$(key) ${nameOfSigner(signer)}`,
      description: signerStateWord(signer.state),
      detail: `${untrustedText(signer.keyId, 100)} · ${signedKinds(signer)}`,
      signer,
    })),
    { placeHolder: question, matchOnDetail: true },
  );
  if (!picked) throw new ProvenanceError('cancelled', 'Cancelled.');
  return picked.signer;
}

/** Opens a file of ours at a line (1-based). */
export async function showLine(path: string, line: number): Promise<void> {
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(vscode.Uri.file(path), {
    selection: new vscode.Range(position, position),
    preview: true,
  });
}

/**
 * Asks whether to go on with a change of trust, in a dialog that says what it does.
 * @throws ProvenanceError `cancelled`
 */
export async function confirmChange(
  question: string,
  details: readonly string[],
  action: string,
): Promise<void> {
  const options = { modal: true, detail: details.join('\n') };
  if ((await vscode.window.showWarningMessage(question, options, action)) === action) return;
  throw new ProvenanceError('cancelled', 'Cancelled.');
}

/** What `explainEffect` says, under a heading. */
export function effectDetails(sentences: readonly string[]): string[] {
  return ['', l10n.t('What this changes here:'), ...sentences];
}
