import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { ADVISORIES, BUNDLE_SUFFIX, EVIDENCE_FOLDER, isBundlePath } from '../core/evidence/layout.ts';
import type { EvidenceFiles } from '../protocol/datasetWorker.ts';
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
          for (const name of await names(path)) {
            const bundle = toSlashes(join(path, name));
            if (isBundlePath(bundle)) bundles.add(bundle);
          }
        } else if (next.depth < MAX_DEPTH) {
          queue.push({ path, depth: next.depth + 1 });
        }
      }
    }
  }
  return { bundles: [...bundles].sort(), advisories: [...advisories].sort() };
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
