import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvenanceError, throwIfCancelled, type CancelSignal } from '../../core/errors.ts';
import { matchesPattern } from '../../core/lineage/claims/wildcards.ts';
import { datasetFormatOfName } from '../../core/table/datasetFormat.ts';
import { SKIPPED_FOLDERS } from '../../platform/evidenceFinder.node.ts';
import { fileError } from '../../platform/fileErrors.node.ts';
import { toSlashes } from '../../platform/paths.node.ts';
import { datasetPath, realFolder } from '../dataset.ts';

/** How many datasets are checked as one, and how deep they are looked for. */
const MAX_DATASETS = 100_000;
const MAX_DEPTH = 16;

/**
 * The datasets that the operands of a command mean, each once, in order: a file; all datasets in a folder and below; those
 * that match a pattern (`*` and `?` within a name, `**` for folders), where the shell has not expanded it.
 *
 * @returns absolute paths, with `/`
 * @throws ProvenanceError `not-found` for an operand that means no dataset: nothing to check is not a pass; `too-large`,
 *   `permission-denied`, `io`, `cancelled`
 */
export async function expandDatasets(operands: readonly string[], signal?: CancelSignal): Promise<string[]> {
  const paths = new Set<string>();
  for (const operand of operands) {
    for (const path of await datasetsOf(operand, signal)) paths.add(path);
    if (paths.size > MAX_DATASETS) {
      const template =
        '{path} brings the datasets to more than the {limit} that are checked as one; name fewer.';
      throw new ProvenanceError('too-large', template, { path: operand, limit: MAX_DATASETS });
    }
  }
  return [...paths];
}

async function datasetsOf(operand: string, signal: CancelSignal | undefined): Promise<string[]> {
  const found = await stat(operand).catch((error: unknown) => {
    if (isPattern(operand)) return undefined;
    throw fileError(error, operand);
  });
  if (found?.isDirectory()) return required(operand, await datasetsBelow(await realFolder(operand), signal));
  if (found) return [(await datasetPath(operand)).path];
  return required(operand, await datasetsMatching(operand, signal));
}

function required(operand: string, paths: string[]): string[] {
  if (paths.length === 0) throw noDataset(operand);
  return paths;
}

function noDataset(path: string): ProvenanceError {
  return new ProvenanceError(
    'not-found',
    'There is no dataset in {path} (.jsonl, .ndjson, .jsonl.gz, .jsonl.zst, .parquet), so there is nothing to check; name the files.',
    { path },
  );
}

function isPattern(operand: string): boolean {
  return /[*?]/.test(operand);
}

/** From the folder before the first segment that has a wildcard. */
async function datasetsMatching(operand: string, signal: CancelSignal | undefined): Promise<string[]> {
  const segments = toSlashes(operand).split('/');
  const first = segments.findIndex(isPattern);
  const start = segments.slice(0, first).join('/');
  const folder = toSlashes(await realFolder(start === '' ? (operand.startsWith('/') ? '/' : '.') : start));
  const pattern = segments.slice(first).join('/');
  const all = await datasetsBelow(folder, signal, () => true);
  return all.filter((path) => matchesPattern(path.slice(folder.length).replace(/^\//, ''), pattern));
}

/** Hidden folders are left out: evidence is not data. Links are followed, and no folder is looked into twice. */
async function datasetsBelow(
  start: string,
  signal: CancelSignal | undefined,
  isWanted: (name: string) => boolean = (name) => datasetFormatOfName(name) !== undefined,
): Promise<string[]> {
  const found: string[] = [];
  const queue = [{ folder: start, depth: 0 }];
  const seen = new Set<string>();
  for (let at = 0; at < queue.length && found.length <= MAX_DATASETS; at++) {
    throwIfCancelled(signal);
    const { folder, depth } = queue[at]!;
    const real = await realFolder(folder);
    if (seen.has(real)) continue;
    seen.add(real);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      // A shard that cannot be seen is not one that passed.
      throw fileError(error, folder);
    });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const kind = await kindOf(entry, path);
      if (kind === 'folder') {
        if (entry.name.startsWith('.') || SKIPPED_FOLDERS.has(entry.name)) continue;
        if (depth === MAX_DEPTH) throw tooDeep(path);
        queue.push({ folder: path, depth: depth + 1 });
      } else if (kind === 'file' && isWanted(entry.name)) {
        found.push(toSlashes(path));
      }
    }
  }
  return found.sort();
}

function tooDeep(path: string): ProvenanceError {
  const template = '{path} lies more than {limit} folders deep, where no datasets are looked for; name it.';
  return new ProvenanceError('too-large', template, { path, limit: MAX_DEPTH });
}

/** Hubs keep the files of a dataset elsewhere, and link to them: a link that leads nowhere is a file that cannot be read. */
async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (!found || found.isFile()) return 'file';
  return found.isDirectory() ? 'folder' : 'other';
}
