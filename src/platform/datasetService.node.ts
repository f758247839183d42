import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toHex } from '../core/bytes/hex.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { ProvenanceError, throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { CANONICALIZATION, type Origin } from '../core/evidence/predicates.ts';
import { datasetStatement, statementBytes } from '../core/evidence/statement.ts';
import { DIGEST_LENGTH, digestAt, SampleDigester, type SampleDigests } from '../core/sample/digest.ts';
import { fileError } from './fileErrors.node.ts';
import { fastSha256, fastSha256Stream } from './sha256.node.ts';

const CHUNK_BYTES = 1 << 20;

export interface ReadOptions {
  readonly signal?: CancelSignal;
  readonly onProgress?: (bytes: number, size: number) => void;
}

export interface DigestedFile {
  readonly samples: SampleDigests;
  /** Lines as an editor counts them: one more than there are line ends. */
  readonly lineCount: number;
  /** Size and time of the file when it was read. */
  readonly version?: string;
}

/** Size and time of a file: the same as long as nobody writes to it. Undefined where there is none. */
export async function fileVersion(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${String(size)}:${String(mtimeMs)}`;
  } catch {
    return undefined;
  }
}

/**
 * Reads a file once, piece by piece, and digests its samples.
 * @throws ProvenanceError `not-found`, `permission-denied`, `io`, `cancelled`, and `changed-while-reading` when the
 * file was written to meanwhile: its digests would belong to no state of the file.
 */
export async function digestFile(path: string, options: ReadOptions = {}): Promise<DigestedFile> {
  try {
    const before = await stat(path);
    if (!before.isFile()) {
      throw new ProvenanceError('not-a-file', '{path} is not a file; choose a JSONL file.', { path });
    }
    const digester = new SampleDigester({ sha256: fastSha256, fileHash: fastSha256Stream() });
    let lineCount = 1;
    let read = 0;
    for await (const chunk of createReadStream(path, {
      highWaterMark: CHUNK_BYTES,
    }) as AsyncIterable<Uint8Array>) {
      throwIfCancelled(options.signal);
      digester.push(chunk);
      lineCount += countLineEnds(chunk);
      read += chunk.length;
      options.onProgress?.(read, before.size);
      // A worker serves many files: let it hear of cancellation and of other requests.
      await nextTurn();
    }
    const after = await stat(path);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || read !== before.size) {
      throw new ProvenanceError(
        'changed-while-reading',
        '{path} was changed while it was read; try again once nothing writes to it.',
        { path },
      );
    }
    return {
      samples: digester.finish(),
      lineCount,
      version: `${String(after.size)}:${String(after.mtimeMs)}`,
    };
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Digests a text that is not on disk, piece by piece, as it would be saved: UTF-8. */
export class TextDigester {
  private readonly digester = new SampleDigester({ sha256: fastSha256, fileHash: fastSha256Stream() });
  private readonly encoder = new TextEncoder();
  private lineCount = 1;

  push(text: string): void {
    const bytes = this.encoder.encode(text);
    this.lineCount += countLineEnds(bytes);
    this.digester.push(bytes);
  }

  finish(): DigestedFile {
    return { samples: this.digester.finish(), lineCount: this.lineCount };
  }
}

export interface DatasetClaim {
  readonly mediaType: string;
  readonly timeCreated: string;
  readonly origin?: Origin;
  readonly note?: string;
}

/**
 * Keeps the leaves of a digested file beside it and makes the statement that vouches for all its samples.
 * Malformed samples have no digest and are not part of it.
 * @returns the payload to sign and the Merkle root
 * @throws ProvenanceError `nothing-to-sign`, `read-only`, `permission-denied`, `disk-full`, `io`
 */
export async function prepareDatasetStatement(
  files: FileStore,
  path: string,
  samples: SampleDigests,
  claim: DatasetClaim,
): Promise<{ payload: Uint8Array; root: string; count: number }> {
  const digests = withoutMalformed(samples);
  const count = digests.length / DIGEST_LENGTH;
  if (count === 0) {
    throw new ProvenanceError('nothing-to-sign', '{path} has no samples to sign.', { path });
  }
  const root = await new EvidenceStore(files, fastSha256).writeLeaves(path, digests);
  const { mediaType, timeCreated, origin, note } = claim;
  const payload = statementBytes(
    datasetStatement(
      { name: basename(path), sha256: samples.sha256 },
      {
        samples: { count, root, canonicalization: CANONICALIZATION },
        mediaType,
        timeCreated,
        ...(origin !== undefined && { origin }),
        ...(note !== undefined && { note }),
      },
    ),
  );
  return { payload, root, count };
}

/** Digest (hex) of a row, or undefined where it has none. */
export function rowDigest(samples: SampleDigests, row: number): string | undefined {
  if (samples.malformed.has(row)) return undefined;
  return toHex(digestAt(samples.digests, row));
}

function withoutMalformed(samples: SampleDigests): Uint8Array {
  if (samples.malformed.size === 0) return samples.digests;
  const digests = new Uint8Array((samples.count - samples.malformed.size) * DIGEST_LENGTH);
  let next = 0;
  for (let row = 0; row < samples.count; row++) {
    if (samples.malformed.has(row)) continue;
    digests.set(digestAt(samples.digests, row), next);
    next += DIGEST_LENGTH;
  }
  return digests;
}

function countLineEnds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}
