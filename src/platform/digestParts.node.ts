import { toHex } from '../core/bytes/hex.ts';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { LineCounter } from '../core/sample/lines.ts';
import { MalformedSamples } from '../core/sample/malformedSamples.ts';
import { lineNumbers } from '../core/sample/sampleCollector.ts';
import type { DigestedFile, DigestOptions } from './digestFile.node.ts';
import type { InputFile } from './inputFile.node.ts';
import { lineRanges } from './lineRanges.node.ts';
import { SamplePass, type SampleParts } from './samplePass.node.ts';
import { fastSha256Stream } from './sha256.node.ts';

/** Smaller files are digested sooner than threads start, and than a cache answers. */
export const LARGE_FILE = 8 << 20;

/** What was found in a file, and whether its samples were looked at. */
export interface Outcome {
  readonly digested: DigestedFile;
  readonly fresh: boolean;
}

/** How many lines a file has. */
interface Extent {
  readonly lines: number;
  readonly lineCount: number;
  /** How many of them are blank. */
  readonly blank: number;
}

/** A JSONL file. */
export async function digestLines(file: InputFile, options: DigestOptions): Promise<Outcome> {
  const counter = new LineCounter();
  const parts: SampleParts = { format: 'jsonl', ranges: () => lineRanges(file.size), total: file.size };
  return await digestParts(file, parts, options, {
    onBytes: (bytes) => {
      counter.push(bytes);
    },
    extent: () => ({ lines: counter.lines, lineCount: counter.editorLines, blank: counter.blank }),
  });
}

/**
 * Hashes the bytes and digests the samples at once.
 * @param whole `onBytes` is given the bytes, and `extent` knows how many lines there are once it was given all
 */
export async function digestParts(
  file: InputFile,
  parts: SampleParts,
  options: DigestOptions,
  { onBytes, extent }: { readonly onBytes: (bytes: Uint8Array) => void; readonly extent: () => Extent },
): Promise<Outcome> {
  const { signal, onProgress } = options;
  const { size } = file;
  let hashed = 0;
  let digested = 0;
  const progress = () => {
    onProgress?.(Math.floor((hashed + digested * size) / 2), size);
  };
  const pass = new SamplePass(file.task, parts, size >= LARGE_FILE ? options.pool : undefined, {
    signal,
    onDigested: (share) => {
      digested += share;
      progress();
    },
  });
  try {
    if (!options.hashFirst) pass.startBeside();
    const sha256 = await hashOf(file, signal, (bytes) => {
      pass.throwIfFailed();
      onBytes(bytes);
      hashed += bytes.length;
      progress();
    });
    const known = await knownFile(sha256, size, extent(), options);
    if (known) return { digested: known, fresh: false };
    const samples = (await pass.finish()).finish({ sha256, size });
    const { lines, lineCount } = extent();
    return { digested: { samples, lines, lineCount }, fresh: true };
  } finally {
    pass.stop();
  }
}

/** SHA-256 (hex) of a file's bytes. */
export async function hashOf(
  file: InputFile,
  signal: CancelSignal | undefined,
  onBytes: (bytes: Uint8Array) => void,
): Promise<string> {
  const hash = fastSha256Stream();
  for await (const bytes of file.pieces()) {
    throwIfCancelled(signal);
    hash.update(bytes);
    onBytes(bytes);
  }
  return toHex(hash.digest());
}

/** What evidence says, or a run before has found, of a file with these bytes. */
async function knownFile(
  sha256: string,
  size: number,
  { lines, lineCount, blank }: Extent,
  { recognise, cache }: DigestOptions,
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
  return size >= LARGE_FILE ? await cache?.get(sha256) : undefined;
}
