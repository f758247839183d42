import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { ALLOWED_SIGNERS, EVIDENCE_FOLDER } from '../../core/evidence/layout.ts';
import { parseSshPublicKey } from '../../core/evidence/sshKey.ts';
import { formatAllowedSigner, NAMESPACE } from '../../core/trust/allowedSigners.ts';
import { shortKeyId } from '../../language/explain.ts';
import { tellingErrors } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { requireTrustedWorkspace, sampleTarget } from '../../host/target.ts';
import { showLine } from '../../host/trustScope.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { distrustSigner, replaceSignerKey } from './changeTrust.ts';
import { pickStatement, revokeKey, revokeStatement } from './revoke.ts';

interface Candidate {
  readonly keyId: string;
  readonly publicKey: string;
  /** The name that its holder gave it. */
  readonly name?: string;
  readonly signed: number;
}

/** Who is trusted, by `allowed_signers` of the user or the workspace; and what was signed and does not count any more. */
export function trustHandlers(
  services: Services,
): Pick<
  CommandHandlers,
  'trustSigner' | 'distrustSigner' | 'replaceSignerKey' | 'revokeKey' | 'revokeStatement' | 'showSigned'
> {
  return {
    distrustSigner: (argument: unknown) => tellingErrors(() => distrustSigner(services, argument)),
    replaceSignerKey: (argument: unknown) => tellingErrors(() => replaceSignerKey(services, argument)),
    revokeKey: (argument: unknown) => tellingErrors(() => revokeKey(services, argument)),
    revokeStatement: (argument: unknown) => tellingErrors(() => revokeStatement(services, argument)),
    showSigned: (argument: unknown) =>
      tellingErrors(async () => {
        const { bundle, line } = await pickStatement(services, argument);
        await showLine(bundle, line);
      }),
    trustSigner: (argument: unknown) =>
      tellingErrors(async () => {
        requireTrustedWorkspace();
        const candidate = await pickCandidate(services, sampleTarget(argument).keyId);
        if (!candidate) return;
        const principal = await askPrincipal(candidate);
        if (principal === undefined) return;
        const file = await pickFile(services, candidate);
        if (file === undefined) return;
        const key = parseSshPublicKey(candidate.publicKey);
        await services.platform.appendAllowedSigner(
          file,
          formatAllowedSigner({ principal, key, namespaces: NAMESPACE }),
        );
        services.evidence.refresh();
        vscode.window.setStatusBarMessage(l10n.t('You now trust {0}.', principal), 6000);
      }),
  };
}

async function pickCandidate(services: Services, keyId: string | undefined): Promise<Candidate | undefined> {
  const candidates = new Map<string, Candidate>();
  for (const { assessment } of services.datasets.all) {
    for (const { keyId: id, publicKey, standing } of assessment?.statements ?? []) {
      if (standing !== 'untrusted' || publicKey === undefined) continue;
      candidates.set(id, { keyId: id, publicKey, signed: (candidates.get(id)?.signed ?? 0) + 1 });
    }
  }
  for (const { keyId: id, publicKey, name } of services.keys.list()) {
    candidates.set(id, { keyId: id, publicKey, name, signed: candidates.get(id)?.signed ?? 0 });
  }
  if (keyId !== undefined) {
    const candidate = candidates.get(keyId);
    if (candidate) return candidate;
    throw new ProvenanceError(
      'key-missing',
      'The public key of {keyId} is not known here; ask the signer for it and add it to allowed_signers.',
      { keyId },
    );
  }
  if (candidates.size === 0) {
    throw new ProvenanceError('invalid-argument', 'No signer here waits to be trusted.');
  }
  const picked = await vscode.window.showQuickPick(
    [...candidates.values()].map((candidate) => ({
      label: `$(key) ${candidate.name ?? shortKeyId(candidate.keyId)}`,
      description: candidate.keyId,
      detail:
        candidate.name === undefined ? l10n.t('signed evidence in this workspace') : l10n.t('your own key'),
      candidate,
    })),
    { title: l10n.t('Trust signer'), placeHolder: l10n.t('Whose signatures do you want to trust?') },
  );
  return picked?.candidate;
}

function askPrincipal(candidate: Candidate): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: l10n.t('Trust {0}', candidate.keyId),
    prompt: l10n.t(
      'The name to show for this signer. First make sure, outside this editor, that the fingerprint is theirs.',
    ),
    value: candidate.name ?? '',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\p{L}\p{N}._@+-]{1,200}$/u.test(text)
        ? undefined
        : l10n.t('Use letters, digits and . _ @ + - only, without spaces.'),
  });
}

async function pickFile(services: Services, candidate: Candidate): Promise<string | undefined> {
  const user = services.evidence.userAllowedSigners();
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const picked = await vscode.window.showQuickPick(
    [
      { label: `$(account) ${l10n.t('For me, everywhere')}`, description: user, file: user },
      ...folders.map((folder) => {
        const file = `${pathOf(folder.uri)}/${EVIDENCE_FOLDER}/${ALLOWED_SIGNERS}`;
        return {
          label: `$(root-folder) ${l10n.t('For everyone who works in {0}', folder.name)}`,
          description: vscode.workspace.asRelativePath(file),
          file,
        };
      }),
    ],
    {
      title: l10n.t('Trust {0}', shortKeyId(candidate.keyId)),
      placeHolder: l10n.t('Where should this be remembered?'),
      ignoreFocusOut: true,
    },
  );
  return picked?.file;
}
