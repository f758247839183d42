import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMENT_CONTROLLER, type CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import type { Verdict } from '../../core/evidence/predicates.ts';
import { reviewStatement } from '../../core/evidence/statement.ts';
import type { Dataset } from '../../host/datasets.ts';
import { DisposableStore } from '../../host/disposables.ts';
import { tellingErrors } from '../../host/messages.ts';
import { judgedDataset, sampleSubjects } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, savedFile, targetLines, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { datasetFlagHandlers } from './datasetFlags.ts';
import { flagThreads, openFlags } from './model.ts';
import { askFlag, askReason, warnThatFlagStays } from './verdictForm.ts';

/** Flags as comment threads: raise, reply, clear. Each is a signed review in the dataset's evidence. */
export function registerReviews(services: Services): {
  disposable: vscode.Disposable;
  handlers: Pick<
    CommandHandlers,
    | 'flagSamples'
    | 'submitFlag'
    | 'replyToFlag'
    | 'clearFlag'
    | 'flagDataset'
    | 'flagStep'
    | 'clearDatasetFlag'
  >;
} {
  const store = new DisposableStore();
  const controller = store.add(
    vscode.comments.createCommentController(COMMENT_CONTROLLER, l10n.t('Provenance reviews')),
  );
  controller.options = {
    prompt: l10n.t('Flag this sample…'),
    placeHolder: l10n.t('What is wrong with it? The reason is signed and kept with the dataset.'),
  };
  controller.commentingRangeProvider = {
    provideCommentingRanges: (document) =>
      services.datasets.get(document.uri)
        ? [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)]
        : [],
  };

  const shown = new Map<string, Map<string, vscode.CommentThread>>();
  /** Which flag a thread shows. */
  const flagOf = new WeakMap<vscode.CommentThread, string>();
  const show = (dataset: Dataset) => {
    const uri = dataset.uri.toString();
    const wanted = dataset.document && dataset.assessment ? flagThreads(dataset.assessment) : [];
    const before = shown.get(uri) ?? new Map<string, vscode.CommentThread>();
    const after = new Map<string, vscode.CommentThread>();
    for (const flag of wanted) {
      const existing = before.get(flag.key);
      const range = new vscode.Range(flag.line - 1, 0, flag.line - 1, 0);
      const thread = existing ?? controller.createCommentThread(dataset.uri, range, []);
      if (!existing) {
        flagOf.set(thread, flag.id);
        thread.label = flag.label;
        thread.contextValue = flag.state;
        thread.state =
          flag.state === 'flagged'
            ? vscode.CommentThreadState.Unresolved
            : vscode.CommentThreadState.Resolved;
        thread.canReply = flag.state === 'flagged' && vscode.workspace.isTrusted;
        thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
        thread.comments = flag.comments.map(({ author, label, body }) => ({
          author: { name: author },
          label,
          body,
          mode: vscode.CommentMode.Preview,
        }));
      }
      after.set(flag.key, thread);
      before.delete(flag.key);
    }
    for (const thread of before.values()) thread.dispose();
    if (after.size > 0) shown.set(uri, after);
    else shown.delete(uri);
  };
  const remove = (uri: vscode.Uri) => {
    for (const thread of shown.get(uri.toString())?.values() ?? []) thread.dispose();
    shown.delete(uri.toString());
  };
  store.addAll(
    services.datasets.onDidChange((dataset) => {
      if (dataset.progress === undefined) show(dataset);
    }),
    services.datasets.onDidRemove(remove),
  );
  for (const dataset of services.datasets.all) show(dataset);

  const ofThread = (thread: vscode.CommentThread) => ({
    uri: thread.uri,
    line: (thread.range?.start.line ?? 0) + 1,
  });
  /** @param argument a reply in a thread, which answers its flag, or else lines, of which all open flags are answered */
  const answerTo = async (argument: unknown, verdict: Verdict) => {
    if (isReply(argument)) {
      const { uri, line } = ofThread(argument.thread);
      await answer(
        services,
        { uri, lines: [line], flag: flagOf.get(argument.thread) },
        verdict,
        argument.text,
      );
      return;
    }
    const uri = targetUri(services, argument);
    const lines = targetLines(services, argument, uri);
    await answer(services, { uri, lines, flag: undefined }, verdict, undefined);
  };
  const handlers = {
    ...datasetFlagHandlers(services),
    flagSamples: (argument: unknown) =>
      tellingErrors(async () => {
        const uri = targetUri(services, argument);
        await flag(services, uri, targetLines(services, argument, uri), undefined);
      }),
    submitFlag: ({ thread, text }: vscode.CommentReply) =>
      tellingErrors(async () => {
        const { uri, line } = ofThread(thread);
        // Several lines may have been marked with the mouse.
        const last = (thread.range?.end.line ?? line - 1) + 1;
        const lines = Array.from({ length: last - line + 1 }, (_, i) => line + i);
        await flag(services, uri, lines, text);
        thread.dispose();
      }),
    replyToFlag: (argument: unknown) => tellingErrors(() => answerTo(argument, 'flagged')),
    clearFlag: (argument: unknown) => tellingErrors(() => answerTo(argument, 'cleared')),
  };
  return { disposable: store, handlers };
}

