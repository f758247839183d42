import * as l10n from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { CommandHandlers } from '../../commands.ts';
import { mediaTypeOf } from '../../core/evidence/mediaType.ts';
import { sampleStatement } from '../../core/evidence/statement.ts';
import { fileName } from '../../language/explain.ts';
import { chooseKey } from '../../host/keyChoice.ts';
import type { KeyInfo } from '../../host/keyRing.ts';
import { tellingErrors, withProgress } from '../../host/messages.ts';
import { judgedDataset, sampleSubjects } from '../../host/samples.ts';
import type { Services } from '../../host/services.ts';
import { offerTrust, signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, savedFile, targetLines, targetUri } from '../../host/target.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { askClaim, type Claim } from './claimForm.ts';
import type { ReadProgress } from '../../protocol/datasetWorker.ts';

/** Sign the whole dataset, or selected samples. */
export function signingHandlers(services: Services): Pick<CommandHandlers, 'signDataset' | 'signSamples'> {
  return {
    signDataset: (argument: unknown) =>
      tellingErrors(() => signDataset(services, targetUri(services, argument))),
    signSamples: (argument: unknown) =>
      tellingErrors(() => {
        const uri = targetUri(services, argument);
        return signSamples(services, uri, targetLines(services, argument, uri));
      }),
  };
}

async function signDataset(services: Services, uri: vscode.Uri): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, uri);
  const name = fileName(uri.path);
  const { key, claim } = await askKeyAndClaim(services, l10n.t('Sign {0}', name), (signer) =>
    l10n.t('Sign all samples of {0} as {1}', name, signer),
  );
  if (!claim) return;
  const signer = await signerOf(services, key);
  const path = pathOf(uri);
  const prepared = await withProgress(l10n.t('Signing {0}', name), async (signal, report) => {
    const statement = await services.worker.call(
      'prepareDataset',
      { path, mediaType: mediaTypeOf(path), timeCreated: timeNow(), ...claim },
      {
        signal,
        onProgress: (value) => {
          const { bytes, size } = value as ReadProgress;
          report(size === 0 ? 1 : bytes / size);
        },
      },
    );
    await services.store.appendPayload(path, statement.payload, signer);
    return statement;
  });
  services.evidence.refresh();
  const left =
    prepared.malformed > 0
      ? ` ${l10n.t('{0} malformed lines are not covered: they have no digest.', prepared.malformed)}`
      : '';
  await offerTrust(
    services,
    key.keyId,
    l10n.t('Signed {0} samples of {1} as {2}.', prepared.samples, name, key.name) + left,
  );
}

async function signSamples(services: Services, uri: vscode.Uri, lines: readonly number[]): Promise<void> {
  requireTrustedWorkspace();
  await savedFile(services, uri);
  const dataset = await judgedDataset(services, uri);
  const subjects = await sampleSubjects(dataset, lines);
  const name = fileName(uri.path);
  const what =
    subjects.length === 1
      ? l10n.t('line {0} of {1}', lines[0] ?? 0, name)
      : l10n.t('{0} samples of {1}', subjects.length, name);
  const { key, claim } = await askKeyAndClaim(services, l10n.t('Sign {0}', what), (signer) =>
    l10n.t('Sign {0} as {1}', what, signer),
  );
  if (!claim) return;
  const signer = await signerOf(services, key);
  await services.store.append(
    pathOf(uri),
    sampleStatement(subjects, { dataset: name, timeCreated: timeNow(), ...claim }),
    signer,
  );
  services.evidence.refresh();
  await offerTrust(services, key.keyId, l10n.t('Signed {0} as {1}.', what, key.name));
}

/** @param signLabel of what signs, with the name of the signer. @returns without a claim when the user left */
async function askKeyAndClaim(
  services: Services,
  title: string,
  signLabel: (signer: string) => string,
): Promise<{ key: KeyInfo; claim: Claim | undefined }> {
  let key = await signingKey(services);
  const claim = await askClaim(title, {
    signLabel: () => signLabel(key.name),
    change: async () => {
      key = (await chooseKey(services)) ?? key;
    },
  });
  return { key, claim };
}
