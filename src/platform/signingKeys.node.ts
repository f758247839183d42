import { access as fileAccess, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { fingerprint, parseSshPublicKey, type SshPublicKey } from '../core/evidence/sshKey.ts';
import { configFolder } from './configFolder.node.ts';
import { readGitDefaults } from './gitDefaults.node.ts';
import {
  commentOf,
  defaultKeyPath,
  openKeyFile,
  readKeyFile,
  requireSigningKey,
  signingObjection,
  type KeyAccess,
} from './keyFiles.node.ts';
import type { AgentKey } from './sshAccess.ts';

/** Most public key files in `~/.ssh` that are looked at. */
const MAX_FILES = 200;
/** After how many milliseconds the agent is taken to wait for a person. */
const AGENT_PATIENCE = 1000;

/** Where the private half of a key is. */
export type KeyPlace =
  { readonly kind: 'agent' } | { readonly kind: 'file'; readonly path: string; readonly encrypted: boolean };

/** A key of the user's. */
export interface FoundKey {
  readonly keyId: string;
  readonly publicKey: SshPublicKey;
  /** For people: whose key it is; empty when nothing says so. */
  readonly comment: string;
  /** Where its private half is. Never empty; the agent, which asks for no passphrase, comes first. */
  readonly places: readonly KeyPlace[];
  /** Why it cannot sign. */
  readonly objection?: ProvenanceError;
}

export interface FoundKeys {
  readonly keys: readonly FoundKey[];
  /** What could not be looked at: an agent that does not answer, a key file that others may read. */
  readonly problems: readonly ProvenanceError[];
}

/** The key that signs when none is named. */
export interface DefaultKey {
  /** As {@link openSigningKey} takes it. */
  readonly name: string;
  /** Who says so: the variable `PROVENANCE_KEY`, that "provenance keygen" made it, or git's `user.signingkey`. */
  readonly source: 'environment' | 'own' | 'git';
}

/** Where keys are looked for. */
export interface KeySearch {
  readonly env?: NodeJS.ProcessEnv;
  readonly home?: string;
}

/** The key that signs when none is named: that of `PROVENANCE_KEY`, else the user's own, else git's. */
export async function defaultKey({ env = process.env }: KeySearch = {}): Promise<DefaultKey | undefined> {
  const named = env['PROVENANCE_KEY'];
  if (named !== undefined && named !== '') return { name: named, source: 'environment' };
  const own = defaultKeyPath(configFolder(env));
  if (await exists(own)) return { name: own, source: 'own' };
  const { signingKey } = await readGitDefaults(env);
  return signingKey === undefined ? undefined : { name: signingKey, source: 'git' };
}

/**
 * The keys that the user has: the one that "provenance keygen" made, git's, those in the ssh-agent, and those in `~/.ssh`
 * that have a `.pub` file. Keys that cannot sign are given too, with the reason. None is opened.
 */
export async function findSigningKeys(
  { ssh, signal }: Pick<KeyAccess, 'ssh' | 'signal'>,
  search: KeySearch = {},
): Promise<FoundKeys> {
  const { env = process.env, home = homedir() } = search;
  const collected = new Map<string, { publicKey: SshPublicKey; comment: string; places: KeyPlace[] }>();
  const problems: ProvenanceError[] = [];
  const add = (publicKey: SshPublicKey, comment: string, place: KeyPlace) => {
    const keyId = fingerprint(publicKey);
    const key = collected.get(keyId) ?? { publicKey, comment, places: [] };
    if (key.comment === '') key.comment = comment;
    const isKnown = key.places.some((known) => JSON.stringify(known) === JSON.stringify(place));
    if (!isKnown) key.places.push(place);
    collected.set(keyId, key);
  };

  // The agent first: what it holds needs no passphrase.
  const agent = await askAgent({ ssh, signal }, env);
  problems.push(...agent.problems);
  for (const { publicKey, comment } of agent.keys) add(publicKey, comment, { kind: 'agent' });
  const { signingKey: gitKey, email = '' } = await readGitDefaults(env);
  const own = defaultKeyPath(configFolder(env));
  const named = [
    ...((await exists(own)) ? [own] : []),
    ...(gitKey !== undefined && isPath(gitKey) ? [gitKey] : []),
  ];
  for (const path of named) {
    await addFile(path, email, add).catch((error: unknown) => problems.push(asProvenanceError(error)));
  }
  for (const path of await publicKeyFiles(`${home}/.ssh`)) {
    // Whatever else lies there is no concern of ours.
    await addFile(path, '', add).catch(() => undefined);
  }
  const keys = [...collected].map(([keyId, key]) => {
    const objection = signingObjection(key.publicKey, key.comment === '' ? keyId : key.comment);
    return { keyId, ...key, ...(objection && { objection }) };
  });
  return { keys, problems };
}

async function addFile(
  path: string,
  comment: string,
  add: (publicKey: SshPublicKey, comment: string, place: KeyPlace) => void,
): Promise<void> {
  const file = await readKeyFile(path);
  if (file.kind === 'public') {
    const half = privateHalf(path);
    if (half === undefined || !(await exists(half))) return;
    const isOpen = await isUnencrypted(half);
    add(file.publicKey, file.comment || comment, { kind: 'file', path: half, encrypted: !isOpen });
  } else if (file.kind === 'private') {
    add(file.signer.publicKey, comment, { kind: 'file', path, encrypted: false });
  } else if (file.publicKey) {
    add(file.publicKey, comment, { kind: 'file', path, encrypted: file.encrypted });
  }
}

async function isUnencrypted(path: string): Promise<boolean> {
  const file = await readKeyFile(path).catch(() => undefined);
  return file?.kind === 'private' || (file?.kind === 'closed' && !file.encrypted);
}

async function publicKeyFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const keys = names.filter((name) => name.endsWith('.pub') && !name.endsWith('-cert.pub'));
  return keys
    .sort()
    .slice(0, MAX_FILES)
    .map((name) => `${folder}/${name}`);
}

