import { createInterface } from 'node:readline/promises';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { ProvenanceError } from '../core/errors.ts';
import { fingerprint, formatSshPublicKey, parseSshPublicKey } from '../core/evidence/sshKey.ts';
import type { ScopeLoader, StatementInScope } from '../core/trust/scope.ts';
import { signersOf, type SignerSummary } from '../core/trust/signers.ts';
import type { TrustEffect } from '../core/trust/trustEffect.ts';
import { explainEffect } from '../language/signers.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { codeOf, fileError } from '../platform/fileErrors.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { findPolicy, readRoles } from '../platform/policyFile.node.ts';
import { nodeScopeLoader } from '../platform/scopeLoader.node.ts';
import { effectOfChange, graded } from '../platform/signers.node.ts';
import type { TrustRoots } from '../platform/trustRoots.node.ts';
import type { TrustChange, TrustScope } from '../protocol/signers.ts';
import { usageError } from './arguments.ts';
import { Judge } from './judge.ts';
import { shownPath } from './report.ts';
import { say, warn, type Io } from './terminal.ts';

/** Longest file that is taken for a public key, in characters. */
const MAX_KEY_LENGTH = 100_000;
/** Fewest characters behind `SHA256:` by which a key is named. */
const MIN_PREFIX = 6;

/** A key that a command is about. */
export interface NamedKey {
  readonly keyId: string;
  /** OpenSSH public key line, where it is known. */
  readonly publicKey?: string;
  /** The name in the comment of a public key, or that allowed_signers gives. */
  readonly name?: string;
}

/** Who signed what in the evidence of the workspace, and who is trusted here. */
export class SignersHere {
  private constructor(
    /** The workspace: a folder, with `/`. */
    readonly workspace: string,
    readonly trust: TrustRoots,
    readonly scope: TrustScope,
    private readonly loader: ScopeLoader,
    private readonly io: Io,
  ) {}

  /** @param allowedSigners files beside those that are read anyway. @throws ProvenanceError as {@link Judge.create} */
  static async read(io: Io, allowedSigners: readonly string[] = []): Promise<SignersHere> {
    const judge = await Judge.create(io, { allowedSigners });
    const { bundles, advisories } = await judge.lineageScope();
    // One that is another user's is not in force, and the judge has said so.
    const policy = await findPolicy(process.cwd(), configFolder(io.env)).catch(() => undefined);
    const policies = policy === undefined ? [] : [policy];
    const scope = { bundles, advisories, allowedSigners: judge.trust.files, policies };
    const loader = nodeScopeLoader(nodeFileStore(), io.cache, io.env);
    return new SignersHere(judge.workspace, judge.trust, scope, loader, io);
  }

  /** @throws ProvenanceError `cancelled` */
  async statements(): Promise<readonly StatementInScope[]> {
    return await graded(this.loader, this.scope, this.trust.entries, this.io.signal);
  }

  /** @throws ProvenanceError `cancelled` */
  async signers(): Promise<SignerSummary[]> {
    const { roles } = await readRoles(this.scope.policies);
    return signersOf(await this.statements(), this.trust.entries, Date.now(), roles);
  }

  /** What a change would do here. @throws ProvenanceError as {@link effectOfChange} */
  async effect(change: TrustChange): Promise<TrustEffect> {
    return await effectOfChange(this.loader, this.scope, change, this.io.signal);
  }
}

/**
 * A key that the user named: by its public key or the file of it, by its fingerprint (also the start of it), or by the
 * name of its holder.
 *
 * @throws ProvenanceError `invalid-argument` when nothing here is called so, or several keys are; `invalid-key`
 */
