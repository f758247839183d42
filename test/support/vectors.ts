import { existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/**
 * The folder of public test vectors: `PROVENANCE_VECTORS`, or `../shared/vectors` beside the repository.
 * It need not exist: see {@link skipWithout}.
 */
export function vectorsFolder(...parts: string[]): string {
  return path.join(process.env['PROVENANCE_VECTORS'] ?? path.join(ROOT, '../shared/vectors'), ...parts);
}

/** The folder of real datasets: `PROVENANCE_DATA`, or `../shared/data` beside the repository. */
export function dataFolder(...parts: string[]): string {
  return path.join(process.env['PROVENANCE_DATA'] ?? path.join(ROOT, '../shared/data'), ...parts);
}

/**
 * Options for `test` or `describe` that skip it, with a line that says so, where a file or folder is absent:
 * `test('…', skipWithout(vectorsFolder('dsse')), () => …)`.
 */
export function skipWithout(...paths: string[]): { skip?: string } {
  const absent = paths.find((candidate) => !existsSync(candidate));
  return absent === undefined ? {} : { skip: `there is no ${absent}` };
}