/**
 * Opens the key that a name stands for.
 *
 * @param name the path of a private key, in PEM or OpenSSH's format; the path of a public key; a public key in
 *   OpenSSH's form, also after git's `key::`; or a fingerprint, `SHA256:…`. Of public keys and fingerprints the private
 *   half is looked for in the agent, and beside the file, or where {@link findSigningKeys} looks.
 * @throws ProvenanceError `key-missing`, `agent-unavailable`, as `readKeyFile` and `openKeyFile`
 */
export async function openSigningKey(
  name: string,
  access: KeyAccess,
  search: KeySearch = {},
): Promise<Signer> {
  if (isPath(name)) return await openPath(name, access, search);
  const publicKey = name.startsWith('SHA256:') ? undefined : literalKey(name);
  if (publicKey) requireSigningKey(publicKey, commentOf(name) || fingerprint(publicKey));
  const keyId = publicKey ? fingerprint(publicKey) : name;
  const { keys, problems } = await findSigningKeys(access, search);
  const found = keys.find((key) => key.keyId === keyId);
  if (!found) throw privateHalfMissing(keyId, problems);
  return await openFoundKey(found, access, search);
}

/**
 * The public half of the key that a name stands for, as far as it is known without opening the key.
 * @throws ProvenanceError as `readKeyFile` and `parseSshPublicKey`
 */
export async function publicKeyOf(name: string): Promise<SshPublicKey | undefined> {
  if (!isPath(name)) return name.startsWith('SHA256:') ? undefined : literalKey(name);
  const file = await readKeyFile(name);
  return file.kind === 'private' ? file.signer.publicKey : file.publicKey;
}

/** @throws ProvenanceError `invalid-key` */
function literalKey(name: string): SshPublicKey {
  return parseSshPublicKey(name.replace(/^key::/, ''));
}

/**
 * The key of a private key file, or of a public one beside its private half.
 * @throws ProvenanceError `key-missing`, `unsupported-key` for a key whose public half only its passphrase would tell,
 *   and as `readKeyFile`
 */
export async function findKeyOfFile(path: string): Promise<FoundKey> {
  let found: Pick<FoundKey, 'publicKey' | 'comment' | 'places'> | undefined;
  await addFile(path, '', (publicKey, comment, place) => {
    found = { publicKey, comment, places: [place] };
  });
  if (!found && path.endsWith('.pub')) throw privateHalfMissing(path, []);
  if (!found) {
    throw new ProvenanceError(
      'unsupported-key',
      '{path} is encrypted in a format that hides whose key it is; choose a key in OpenSSH’s format, or sign with this one by the provenance program and its option --key.',
      { path },
    );
  }
  const objection = signingObjection(found.publicKey, path);
  return { keyId: fingerprint(found.publicKey), ...found, ...(objection && { objection }) };
}

