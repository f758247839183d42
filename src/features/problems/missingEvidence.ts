import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, type CommandHandlers, type CommandName, type SampleTarget } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { datasetOfBundle } from '../../core/evidence/layout.ts';
import { acceptanceOf } from '../../core/log/acceptance.ts';
import type { LogState } from '../../core/log/logState.ts';
import { askReason } from '../../host/askReason.ts';
import { errorText, tellingErrors } from '../../host/messages.ts';
import { judgedDataset } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, targetUri } from '../../host/target.ts';
import { confirmChange } from '../../host/trustScope.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';

/** Datasets of which evidence is missing are told together: whoever changes branches has many at once. */
const TELL_DELAY_MS = 1000;

type MissingCommand = 'showMissingEvidence' | 'acceptMissingEvidence' | 'forgetSeenEvidence';

/** What a user can do where evidence is missing: see what, accept it for everyone, or forget that there was more. */
export function missingEvidence(services: Services): {
  readonly disposable: vscode.Disposable;
  readonly handlers: Pick<CommandHandlers, MissingCommand>;
} {
  const onDataset = (run: (services: Services, uri: vscode.Uri) => Promise<void>) => (argument: unknown) =>
    tellingErrors(() => run(services, datasetUri(targetOrBundle(services, argument))));
  return {
    disposable: vscode.Disposable.from(tellOnce(services), offerFixes()),
    handlers: {
      showMissingEvidence: onDataset(show),
      acceptMissingEvidence: onDataset(accept),
      forgetSeenEvidence: onDataset(forget),
    },
  };
}

/** The evidence itself may be what the user looks at. */
function targetOrBundle(services: Services, argument: unknown): vscode.Uri {
  const active = vscode.window.activeTextEditor?.document.uri;
  const isBundle = argument === undefined && active && datasetOfBundle(pathOf(active)) !== undefined;
  return isBundle ? active : targetUri(services, argument);
}

function datasetUri(uri: vscode.Uri): vscode.Uri {
  const dataset = datasetOfBundle(pathOf(uri));
  return dataset === undefined ? uri : vscode.Uri.file(dataset);
}

async function show(services: Services, uri: vscode.Uri): Promise<void> {
  const log = await logOf(services, uri);
  const name = fileName(uri.path);
  if (log.standing !== 'removed') {
    await vscode.window.showInformationMessage(
      l10n.t('Nothing is known to be missing from the evidence of {0}.', name),
    );
    return;
  }
  const acceptIt = l10n.t('Accept…');
  const forgetIt = l10n.t('Forget…');
  const detail = [
    ...log.problems.map(errorText),
    '',
    l10n.t('If you do not know why, copy .provenance again from where it came from.'),
    l10n.t('Accept: you know why it is missing, and sign so for everyone.'),
    l10n.t(
      'Forget: you replaced the dataset by an older one, as git does when it changes branches. It is for you alone.',
    ),
  ].join('\n');
  const answer = await vscode.window.showWarningMessage(
    l10n.t('Evidence of {0} was removed or changed.', name),
    { modal: true, detail },
    ...(vscode.workspace.isTrusted ? [acceptIt, forgetIt] : [forgetIt]),
  );
  if (answer === acceptIt) await accept(services, uri);
  if (answer === forgetIt) await forget(services, uri);
}

async function accept(services: Services, uri: vscode.Uri): Promise<void> {
  requireTrustedWorkspace();
  const path = pathOf(uri);
  const name = fileName(uri.path);
  const log = await logOf(services, uri);
  const { files } = services.platform;
  // Says at once where there is nothing to accept.
  await acceptanceOf(path, log, { reason: '-', timeCreated: timeNow() }, files);
  const reason = await askReason(
    l10n.t('Why is evidence of {0} missing? It is signed and kept with the dataset.', name),
  );
  const key = await signingKey(services);
  await confirmChange(
    l10n.t('Accept that evidence of {0} is missing?', name),
    [
      l10n.t('That lines are missing, and why, is signed and added to the evidence. It stays there.'),
      l10n.t(
        'The log counts as complete again for whoever trusts your key. Flags that were removed stay gone.',
      ),
      l10n.t('Who saw more of it before still sees that evidence is missing.'),
    ],
    l10n.t('Sign and Accept'),
  );
  const statement = await acceptanceOf(path, log, { reason, timeCreated: timeNow() }, files);
  try {
    await services.store.append(path, statement, await signerOf(services, key), { acceptRemoved: true });
  } finally {
    services.evidence.refresh();
  }
  vscode.window.setStatusBarMessage(l10n.t('Signed that evidence of {0} is missing.', name), 6000);
}

