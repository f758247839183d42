import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { VIEWS, WALKTHROUGH, type CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { evidencePaths } from '../../core/evidence/layout.ts';
import { explainStatus, explainVerdict, fileName, statusCounts } from '../../language/explain.ts';
import { log, tellingErrors, withProgress } from '../../host/messages.ts';
import { judgedDataset } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { targetLines, targetUri } from '../../host/target.ts';
import { statusWord, verdictWord } from '../../language/words.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type { ReadProgress } from '../../protocol/datasetWorker.ts';

/** Verify a dataset or a sample, copy digests, and go to the places where more is shown. */
export function verifyingHandlers(
  services: Services,
): Pick<
  CommandHandlers,
  | 'verifyDataset'
  | 'verifySample'
  | 'copyDigest'
  | 'showLineage'
  | 'openEvidence'
  | 'openWalkthrough'
  | 'showLog'
> {
  return {
    verifyDataset: (argument: unknown) => tellingErrors(() => verifyDataset(services, targetUri(argument))),
    verifySample: (argument: unknown) =>
      tellingErrors(async () => {
        const uri = targetUri(argument);
        const line = targetLines(argument, uri)[0];
        const dataset = await judgedDataset(services, uri);
        const status = line === undefined ? undefined : dataset.status(line);
        if (line === undefined || status === undefined) throw noSample();
        const message = `${fileName(uri.path)}:${String(line)} — ${statusWord(status)}. ${explainStatus(status, dataset.covering(line))}`;
        void vscode.window.showInformationMessage(message);
      }),
    copyDigest: (argument: unknown) =>
      tellingErrors(async () => {
        const uri = targetUri(argument);
        const dataset = await judgedDataset(services, uri);
        const digests = (await dataset.digests(targetLines(argument, uri))).filter(
          (digest) => digest !== undefined,
        );
        if (digests.length === 0) throw noSample();
        await vscode.env.clipboard.writeText(digests.join('\n'));
        const done =
          digests.length === 1
            ? l10n.t('Copied the sample’s digest.')
            : l10n.t('Copied {0} digests.', digests.length);
        vscode.window.setStatusBarMessage(done, 4000);
      }),
    showLineage: (argument: unknown) =>
      tellingErrors(async () => {
        await vscode.commands.executeCommand(`${VIEWS.lineage}.focus`, argument);
      }),
    openEvidence: (argument: unknown) =>
      tellingErrors(async () => {
        const { bundle } = evidencePaths(pathOf(targetUri(argument)));
        const uri = vscode.Uri.file(bundle);
        try {
          await vscode.workspace.fs.stat(uri);
        } catch (cause) {
          throw new ProvenanceError(
            'not-found',
            '{path} does not exist: nobody has signed or flagged anything yet.',
            { path: bundle },
            { cause },
          );
        }
        await vscode.window.showTextDocument(uri);
      }),
    openWalkthrough: () => vscode.commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH),
    showLog: () => {
      log.show();
    },
  };
}

async function verifyDataset(services: Services, uri: vscode.Uri): Promise<void> {
  const name = fileName(uri.path);
  const dataset = await withProgress(l10n.t('Verifying {0}', name), (signal, report) =>
    services.datasets.verify(uri, {
      signal,
      onProgress: (value) => {
        const { bytes, size } = value as ReadProgress;
        report(size === 0 ? 1 : bytes / size);
      },
    }),
  );
  const { assessment } = dataset;
  if (!assessment) return;
  const message = `${name} — ${verdictWord(assessment.verdict)}. ${explainVerdict(assessment)} ${statusCounts(assessment)}.`;
  const show = l10n.t('Show What Needs Attention');
  const fine =
    assessment.verdict !== 'changed' && assessment.verdict !== 'unknown' && assessment.flagged === 0;
  const shown = fine
    ? vscode.window.showInformationMessage(message)
    : vscode.window.showWarningMessage(message, show);
  void shown.then((answer) => {
    if (answer === show) void vscode.commands.executeCommand(`${VIEWS.attention}.focus`);
  });
}

function noSample(): ProvenanceError {
  return new ProvenanceError(
    'sample-not-found',
    'There is no sample on this line; put the cursor on a sample.',
  );
}
