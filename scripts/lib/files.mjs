/** Finding files. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/**
 * All files below a folder of the repository whose names end so, sorted; none when there is no such folder.
 * (fs.globSync would do, but Node 20 lacks it.)
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]} paths from the repository's root, with forward slashes
 */
export function findFiles(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}
