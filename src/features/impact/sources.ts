import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../../core/errors.ts';
import type { Dataset } from '../../host/datasets.ts';
import { judgedDataset, sampleSubjects } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { sampleTarget, targetLines, targetUri } from '../../host/target.ts';
import { fileName, signerName } from '../../language/explain.ts';
import type { StatementData } from '../../protocol/datasetWorker.ts';
import type { ImpactSource } from '../../protocol/lineageWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

/**
 * What an impact is to be traced from: what the command was called with, or else what the user picks of the active
 * dataset: its selected samples, all of it, or a step.
 * @returns undefined when the user left
 */
export async function askSources(
  services: Services,
  argument: unknown,
): Promise<readonly ImpactSource[] | undefined> {
  const uri = targetUri(services, argument);
  const target = sampleTarget(argument);
  const dataset = await judgedDataset(services, uri);
  if (target.step !== undefined) return [stepSource(dataset, target.step)];
  if (target.lines !== undefined) return samplesSource(dataset, target.lines);
  if (argument instanceof vscode.Uri || target.uri !== undefined) return [datasetSource(dataset)];
  return pickSource(services, dataset);
}

async function pickSource(
  services: Services,
  dataset: Dataset,
): Promise<readonly ImpactSource[] | undefined> {
  const lines = targetLines(services, undefined, dataset.uri);
  const samples = lines.filter((line) => dataset.status(line) !== undefined);
  const flagged = (dataset.assessment?.reviews ?? []).flatMap(({ line, state }) =>
    state === 'flagged' ? line : [],
  );
  const name = fileName(dataset.uri.path);
  const steps = (dataset.assessment?.statements ?? []).filter(({ kind }) => kind === 'step');
  const items: (vscode.QuickPickItem & { sources: () => Promise<readonly ImpactSource[]> })[] = [
    ...(flagged.length > 0
      ? [
          {
            label: `$(report) ${flagged.length === 1 ? l10n.t('The flagged sample') : l10n.t('The {0} flagged samples', flagged.length)}`,
            sources: () => samplesSource(dataset, flagged),
          },
        ]
      : []),
    ...(samples.length > 0
      ? [
          {
            label: `$(list-flat) ${samples.length === 1 ? l10n.t('Line {0}', samples[0] ?? 0) : l10n.t('{0} selected samples', samples.length)}`,
            sources: () => samplesSource(dataset, samples),
          },
        ]
      : []),
    {
      label: `$(database) ${l10n.t('All of {0}', name)}`,
      sources: () => Promise.resolve([datasetSource(dataset)]),
    },
    ...steps.map((step) => ({
      label: `$(arrow-right) ${l10n.t('The step {0}', untrustedText(step.step?.kind ?? '', 40))}`,
      description: `${fileName(step.dataset)} — ${untrustedText(signerName(step), 80)}`,
      sources: () => Promise.resolve([stepSource(dataset, step.envelopeDigest)]),
    })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: l10n.t('Trace impact'),
    placeHolder: l10n.t('What was made of what?'),
    matchOnDescription: true,
  });
  return picked?.sources();
}

async function samplesSource(dataset: Dataset, lines: readonly number[]): Promise<readonly ImpactSource[]> {
  const subjects = await sampleSubjects(dataset, lines);
  return subjects.map(({ name, sha256 }) => ({ kind: 'sample', digest: sha256, name }));
}

function datasetSource({ uri, assessment }: Dataset): ImpactSource {
  const name = fileName(uri.path);
  // Of a file that was edited since: the state that was signed.
  const baseline =
    assessment?.baseline === undefined ? undefined : assessment.statements[assessment.baseline];
  const sha256 = assessment?.sha256 ?? baseline?.sha256;
  if (sha256 !== undefined) return { kind: 'dataset', sha256, name };
  throw new ProvenanceError(
    'nothing-to-sign',
    '{file} has unsaved changes and nobody signed it, so nothing can be known of what was made of it; save it first.',
    { file: name },
  );
}

function stepSource({ assessment, uri }: Dataset, envelopeDigest: string): ImpactSource {
  const step = assessment?.statements.find((statement) => statement.envelopeDigest === envelopeDigest);
  return { kind: 'step', envelopeDigest, name: stepName(step) ?? fileName(uri.path) };
}

function stepName(statement: StatementData | undefined): string | undefined {
  return statement && `${statement.step?.kind ?? 'step'} (${fileName(statement.dataset)})`;
}
