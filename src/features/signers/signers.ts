import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { VIEWS, type CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import type { SignerSummary } from '../../core/trust/signers.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { logError, tellingErrors } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { sampleTarget } from '../../host/target.ts';
import { pickSigner, showLine, shownPath, signersHere } from '../../host/trustScope.ts';
import {
  explainLine,
  explainSigner,
  lastSeenText,
  nameOfSigner,
  signedKinds,
  signerReasons,
  signerStateWord,
  timeText,
} from '../../language/signers.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { signerChildren, signerContext, signerIcon, signerRoots, type SignerNode } from './model.ts';

/** Updates of a burst are shown together. */
const SETTLE_MS = 100;

/** The “Signers” tree: who signed what in this workspace, trusted or not, and why. */
export function registerSigners(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<CommandHandlers, 'copySignerKey' | 'showSignerLine'>;
} {
  const store = new DisposableStore();
  const changed = store.add(new vscode.EventEmitter<void>());
  store.add(
    vscode.window.createTreeView<SignerNode>(VIEWS.signers, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getTreeItem: signerTreeItem,
        getChildren: async (node) =>
          node ? signerChildren(node, WORDS) : signerRoots(await signersOrNone(services)),
      },
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  store.addAll(
    services.evidence.onDidChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        changed.fire();
      }, SETTLE_MS);
    }),
    {
      dispose: () => {
        clearTimeout(timer);
      },
    },
  );
  return {
    disposable: store,
    handlers: {
      copySignerKey: (argument: unknown) => tellingErrors(() => copyKey(services, argument)),
      showSignerLine: (argument: unknown) => tellingErrors(() => showSignerLine(services, argument)),
    },
  };
}

const WORDS = {
  reasons: signerReasons,
  line: (line: SignerSummary['lines'][number]) => explainLine(line, shownPath),
};

async function signersOrNone(services: Services): Promise<readonly SignerSummary[]> {
  try {
    return await signersHere(services);
  } catch (error) {
    logError(error);
    return [];
  }
}

async function copyKey(services: Services, argument: unknown): Promise<void> {
  const signer = await pickSigner(
    services,
    sampleTarget(argument).keyId,
    l10n.t('Whose public key?'),
    ({ publicKey }) => publicKey !== undefined,
  );
  if (signer.publicKey === undefined) {
    throw new ProvenanceError(
      'key-missing',
      'The public key of {keyId} is not known here; ask the signer for it and add it to allowed_signers.',
      { keyId: untrustedText(signer.keyId, 100) },
    );
  }
  await vscode.env.clipboard.writeText(signer.publicKey);
  vscode.window.setStatusBarMessage(l10n.t('Copied the public key of {0}.', nameOfSigner(signer)), 4000);
}

async function showSignerLine(services: Services, argument: unknown): Promise<void> {
  const { lines, keyId } = await pickSigner(
    services,
    sampleTarget(argument).keyId,
    l10n.t('Whose line?'),
    (signer) => signer.lines.length > 0,
  );
  const line = lines.find(({ effect }) => effect === 'trusts') ?? lines[0];
  if (!line) {
    throw new ProvenanceError('key-missing', 'No allowed_signers file names {keyId}.', {
      keyId: untrustedText(keyId, 100),
    });
  }
  await showLine(line.path, line.line);
}

/** A node as the tree shows it. */
export function signerTreeItem(node: SignerNode): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  switch (node.kind) {
    case 'signer':
      return signerItem(node.signer);
    case 'idle': {
      const item = new vscode.TreeItem(l10n.t('Trusted, signed nothing here'), Collapsed);
      item.id = 'idle';
      item.description = String(node.signers.length);
      return item;
    }
    case 'fact': {
      const item = new vscode.TreeItem(node.text, None);
      item.tooltip = node.text;
      item.iconPath = new vscode.ThemeIcon(node.line ? 'file' : 'info');
      if (node.line) item.command = showLineCommand(node.line.path, node.line.line);
      return item;
    }
    case 'dataset': {
      const { dataset, statements, bundle, line } = node.signed;
      const item = new vscode.TreeItem(shownPath(dataset), None);
      item.description = statements === 1 ? l10n.t('one statement') : l10n.t('{0} statements', statements);
      item.tooltip = l10n.t('Open the newest statement in {0}', shownPath(bundle));
      item.iconPath = new vscode.ThemeIcon('database');
      item.command = showLineCommand(bundle, line);
      return item;
    }
  }
}

function signerItem(signer: SignerSummary): vscode.TreeItem {
  const { keyId, keyType, state, ends, endsSoon, statements } = signer;
  const name = nameOfSigner(signer);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = keyId;
  const end = ends === undefined || !endsSoon ? undefined : l10n.t('ends {0}', timeText(ends));
  const parts = [signerStateWord(state), end, statements > 0 ? signedKinds(signer) : undefined];
  const description = parts.filter((part) => part !== undefined).join(' · ');
  item.description = description;
  const { id, color } = signerIcon(state, endsSoon);
  item.iconPath = new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = signerContext(signer);
  item.tooltip = [
    name,
    `${untrustedText(keyId, 100)}${keyType === undefined ? '' : ` (${untrustedText(keyType, 60)})`}`,
    ...explainSigner(signer, shownPath),
    signedKinds(signer),
    lastSeenText(signer),
  ].join('\n');
  item.accessibilityInformation = { label: `${name}, ${description}` };
  return item;
}

/** @param line 1-based */
function showLineCommand(path: string, line: number): vscode.Command {
  const position = new vscode.Position(Math.max(0, line - 1), 0);
  const options: vscode.TextDocumentShowOptions = { selection: new vscode.Range(position, position) };
  return { title: l10n.t('Open'), command: 'vscode.open', arguments: [vscode.Uri.file(path), options] };
}
