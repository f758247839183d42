import type { CancelSignal } from '../core/errors.ts';
import type { SampleDigests } from '../core/sample/digest.ts';
import { datasetFormat, FORMAT_BYTES, type DatasetFormat } from '../core/table/datasetFormat.ts';
import type { DigestCache } from './digestCache.node.ts';
import { digestLines, type Outcome } from './digestParts.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { LARGE_FILE } from './digestThreadRole.node.ts';
import { fileError } from './fileErrors.node.ts';
import type { HashAhead } from './hashAhead.node.ts';
import { InputFile } from './inputFile.node.ts';

export interface DigestOptions {
  readonly signal?: CancelSignal | undefined;
  /** How much of the work is done, in bytes of the file. */
  readonly onProgress?: ((bytes: number, size: number) => void) | undefined;
  /** Threads for large files; without them, this one does it. */
  readonly pool?: DigestPool | undefined;
  /** Where the digests of large files are kept. */
  readonly cache?: DigestCache | undefined;
  /**
   * Asked once the SHA-256 (hex) of the file's bytes is known: how many samples evidence says that it has, if nobody is
   * going to ask for their digests. If the file has as many lines and none is blank, they are left out.
   */
  readonly recognise?: ((sha256: string) => Promise<number | undefined>) | undefined;
  /**
   * Which SHA-256 (hex) evidence expects the file's bytes to have, where that does not settle it: what a cache holds of such
   * a file is then read while the file is hashed.
   */
  readonly expected?: (() => Promise<string | undefined>) | undefined;
  /** Whether the file is so likely to be recognised that its samples are left alone until then. */
  readonly hashFirst?: boolean | undefined;
  /** Hashes that were begun before. */
  readonly ahead?: HashAhead | undefined;
}

export interface DigestedFile {
  /** Its digests are empty where {@link DigestOptions.recognise} said that nobody asks for them. */
  readonly samples: SampleDigests;
  /** A line end ends a line; what follows the last one is a line where it is not empty. */
  readonly lines: number;
  /** Lines as an editor counts them: one more than there are line ends. */
  readonly lineCount: number;
  /** Size and time of the file when it was read. */
  readonly version?: string;
}

/**
 * Digests the samples of a file, in two passes at once: the SHA-256 of its bytes, and the digests of its samples by as
 * many threads as there are cores. When the first shows that the digests are known, the second is given up.
 *
 * @throws ProvenanceError `not-jsonl`, `too-large`, `not-found`, `not-a-file`, `permission-denied`, `io`, `cancelled`, and
 *   `changed-while-reading` when the file was written to meanwhile: its digests would belong to no state of the file
 */
export async function digestFile(path: string, options: DigestOptions = {}): Promise<DigestedFile> {
  let file: InputFile | undefined;
  try {
    file = await InputFile.open(path);
    const beginning = await file.read(0, Math.min(file.size, FORMAT_BYTES));
    const format = datasetFormat(path, beginning, file.size);
    const { digested, fresh } = await digestAs(format, file, options);
    await file.expectUnchanged();
    if (fresh && file.size >= LARGE_FILE) void options.cache?.put(digested);
    return { ...digested, version: file.version };
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await file?.close();
  }
}

/** What only some formats need is loaded when it is needed. */
async function digestAs(format: DatasetFormat, file: InputFile, options: DigestOptions): Promise<Outcome> {
  if (format.format === 'parquet') {
    const { digestParquet } = await import('./digestParquet.node.ts');
    return await digestParquet(file, options);
  }
  if (format.compression) {
    const { digestCompressed } = await import('./digestCompressed.node.ts');
    return await digestCompressed(file, format.compression, options);
  }
  return await digestLines(file, options);
}
