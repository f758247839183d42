import { parseSshPublicKey } from '../core/evidence/sshKey.ts';
import { replaceKey } from '../core/trust/editAllowedSigners.ts';
import { usageError } from './arguments.ts';
import { changeTrust, sayWhereTrusted } from './changeTrust.ts';
import { defineCommand } from './command.ts';
import { givenTime, namedKey, publicKeyOf, rfc3339, SignersHere, YES_OPTION } from './signersHere.ts';
import { say } from './terminal.ts';

export const rotate = defineCommand({
  summary: 'Replace the key of a signer by a new one',
  help: `Usage: provenance rotate --from KEY --to KEY [OPTIONS]

Trusts a new key as an old one is trusted, for the same names, and sets valid-before on the old
key's lines: what it signed until then stays trusted, what it signs later does not count. That
rests on the time that a signature claims: when the old key was stolen, use "provenance distrust"
or "provenance revoke". Every other byte of the files stays.

It shows the lines and what changes here, and asks.

Options:
  --from KEY   The old key: the name of its holder, a fingerprint, or the file of a public key
  --to KEY     The new key: the file of a public key, a public key, or a fingerprint known here
  --at DATE    When the old key ends; default: now
  --file FILE  Change this allowed_signers file only
  --yes        Do not ask

Examples:
  provenance rotate --from anna@example.org --to anna-2027.pub
  provenance rotate --from anna@example.org --to anna-2027.pub --at 2026-12-31 --yes
`,
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    at: { type: 'string' },
    file: { type: 'string' },
    ...YES_OPTION,
  } as const,
  async run({ options, operands }, io) {
    const [operand] = operands;
    if (operand !== undefined)
      throw usageError('"{operand}" is too much: give --from and --to.', { operand });
    if (options.from === undefined || options.to === undefined) {
      throw usageError('Give --from, the old key, and --to, the new one.');
    }
    const at = givenTime('--at', options.at ?? 'now');
    const here = await SignersHere.read(io);
    const signers = await here.signers();
    const key = await namedKey(options.from, signers);
    const next = await namedKey(options.to, signers);
    if (key.keyId === next.keyId)
      throw usageError('--from and --to are the same key: {keyId}.', { keyId: key.keyId });
    const publicKey = parseSshPublicKey(publicKeyOf(next));
    const isDone = await changeTrust(io, {
      here,
      key,
      file: options.file,
      yes: options.yes,
      question: `Replace ${key.keyId} by ${next.keyId}?`,
      edit: (file) => replaceKey(file, key.keyId, { key: publicKey, keyId: next.keyId }, at),
    });
    if (!isDone) return 1;
    say(io, `${next.keyId} is trusted now; ${key.keyId} until ${rfc3339(at)}.`);
    if (at <= Date.now()) sayWhereTrusted(io, key, afterNow((await SignersHere.read(io)).trust.entries));
    return 0;
  },
});

/** Without the lines that end within this second, which still is one of their validity. */
function afterNow<T extends { readonly validBefore?: number }>(entries: readonly T[]): T[] {
  return entries.filter(({ validBefore = Infinity }) => validBefore > Date.now());
}