async function forget(services: Services, uri: vscode.Uri): Promise<void> {
  const name = fileName(uri.path);
  const { origin, size, root } = await logOf(services, uri);
  await confirmChange(
    l10n.t('Forget what you have seen of the evidence of {0}?', name),
    [
      l10n.t('What stands there now, {0} lines, counts for all that you have seen of it.', size),
      l10n.t('Flags that were removed are not missed any more. It is for you alone, on this machine.'),
    ],
    l10n.t('Forget'),
  );
  const state = origin === undefined ? undefined : { origin, size, root, time: timeNow() };
  await services.platform.logMemory.replace(pathOf(uri), state);
  services.evidence.refresh();
  const after = await logOf(services, uri);
  if (after.standing === 'removed') {
    throw new ProvenanceError(
      'evidence-removed',
      'Evidence of {name} is still missing: the checkpoint beside it knows more. Copy .provenance again, or accept that it is missing.',
      { name },
    );
  }
  vscode.window.setStatusBarMessage(l10n.t('Forgot what was seen of the evidence of {0}.', name), 6000);
}

/** What the log of a dataset shows now. @throws ProvenanceError why it is not known */
async function logOf(services: Services, uri: vscode.Uri): Promise<LogState> {
  const { assessment } = await judgedDataset(services, uri);
  if (assessment?.log) return assessment.log;
  throw new ProvenanceError(
    'not-found',
    '{uri} is not saved as it is shown, so its evidence was not looked at; save it first.',
    { uri: fileName(uri.path) },
  );
}

/** Tells of each dataset once that evidence is missing, and again only after it was whole. */
function tellOnce({ datasets }: Services): vscode.Disposable {
  const told = new Set<string>();
  let untold: { readonly uri: vscode.Uri; readonly log: LogState }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    timer = undefined;
    const all = untold;
    untold = [];
    void tellMissing(all);
  };
  const listener = datasets.onDidChange(({ uri, assessment, progress }) => {
    if (progress !== undefined || !assessment?.log) return;
    const { log } = assessment;
    const key = uri.toString();
    if (log.standing !== 'removed') {
      told.delete(key);
      untold = untold.filter((one) => one.uri.toString() !== key);
    } else if (!told.has(key)) {
      told.add(key);
      untold.push({ uri, log });
      timer ??= setTimeout(tell, TELL_DELAY_MS);
    }
  });
  return vscode.Disposable.from(listener, {
    dispose: () => {
      clearTimeout(timer);
    },
  });
}

async function tellMissing(
  all: readonly { readonly uri: vscode.Uri; readonly log: LogState }[],
): Promise<void> {
  const [first, ...others] = all;
  if (!first) return;
  const name = fileName(first.uri.path);
  if (others.length > 0) {
    const problems = l10n.t('Show Problems');
    const answer = await vscode.window.showWarningMessage(
      l10n.t(
        'Evidence of {0} datasets was removed or changed, {1} among them. Flags may be gone.',
        all.length,
        name,
      ),
      problems,
    );
    if (answer === problems) await vscode.commands.executeCommand('workbench.actions.view.problems');
    return;
  }
  const showIt = l10n.t('Show What Is Missing');
  const acceptIt = l10n.t('Accept…');
  const [problem] = first.log.problems;
  const answer = await vscode.window.showWarningMessage(
    `${l10n.t('Evidence of {0} was removed or changed.', name)} ${problem ? errorText(problem) : ''}`,
    showIt,
    ...(vscode.workspace.isTrusted ? [acceptIt] : []),
  );
  if (answer === showIt) await run('showMissingEvidence', first.uri);
  if (answer === acceptIt) await run('acceptMissingEvidence', first.uri);
}

async function run(command: CommandName, uri: vscode.Uri): Promise<void> {
  const target: SampleTarget = { uri: uri.toString() };
  await vscode.commands.executeCommand(COMMANDS[command], target);
}

/** Quick fixes of the problem, in the dataset and in its evidence. */
function offerFixes(): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    [{ scheme: 'file' }],
    {
      provideCodeActions({ uri }, _range, { diagnostics }) {
        const missing = diagnostics.filter(({ code }) => code === 'evidence-removed');
        if (missing.length === 0) return [];
        const target: SampleTarget = { uri: datasetUri(uri).toString() };
        const fix = (title: string, command: MissingCommand) => {
          const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
          action.command = { title, command: COMMANDS[command], arguments: [target] };
          action.diagnostics = missing;
          return action;
        };
        return [
          fix(l10n.t('Show What Is Missing'), 'showMissingEvidence'),
          ...(vscode.workspace.isTrusted
            ? [fix(l10n.t('Accept Missing Evidence…'), 'acceptMissingEvidence')]
            : []),
          fix(l10n.t('Forget Evidence Seen Before…'), 'forgetSeenEvidence'),
        ];
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}
