import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { ADVISORIES, BUNDLE_SUFFIX, EVIDENCE_FOLDER, isBundlePath } from '../core/evidence/layout.ts';
import type { EvidenceFiles } from '../protocol/datasetWorker.ts';
import { fileVersion } from './inputFile.node.ts';
import { toSlashes } from './paths.node.ts';

/** Folders that no dataset of a project lies in. */
export const SKIPPED_FOLDERS = new Set(['node_modules', '.git', '.hg', '.svn', '.venv', '__pycache__']);
const MAX_DEPTH = 16;
const MAX_FOLDERS = 50_000;

/**
 * Finds the evidence below workspace folders: bundles in any `.provenance` folder, advisories only in the one at a
 * workspace folder's root. Unreadable folders are passed over. Symbolic links are not followed.
 */
export async function findEvidence(
  folders: readonly string[],
  signal?: CancelSignal,
): Promise<EvidenceFiles> {
  const bundles = new Set<string>();
  const advisories = new Set<string>();
  let visited = 0;
  for (const folder of folders) {
    for (const name of await names(join(folder, EVIDENCE_FOLDER, ADVISORIES))) {
      if (name.endsWith(BUNDLE_SUFFIX))
        advisories.add(toSlashes(join(folder, EVIDENCE_FOLDER, ADVISORIES, name)));
    }
    const queue: { path: string; depth: number }[] = [{ path: folder, depth: 0 }];
    for (let next = queue.shift(); next && visited < MAX_FOLDERS; next = queue.shift()) {
      throwIfCancelled(signal);
      visited++;
      for (const entry of await entries(next.path)) {
        if (!entry.isDirectory() || SKIPPED_FOLDERS.has(entry.name)) continue;
        const path = join(next.path, entry.name);
        if (entry.name === EVIDENCE_FOLDER) {
          for (const bundle of await bundlesIn(path)) bundles.add(bundle);
        } else if (next.depth < MAX_DEPTH) {
          queue.push({ path, depth: next.depth + 1 });
        }
      }
    }
  }
  return { bundles: [...bundles].sort(), advisories: [...advisories].sort() };
}

/** Sizes and times of the evidence that {@link findEvidence} finds, as one text. */
export async function evidenceVersion(folders: readonly string[], signal?: CancelSignal): Promise<string> {
  const { bundles, advisories } = await findEvidence(folders, signal);
  const versions: string[] = [];
  for (const path of [...bundles, ...advisories]) {
    throwIfCancelled(signal);
    versions.push(`${path} ${(await fileVersion(path)) ?? 'gone'}`);
  }
  return versions.join('\n');
}

/** The bundles in a `.provenance` folder; none where there is no such folder. */
export async function bundlesIn(folder: string): Promise<string[]> {
  return (await names(folder)).map((name) => toSlashes(join(folder, name))).filter(isBundlePath);
}

async function entries(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function names(folder: string): Promise<string[]> {
  return (await entries(folder)).filter((entry) => entry.isFile()).map((entry) => entry.name);
}