/** Opens a key where it was found. @throws ProvenanceError as {@link openSigningKey} */
export async function openFoundKey(
  key: FoundKey,
  access: KeyAccess,
  search: KeySearch = {},
): Promise<Signer> {
  if (key.objection) throw key.objection;
  const file = key.places.find((place) => place.kind === 'file');
  if (!file) return agentSigner(key.publicKey, key.comment, access);
  // The agent may have lost it since.
  const { keys } = key.places.some(({ kind }) => kind === 'agent')
    ? await askAgent(access, search.env)
    : NO_AGENT;
  return keys.some(({ publicKey }) => fingerprint(publicKey) === key.keyId)
    ? agentSigner(key.publicKey, key.comment, access)
    : await openPath(file.path, access, search);
}

async function openPath(path: string, access: KeyAccess, search: KeySearch): Promise<Signer> {
  const file = await readKeyFile(path);
  const publicKey = file.kind === 'private' ? undefined : file.publicKey;
  if (publicKey) requireSigningKey(publicKey, path);
  // An encrypted key that was added to the agent needs no passphrase.
  const mayBeInAgent = file.kind === 'public' || (file.kind === 'closed' && file.encrypted);
  const agent = publicKey && mayBeInAgent ? await askAgent(access, search.env) : NO_AGENT;
  const held = agent.keys.find((key) => publicKey && fingerprint(key.publicKey) === fingerprint(publicKey));
  if (held) return agentSigner(held.publicKey, held.comment, access);
  if (file.kind !== 'public') return await openKeyFile(file, path, access);
  const half = privateHalf(path);
  if (half === undefined || !(await exists(half))) throw privateHalfMissing(path, agent.problems);
  const opened = await readKeyFile(half);
  if (opened.kind === 'public') throw privateHalfMissing(path, agent.problems);
  const signer = await openKeyFile(opened, half, access);
  if (signer.keyId === fingerprint(file.publicKey)) return signer;
  throw new ProvenanceError(
    'invalid-key',
    '{path} and {half} do not belong together; name the private key itself, or write its public half anew with "ssh-keygen -y".',
    { path, half },
  );
}

/** A signer whose key stays in the ssh-agent. */
function agentSigner(publicKey: SshPublicKey, comment: string, access: KeyAccess): Signer {
  return {
    keyId: fingerprint(publicKey),
    publicKey,
    ...(comment !== '' && { comment }),
    sign: async (message) => {
      const signed = access.ssh.agentSign(publicKey, message, access.signal);
      const timer = setTimeout(() => access.onAgentWait?.(signed), AGENT_PATIENCE);
      try {
        return await signed;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function privateHalfMissing(name: string, problems: readonly ProvenanceError[]): ProvenanceError {
  const [problem] = problems;
  // An agent that does not answer may have it.
  if (problem?.code === 'agent-unavailable') return problem;
  return new ProvenanceError(
    'key-missing',
    'The private half of {name} was found neither in the ssh-agent nor in a file; add it with "ssh-add FILE", unlock the agent with "ssh-add -X" if it is locked, or name the private key itself.',
    { name },
  );
}

interface AgentState {
  readonly keys: readonly AgentKey[];
  readonly problems: readonly ProvenanceError[];
}

const NO_AGENT: AgentState = { keys: [], problems: [] };

/** What the agent holds. Where nothing says that there is one, there is nothing to say about it. */
async function askAgent(
  { ssh, signal }: Pick<KeyAccess, 'ssh' | 'signal'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<AgentState> {
  const isNamed = (env['SSH_AUTH_SOCK'] ?? '') !== '';
  if (!isNamed && process.platform !== 'win32') return NO_AGENT;
  try {
    const keys = await ssh.agentKeys(signal);
    // Beside a certificate the agent holds the key itself.
    return { keys: keys.filter(({ publicKey }) => !publicKey.certified), problems: [] };
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code === 'cancelled') throw error;
    return isNamed ? { keys: [], problems: [error] } : NO_AGENT;
  }
}

/** Whether the name of a key is that of a file. */
function isPath(name: string): boolean {
  return !/^(SHA256:|key::|(ssh|ecdsa|sk)-\S+ )/.test(name);
}

/** The private key that belongs to a `.pub` file, as `ssh-keygen` names it. */
function privateHalf(path: string): string | undefined {
  return path.endsWith('.pub') ? path.slice(0, -'.pub'.length) : undefined;
}

async function exists(path: string): Promise<boolean> {
  return await fileAccess(path).then(
    () => true,
    () => false,
  );
}
