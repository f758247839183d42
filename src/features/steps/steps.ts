import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { asProvenanceError, type ErrorCode, type ProvenanceError } from '../../core/errors.ts';
import { errorText, tellingErrors, withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { offerTrust, signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, savedFile, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';
import type { PreparedStep, StepRequest } from '../../protocol/lineageWorker.ts';
import { countsSentence, countsWarning } from './model.ts';
import { askStep, type StepForm } from './stepForm.ts';

/** Records how a dataset was made, after the fact: a signed step in its evidence. */
export function stepHandlers(services: Services): Pick<CommandHandlers, 'recordStep'> {
  return {
    recordStep: (argument: unknown) =>
      tellingErrors(() => recordStep(services, targetUri(services, argument))),
  };
}

/** What the user can do something about, by saying something else. */
const CORRECTABLE: readonly ErrorCode[] = ['key-not-unique', 'not-derived', 'invalid-argument'];

async function recordStep(services: Services, output: vscode.Uri): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, output);
  const name = fileName(output.path);
  let form: StepForm | undefined;
  let force = false;
  let prepared: PreparedStep | undefined;
  while (!prepared) {
    if (!force) form = await askStep(services, output, form);
    if (!form) return;
    for (const path of form.inputs) await savedFile(services, vscode.Uri.file(path));
    try {
      const request = requestOf(form, pathOf(output), force);
      prepared = await withProgress(l10n.t('Comparing the samples of {0} with its inputs', name), (signal) =>
        services.lineageWorker.call('prepareStep', request, { signal }),
      );
    } catch (cause) {
      const answer = await askHowToGoOn(asProvenanceError(cause));
      if (!answer) return;
      force = answer === 'force';
    }
  }
  if (!(await confirmed(name, prepared.counts))) return;
  const key = await signingKey(services);
  const signer = await signerOf(services, key);
  await services.store.appendPayload(pathOf(output), prepared.payload, signer);
  services.evidence.refresh();
  await offerTrust(
    services,
    key.keyId,
    l10n.t('Recorded how {0} was made, as {1}.', name, key.name),
    l10n.t('The step shows as untrusted until you trust this key.'),
  );
}

function requestOf(
  { kind, inputs, pairing, parameters, tool, note }: StepForm,
  output: string,
  force: boolean,
): StepRequest {
  return {
    kind,
    inputs,
    output,
    parameters,
    finishedOn: timeNow(),
    ...(pairing && { pairing }),
    ...(tool !== undefined && { tool: { id: tool } }),
    ...(note !== undefined && { note }),
    ...(force && { force }),
  };
}

/**
 * Tells what is wrong with what was said.
 * @returns undefined when the user left. @throws ProvenanceError what saying something else does not help against
 */
async function askHowToGoOn(error: ProvenanceError): Promise<'change' | 'force' | undefined> {
  if (!CORRECTABLE.includes(error.code)) throw error;
  const change = l10n.t('Change…');
  const force = l10n.t('Record It Anyway');
  const answer = await vscode.window.showWarningMessage(
    errorText(error),
    { modal: true },
    ...(error.code === 'not-derived' ? [change, force] : [change]),
  );
  if (answer === undefined) return undefined;
  return answer === force ? 'force' : 'change';
}

/** Whether the user signs what was found. */
async function confirmed(name: string, counts: PreparedStep['counts']): Promise<boolean> {
  const sign = l10n.t('Sign and Record');
  const warning = countsWarning(counts);
  const answer = await vscode.window.showInformationMessage(
    l10n.t('Record how {0} was made?', name),
    { modal: true, detail: [countsSentence(counts), warning].filter(Boolean).join('\n\n') },
    sign,
  );
  return answer === sign;
}
