import { resolve } from 'node:path';
import { parseSshPublicKey } from '../core/evidence/sshKey.ts';
import {
  findSigner,
  formatAllowedSigner,
  NAMESPACE,
  parseAllowedSigners,
} from '../core/trust/allowedSigners.ts';
import { withValidBefore } from '../core/trust/editAllowedSigners.ts';
import { trustEffect } from '../core/trust/trustEffect.ts';
import { appendAllowedSigner } from '../platform/trustRoots.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import { shownPath } from './report.ts';
import { givenTime, namedKey, publicKeyOf, sayEffect, SignersHere } from './signersHere.ts';
import { say, warn } from './terminal.ts';
import { userAllowedSigners } from './trust.ts';

export const trust = defineCommand({
  summary: 'Trust a key: add it to an allowed_signers file',
  help: `Usage: provenance trust KEY --name NAME [OPTIONS]

Adds a line to your own allowed_signers file that trusts a key for training data. KEY is the file
of a public key, a public key, or the fingerprint of a key that signed something here. First make
sure, in another way, that the key is theirs: what is written beside a dataset proves nothing.

Options:
  --name NAME          Whose key it is; default: the comment of the public key
  --valid-before DATE  What it signs from then on does not count: 2027-01-31, 2027-01-31T09:00:00Z
  --file FILE          Add it to this allowed_signers file, for example that of a project:
                       .provenance/allowed_signers

Examples:
  provenance trust anna.pub --name anna@example.org
  provenance trust SHA256:aApxQYkXeY… --name anna@example.org --valid-before 2027-12-31
`,
  options: {
    name: { type: 'string' },
    file: { type: 'string' },
    'valid-before': { type: 'string' },
  } as const,
  async run({ options, operands }, io) {
    const [given, operand] = operands;
    if (given === undefined)
      throw usageError('Say which key to trust: a fingerprint, or the file of a public key.');
    if (operand !== undefined)
      throw usageError('One key at a time, please: "{operand}" is too much.', { operand });
    const before = options['valid-before'];
    const end = before === undefined ? undefined : givenTime('--valid-before', before);
    const here = await SignersHere.read(io);
    const key = await namedKey(given, await here.signers());
    const name = options.name ?? key.name;
    if (name === undefined) throw usageError('Give --name: whose key is it?');
    const file = options.file === undefined ? userAllowedSigners(io) : resolve(options.file);
    const publicKey = parseSshPublicKey(publicKeyOf(key));
    const plain = formatAllowedSigner({ principal: name, key: publicKey, namespaces: NAMESPACE });
    const [entry] = parseAllowedSigners(plain, file).entries;
    const line = end === undefined || !entry ? plain : withValidBefore(plain, end, entry);

    const old = await here.statements();
    await appendAllowedSigner(file, line);
    say(io, `${name} is trusted now, by ${shownPath(file)}: ${key.keyId}`);
    const after = await SignersHere.read(io);
    sayEffect(io, trustEffect(old, await after.statements()));
    if (findSigner(after.trust.entries, key.keyId, Date.now()).standing !== 'trusted' && end === undefined) {
      warn(io, `${shownPath(file)} is not read here; name it with --allowed-signers.`);
    }
    return 0;
  },
});
