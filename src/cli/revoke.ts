import { asProvenanceError, throwIfCancelled, type ProvenanceError } from '../core/errors.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { formatSshPublicKey } from '../core/evidence/sshKey.ts';
import { MAX_REASON_LENGTH, statementBytes } from '../core/evidence/statement.ts';
import {
  requireMayRevoke,
  revocationOf,
  revocationPlaces,
  type RevocationTarget,
} from '../core/trust/revoke.ts';
import type { StatementInScope } from '../core/trust/scope.ts';
import type { SignerSummary } from '../core/trust/signers.ts';
import { explainClaim, fullSignerName } from '../language/explain.ts';
import { toStatementData } from '../platform/datasetSessions.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { fastSha256 } from '../platform/sha256.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import { shownPath } from './report.ts';
import { confirm, givenTime, namedKey, rfc3339, sayEffect, SignersHere, YES_OPTION } from './signersHere.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { say, warn, type Io } from './terminal.ts';

/** Fewest hex digits by which a statement is named. */
const MIN_PREFIX = 8;

export const revoke = defineCommand({
  summary: 'Take back a key or a statement',
  help: `Usage: provenance revoke KEY --reason TEXT [--since DATE] [OPTIONS]
       provenance revoke STATEMENT --reason TEXT [OPTIONS]

Adds a signed revocation to the evidence, which goes on to whoever gets the data. It counts if your
key is trusted by them, or is the one that signed what you take back. Flags that a key raised stay
if it takes back itself; a trusted signer can take them back.

KEY is the name of its holder, a fingerprint, or the file of a public key. Its revocation is written
to .provenance/revocations.intoto.jsonl of this workspace, and beside each dataset that it signed.
STATEMENT is the digest of an envelope, or the first ${MIN_PREFIX} or more digits of it ("provenance show FILE
--json" has it). Its revocation is written beside it.

It shows what changes here, and asks.

Options:
  --reason TEXT  Why; it is signed and shown to others
  --since DATE   Of a key: only what it signed from then on, by its own account. A thief can set the
                 clock back: leave it out when a key was stolen
  --yes          Do not ask
${KEY_HELP.replaceAll('\n  ', '\n')
  .replaceAll(/\n +/g, '\n                 ')
  .replace(/^ {2}--key KEY +/, '  --key KEY      ')}

Examples:
  provenance revoke anna@example.org --reason "her laptop was stolen"
  provenance revoke e62ba69bb5c026fe --reason "signed before the licence was checked" --yes
`,
  options: {
    reason: { type: 'string' },
    since: { type: 'string' },
    ...YES_OPTION,
    ...KEY_OPTION,
  } as const,
  async run({ options, operands }, io) {
    const [given, operand] = operands;
    if (given === undefined) throw usageError('Say what to revoke: a key, or the digest of a statement.');
    if (operand !== undefined)
      throw usageError('One at a time, please: "{operand}" is too much.', { operand });
    const reason = reasonOf(options.reason);
    const since = options.since === undefined ? undefined : rfc3339(givenTime('--since', options.since));
    const here = await SignersHere.read(io);
    const statements = await here.statements();
    const signers = await here.signers();
    const statement = statementOf(given, statements);
    if (statement && since !== undefined)
      throw usageError('--since is for keys: a statement is taken back as a whole.');
    const target = statement
      ? targetOf(statement)
      : { kind: 'key' as const, ...(await namedKey(given, signers)) };
    const signer = await signingKey(options.key, io);
    requireMayRevoke(target, signer.keyId, here.trust.entries, Date.now());

    const revocation = revocationOf(target, {
      reason,
      ...(since !== undefined && { since }),
      timeCreated: timeNow(),
    });
    const what = statement ? describe(statement) : whatOfKey(calledKey(target.keyId, signers), since);
    say(io, `Revokes ${what}.`);
    sayEffect(
      io,
      await here.effect({
        kind: 'revocation',
        payload: statementBytes(revocation),
        publicKey: formatSshPublicKey(signer.publicKey),
      }),
    );
    const places = revocationPlaces(target, [here.workspace], bundlesOf(target, statements));
    if (!(await confirm(io, options.yes, 'Revoke it?'))) return 1;
    const store = new EvidenceStore(nodeFileStore(), fastSha256);
    const failed = await appendTo(places, (place) => store.append(place, revocation, signer), io);
    say(io, `Revoked ${what}.`);
    return failed ? 2 : 0;
  },
});

/** @returns whether it could not be written everywhere. @throws ProvenanceError when it could be written nowhere */
async function appendTo(
  places: readonly string[],
  append: (place: string) => Promise<unknown>,
  io: Io,
): Promise<boolean> {
  let written = 0;
  let failure: ProvenanceError | undefined;
  for (const place of places) {
    throwIfCancelled(written === 0 ? io.signal : undefined);
    try {
      await append(place);
      written++;
    } catch (cause) {
      const error = asProvenanceError(cause);
      failure ??= error;
      warn(io, error.message);
    }
  }
  if (written === 0 && failure) throw failure;
  return failure !== undefined;
}

function bundlesOf(target: RevocationTarget, statements: readonly StatementInScope[]): string[] {
  return statements
    .filter((scoped) =>
      target.kind === 'key'
        ? scoped.keyId === target.keyId && scoped.standing !== 'invalid'
        : scoped.envelopeDigest === target.envelopeDigest,
    )
    .map(({ bundle }) => bundle);
}

function statementOf(given: string, statements: readonly StatementInScope[]): StatementInScope | undefined {
  const prefix = given.toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(prefix)) return undefined;
  const found = new Map(
    statements
      .filter(({ envelopeDigest }) => envelopeDigest.startsWith(prefix))
      .map((scoped) => [scoped.envelopeDigest, scoped]),
  );
  const [statement] = found.values();
  if (!statement) {
    throw usageError(
      'No statement in the evidence here has the digest {digest}; "provenance show FILE --json" lists them.',
      {
        digest: given,
      },
    );
  }
  if (found.size > 1) {
    throw usageError('{count} statements here start with {digest}; give more digits.', {
      count: found.size,
      digest: given,
    });
  }
  if (statement.standing === 'invalid') {
    throw usageError('The signature of that statement is wrong: it counts for nothing already.');
  }
  return statement;
}

function targetOf({ envelopeDigest, keyId, bundle, line }: StatementInScope): RevocationTarget {
  return { kind: 'statement', envelopeDigest, keyId, bundle, line };
}

function describe(scoped: StatementInScope): string {
  const data = toStatementData(scoped);
  const claim = explainClaim(data);
  const place = `${shownPath(scoped.bundle)}, line ${String(scoped.line)}`;
  return `what ${fullSignerName(data)} signed in ${place} (${claim.charAt(0).toLowerCase()}${claim.slice(1)})`;
}

function whatOfKey(key: string, since: string | undefined): string {
  return since === undefined ? `all that ${key} signed` : `what ${key} signed from ${since} on`;
}

/** `anna@example.org (SHA256:…)`, or the fingerprint. */
function calledKey(keyId: string, signers: readonly SignerSummary[]): string {
  const [name] = signers.find((signer) => signer.keyId === keyId)?.names ?? [];
  return name === undefined ? keyId : `${name} (${keyId})`;
}

function reasonOf(text: string | undefined): string {
  const reason = text?.trim() ?? '';
  if (reason === '') throw usageError('Give --reason: why? It is signed and shown to others.');
  if (reason.length <= MAX_REASON_LENGTH) return reason;
  throw usageError('--reason has {count} characters, more than the {limit} that are kept.', {
    count: reason.length,
    limit: MAX_REASON_LENGTH,
  });
}
