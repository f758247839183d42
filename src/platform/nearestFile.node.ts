import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EVIDENCE_FOLDER } from '../core/evidence/layout.ts';

/** What was found: a file that may be relied on, or one that may not, as it belongs to another user. */
export type NearestFile =
  | { readonly path: string; readonly foreign?: undefined }
  | { readonly path: string; readonly foreign: number };

/**
 * The nearest file of this name in a `.provenance` folder, of `start` or above: what a directory's owner put there counts,
 * and what root or the user put above it. Above, for example in /tmp, anyone may have put a file.
 *
 * @param start the current directory, or the root of a workspace folder; never a dataset's folder
 * @returns undefined where there is none; with `foreign`, the user id of its owner, where it does not count
 */
export async function nearestFile(start: string, name: string): Promise<NearestFile | undefined> {
  const first = resolve(start);
  for (let folder = first; ; folder = dirname(folder)) {
    const path = join(folder, EVIDENCE_FOLDER, name);
    const found = await statOrUndefined(path);
    if (found) {
      if (folder === first || process.getuid === undefined) return { path };
      const owners = [0, process.getuid(), (await statOrUndefined(first))?.uid];
      return owners.includes(found.uid) ? { path } : { path, foreign: found.uid };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

async function statOrUndefined(path: string): Promise<{ uid: number } | undefined> {
  return await stat(path).catch(() => undefined);
}
