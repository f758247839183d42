import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { asProvenanceError, type ErrorCode, type MessageArguments } from '../core/errors.ts';
import { COMMANDS } from '../commands.ts';
import { manageWorkspaceTrust } from './restricted.ts';

/** The log of the extension: an output channel. Secrets never get here; nor does dataset text. */
export const log = vscode.window.createOutputChannel('Dataset Provenance', { log: true });

/** An error's sentence in the user's language. */
export function errorText(error: { template: string; args: MessageArguments }): string {
  return l10n.t(error.template, { ...error.args });
}

/**
 * Runs what a user asked for. What goes wrong is told in one sentence and logged; a cancellation is not told: the
 * user did it.
 */
export async function tellingErrors<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code === 'cancelled') return undefined;
    logError(error);
    void tellFailure(errorText(error), error.code);
    return undefined;
  }
}

/** Says what went wrong, with what can be done about it at once. */
async function tellFailure(message: string, code: ErrorCode): Promise<void> {
  const showLog = l10n.t('Show Log');
  const manageTrust = l10n.t('Manage Workspace Trust');
  const actions = code === 'internal' ? [showLog] : code === 'workspace-not-trusted' ? [manageTrust] : [];
  const answer = await vscode.window.showErrorMessage(message, ...actions);
  if (answer === showLog) await vscode.commands.executeCommand(COMMANDS.showLog);
  if (answer === manageTrust) await manageWorkspaceTrust();
}

export function logError(cause: unknown): void {
  const error = asProvenanceError(cause);
  const trace = error.cause instanceof Error ? error.cause.stack : error.stack;
  log.error(`${error.code}: ${error.message}${error.code === 'internal' ? `\n${trace ?? ''}` : ''}`);
}

/** Runs something long with progress in a notification, cancellable. `run` reports its share done, 0 to 1. */
export function withProgress<T>(
  title: string,
  run: (signal: AbortSignal, report: (share: number) => void) => Promise<T>,
): Promise<T> {
  return Promise.resolve(
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => {
          controller.abort();
        });
        let reported = 0;
        return run(controller.signal, (share) => {
          const increment = Math.min(100, share * 100) - reported;
          if (increment < 1) return;
          reported += increment;
          progress.report({ increment });
        });
      },
    ),
  );
}
