import { Decompress } from 'fzstd';
import type { ByteSource } from '../core/bytes/byteSource.ts';
import { ProvenanceError } from '../core/errors.ts';
import type { Compression } from '../core/table/datasetFormat.ts';
import { ZstdFrames } from '../core/table/zstdFrames.ts';
import { codeOf } from './fileErrors.node.ts';

/** How much of the compressed file is read at once. */
const READ_BYTES = 256 * 1024;
/** Of a Zstandard file so little is decompressed at once, as four bytes can stand for 128 KB. */
const ZSTD_BYTES = 1024;
const GUNZIP_BYTES = 256 * 1024;

/** Text gets this much shorter only when it is made to: then so much of it, and no more, is believed. */
const MAX_RATIO = 250;
const BELIEVED_BYTES = 1024 * 1024 * 1024;

/**
 * The text of a compressed file, piece by piece, as it is asked for; all members of a gzip file (RFC 1952) and all
 * frames of a Zstandard file (RFC 8878).
 *
 * @param path for messages
 * @throws ProvenanceError `not-jsonl` for damaged or truncated data, after what could be read of it; `too-large` for
 *   what decompresses to absurd lengths; and as the source does
 */
export async function* decompressed(
  source: ByteSource,
  compression: Compression,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = compression === 'gzip' ? gunzipped(source) : unzstd(source, path);
  let length = 0;
  try {
    for await (const piece of pieces) {
      length += piece.length;
      if (length > BELIEVED_BYTES && length > MAX_RATIO * source.size) {
        throw new ProvenanceError(
          'too-large',
          '{path} has {size} bytes and decompresses to more than {length}, which no dataset does; check where it is from.',
          { path, size: source.size, length },
        );
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof ProvenanceError) throw error;
    const truncated = codeOf(error) === 'Z_BUF_ERROR' || (error as Error).message === 'unexpected EOF';
    throw new ProvenanceError(
      'not-jsonl',
      truncated
        ? '{path} is incomplete: its compressed data stops after {length} bytes of text; download or copy it again.'
        : '{path} is damaged: its compressed data cannot be read after {length} bytes of text; download or copy it again.',
      { path, length },
      { cause: error },
    );
  }
}

async function* gunzipped(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  // Loaded only here: a thread that digests would wait for them at its start.
  const [{ Readable }, { pipeline }, { createGunzip }] = await Promise.all([
    import('node:stream'),
    import('node:stream/promises'),
    import('node:zlib'),
  ]);
  const gunzip = createGunzip({ chunkSize: GUNZIP_BYTES });
  // Its failure reaches whoever reads from `gunzip`, which it destroys.
  void pipeline(Readable.from(compressedPieces(source)), gunzip).catch(() => undefined);
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } finally {
    gunzip.destroy();
  }
}

async function* unzstd(source: ByteSource, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const frames = new ZstdFrames(path);
  let pieces: Uint8Array[] = [];
  const decompress = new Decompress((piece) => {
    if (piece.length > 0) pieces.push(piece);
  });
  for await (const compressed of compressedPieces(source)) {
    frames.push(compressed);
    for (let at = 0; at < compressed.length; at += ZSTD_BYTES) {
      decompress.push(compressed.subarray(at, at + ZSTD_BYTES));
      yield* pieces;
      pieces = [];
    }
  }
  decompress.push(new Uint8Array(0), true);
  yield* pieces;
}

async function* compressedPieces(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < source.size; at += READ_BYTES) {
    yield await source.read(at, Math.min(READ_BYTES, source.size - at));
  }
}
