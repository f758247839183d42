import { join, resolve } from 'node:path';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import { ALLOWED_SIGNERS } from '../core/evidence/layout.ts';
import { findSigner, parseAllowedSigners, type AllowedSigner } from '../core/trust/allowedSigners.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { configFolder } from './configFolder.node.ts';
import { readGitDefaults } from './gitDefaults.node.ts';
import { nearestFile } from './nearestFile.node.ts';

/** Largest allowed_signers file that is read, in bytes. */
export const MAX_ALLOWED_SIGNERS_BYTES = 8 * 1024 * 1024;

export interface TrustRoots {
  readonly entries: readonly AllowedSigner[];
  /** Bad lines, and files that could not be read. */
  readonly problems: readonly ProvenanceError[];
  /** The files that were read, in order. */
  readonly files: readonly string[];
}

export interface TrustRootOptions {
  /** Files that the user named. One that is missing is a problem. */
  readonly paths?: readonly string[];
  /**
   * Folders whose nearest `.provenance/allowed_signers`, in them or above, is read: the current directory of the CLI,
   * the roots of *trusted* workspace folders. Never a dataset's folder, which may have come with a download.
   */
  readonly folders?: readonly string[];
  /** The user's configuration folder; false to leave it out. */
  readonly config?: string | false;
  /** Whether to ask git for `gpg.ssh.allowedSignersFile`. On unless false. */
  readonly git?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Who is trusted here (docs/formats.md, "Where evidence lives"): the files that the user named, the user's own file,
 * git's, and the nearest one of the given folders. A file that cannot be read is reported and does not stop the rest.
 */
export async function readTrustRoots(
  options: TrustRootOptions = {},
  files: FileStore = nodeFileStore(),
): Promise<TrustRoots> {
  const problems: ProvenanceError[] = [];
  const required = (options.paths ?? []).map((path) => resolve(path));
  const optional: string[] = [];
  const config = options.config ?? configFolder(options.env);
  if (config !== false) optional.push(join(config, ALLOWED_SIGNERS));
  if (options.git !== false) {
    const { allowedSignersFile } = await readGitDefaults(options.env);
    if (allowedSignersFile !== undefined) required.push(allowedSignersFile);
  }
  for (const folder of options.folders ?? []) {
    const found = await nearestAllowedSigners(folder);
    if (found instanceof ProvenanceError) problems.push(found);
    else if (found !== undefined) optional.push(found);
  }
  const read = await readFiles(files, [...new Set([...required, ...optional])], new Set(required));
  return { ...read, problems: [...problems, ...read.problems] };
}

/** Reads exactly these allowed_signers files. A missing one is reported, like one that cannot be read. */
export async function readAllowedSigners(
  paths: readonly string[],
  files: FileStore = nodeFileStore(),
): Promise<TrustRoots> {
  return await readFiles(files, [...new Set(paths)], new Set(paths));
}

async function readFiles(
  files: FileStore,
  paths: readonly string[],
  required: ReadonlySet<string>,
): Promise<TrustRoots> {
  const entries: AllowedSigner[] = [];
  const problems: ProvenanceError[] = [];
  const found: string[] = [];
  for (const path of paths) {
    try {
      const bytes = await files.read(path, MAX_ALLOWED_SIGNERS_BYTES);
      if (bytes) {
        const parsed = parseAllowedSigners(bytes, path);
        entries.push(...parsed.entries);
        problems.push(...parsed.problems);
        found.push(path);
      } else if (required.has(path)) {
        problems.push(
          new ProvenanceError(
            'not-found',
            '{path} does not exist, so nobody is trusted by it; create it or take it out of the settings.',
            { path },
          ),
        );
      }
    } catch (error) {
      problems.push(asProvenanceError(error));
    }
  }
  return { entries, problems, files: found };
}

/** @returns the file, undefined when there is none, or why it is not taken */
async function nearestAllowedSigners(start: string): Promise<string | ProvenanceError | undefined> {
  const found = await nearestFile(start, ALLOWED_SIGNERS);
  if (found?.foreign === undefined) return found?.path;
  return new ProvenanceError(
    'permission-denied',
    '{path} belongs to another user (uid {uid}), so nobody is trusted by it; name it in the settings if you trust it.',
    { path: found.path, uid: found.foreign },
  );
}

/**
 * Adds a line (see `formatAllowedSigner`) to an allowed_signers file, making it where needed.
 *
 * @throws ProvenanceError `already-trusted` when the file trusts that key already, `invalid-argument` when the line is
 *   not one of such a file, and as {@link FileStore.appendLine}
 */
export async function appendAllowedSigner(
  path: string,
  line: string,
  files: FileStore = nodeFileStore(),
): Promise<void> {
  const { entries, problems } = parseAllowedSigners(line, path);
  const [added] = entries;
  if (!added || entries.length > 1 || problems.length > 0 || /[\r\n]/.test(line)) {
    throw new ProvenanceError(
      'invalid-argument',
      'What is added to {path} must be one valid line: a name and a key.',
      {
        path,
      },
    );
  }
  const existing = (await readFiles(files, [path], new Set())).entries;
  const now = findSigner(existing, added.keyId, Date.now());
  if (now.standing === 'trusted') {
    throw new ProvenanceError(
      'already-trusted',
      '{path}, line {line}: the key {keyId} is trusted already, as {principal}; change that line to rename its holder.',
      { path, line: now.signer.line, keyId: added.keyId, principal: now.principal },
    );
  }
  // People keep their own file among their dotfiles, and link to it.
  await files.appendLine(path, new TextEncoder().encode(line), 'follow');
}
