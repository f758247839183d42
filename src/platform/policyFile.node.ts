import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { toHex } from '../core/bytes/hex.ts';
import { POLICY } from '../core/evidence/layout.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../core/policy/parsePolicy.ts';
import type { Policy } from '../core/policy/policy.ts';
import { Roles } from '../core/policy/roles.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { nearestFile } from './nearestFile.node.ts';
import { toSlashes } from './paths.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** A policy, and which bytes say so. */
export interface ReadPolicy {
  /** Absolute, with `/`. */
  readonly path: string;
  /** Of the file's bytes, 64 hex digits. */
  readonly sha256: string;
  readonly policy: Policy;
}

/**
 * The policy in force in a directory: the nearest `.provenance/policy.jsonc` of it or above, by the rule of ownership that
 * holds for allowed_signers; else the user's own. Where a dataset lies does not matter: it may have come with a download.
 *
 * @param folder the current directory, or the root of a trusted workspace folder
 * @param config the user's configuration folder
 * @returns its path; undefined where there is none
 * @throws ProvenanceError `permission-denied` for one that another user put there: it would be silent to go on without it
 */
export async function findPolicy(folder: string, config: string): Promise<string | undefined> {
  const found = await nearestFile(folder, POLICY);
  if (found?.foreign !== undefined) {
    throw new ProvenanceError(
      'permission-denied',
      '{path} belongs to another user (uid {uid}), so it is not taken for the policy; name it with --policy if it should be.',
      { path: found.path, uid: found.foreign },
    );
  }
  if (found) return toSlashes(found.path);
  const own = `${config}/${POLICY}`;
  return (await nodeFileStore().stat(own)) === undefined ? undefined : own;
}

/**
 * Reads a policy. What is wrong in it is one of its problems.
 * @param path absolute, with `/`
 * @throws ProvenanceError `not-found`, `not-a-file`, `too-large`, `permission-denied`, `io`
 */
export async function readPolicy(path: string, files: FileStore = nodeFileStore()): Promise<ReadPolicy> {
  const bytes = await files.read(path, MAX_POLICY_BYTES);
  if (!bytes) {
    const template = '{path} does not exist; make a policy with "provenance check --init", or name another.';
    throw new ProvenanceError('not-found', template, { path });
  }
  const policy = parsePolicy(new TextDecoder().decode(bytes), path);
  return { path, sha256: toHex(fastSha256(bytes)), policy };
}

/** The roles of the policy in force, for everything that is judged; the gate goes by its policy's own. */
export interface RolesInForce {
  /** Undefined where no policy has roles: then who is trusted may do everything. */
  readonly roles: Roles | undefined;
  /** What is wrong with a policy that has roles, or may have. */
  readonly problems: readonly ProvenanceError[];
}

/**
 * The roles of the first of these policies that is there. One that is there and cannot be read may have roles: then nobody
 * has any, and it is a problem.
 *
 * @param paths absolute, with `/`
 */
export async function readRoles(
  paths: readonly string[],
  files: FileStore = nodeFileStore(),
): Promise<RolesInForce> {
  for (const path of paths) {
    try {
      const bytes = await files.read(path, MAX_POLICY_BYTES);
      if (!bytes) continue;
      const { roles, problems } = parsePolicy(new TextDecoder().decode(bytes), path);
      return { roles, problems: roles ? problems : [] };
    } catch (error) {
      return { roles: new Roles([], undefined), problems: [asProvenanceError(error)] };
    }
  }
  return { roles: undefined, problems: [] };
}

/** As {@link readRoles}, of the policy in force in a directory: `findPolicy`. One of another user is not in force. */
export async function readRolesOf(folder: string, config: string): Promise<RolesInForce> {
  try {
    const path = await findPolicy(folder, config);
    return await readRoles(path === undefined ? [] : [path]);
  } catch (error) {
    return { roles: undefined, problems: [asProvenanceError(error)] };
  }
}
