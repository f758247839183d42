import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { ProvenanceError } from '../../core/errors.ts';
import type { ReviewPredicate } from '../../core/evidence/predicates.ts';
import { reviewStatement, type Subject } from '../../core/evidence/statement.ts';
import type { Dataset } from '../../host/datasets.ts';
import { tellingErrors } from '../../host/messages.ts';
import { judgedDataset } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, sampleTarget, savedFile, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName, signerName } from '../../language/explain.ts';
import { categoryWord, severityWord } from '../../language/words.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import type { StatementData } from '../../protocol/datasetWorker.ts';
import { wholeFlags } from './model.ts';
import { askFlag, askReason, warnThatFlagStays } from './verdictForm.ts';

/**
 * Flags on a dataset as a whole, by the SHA-256 of its bytes, and on a recorded step, by the digest of its envelope.
 * They show as "flagged upstream" on every sample of the dataset, or of what the step made, and downstream.
 */
export function datasetFlagHandlers(
  services: Services,
): Pick<CommandHandlers, 'flagDataset' | 'flagStep' | 'clearDatasetFlag'> {
  return {
    flagDataset: (argument: unknown) =>
      tellingErrors(() => flagDataset(services, targetUri(services, argument))),
    flagStep: (argument: unknown) =>
      tellingErrors(() => flagStep(services, targetUri(services, argument), sampleTarget(argument).step)),
    clearDatasetFlag: (argument: unknown) =>
      tellingErrors(() => clearWholeFlag(services, targetUri(services, argument))),
  };
}

async function flagDataset(services: Services, uri: vscode.Uri): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, uri);
  const { assessment } = await judgedDataset(services, uri);
  const name = fileName(uri.path);
  if (assessment?.sha256 === undefined) {
    throw new ProvenanceError(
      'changed-while-reading',
      '{file} was not read to its end, so it cannot be named by its digest; verify it and try again.',
      { file: name },
    );
  }
  const form = await askFlag(l10n.t('Flag all of {0}', name));
  if (!form) return;
  const predicate = { verdict: 'flagged' as const, ...form, timeCreated: timeNow() };
  await sign(services, pathOf(uri), { name, sha256: assessment.sha256 }, predicate);
  vscode.window.setStatusBarMessage(l10n.t('Flagged {0}.', name), 4000);
}

async function flagStep(services: Services, uri: vscode.Uri, digest: string | undefined): Promise<void> {
  requireTrustedWorkspace();
  const { assessment } = await judgedDataset(services, uri);
  const steps = (assessment?.statements ?? []).filter(({ kind }) => kind === 'step');
  const step = digest === undefined ? await pickStep(steps) : steps.find((s) => s.envelopeDigest === digest);
  if (!step) {
    if (digest === undefined && steps.length > 0) return;
    throw new ProvenanceError(
      'not-found',
      'The evidence of {file} and of the workspace records no such step; record it first.',
      { file: fileName(uri.path) },
    );
  }
  const name = l10n.t('step {0} of {1}', untrustedText(step.step?.kind ?? '', 40), fileName(step.dataset));
  const form = await askFlag(l10n.t('Flag the {0}', name));
  if (!form) return;
  const predicate = { verdict: 'flagged' as const, ...form, timeCreated: timeNow() };
  const subject = {
    name: `${step.step?.kind ?? step.kind} (${fileName(step.dataset)})`,
    sha256: step.envelopeDigest,
  };
  await sign(services, step.dataset, subject, predicate);
  vscode.window.setStatusBarMessage(l10n.t('Flagged the {0}.', name), 4000);
}

/** @returns undefined where there is none, or the user left */
async function pickStep(steps: readonly StatementData[]): Promise<StatementData | undefined> {
  if (steps.length === 0) return undefined;
  const own = [...steps.filter((step) => step.own).reverse(), ...steps.filter((step) => !step.own).reverse()];
  const picked = await vscode.window.showQuickPick(
    own.map((step) => ({
      label: `$(arrow-right) ${untrustedText(step.step?.kind ?? '', 40)}`,
      description: `${fileName(step.dataset)} — ${untrustedText(signerName(step), 80)}`,
      detail: l10n.t(
        'from {0}',
        untrustedText((step.step?.inputs ?? []).map((input) => input.name).join(', '), 200),
      ),
      step,
    })),
    {
      title: l10n.t('Flag a step'),
      placeHolder: l10n.t('Which step is suspicious?'),
      matchOnDescription: true,
    },
  );
  return picked?.step;
}

async function clearWholeFlag(services: Services, uri: vscode.Uri): Promise<void> {
  requireTrustedWorkspace();
  const dataset = await judgedDataset(services, uri);
  const flags = openFlags(dataset);
  if (flags.length === 0) {
    throw new ProvenanceError(
      'review-not-found',
      'No flag on a dataset or on a step reaches {file}; flags on samples are cleared where they were raised.',
      { file: fileName(uri.path) },
    );
  }
  const picked = await vscode.window.showQuickPick(
    flags.map((flag) => ({
      label: `$(${flag.kind === 'dataset' ? 'database' : 'arrow-right'}) ${untrustedText(flag.name, 100)}`,
      description: `${categoryWord(flag.category)}, ${severityWord(flag.severity)} — ${untrustedText(flag.signer, 80)}`,
      detail: untrustedText(flag.reason, 300),
      flag,
    })),
    { title: l10n.t('Clear a flag'), placeHolder: l10n.t('Which flag is not justified any more?') },
  );
  if (!picked) return;
  const { flag } = picked;
  const reason = await askReason(l10n.t('Clear the flag on {0}', untrustedText(flag.name, 100)));
  if (reason === undefined) return;
  await sign(
    services,
    flag.evidenceOf,
    { name: flag.name, sha256: flag.sha256 },
    {
      verdict: 'cleared',
      category: flag.category,
      severity: flag.severity,
      reason,
      timeCreated: timeNow(),
      supersedes: flag.id,
    },
  );
  await services.datasets.settled(uri);
  if (openFlags(dataset).some(({ id }) => id === flag.id)) warnThatFlagStays();
}

function openFlags({ assessment }: Dataset) {
  return assessment ? wholeFlags(assessment) : [];
}

/** Signs a review and adds it to the evidence of a dataset. */
async function sign(
  services: Services,
  path: string,
  subject: Subject,
  predicate: ReviewPredicate,
): Promise<void> {
  const signer = await signerOf(services, await signingKey(services));
  await services.store.append(path, reviewStatement([subject], predicate), signer);
  services.evidence.refresh();
}
