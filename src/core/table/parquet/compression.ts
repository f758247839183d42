import { decompressBrotli, decompressGzip } from 'hyparquet-compressors';
import { crc32 } from './crc32.ts';
import { damaged, unsupported } from './failure.ts';
import { decompressLz4Hadoop, decompressLz4Raw } from './lz4.ts';
import { decompressSnappy } from './snappy.ts';
import { decompressZstd } from './zstd.ts';

/** Codecs of the format by their Thrift number (parquet.thrift, CompressionCodec). */
export const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;

/** Makes `outputLength` bytes, not more and not less, of `input`; throws when it holds another number of bytes. */
export type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array;

/** Decompressors that the host has itself, native ones usually, by codec. They replace the portable ones. */
export type Decompressors = Readonly<Partial<Record<'GZIP' | 'BROTLI' | 'ZSTD', Decompress>>>;

/** Codecs of which the beginning can be had without the rest. */
export function hasPrefixes(codec: number): boolean {
  return CODECS[codec] === 'UNCOMPRESSED' || CODECS[codec] === 'SNAPPY';
}

/** Bytes of a compressed page that hold its first `outputLength` bytes: Snappy adds a sixth at most, and its length. */
export function prefixStored(outputLength: number): number {
  return 32 + outputLength + Math.ceil(outputLength / 6);
}

/**
 * The first `outputLength` bytes of a page that holds more.
 * @param codec one that {@link hasPrefixes}
 * @param input its first {@link prefixStored} bytes, or more
 * @throws ParquetFailure `invalid-parquet`
 */
export function decompressPrefix(codec: number, input: Uint8Array, outputLength: number): Uint8Array {
  if (CODECS[codec] === 'UNCOMPRESSED') return input.subarray(0, outputLength);
  return filled(outputLength, (output) => {
    decompressSnappy(input, output, 'prefix');
  });
}

/**
 * Decompresses a page.
 * @throws ParquetFailure `invalid-parquet` when it holds another number of bytes; `unsupported-parquet`
 */
export function decompress(
  codec: number,
  input: Uint8Array,
  outputLength: number,
  native: Decompressors,
): Uint8Array {
  const name = CODECS[codec];
  switch (name) {
    case 'UNCOMPRESSED':
      if (input.length !== outputLength) {
        throw damaged(`an uncompressed page of ${input.length} bytes says that it has ${outputLength}`);
      }
      return input;
    case 'SNAPPY':
      return filled(outputLength, (output) => decompressSnappy(input, output));
    case 'LZ4':
      return filled(outputLength, (output) => decompressLz4Hadoop(input, output));
    case 'LZ4_RAW':
      return filled(outputLength, (output) => decompressLz4Raw(input, output));
    case 'GZIP':
      return exactly(outputLength, (native.GZIP ?? portableGzip)(input, outputLength));
    case 'BROTLI':
      return exactly(outputLength, (native.BROTLI ?? decompressBrotli)(input, outputLength));
    case 'ZSTD':
      return native.ZSTD === undefined
        ? filled(outputLength, (output) => decompressZstd(input, output))
        : exactly(outputLength, native.ZSTD(input, outputLength));
    case 'LZO':
      throw unsupported('LZO compression is not supported');
    default:
      throw unsupported(`the compression codec number ${codec} is not known`);
  }
}

function filled(length: number, fill: (output: Uint8Array) => void): Uint8Array {
  const output = new Uint8Array(length);
  fill(output);
  return output;
}

function exactly(length: number, output: Uint8Array): Uint8Array {
  if (output.length === length) return output;
  throw damaged(`a page says that it has ${length} bytes, and decompresses to ${output.length}`);
}

const GZIP_MAGIC = [0x1f, 0x8b, 0x08] as const;
/** Header (10 bytes) and trailer (8 bytes) of a gzip member. */
const MIN_GZIP_LENGTH = 18;

/**
 * The library ignores what is too much and leaves zeros where something is missing, so the trailer of the last member
 * (RFC 1952: CRC-32 and length of its data) is checked here. A page of several members is checked as far as the last.
 */
function portableGzip(input: Uint8Array, outputLength: number): Uint8Array {
  if (input.length < MIN_GZIP_LENGTH || GZIP_MAGIC.some((byte, index) => input[index] !== byte)) {
    throw damaged('a page is no gzip stream');
  }
  const output = decompressGzip(input, outputLength);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const lastLength = view.getUint32(input.length - 4, true);
  const checksum = view.getUint32(input.length - 8, true);
  if (lastLength > outputLength || crc32(output.subarray(outputLength - lastLength)) !== checksum) {
    throw damaged('a page is a gzip stream whose checksum or length is wrong');
  }
  return output;
}
