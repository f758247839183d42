import { ProvenanceError } from '../errors.ts';
import { isBlank, JsonTokens } from './jsonTokens.ts';

export type Compression = 'gzip' | 'zstd';

/** How a dataset is written. Parquet files compress their own pages. */
export type DatasetFormat =
  { readonly format: 'jsonl'; readonly compression?: Compression } | { readonly format: 'parquet' };

/** How many bytes of a file's beginning {@link datasetFormat} wants to see. */
export const FORMAT_BYTES = 64 * 1024;

const LF = 0x0a;

const JSONL_NAME = /\.(?:jsonl|ndjson|jsonlines)(?:\.(gz|zst))?$/i;
const PARQUET_NAME = /\.(?:parquet|pq)$/i;

/** The format that a file's name promises: `.jsonl`, `.ndjson`, `.jsonlines`, each also with `.gz` or `.zst`; `.parquet`, `.pq`. */
export function datasetFormatOfName(path: string): DatasetFormat | undefined {
  if (PARQUET_NAME.test(path)) return { format: 'parquet' };
  const [match, suffix] = JSONL_NAME.exec(path) ?? [];
  if (match === undefined) return undefined;
  if (suffix === undefined) return { format: 'jsonl' };
  return { format: 'jsonl', compression: suffix.toLowerCase() === 'gz' ? 'gzip' : 'zstd' };
}

/**
 * The format of a file by what it begins with. Its name decides only where the bytes say nothing: `.parquet` without
 * Parquet's magic number is still for the Parquet reader, which says what is wrong with it.
 *
 * @param firstBytes the beginning of the file, {@link FORMAT_BYTES} where it has so many
 * @param size of the whole file, where it is known: a file that is one JSON array on one line is recognised only when
 *   all of it is there
 * @throws ProvenanceError `not-jsonl` as {@link checkJsonl} does; what is inside a compressed file is not looked at
 */
export function datasetFormat(path: string, firstBytes: Uint8Array, size = Infinity): DatasetFormat {
  // PAR1, and PARE for an encrypted footer.
  if (startsWith(firstBytes, [0x50, 0x41, 0x52, 0x31]) || startsWith(firstBytes, [0x50, 0x41, 0x52, 0x45])) {
    return { format: 'parquet' };
  }
  if (startsWith(firstBytes, [0x1f, 0x8b])) return { format: 'jsonl', compression: 'gzip' };
  if (isZstd(firstBytes)) return { format: 'jsonl', compression: 'zstd' };
  if (datasetFormatOfName(path)?.format === 'parquet') return { format: 'parquet' };
  checkJsonl(path, firstBytes, size);
  return { format: 'jsonl' };
}

/** A Zstandard frame or a skippable one (RFC 8878 §3.1). */
function isZstd(bytes: Uint8Array): boolean {
  return (
    startsWith(bytes, [0x28, 0xb5, 0x2f, 0xfd]) ||
    (((bytes[0] ?? 0) & 0xf0) === 0x50 && startsWith(bytes.subarray(1), [0x2a, 0x4d, 0x18]))
  );
}

/**
 * Refuses what is clearly something else than JSONL, with what to do about it. A file with malformed samples is still
 * JSONL; so is one whose samples are arrays, unless all of it is one array of objects.
 *
 * @param firstBytes the beginning of the text
 * @param size of the whole text, where it is known
 * @throws ProvenanceError `not-jsonl`
 */