function isReply(argument: unknown): argument is vscode.CommentReply {
  return typeof argument === 'object' && argument !== null && 'thread' in argument && 'text' in argument;
}

async function flag(
  services: Services,
  uri: vscode.Uri,
  lines: readonly number[],
  givenReason: string | undefined,
): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, uri);
  const dataset = await judgedDataset(services, uri);
  const subjects = await sampleSubjects(dataset, lines);
  const title =
    subjects.length === 1
      ? l10n.t('Flag line {0}', lines[0] ?? 0)
      : l10n.t('Flag {0} samples', subjects.length);
  const form = await askFlag(title, givenReason);
  if (!form) return;
  const signer = await signerOf(services, await signingKey(services));
  const predicate = { verdict: 'flagged' as const, ...form, timeCreated: timeNow() };
  await services.store.append(pathOf(uri), reviewStatement(subjects, predicate), signer);
  services.evidence.refresh();
  vscode.window.setStatusBarMessage(
    subjects.length === 1 ? l10n.t('Flagged one sample.') : l10n.t('Flagged {0} samples.', subjects.length),
    4000,
  );
}

/** Replies to a flag or clears it; without a particular flag, all open ones of the lines. */
async function answer(
  services: Services,
  { uri, lines, flag: only }: { uri: vscode.Uri; lines: readonly number[]; flag: string | undefined },
  verdict: Verdict,
  givenReason: string | undefined,
): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, uri);
  const dataset = await judgedDataset(services, uri);
  const openOnLines = () =>
    (dataset.assessment ? openFlags(dataset.assessment, lines) : []).filter(
      ({ id }) => only === undefined || id === only,
    );
  const flags = openOnLines();
  const [line = 0] = lines;
  if (flags.length === 0) {
    throw lines.length === 1
      ? new ProvenanceError(
          'review-not-found',
          'There is no open flag on line {line}; put the cursor on a flagged sample.',
          { line },
        )
      : new ProvenanceError(
          'review-not-found',
          'There is no open flag on these {count} lines; select a flagged sample.',
          { count: lines.length },
        );
  }
  const reason = await askReason(answerTitle(verdict, lines), givenReason);
  if (reason === undefined) return;
  const signer = await signerOf(services, await signingKey(services));
  for (const { id, category, severity, lines: flagged } of flags) {
    const subjects = await sampleSubjects(dataset, flagged);
    const predicate = { verdict, category, severity, reason, timeCreated: timeNow(), supersedes: id };
    await services.store.append(pathOf(uri), reviewStatement(subjects, predicate), signer);
  }
  services.evidence.refresh();
  await services.datasets.settled(uri);
  if (verdict === 'cleared' && openOnLines().length > 0) warnThatFlagStays();
}

function answerTitle(verdict: Verdict, lines: readonly number[]): string {
  if (verdict === 'flagged') return l10n.t('Reply');
  return lines.length === 1
    ? l10n.t('Clear the flag on line {0}', lines[0] ?? 0)
    : l10n.t('Clear the flags on {0} samples', lines.length);
}