export async function namedKey(text: string, signers: readonly SignerSummary[]): Promise<NamedKey> {
  const given = await givenKey(text);
  if (given) return given;
  const isFingerprint = text.startsWith('SHA256:');
  const found = isFingerprint
    ? signers.filter(({ keyId }) => keyId.startsWith(text) && text.length >= 'SHA256:'.length + MIN_PREFIX)
    : signers.filter(({ names }) => names.some((name) => name === text || name.split(',').includes(text)));
  const [first, ...others] = found;
  if (!first) {
    throw usageError(
      'No key here is called "{text}"; give a name, a fingerprint or the file of a public key. "provenance signers --all" lists them.',
      { text },
    );
  }
  if (others.length > 0) {
    const list = found.map(({ keyId }) => keyId).join(', ');
    throw usageError('"{text}" is the name of {count} keys; give the fingerprint of one: {list}.', {
      text,
      count: found.length,
      list,
    });
  }
  const { keyId, publicKey, names } = first;
  return {
    keyId,
    ...(publicKey !== undefined && { publicKey }),
    ...(names[0] !== undefined && { name: names[0] }),
  };
}

/** @throws ProvenanceError `invalid-argument` for a key of which only the fingerprint is known */
export function publicKeyOf({ keyId, publicKey }: NamedKey): string {
  if (publicKey !== undefined) return publicKey;
  throw usageError('The public key of {keyId} is not known here; give the file of it.', { keyId });
}

/** A public key, or the file of one. @throws ProvenanceError `invalid-key` for a file that holds something else */
async function givenKey(text: string): Promise<NamedKey | undefined> {
  const isKey = /^(ssh|ecdsa|sk)-[^ ]+ +\S/.test(text);
  let content = text;
  if (!isKey) {
    try {
      content = await readFile(text, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENAMETOOLONG') return undefined;
      throw fileError(error, text);
    }
  }
  if (content.length > MAX_KEY_LENGTH || content.includes('PRIVATE KEY')) {
    throw new ProvenanceError(
      'invalid-key',
      '{path} is no public key; give the .pub file, one line such as "ssh-ed25519 AAAA…".',
      { path: text.slice(0, 200) },
    );
  }
  const [line = ''] = content.split('\n').filter((one) => one.trim() !== '');
  const key = parseSshPublicKey(line);
  const [, , name] = line.trim().split(/\s+/);
  return {
    keyId: fingerprint(key),
    publicKey: formatSshPublicKey(key),
    ...(name !== undefined && { name }),
  };
}

/**
 * A time that the user gave: `now`, a day (its start, UTC), or RFC 3339. @returns milliseconds since the epoch, whole seconds
 * @throws ProvenanceError `invalid-argument`
 */
export function givenTime(option: string, text: string): number {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = text === 'now' ? Date.now() : isDay || isTime ? Date.parse(text) : Number.NaN;
  // Date.parse takes February 30 for March 2.
  const rolled = isDay && !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) !== text;
  if (Number.isNaN(time) || rolled) {
    throw usageError(
      '{option} takes a day such as 2026-12-31, a time such as 2026-12-31T09:00:00Z, or "now", not "{text}".',
      {
        option,
        text,
      },
    );
  }
  return Math.floor(time / 1000) * 1000;
}

/** RFC 3339, UTC, whole seconds. @param time milliseconds since the epoch */
export function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Prints what a change does to the evidence here. */
export function sayEffect(io: Io, effect: TrustEffect): void {
  say(io, 'What this changes here:');
  for (const sentence of explainEffect(effect, shownPath)) say(io, `  ${sentence}`);
}

export const YES_OPTION = { yes: { type: 'boolean' } } as const;

/**
 * Whether to go on with what was shown: asks on a terminal.
 * @throws ProvenanceError `invalid-argument` where there is none and no `--yes`
 */
export async function confirm(io: Io, yes: boolean | undefined, question: string): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || io.stderr.isTTY !== true) {
    throw usageError('Nothing was changed: there is no terminal to ask on; give --yes to go on without.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: io.signal });
    if (/^y(es)?$/i.test(answer.trim())) return true;
    warn(io, 'nothing was changed.');
    return false;
  } catch (cause) {
    throw new ProvenanceError('cancelled', 'Cancelled.', {}, { cause });
  } finally {
    terminal.close();
  }
}
