import { distrustKey } from '../core/trust/editAllowedSigners.ts';
import { usageError } from './arguments.ts';
import { changeTrust, sayWhereTrusted } from './changeTrust.ts';
import { defineCommand } from './command.ts';
import { namedKey, SignersHere, YES_OPTION } from './signersHere.ts';
import { say } from './terminal.ts';

export const distrust = defineCommand({
  summary: 'Trust a key no more',
  help: `Usage: provenance distrust KEY [OPTIONS]

Comments out the lines of allowed_signers files that trust a key for training data; every other
byte of these files stays. KEY is the name of its holder, its fingerprint, or the file of the
public key. What the key signed shows as untrusted from then on, also what it signed before: to
keep that, use "provenance rotate". To tell others who have the data, use "provenance revoke".

It shows the lines and what changes here, and asks.

Options:
  --file FILE  Change this allowed_signers file only
  --yes        Do not ask

Examples:
  provenance distrust anna@example.org
  provenance distrust SHA256:aApxQYkXeY… --file .provenance/allowed_signers --yes
`,
  options: { file: { type: 'string' }, ...YES_OPTION } as const,
  async run({ options, operands }, io) {
    const [given, operand] = operands;
    if (given === undefined)
      throw usageError('Say whom to distrust: a name, a fingerprint, or the file of a public key.');
    if (operand !== undefined)
      throw usageError('One key at a time, please: "{operand}" is too much.', { operand });
    const here = await SignersHere.read(io);
    const key = await namedKey(given, await here.signers());
    const isDone = await changeTrust(io, {
      here,
      key,
      file: options.file,
      yes: options.yes,
      question: `Trust ${key.name ?? key.keyId} no more?`,
      edit: (file) => distrustKey(file, key.keyId),
    });
    if (!isDone) return 1;
    say(io, `${key.name ?? key.keyId} is not trusted any more.`);
    sayWhereTrusted(io, key, (await SignersHere.read(io)).trust.entries);
    return 0;
  },
});
