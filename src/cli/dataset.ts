import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProvenanceError } from '../core/errors.ts';
import { sampleName, type Subject } from '../core/evidence/statement.ts';
import { lineOf, type SampleDigests, sampleOnLine } from '../core/sample/digest.ts';
import { rowDigest } from '../platform/datasetService.node.ts';
import { digestFile, type DigestOptions } from '../platform/digestFile.node.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { toSlashes } from '../platform/paths.node.ts';
import type { LineRange } from './lines.ts';
import { progressOf, type Io } from './terminal.ts';

/** Where a dataset lies. */
export interface DatasetPath {
  /** As the user wrote it. */
  readonly given: string;
  /** Absolute, with `/`: the one path by which its evidence is known, whichever way led here. */
  readonly path: string;
  readonly name: string;
}

/** A dataset that was read. */
export interface DatasetFile extends DatasetPath {
  readonly samples: SampleDigests;
  /** A line end ends a line; what follows the last one is a line where it is not empty. */
  readonly lineCount: number;
}

/** @throws ProvenanceError `not-found`, `permission-denied`, `io` about its folder */
export async function datasetPath(given: string): Promise<DatasetPath> {
  const path = toSlashes(join(await realFolder(dirname(given)), basename(given)));
  return { given, path, name: basename(given) };
}

/**
 * Reads and digests a dataset, with progress.
 * @param options as of `digestFile`
 * @throws ProvenanceError as `digestFile`
 */
export async function readDataset(
  given: string,
  io: Io,
  options: Pick<DigestOptions, 'recognise' | 'expected' | 'hashFirst'> = {},
): Promise<DatasetFile> {
  const progress = progressOf(io, given);
  try {
    const { onProgress } = progress;
    const { pool, ahead, cache, signal } = io;
    const { samples, lines } = await digestFile(given, {
      ...options,
      signal,
      onProgress,
      pool,
      ahead,
      cache,
    });
    return { ...(await datasetPath(given)), samples, lineCount: lines };
  } finally {
    progress.done();
  }
}

/** The absolute path of a folder without links in it. @throws ProvenanceError `not-found`, `permission-denied`, `io` */
export async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    throw fileError(error, folder);
  }
}

/**
 * The samples on these lines, as the subjects of a statement, each line once and in order. Blank lines within a range
 * are passed over; a blank line that is named by itself is an error, as it is not what was meant.
 *
 * @throws ProvenanceError `sample-not-found` for what is no sample or has no digest, `nothing-to-sign`
 */
export function subjectsOfLines(
  dataset: DatasetFile,
  ranges: readonly LineRange[],
): (Subject & { line: number })[] {
  const { given: file, name, samples, lineCount } = dataset;
  const subjects = new Map<number, Subject & { line: number }>();
  for (const { from, to } of ranges) {
    if (to > lineCount) {
      const template = '{file} has {count} lines, so there is no line {line}.';
      throw new ProvenanceError('sample-not-found', template, { file, count: lineCount, line: to });
    }
    for (let line = from; line <= to; line++) {
      const row = sampleOnLine(samples, line);
      if (row < 0) {
        if (from !== to) continue;
        throw new ProvenanceError('sample-not-found', '{file}:{line} is blank, so there is no sample.', {
          file,
          line,
        });
      }
      const sha256 = rowDigest(samples, row);
      if (sha256 === undefined) {
        const template =
          '{file}:{line} is malformed, so it has no digest and nothing can be said about it; correct it first.';
        throw new ProvenanceError('sample-not-found', template, { file, line });
      }
      subjects.set(line, { name: sampleName(name, line), sha256, line });
    }
  }
  if (subjects.size === 0) {
    throw new ProvenanceError('nothing-to-sign', 'There is no sample on these lines of {file}.', { file });
  }
  return [...subjects.values()].sort((a, b) => a.line - b.line);
}

/** Lines that are samples without a digest, in order. */
export function* malformedLines({ samples }: DatasetFile): Generator<number> {
  for (const row of samples.malformed.keys()) yield lineOf(samples, row);
}
