import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../../core/errors.ts';
import { isSha256Hex } from '../../core/bytes/hex.ts';
import { isBundlePath } from '../../core/evidence/layout.ts';
import { statementBytes } from '../../core/evidence/statement.ts';
import {
  requireMayRevoke,
  revocationOf,
  revocationPlaces,
  type RevocationTarget,
} from '../../core/trust/revoke.ts';
import { askReason } from '../../host/askReason.ts';
import { withProgress } from '../../host/messages.ts';
import type { Services } from '../../host/services.ts';
import { signerOf, signingKey, timeNow } from '../../host/signing.ts';
import { requireTrustedWorkspace, sampleTarget } from '../../host/target.ts';
import { confirmChange, effectDetails, pickSigner, shownPath, trustScope } from '../../host/trustScope.ts';
import { workspaceFolders } from '../../host/workspaceEvidence.ts';
import { day, explainClaim, signerName } from '../../language/explain.ts';
import { explainEffect, nameOfSigner } from '../../language/signers.ts';
import { standingWord } from '../../language/words.ts';
import type { StatementData } from '../../protocol/datasetWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';

/** Takes back a key: all that it signed, or what it signed from a date on. */
export async function revokeKey(services: Services, argument: unknown): Promise<void> {
  requireTrustedWorkspace();
  const signer = await pickSigner(
    services,
    sampleTarget(argument).keyId,
    l10n.t('Which key do you want to revoke?'),
    ({ state }) => state !== 'revoked' && state !== 'unverifiable',
  );
  const since = await askSince();
  const { keyId, datasets } = signer;
  const name = nameOfSigner(signer);
  await revoke(services, {
    target: { kind: 'key', keyId },
    bundles: datasets.map(({ bundle }) => bundle),
    question: l10n.t('Revoke the key of {0}?', name),
    done: l10n.t('The key of {0} is revoked.', name),
    ...(since !== undefined && { since }),
  });
}

/** Takes back a single statement. */
export async function revokeStatement(services: Services, argument: unknown): Promise<void> {
  requireTrustedWorkspace();
  const statement = await pickStatement(services, argument);
  const { envelopeDigest, keyId, bundle, line } = statement;
  const scope = await trustScope(services);
  const copies = await services.worker.call('signedBy', { ...scope, envelope: envelopeDigest });
  await revoke(services, {
    target: { kind: 'statement', envelopeDigest, keyId, bundle, line },
    bundles: copies.map((copy) => copy.bundle),
    question: l10n.t(
      'Take back what {0} signed in {1}, line {2}?',
      untrustedText(signerName(statement), 100),
      shownPath(bundle),
      line,
    ),
    done: l10n.t('The statement is taken back.'),
  });
}

/** Lists what a key signed; a statement that is picked is shown in its bundle. */
export async function pickStatement(services: Services, argument: unknown): Promise<StatementData> {
  const { keyId, statement: envelope } = sampleTarget(argument);
  const scope = await trustScope(services);
  if (envelope !== undefined && isSha256Hex(envelope)) {
    const [found] = await services.worker.call('signedBy', { ...scope, envelope });
    if (found) return found;
    throw new ProvenanceError('not-found', 'That statement is not in the evidence here any more.');
  }
  const signer = await pickSigner(
    services,
    keyId,
    l10n.t('Whose statements?'),
    ({ statements }) => statements > 0,
  );
  const signed = await services.worker.call('signedBy', { ...scope, keyId: signer.keyId });
  const picked = await vscode.window.showQuickPick(
    signed.map((statement) => ({
      label: `$(${statement.standing === 'trusted' ? 'verified' : 'note'}) ${untrustedText(explainClaim(statement), 200)}`,
      description: [standingWord(statement.standing), statement.time && day(statement.time)]
        .filter((part) => part !== undefined)
        .join(', '),
      detail: l10n.t('{0}, line {1}', shownPath(statement.bundle), statement.line),
      statement,
    })),
    {
      placeHolder: l10n.t('What {0} signed, the newest first', nameOfSigner(signer)),
      matchOnDetail: true,
      matchOnDescription: true,
    },
  );
  if (!picked) throw new ProvenanceError('cancelled', 'Cancelled.');
  return picked.statement;
}

interface Revoking {
  readonly target: RevocationTarget;
  /** In which it stands, or which hold statements of the key. */
  readonly bundles: readonly string[];
  readonly question: string;
  readonly done: string;
  readonly since?: string;
}

async function revoke(services: Services, revoking: Revoking): Promise<void> {
  const { target, since } = revoking;
  const reason = await askReason(l10n.t('Why? It is signed and shown to others.'));
  const key = await signingKey(services);
  const { entries } = await services.platform.readAllowedSigners(services.evidence.allowedSigners());
  requireMayRevoke(target, key.keyId, entries, Date.now());
  const statement = revocationOf(target, {
    reason,
    ...(since !== undefined && { since }),
    timeCreated: timeNow(),
  });
  const { publicKey } = key;
  const scope = await trustScope(services);
  const effect = await services.worker.call('trustEffect', {
    ...scope,
    change: { kind: 'revocation', payload: statementBytes(statement), publicKey },
  });
  const details = effectDetails(explainEffect(effect, shownPath));
  await confirmChange(
    revoking.question,
    [
      l10n.t('It is written to the evidence and goes on to whoever gets the data; it stays there.'),
      ...details,
    ],
    l10n.t('Revoke'),
  );
  const bundles = revoking.bundles.filter(isBundlePath);
  const places = revocationPlaces(target, workspaceFolders(), bundles);
  const signer = await signerOf(services, key);
  try {
    await withProgress(l10n.t('Revoking'), async (_signal, report) => {
      // All or as many as can be: a revocation that stands in few places is better than in none.
      const failures: unknown[] = [];
      for (const [at, place] of places.entries()) {
        await services.store.append(place, statement, signer).catch((error: unknown) => failures.push(error));
        report((at + 1) / places.length);
      }
      if (failures.length > 0) throw failures[0];
    });
  } finally {
    services.evidence.refresh();
  }
  vscode.window.setStatusBarMessage(revoking.done, 6000);
}

/** @returns RFC 3339, or undefined for everything. @throws ProvenanceError `cancelled` */
async function askSince(): Promise<string | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      {
        label: `$(error) ${l10n.t('All that it signed')}`,
        detail: l10n.t('when the key was stolen: a thief can set the clock back'),
        isAll: true,
      },
      {
        label: `$(calendar) ${l10n.t('What it signed from a day on…')}`,
        detail: l10n.t('by the time that each signature claims'),
        isAll: false,
      },
    ],
    { placeHolder: l10n.t('What does not count any more?') },
  );
  if (!picked) throw new ProvenanceError('cancelled', 'Cancelled.');
  if (picked.isAll) return undefined;
  const text = await vscode.window.showInputBox({
    prompt: l10n.t('From which day on (UTC)?'),
    value: timeNow().slice(0, 10),
    ignoreFocusOut: true,
    validateInput: (given) =>
      isDay(given.trim()) ? undefined : l10n.t('A day such as {0}.', timeNow().slice(0, 10)),
  });
  if (text === undefined) throw new ProvenanceError('cancelled', 'Cancelled.');
  return `${text.trim()}T00:00:00Z`;
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes February 30 for March 2.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
