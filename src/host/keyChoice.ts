import * as l10n from '@vscode/l10n';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { COMMANDS } from '../commands.ts';
import type { ProvenanceError } from '../core/errors.ts';
import { formatSshPublicKey } from '../core/evidence/sshKey.ts';
import { shortKeyId } from '../language/explain.ts';
import type { FoundKey, FoundKeys, KeyPlace } from '../platform/signingKeys.node.ts';
import type { KeyInfo } from './keyRing.ts';
import { errorText } from './messages.ts';
import type { Services } from './services.ts';

/** What a line of the list stands for: something to do, or an error to tell. */
type Choice = vscode.QuickPickItem & {
  readonly run?: () => Promise<KeyInfo | undefined>;
};

/**
 * Asks which key signs from now on: one that was made here, one of the ssh-agent, git or `~/.ssh`, another file, or a new
 * one. The choice is remembered, for all windows.
 *
 * @param found what {@link Platform.findSigningKeys} gives
 * @returns undefined when the user left
 * @throws ProvenanceError the reason, for a key that cannot sign
 */
export async function chooseKey(
  services: Services,
  found: Promise<FoundKeys> = services.platform.findSigningKeys(),
): Promise<KeyInfo | undefined> {
  const picked = await vscode.window.showQuickPick(choices(services, found), {
    title: l10n.t('Signing key'),
    placeHolder: l10n.t('Which key do you want to sign with?'),
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  return await picked?.run?.();
}

async function choices(services: Services, finding: Promise<FoundKeys>): Promise<Choice[]> {
  const { keys } = services;
  const { keys: found, problems } = await finding;
  const known = keys.list();
  const chosen = keys.chosen();
  const usable = found.filter(({ objection }) => !objection);
  const elsewhere = [
    ...usable.map(keyInfoOf),
    ...known.filter((key) => key.places && !usable.some(({ keyId }) => keyId === key.keyId)),
  ];
  const choice = (key: KeyInfo): Choice => ({
    label: `$(key) ${key.name}`,
    description: key.keyId,
    detail: (key.places ?? []).map(placeText).join(', '),
    run: async () => {
      await keys.choose(key);
      return key;
    },
  });
  const kept: KeyInfo[] = [];
  for (const key of known) if (await keys.passphrases.isKept(key.keyId)) kept.push(key);
  const first = (a: KeyInfo, b: KeyInfo) =>
    Number(b.keyId === chosen?.keyId) - Number(a.keyId === chosen?.keyId);
  return [
    ...section(
      l10n.t('Made here'),
      known
        .filter((key) => !key.places)
        .sort(first)
        .map(choice),
    ),
    ...section(l10n.t('In ssh-agent and files'), elsewhere.sort(first).map(choice)),
    ...section(l10n.t('Another key'), [
      {
        label: `$(add) ${l10n.t('Create Signing Key…')}`,
        run: async () => await vscode.commands.executeCommand<KeyInfo | undefined>(COMMANDS.createKey),
      },
      { label: `$(folder-opened) ${l10n.t('Choose a Key File…')}`, run: () => chooseFile(services) },
    ]),
    ...section(
      l10n.t('Passphrases'),
      kept.map((key) => ({
        label: `$(trash) ${l10n.t('Forget the passphrase of {0}', key.name)}`,
        run: async () => {
          await keys.passphrases.forget(key.keyId);
          return undefined;
        },
      })),
    ),
    ...section(l10n.t('Cannot sign'), [
      ...found.flatMap((key) => (key.objection ? [objectionChoice(nameOf(key), key.objection)] : [])),
      ...problems.map((problem) => objectionChoice(l10n.t('Not looked at'), problem)),
    ]),
  ];
}

function section(label: string, items: readonly Choice[]): Choice[] {
  if (items.length === 0) return [];
  return [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
}

function objectionChoice(name: string, error: ProvenanceError): Choice {
  return {
    label: `$(circle-slash) ${name}`,
    detail: errorText(error),
    run: () => Promise.reject(error),
  };
}

async function chooseFile(services: Services): Promise<KeyInfo | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: l10n.t('Choose a key file'),
      openLabel: l10n.t('Sign with This Key'),
      defaultUri: vscode.Uri.file(`${homedir()}/.ssh`),
    })) ?? [];
  if (!file) return undefined;
  const found = await services.platform.findKeyOfFile(file.fsPath);
  if (found.objection) throw found.objection;
  const key = keyInfoOf(found);
  await services.keys.choose(key);
  return key;
}

function keyInfoOf(found: FoundKey): KeyInfo {
  return {
    keyId: found.keyId,
    name: nameOf(found),
    publicKey: formatSshPublicKey(found.publicKey),
    places: found.places,
  };
}

function nameOf({ comment, keyId }: FoundKey): string {
  return comment === '' ? shortKeyId(keyId) : comment;
}

function placeText(place: KeyPlace): string {
  if (place.kind === 'agent') return 'ssh-agent';
  return place.encrypted ? l10n.t('{0} (encrypted)', place.path) : place.path;
}
