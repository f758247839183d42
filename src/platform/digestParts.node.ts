import { MalformedSamples } from '../core/sample/malformedSamples.ts';
import { lineNumbers } from '../core/sample/sampleCollector.ts';
import type { DigestedFile, DigestOptions } from './digestFile.node.ts';
import { LARGE_FILE, ThreadsUnavailable, type DigestPool } from './digestPool.node.ts';
import { hashOf, type Extent, type FileHash, type HashOptions } from './fileHash.node.ts';
import type { HashAhead } from './hashAhead.node.ts';
import type { InputFile } from './inputFile.node.ts';
import { lineRanges } from './lineRanges.node.ts';
import { ThreadHash } from './threadHash.node.ts';
import { SamplePass, type SampleParts } from './samplePass.node.ts';

/** What was found in a file, and whether its samples were looked at. */
export interface Outcome {
  readonly digested: DigestedFile;
  readonly fresh: boolean;
}

/** A JSONL file. */
export async function digestLines(file: InputFile, options: DigestOptions): Promise<Outcome> {
  const parts: SampleParts = { format: 'jsonl', ranges: () => lineRanges(file.size), total: file.size };
  return await digestParts(file, parts, options);
}

/**
 * Hashes the bytes and digests the samples at once; or one after the other where the first is likely to be enough.
 * @param extent how many rows there are; lines are counted unless told
 */
export async function digestParts(
  file: InputFile,
  parts: SampleParts,
  options: DigestOptions,
  extent?: Extent,
): Promise<Outcome> {
  const { signal, onProgress, hashFirst } = options;
  const { size } = file;
  const pool = size >= LARGE_FILE ? options.pool : undefined;
  let hashed = 0;
  let digested = 0;
  const progress = () => {
    onProgress?.(Math.floor((hashed + digested * size) / 2), size);
  };
  const pass = new SamplePass(file.task, parts, pool, {
    signal,
    onDigested: (share) => {
      digested += share;
      progress();
    },
  });
  const hashing: HashOptions = {
    signal,
    countLines: extent === undefined,
    onBytes: (length) => {
      pass.throwIfFailed();
      hashed += length;
      progress();
    },
  };
  // What was kept of the file that evidence expects is read beside the hash.
  const expected = size >= LARGE_FILE ? expectedFile(options) : undefined;
  try {
    if (!hashFirst) pass.startBeside();
    // The threads digest, or one of them hashes, and the caller reads evidence meanwhile.
    const found =
      hashFirst && pool
        ? await hashInThread(file, pool, hashing, options.ahead)
        : await hashOf(file, hashing);
    const extents = extent ?? found.extent!;
    const known = await knownFile(found.sha256, size, extents, options, expected);
    if (known) return { digested: known, fresh: false };
    const samples = (await pass.finish()).finish({ sha256: found.sha256, size });
    const { lines, lineCount } = extents;
    return { digested: { samples, lines, lineCount }, fresh: true };
  } finally {
    pass.stop();
  }
}

async function hashInThread(
  file: InputFile,
  pool: DigestPool,
  options: HashOptions,
  ahead: HashAhead | undefined,
): Promise<FileHash> {
  const { countLines = false } = options;
  try {
    const hash = ahead?.take(file, countLines) ?? new ThreadHash(pool, file.task, countLines);
    return await hash.wait(options);
  } catch (error) {
    if (!(error instanceof ThreadsUnavailable)) throw error;
    return await hashOf(file, options);
  }
}

async function expectedFile({ expected, cache }: DigestOptions): Promise<DigestedFile | undefined> {
  const sha256 = await expected?.().catch(() => undefined);
  return sha256 === undefined ? undefined : await cache?.get(sha256);
}

/** What evidence says, or a run before has found, of a file with these bytes. */
async function knownFile(
  sha256: string,
  size: number,
  { lines, lineCount, blank }: Extent,
  { recognise, cache }: DigestOptions,
  expected: Promise<DigestedFile | undefined> | undefined,
): Promise<DigestedFile | undefined> {
  const count = await recognise?.(sha256);
  if (count !== undefined && count === lines && blank === 0) {
    const samples = {
      count,
      digests: new Uint8Array(0),
      lines: lineNumbers(count),
      malformed: MalformedSamples.NONE,
      sha256,
      size,
    };
    return { samples, lines, lineCount };
  }
  if (size < LARGE_FILE) return undefined;
  const kept = await expected;
  return kept?.samples.sha256 === sha256 ? kept : await cache?.get(sha256);
}
