import type { CancelSignal } from '../core/errors.ts';
import { MalformedSamples } from '../core/sample/malformedSamples.ts';
import type { DigestedFile, DigestOptions } from './digestFile.node.ts';
import { ThreadsUnavailable, type DigestPool } from './digestPool.node.ts';
import { LARGE_FILE } from './digestThreadRole.node.ts';
import { countLines, type Extent } from './fileExtent.node.ts';
import { hashOf, type HashOptions } from './fileHash.node.ts';
import type { HashAhead } from './hashAhead.node.ts';
import type { InputFile } from './inputFile.node.ts';
import { lineRanges } from './lineRanges.node.ts';
import { ThreadHash } from './threadHash.node.ts';
import { SamplePass, type SampleParts } from './samplePass.node.ts';

const LF = 0x0a;

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
 * @param extent how many rows there are, where that is known
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
    onBytes: (length) => {
      pass.throwIfFailed();
      hashed += length;
      progress();
    },
  };
  // What was kept of the file that evidence expects is read beside the hash.
  const expected = size >= LARGE_FILE ? expectedFile(options) : undefined;
  let isDone = false;
  const stopped: CancelSignal = {
    get aborted() {
      return isDone || signal?.aborted === true;
    },
  };
  let counting = extent && Promise.resolve(extent);
  const count = () => (counting ??= countLines(file, stopped));
  try {
    let sha256: string;
    if (hashFirst && pool) {
      // A thread hashes, the caller reads evidence meanwhile, and what that leaves of this thread counts lines.
      count().catch(() => undefined);
      sha256 = await hashInThread(file, pool, hashing, options.ahead);
    } else {
      if (!hashFirst) pass.startBeside();
      sha256 = await hashOf(file, hashing);
    }
    const known = await knownFile(sha256, size, count, options, expected);
    if (known) return { digested: known, fresh: false };
    isDone = true;
    const collected = await pass.finish();
    const { lines } = collected;
    const lineCount = extent?.lineCount ?? (await lineCountOf(file, lines));
    return { digested: { samples: collected.finish({ sha256, size }), lines, lineCount }, fresh: true };
  } finally {
    isDone = true;
    pass.stop();
  }
}

/** Lines as an editor counts them, of a file with so many lines. */
async function lineCountOf(file: InputFile, lines: number): Promise<number> {
  const [last] = await file.read(Math.max(0, file.size - 1), file.size);
  return last === LF || lines === 0 ? lines + 1 : lines;
}

async function hashInThread(
  file: InputFile,
  pool: DigestPool,
  options: HashOptions,
  ahead: HashAhead | undefined,
): Promise<string> {
  try {
    const hash = ahead?.take(file) ?? new ThreadHash(pool, file.task);
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
  countRows: () => Promise<Extent>,
  { recognise, cache }: DigestOptions,
  expected: Promise<DigestedFile | undefined> | undefined,
): Promise<DigestedFile | undefined> {
  const count = await recognise?.(sha256);
  const extent = count === undefined ? undefined : await countRows();
  if (count !== undefined && count === extent?.lines && extent.blank === 0) {
    const samples = {
      count,
      digests: new Uint8Array(0),
      lines: undefined,
      malformed: MalformedSamples.NONE,
      sha256,
      size,
    };
    return { samples, lines: count, lineCount: extent.lineCount };
  }
  if (size < LARGE_FILE) return undefined;
  const kept = await expected;
  return kept?.samples.sha256 === sha256 ? kept : await cache?.get(sha256);
}
