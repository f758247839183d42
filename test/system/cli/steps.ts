import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseBundle, type BundleEntry } from '../../../src/core/evidence/bundle.ts';
import { evidencePaths } from '../../../src/core/evidence/layout.ts';
import { DerivationMap } from '../../../src/core/lineage/derivationMap.ts';
import { stepsOf, type DatasetStep } from '../../../src/core/lineage/step.ts';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { digestFile } from '../../../src/platform/digestFile.node.ts';

/** The steps in a dataset's evidence, in order. */
export function stepsIn(path: string): DatasetStep[] {
  return entriesOf(path).flatMap(({ statement }) => (statement.kind === 'step' ? stepsOf(statement) : []));
}

function entriesOf(path: string): readonly BundleEntry[] {
  try {
    return parseBundle(readFileSync(evidencePaths(path).bundle)).entries;
  } catch {
    return [];
  }
}

/** Sample digests (hex) of a file, by row. */
export async function digestsOf(path: string): Promise<string[]> {
  const { samples } = await digestFile(path);
  return Array.from({ length: samples.count }, (_, row) =>
    toHex(samples.digests.subarray(row * 32, (row + 1) * 32)),
  );
}

/** The pairs of a step's map as `OUTPUT-DIGEST INPUT-DIGEST`; none where there is no map. */
export function pairsOf(path: string, { map }: DatasetStep): string[] {
  if (!map) return [];
  const pairs = DerivationMap.parse(readFileSync(evidencePaths(path).map(map.sha256)));
  return [...pairs].map(({ output, input }) => `${output} ${input}`);
}

/** Names in a folder of a dataset's evidence. */
export function evidenceFiles(path: string, folder: 'leaves' | 'maps'): string[] {
  try {
    return readdirSync(join(evidencePaths(path).folder, folder)).sort();
  } catch {
    return [];
  }
}

/** Records as JSONL. */
export function jsonl(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
