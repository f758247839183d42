import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError, type CancelSignal } from '../core/errors.ts';
import { parseSshPublicKey, fingerprint } from '../core/evidence/sshKey.ts';
import { parseStatement } from '../core/evidence/statement.ts';
import { findSigner, parseAllowedSigners, type AllowedSigner } from '../core/trust/allowedSigners.ts';
import type { FileEdit, SignersFile } from '../core/trust/editAllowedSigners.ts';
import { applyRevocations } from '../core/trust/revocations.ts';
import type { ScopeLoader, StatementInScope } from '../core/trust/scope.ts';
import { signersOf } from '../core/trust/signers.ts';
import { trustEffect, type TrustEffect } from '../core/trust/trustEffect.ts';
import { MAX_SIGNED, type SignerMethods, type TrustChange, type TrustScope } from '../protocol/signers.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';
import { fileError } from './fileErrors.node.ts';
import { acquireLock, LOCK_TIMES } from './fileLock.node.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { readRoles } from './policyFile.node.ts';
import { MAX_ALLOWED_SIGNERS_BYTES, readAllowedSigners } from './trustRoots.node.ts';

/** Digest under which a revocation stands that is not signed yet. */
const NOT_SIGNED_YET = 'not signed yet';

/**
 * What a change of trust would do to evidence. Nothing is written.
 * @throws ProvenanceError `cancelled`, `invalid-statement`, `invalid-key`; `io` and its like about an allowed_signers file
 */
export async function effectOfChange(
  loader: ScopeLoader,
  scope: TrustScope,
  change: TrustChange,
  signal?: CancelSignal,
): Promise<TrustEffect> {
  const { entries } = await readAllowedSigners(scope.allowedSigners);
  const before = await graded(loader, scope, entries, signal);
  if (change.kind === 'revocation') {
    return trustEffect(before, applyRevocations([...before, revocationOf(change, entries)]));
  }
  const edited = new Map(change.files.map(({ path, bytes }) => [path, bytes]));
  const after = await readAllowedSigners(scope.allowedSigners.filter((path) => !edited.has(path)));
  const others = [...edited].flatMap(([path, bytes]) => parseAllowedSigners(bytes, path).entries);
  return trustEffect(before, await graded(loader, scope, [...after.entries, ...others], signal));
}

/** The statements of some evidence, about no file in particular, with what they are worth. @throws ProvenanceError `cancelled` */
export async function graded(
  loader: ScopeLoader,
  { bundles, advisories, policies }: TrustScope,
  signers: readonly AllowedSigner[],
  signal?: CancelSignal,
): Promise<readonly StatementInScope[]> {
  const { roles } = await readRoles(policies);
  const request = { dataset: undefined, bundles, advisories, signers, roles };
  return (await loader.loadStatements(request, signal)).statements;
}

function revocationOf(
  { payload, publicKey }: TrustChange & { readonly kind: 'revocation' },
  entries: readonly AllowedSigner[],
): StatementInScope {
  const keyId = fingerprint(parseSshPublicKey(publicKey));
  const signer = findSigner(entries, keyId, Date.now());
  return {
    index: -1,
    bundle: '',
    line: 0,
    dataset: '',
    own: false,
    advisory: false,
    envelopeDigest: NOT_SIGNED_YET,
    statement: parseStatement(payload),
    standing: signer.standing,
    keyId,
    publicKey,
    ...('principal' in signer && { principal: signer.principal }),
  };
}

/** The methods of the dataset worker that are about signers. @param toData how a statement is told */
export function signerHandlers(
  loader: ScopeLoader,
  toData: (scoped: StatementInScope) => StatementData,
): Handlers<SignerMethods> {
  return {
    async signers(scope, { signal }) {
      const { entries, problems } = await readAllowedSigners(scope.allowedSigners);
      const statements = await graded(loader, scope, entries, signal);
      const { roles } = await readRoles(scope.policies);
      return {
        signers: signersOf(statements, entries, Date.now(), roles),
        problems: problems
          // Not having such a file is the normal case.
          .filter(({ code }) => code !== 'not-found')
          .map(({ code, template, args }) => ({
            path: String(args['path'] ?? ''),
            error: { code, template, args },
          })),
      };
    },
    async signedBy({ keyId, envelope, ...scope }, { signal }) {
      const { entries } = await readAllowedSigners(scope.allowedSigners);
      const statements = await graded(loader, scope, entries, signal);
      return statements
        .filter(
          (scoped) =>
            scoped.standing !== 'invalid' &&
            (keyId === undefined || scoped.keyId === keyId) &&
            (envelope === undefined || scoped.envelopeDigest === envelope),
        )
        .map(toData)
        .sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))
        .slice(0, MAX_SIGNED);
    },
    trustEffect({ change, ...scope }, { signal }) {
      return effectOfChange(loader, scope, change, signal);
    },
  };
}

/**
 * The allowed_signers files as they stand on disk, each once, wherever links lead. What cannot be read is left out and
 * reported; what is not there is left out.
 */
export async function readSignersFiles(
  paths: readonly string[],
  files: FileStore = nodeFileStore(),
): Promise<{ files: SignersFile[]; problems: ProvenanceError[] }> {
  const found: SignersFile[] = [];
  const problems: ProvenanceError[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const real = await nodeFs.realpath(path).catch(() => path);
    if (seen.has(real)) continue;
    seen.add(real);
    try {
      const bytes = await files.read(path, MAX_ALLOWED_SIGNERS_BYTES);
      if (bytes) found.push({ path, bytes });
    } catch (error) {
      problems.push(asProvenanceError(error));
    }
  }
  return { files: found, problems };
}

/**
 * Writes a changed allowed_signers file, atomically and under the lock that appending takes. A link is followed: people
 * keep their own file among their dotfiles.
 *
 * @throws ProvenanceError `changed-while-reading` when the file is not what the change was made of any more; `not-found`,
 *   `locked`, `read-only`, `permission-denied`, `disk-full`, `io`
 */
export async function writeSignersFile(
  { path, bytes, edited }: FileEdit,
  files: FileStore = nodeFileStore(),
): Promise<void> {
  try {
    const target = await nodeFs.realpath(path);
    // Renaming would get around the file's own write protection.
    await nodeFs.access(target, constants.W_OK);
    const temporary = () => `${target}.${randomBytes(8).toString('hex')}.tmp`;
    const lock = await acquireLock(nodeFs, `${target}.lock`, temporary, LOCK_TIMES);
    try {
      const now = await files.read(target, MAX_ALLOWED_SIGNERS_BYTES);
      if (!now || !isSame(now, bytes) || !(await lock.isHeld())) {
        throw new ProvenanceError(
          'changed-while-reading',
          '{path} was changed meanwhile, so it was left as it is; look at it and try again.',
          { path },
        );
      }
      await files.write(target, edited);
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
