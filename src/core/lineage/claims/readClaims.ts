import { asProvenanceError, ProvenanceError } from '../../errors.ts';
import type { LineageClaim } from './claim.ts';
import { croissantClaims } from './croissant.ts';
import { datasetCardClaims } from './datasetCard.ts';
import { dvcFileClaims, dvcLockClaims } from './dvc.ts';
import { openLineageClaims } from './openLineage.ts';
import { MAX_JSON_BYTES, MAX_YAML_BYTES } from './parse.ts';
import type { ClaimReading, ClaimSource } from './source.ts';

interface ClaimReader {
  readonly format: LineageClaim['format'];
  /** Of the file's path, with `/`. */
  readonly path: RegExp;
  readonly maxBytes: number;
  readonly read: (source: ClaimSource) => ClaimReading;
}

const READERS: readonly ClaimReader[] = [
  { format: 'dataset-card', path: /\/README\.md$/, maxBytes: MAX_JSON_BYTES, read: datasetCardClaims },
  {
    format: 'croissant',
    path: /[/.]croissant\.json(?:ld)?$/,
    maxBytes: MAX_JSON_BYTES,
    read: croissantClaims,
  },
  { format: 'dvc', path: /\/dvc\.lock$/, maxBytes: MAX_YAML_BYTES, read: dvcLockClaims },
  { format: 'dvc', path: /[^/]\.dvc$/, maxBytes: MAX_YAML_BYTES, read: dvcFileClaims },
  {
    format: 'openlineage',
    path: /(?:\/\.openlineage\/[^/]+|\/openlineage[^/]*|[^/]\.openlineage)\.(?:json|jsonl|ndjson)$/,
    maxBytes: MAX_JSON_BYTES,
    read: openLineageClaims,
  },
];

/** The format in which the file at `path` (with `/`) claims lineage by its name, or undefined where it does not. */
export function claimFormat(path: string): LineageClaim['format'] | undefined {
  return readerOf(path)?.format;
}

/** How large a file of this name may be to be read, in bytes. */
export function maxClaimBytes(path: string): number {
  return readerOf(path)?.maxBytes ?? 0;
}

/**
 * What a file claims (docs/formats.md, "Claimed lineage"). Never throws: what is wrong with the file is its problem, with
 * the claims that could be read all the same.
 */
export function readClaims(source: ClaimSource): ClaimReading {
  const reader = readerOf(source.file);
  if (!reader) return { claims: [] };
  const size = source.bytes.length;
  if (size > reader.maxBytes) {
    const problem = new ProvenanceError(
      'too-large',
      '{path} has {size} bytes; files that claim lineage are read up to {limit}. Divide it.',
      { path: source.file, size, limit: reader.maxBytes },
    );
    return { claims: [], problem };
  }
  try {
    return reader.read(source);
  } catch (error) {
    return { claims: [], problem: asProvenanceError(error) };
  }
}

function readerOf(path: string): ClaimReader | undefined {
  return READERS.find((reader) => reader.path.test(path));
}
