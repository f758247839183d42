import { hostname, userInfo } from 'node:os';
import { formatSshPublicKey } from '../core/evidence/sshKey.ts';
import { formatAllowedSigner, NAMESPACE } from '../core/trust/allowedSigners.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { readGitDefaults } from '../platform/gitDefaults.node.ts';
import { defaultKeyPath, generateKeyPem, signerFromPem, writeKeyFile } from '../platform/keyFiles.node.ts';
import { appendAllowedSigner } from '../platform/trustRoots.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import { say, sayRows, type Io } from './terminal.ts';
import { userAllowedSigners } from './trust.ts';

export const keygen = defineCommand({
  summary: 'Make a signing key',
  help: `Usage: provenance keygen [OPTIONS]

Makes an Ed25519 key, which only you can read (PKCS#8 PEM, mode 0600), and prints its public half.
It never overwrites a key. Whoever should trust your signatures adds your public key to an
allowed_signers file of theirs:

  ${userFile()}          for one user
  .provenance/allowed_signers    at the root of a project, for all who work there

  anna@example.org namespaces="${NAMESPACE}" ssh-ed25519 AAAA…

Options:
  --name NAME   Who signs with it; default: git's user.email, else user@host
  --out PATH    Where to write it; default: where "provenance sign" looks for it
  --trust       Trust it on this machine too: add it to your own allowed_signers

Examples:
  provenance keygen --trust
  provenance keygen --name anna@example.org --out anna.pem
`,
  options: { name: { type: 'string' }, out: { type: 'string' }, trust: { type: 'boolean' } } as const,
  async run({ options, operands }, io) {
    const [operand] = operands;
    if (operand !== undefined)
      throw usageError('"{operand}" is too much; name the file with --out.', { operand });
    const name = checkedName(options.name ?? (await defaultName(io)));
    const path = options.out ?? defaultKeyPath(configFolder(io.env));
    const pem = generateKeyPem();
    const { publicKey, keyId } = signerFromPem(pem, name);
    await writeKeyFile(path, pem);
    say(io, `Made a signing key for ${name}: ${path}`);
    sayRows(io, [
      { label: 'public key', text: formatSshPublicKey(publicKey, name) },
      { label: 'fingerprint', text: keyId },
    ]);
    if (!options.trust) return 0;
    const signers = userAllowedSigners(io);
    await appendAllowedSigner(
      signers,
      formatAllowedSigner({ principal: name, key: publicKey, namespaces: NAMESPACE }),
    );
    say(io, `You trust it now, by ${signers}.`);
    return 0;
  },
});

/** For the help text, which is the same on every machine. */
function userFile(): string {
  return process.platform === 'linux'
    ? '~/.config/dataset-provenance/allowed_signers'
    : `${configFolder()}/allowed_signers`;
}

/** It becomes a principal in allowed_signers and a comment in the public key: one word of printable characters. */
function checkedName(name: string): string {
  if (/^[\p{L}\p{N}._@+-]{1,200}$/u.test(name)) return name;
  throw usageError(
    '"{name}" is no name for a key: use up to 200 letters, digits and . _ @ + - without spaces.',
    { name },
  );
}

async function defaultName(io: Io): Promise<string> {
  const { email } = await readGitDefaults(io.env);
  const name = email ?? `${userInfo().username}@${hostname()}`;
  return name.replace(/[^\p{L}\p{N}._@+-]+/gu, '-').slice(0, 200);
}
