import { stat } from 'node:fs/promises';
import { evidencePaths } from '../core/evidence/layout.ts';
import { datasetFormatOfName } from '../core/table/datasetFormat.ts';
import type { DigestPool } from '../platform/digestPool.node.ts';
import { LARGE_FILE } from '../platform/digestThreadRole.node.ts';
import type { HashAhead } from '../platform/hashAhead.node.ts';

/** Whether the evidence of a dataset was last added to after the dataset was last written to. */
export async function isSignedSince(path: string): Promise<boolean> {
  const [dataset, bundle] = await Promise.all(
    [path, evidencePaths(path).bundle].map((file) => stat(file).catch(() => undefined)),
  );
  return dataset !== undefined && bundle !== undefined && dataset.mtimeMs <= bundle.mtimeMs;
}

/**
 * Starts the threads that are going to digest these files while other things are made ready; not for files that are
 * likely to be known by their bytes.
 *
 * @param ahead begins to hash the first of those
 */
export async function startThreadsFor(
  files: readonly string[],
  pool: DigestPool | undefined,
  ahead?: HashAhead,
): Promise<void> {
  let hasBegun = ahead === undefined;
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (!stats?.isFile() || stats.size < LARGE_FILE) continue;
    if (!(await isSignedSince(file))) return pool?.start();
    const named = datasetFormatOfName(file);
    if (hasBegun || !named || 'compression' in named) continue;
    ahead?.begin(file, stats);
    hasBegun = true;
  }
}