export function checkJsonl(path: string, firstBytes: Uint8Array, size = Infinity): void {
  const encoding = wideEncoding(firstBytes);
  if (encoding !== undefined) {
    throw new ProvenanceError(
      'not-jsonl',
      '{path} is not JSONL but text in {encoding}; save it as UTF-8 (iconv -f {encoding} -t UTF-8) and open that.',
      { path, encoding },
    );
  }
  if (startsWith(firstBytes, LFS_POINTER)) {
    throw new ProvenanceError(
      'not-jsonl',
      '{path} is not the dataset but a Git LFS pointer to it; run "git lfs pull" to fetch the dataset.',
      { path },
    );
  }
  const archive = ARCHIVES.find(({ magic }) => startsWith(firstBytes, magic));
  if (archive) {
    throw new ProvenanceError(
      'not-jsonl',
      '{path} is not JSONL but a {format} file; unpack or convert it to JSONL first.',
      { path, format: archive.name },
    );
  }
  if (isBinary(firstBytes)) {
    throw new ProvenanceError(
      'not-jsonl',
      '{path} is not JSONL but a binary file; choose a JSONL or Parquet file.',
      { path },
    );
  }
  switch (singleValue(firstBytes, firstBytes.length >= size)) {
    case 'array':
      throw new ProvenanceError(
        'not-jsonl',
        '{path} is not JSONL but a single JSON array; write each of its elements on a line of its own (jq -c ".[]") and open that.',
        { path },
      );
    case 'object':
      throw new ProvenanceError(
        'not-jsonl',
        '{path} is not JSONL but a JSON object spread over several lines; write each record on a line of its own (jq -c .) and open that.',
        { path },
      );
    case undefined:
  }
}

const LFS_POINTER = asciiBytes('version https://git-lfs.github.com/spec/');

const ARCHIVES = [
  { name: 'ZIP', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'bzip2', magic: asciiBytes('BZh') },
  { name: 'XZ', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'Arrow', magic: asciiBytes('ARROW1') },
  { name: 'SQLite', magic: asciiBytes('SQLite format 3') },
] as const;

/** UTF-16 and UTF-32 by their byte order mark, or by the NULs that ASCII text has there. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0])) return 'UTF-32LE';
  if (startsWith(bytes, [0, 0, 0xfe, 0xff])) return 'UTF-32BE';
  if (startsWith(bytes, [0xff, 0xfe])) return 'UTF-16LE';
  if (startsWith(bytes, [0xfe, 0xff])) return 'UTF-16BE';
  const [a, b, c, d] = bytes;
  if (a === undefined || b === undefined) return undefined;
  // A record begins with ASCII: a brace or bracket, and then a quote, a brace, a digit or white space.
  const ascii = (byte: number | undefined) => byte === undefined || (byte > 0 && byte < 0x80);
  const zero = (byte: number | undefined) => byte === undefined || byte === 0;
  if (ascii(a) && b === 0 && c === 0 && d === 0) return 'UTF-32LE';
  if (a === 0 && b === 0 && c === 0 && d !== undefined && ascii(d)) return 'UTF-32BE';
  if (ascii(a) && b === 0 && ascii(c) && zero(d)) return 'UTF-16LE';
  if (a === 0 && ascii(b) && zero(c) && ascii(d)) return 'UTF-16BE';
  return undefined;
}

/** Text has next to no control characters; a broken line may have some. */
function isBinary(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 1024);
  let controls = 0;
  for (const byte of head) if (byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)) controls++;
  return controls * 10 > head.length;
}

/**
 * Whether the text is one JSON value rather than one a line: it goes on behind the end of the first line, or is a
 * single line with an array of at least two elements, all of them objects.
 */
function singleValue(bytes: Uint8Array, whole: boolean): 'array' | 'object' | undefined {
  const tokens = new JsonTokens().reset(bytes, startsWith(bytes, [0xef, 0xbb, 0xbf]) ? 3 : 0);
  const first = tokens.next();
  if (first !== '[' && first !== '{') return undefined;
  const kind = first === '[' ? 'array' : 'object';
  const found = bytes.indexOf(LF, tokens.start);
  const lineEnd = found < 0 ? bytes.length : found;

  let elements = 0;
  let allObjects = true;
  let seen = tokens.end;
  while (tokens.depth > 0) {
    const inArray = tokens.depth === 1;
    const token = tokens.next();
    if (token === 'invalid') return tokens.cutOff && seen > lineEnd ? kind : undefined;
    seen = tokens.end;
    if (!inArray || token === ']') continue;
    elements++;
    allObjects &&= token === '{';
  }
  if (seen > lineEnd) return kind;
  const alone = whole && isBlank(bytes, seen, bytes.length);
  return alone && kind === 'array' && allObjects && elements > 1 ? 'array' : undefined;
}

function startsWith(bytes: Uint8Array, magic: ArrayLike<number>): boolean {
  if (bytes.length < magic.length) return false;
  for (let i = 0; i < magic.length; i++) if (bytes[i] !== magic[i]) return false;
  return true;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
