import * as zlib from 'node:zlib';
import { openParquet, type ParquetFile } from '../core/table/parquet/parquetFile.ts';
import type { Decompressors } from '../core/table/parquet/compression.ts';
import type { FileSource } from './fileSource.node.ts';

// Since Node.js 22.15; the types are those of the oldest that is supported.
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
};

/** Node's own: several times as fast as the portable ones, and strict about what they are given. */
const DECOMPRESSORS: Decompressors = {
  GZIP: (input, maxOutputLength) => zlib.gunzipSync(input, { maxOutputLength }),
  BROTLI: (input, maxOutputLength) => zlib.brotliDecompressSync(input, { maxOutputLength }),
  ...(zstdDecompressSync && {
    ZSTD: (input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength }),
  }),
};

/** Opens a Parquet file on disk. @throws ProvenanceError as `openParquet` */
export function openParquetFile(file: FileSource): Promise<ParquetFile> {
  return openParquet(file, file.path, { decompressors: DECOMPRESSORS });
}
