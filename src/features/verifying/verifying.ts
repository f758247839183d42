import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { VIEWS, WALKTHROUGH, type CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { evidencePaths } from '../../core/evidence/layout.ts';
import { STATUSES, type Status } from '../../core/trust/status.ts';
import { explainStatus, explainVerdict, fileName, statusCounts } from '../../language/explain.ts';
import type { Dataset } from '../../host/datasets.ts';
import { log, tellingErrors, withProgress } from '../../host/messages.ts';
import { judgedDataset } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { targetLines, targetUri } from '../../host/target.ts';
import { explainLog, explainNoFlagOn } from '../../language/log.ts';
import { explainUpstream } from '../../language/upstream.ts';
import { statusWord, verdictWord } from '../../language/words.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import type { ReadProgress } from '../../protocol/datasetWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

/** They go to the clipboard as one text: 6 MB. */
const MAX_COPIED_DIGESTS = 100_000;
const MAX_VERIFIED_LINES = 1_000_000;

/** Verify a dataset or a sample, copy digests, and go to the places where more is shown. */
export function verifyingHandlers(
  services: Services,
): Pick<
  CommandHandlers,
  'verifyDataset' | 'verifySample' | 'copyDigest' | 'openEvidence' | 'openWalkthrough' | 'showLog'
> {
  return {
    verifyDataset: (argument: unknown) =>
      tellingErrors(() => verifyDataset(services, targetUri(services, argument))),
    verifySample: (argument: unknown) =>
      tellingErrors(async () => {
        const uri = targetUri(services, argument);
        const lines = targetLines(services, argument, uri, MAX_VERIFIED_LINES);
        const dataset = await judgedDataset(services, uri);
        void vscode.window.showInformationMessage(`${fileName(uri.path)}${sampleVerdict(dataset, lines)}`);
      }),
    copyDigest: (argument: unknown) =>
      tellingErrors(async () => {
        const uri = targetUri(services, argument);
        const lines = targetLines(services, argument, uri, MAX_COPIED_DIGESTS);
        const dataset = await judgedDataset(services, uri);
        const digests = (await dataset.digests(lines)).filter((digest) => digest !== undefined);
        if (digests.length === 0) throw noSample();
        await vscode.env.clipboard.writeText(digests.join('\n'));
        const done =
          digests.length === 1
            ? l10n.t('Copied the sample’s digest.')
            : l10n.t('Copied {0} digests.', digests.length);
        vscode.window.setStatusBarMessage(done, 4000);
      }),
    openEvidence: (argument: unknown) =>
      tellingErrors(async () => {
        const { bundle } = evidencePaths(pathOf(targetUri(services, argument)));
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
  const { log: evidenceLog } = assessment;
  const aboutLog = evidenceLog && explainLog(evidenceLog);
  const message = [
    `${name} — ${verdictWord(assessment.verdict)}. ${explainVerdict(assessment)} ${statusCounts(assessment)}.`,
    ...(aboutLog === undefined ? [] : [aboutLog]),
  ].join(' ');
  const show = l10n.t('Show What Needs Attention');
  const fine =
    assessment.verdict !== 'changed' &&
    assessment.verdict !== 'unknown' &&
    evidenceLog?.standing !== 'removed' &&
    assessment.flagged + assessment.flaggedUpstream === 0;
  const shown = fine
    ? vscode.window.showInformationMessage(message)
    : vscode.window.showWarningMessage(message, show);
  void shown.then((answer) => {
    if (answer === show) void vscode.commands.executeCommand(`${VIEWS.attention}.focus`);
  });
}

/** ":12 — verified. …" of one line; of several, how many have which status. @throws ProvenanceError `sample-not-found` */
function sampleVerdict(dataset: Dataset, lines: readonly number[]): string {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  let samples = 0;
  let flagged = 0;
  let flaggedUpstream = 0;
  for (const line of lines) {
    const status = dataset.status(line);
    if (status === undefined) continue;
    if (lines.length === 1) {
      const found = dataset.upstream(line);
      const warning = found
        ? `${l10n.t('Flagged upstream')}: ${untrustedText(explainUpstream(found, dataset.assessment?.statements ?? []))}`
        : undefined;
      const noFlag =
        found || dataset.review(line) || !dataset.assessment
          ? undefined
          : explainNoFlagOn(dataset.assessment);
      const text = `:${String(line)} — ${statusWord(status)}. ${explainStatus(status, dataset.covering(line))}`;
      return [text, warning, noFlag].filter((part) => part !== undefined).join(' ');
    }
    samples++;
    counts[status]++;
    if (dataset.review(line)?.state === 'flagged') flagged++;
    else if (dataset.upstream(line)) flaggedUpstream++;
  }
  if (samples === 0) throw noSample();
  return ` — ${l10n.t('{0} selected samples', samples)}: ${statusCounts({ counts, flagged, flaggedUpstream })}.`;
}

function noSample(): ProvenanceError {
  return new ProvenanceError(
    'sample-not-found',
    'There is no sample on this line; put the cursor on a sample.',
  );
}
