import { fingerprint, formatSshPublicKey } from '../core/evidence/sshKey.ts';
import {
  defaultKey,
  findSigningKeys,
  publicKeyOf,
  type DefaultKey,
  type FoundKey,
  type KeyPlace,
} from '../platform/signingKeys.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import type { ProblemJson } from './json.ts';
import { keyAccess } from './signingKey.ts';
import { say, sayJson, sayRows, warn, type Io, type Row } from './terminal.ts';

/** What `provenance keys --json` prints. Members may be added; what changes otherwise gets another `version`. */
interface KeysJson {
  readonly version: 1;
  /** The key that signs unless `--key` names another; null when there is none. */
  readonly default: {
    /** As `--key` takes it. */
    readonly name: string;
    readonly source: DefaultKey['source'];
    /** Null when its public half is not known before it is opened. */
    readonly keyId: string | null;
  } | null;
  readonly keys: readonly {
    readonly keyId: string;
    readonly publicKey: string;
    readonly comment: string;
    /** Whether it can sign. */
    readonly signs: boolean;
    /** Why not. */
    readonly reason?: string;
    /** Where its private half is; the first one signs. */
    readonly places: readonly KeyPlace[];
  }[];
  readonly problems: readonly Pick<ProblemJson, 'code' | 'message'>[];
}

const BECAUSE: Readonly<Record<DefaultKey['source'], string>> = {
  environment: 'PROVENANCE_KEY names it',
  own: '"provenance keygen" made it',
  git: "it is git's user.signingkey",
};

export const keys = defineCommand({
  summary: 'List the keys that you can sign with',
  help: `Usage: provenance keys [--json]

Lists your Ed25519 keys, where the private half of each is, and which one signs unless --key names
another: the one that PROVENANCE_KEY names, else the one that "provenance keygen" made, else git's
user.signingkey, where gpg.format is ssh (of the user or the system, never of a repository).

It looks into ssh-agent and ~/.ssh, and opens no key. Keys of other types cannot sign; they are
listed last, with the reason.

Options:
  --json        Print it as JSON

Examples:
  provenance keys
  provenance sign train.jsonl --key SHA256:…
`,
  options: { json: { type: 'boolean' } } as const,
  async run({ options, operands }, io) {
    const [operand] = operands;
    if (operand !== undefined) throw usageError('"{operand}" is too much.', { operand });
    const { keys: found, problems } = await findSigningKeys(keyAccess(io), { env: io.env });
    const chosen = await defaultKey({ env: io.env });
    const defaultPublicKey = chosen && (await publicKeyOf(chosen.name).catch(() => undefined));
    const defaultId = defaultPublicKey && fingerprint(defaultPublicKey);
    if (options.json) {
      sayJson(io, {
        version: 1,
        default: chosen ? { ...chosen, keyId: defaultId ?? null } : null,
        keys: found.map(jsonOf),
        problems: problems.map(({ code, message }) => ({ code, message })),
      } satisfies KeysJson);
      return 0;
    }
    for (const { message } of problems) warn(io, message);
    sayKeys(io, found, chosen, defaultId);
    return 0;
  },
});

function sayKeys(
  io: Io,
  found: readonly FoundKey[],
  chosen: DefaultKey | undefined,
  defaultId: string | undefined,
): void {
  const signing = found.filter(({ objection }) => !objection);
  const others = found.filter(({ objection }) => objection);
  const isListed = signing.some(({ keyId }) => keyId === defaultId);
  for (const key of signing) {
    const isDefault = key.keyId === defaultId;
    say(io, { text: key.keyId, tone: 'strong' }, key.comment === '' ? '' : ` ${key.comment}`);
    const rows: Row[] = key.places.map((place) => ({ label: 'in', text: placeText(place) }));
    if (isDefault && chosen)
      rows.push({ label: 'default', text: `as ${BECAUSE[chosen.source]}`, tone: 'good' });
    sayRows(io, rows);
  }
  for (const { keyId, objection } of others) {
    say(io, { text: keyId, tone: 'quiet' }, ' cannot sign');
    sayRows(io, [{ label: 'why', text: objection?.message ?? '', tone: 'quiet' }]);
  }
  if (chosen && !isListed) {
    say(io, { text: chosen.name, tone: 'strong' });
    sayRows(io, [{ label: 'default', text: `as ${BECAUSE[chosen.source]}`, tone: 'good' }]);
  }
  // A locked agent shows no keys, as does one that has none.
  if (signing.length === 0 && !chosen)
    say(
      io,
      'You have no key that can sign; make one with "provenance keygen", or run "ssh-add -X" if your ssh-agent is locked.',
    );
  else if (!chosen)
    say(io, 'None of them is the default: name one with --key, or make one with "provenance keygen".');
}

function placeText(place: KeyPlace): string {
  if (place.kind === 'agent') return 'ssh-agent';
  return place.encrypted ? `${place.path} (encrypted)` : place.path;
}

function jsonOf({ keyId, publicKey, comment, places, objection }: FoundKey): KeysJson['keys'][number] {
  return {
    keyId,
    publicKey: formatSshPublicKey(publicKey),
    comment,
    signs: objection === undefined,
    ...(objection && { reason: objection.message }),
    places,
  };
}
