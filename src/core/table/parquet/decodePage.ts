import {
  decompress,
  decompressPrefix,
  hasPrefixes,
  prefixStored,
  type Decompressors,
} from './compression.ts';
import { damaged, unsupported } from './failure.ts';
import { bitWidth, checkLevels, countLevel, decodeBitPackedLevels, decodeHybrid } from './levels.ts';
import type { PageHeader } from './pages.ts';
import type { Leaf } from './schema.ts';
import { decodePlain, decodeValues, ENCODINGS, type PageValues, type PlainValues } from './values.ts';

/** A data page, decoded. Its entries are values and nulls; absent levels mean that all are at their highest. */
export interface DecodedPage {
  readonly entries: number;
  readonly repetition: Uint8Array | undefined;
  readonly definition: Uint8Array | undefined;
  readonly values: PageValues;
}

export interface PageContext {
  readonly leaf: Leaf;
  readonly codec: number;
  readonly decompressors: Decompressors;
  readonly maxPageBytes: number;
}

type Decompress = (stored: Uint8Array, length: number) => Uint8Array;

/** Bytes that decoding a page takes at most, apart from the page itself: levels, and an offset or index for each value. */
export function decodedBytes(header: PageHeader, leaf: Leaf): number {
  const levels = (leaf.maxRepetition > 0 ? 1 : 0) + (leaf.maxDefinition > 0 ? 1 : 0);
  const perValue =
    header.encoding === 0 && leaf.physical !== 'BYTE_ARRAY' && leaf.physical !== 'BOOLEAN' ? 0 : 4;
  return header.uncompressedSize + header.valueCount * (levels + perValue);
}

/**
 * Decodes a data page of either version.
 * @param bytes as stored
 * @throws ParquetFailure
 */
export function decodeDataPage(
  header: PageHeader,
  bytes: Uint8Array,
  dictionary: PlainValues | undefined,
  context: PageContext,
): DecodedPage {
  return decodeWith(
    (stored, length) => decompress(context.codec, stored, length, context.decompressors),
    header,
    bytes,
    dictionary,
    context,
  );
}

/** What is decompressed for the first entries beyond their share of the page: levels come first, and values vary. */
const PREFIX_SLACK = 4096;

/** The beginning of a data page. */
export interface PagePrefix {
  readonly entries: number;
  /** Bytes of the page, decompressed, that should hold them. */
  readonly length: number;
  /** Bytes of the page as stored that hold those. */
  readonly stored: number;
}

/**
 * What is needed of a data page for its first entries: some writers make a page of a whole row group, and a table shows a
 * hundred rows of it.
 * @param entries fewer than the page has
 * @returns undefined where that is the whole page
 */
export function pagePrefix(
  header: PageHeader,
  { leaf, codec }: PageContext,
  entries: number,
): PagePrefix | undefined {
  if (!hasPrefixes(codec) || !standAlone(header, leaf)) return undefined;
  const length = Math.ceil(((2 * header.uncompressedSize) / header.valueCount) * entries) + PREFIX_SLACK;
  const stored = prefixStored(length);
  return stored < Math.min(header.compressedSize, header.uncompressedSize)
    ? { entries, length, stored }
    : undefined;
}

/**
 * Decodes the first entries of a data page. What is wrong further on is not noticed.
 * @param stored as many bytes as {@link pagePrefix} says, or more
 * @returns undefined where they turn out not to be enough
 */
export function decodeFirstEntries(
  header: PageHeader,
  stored: Uint8Array,
  dictionary: PlainValues | undefined,
  context: PageContext,
  { entries, length }: PagePrefix,
): DecodedPage | undefined {
  try {
    return decodeWith(
      (bytes, size) => decompressPrefix(context.codec, bytes, size),
      { ...header, valueCount: entries, uncompressedSize: length },
      stored,
      dictionary,
      context,
    );
  } catch {
    // Its values are longer at the beginning, or the page is damaged: decoding it whole tells.
    return undefined;
  }
}

/** Whether the first entries can be decoded without the number of all of them. */
function standAlone(header: PageHeader, leaf: Leaf): boolean {
  const values = ENCODINGS[header.encoding];
  if (values !== 'PLAIN' && values !== 'RLE_DICTIONARY' && values !== 'PLAIN_DICTIONARY') return false;
  if (leaf.maxRepetition > 0) return false;
  return (
    header.kind === 'dataV2' || leaf.maxDefinition === 0 || ENCODINGS[header.definitionEncoding] === 'RLE'
  );
}

function decodeWith(
  decompressed: Decompress,
  header: PageHeader,
  bytes: Uint8Array,
  dictionary: PlainValues | undefined,
  context: PageContext,
): DecodedPage {
  return header.kind === 'dataV2'
    ? decodeDataPageV2(decompressed, header, bytes, dictionary, context)
    : decodeDataPageV1(decompressed, header, bytes, dictionary, context);
}

function decodeDataPageV1(
  decompressed: Decompress,
  header: PageHeader,
  stored: Uint8Array,
  dictionary: PlainValues | undefined,
  { leaf, maxPageBytes }: PageContext,
): DecodedPage {
  const bytes = decompressed(stored, header.uncompressedSize);
  const entries = header.valueCount;
  let at = 0;

  function levels(max: number, encoding: number): Uint8Array | undefined {
    if (max === 0) return undefined;
    const output = new Uint8Array(entries);
    switch (ENCODINGS[encoding]) {
      case 'RLE': {
        if (bytes.length - at < 4) throw damaged('a page ends before its levels');
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const end = at + 4 + view.getUint32(at, true);
        if (end > bytes.length) throw damaged(`a page of ${bytes.length} bytes has levels up to byte ${end}`);
        decodeHybrid(bytes, at + 4, end, bitWidth(max), output);
        at = end;
        break;
      }
      case 'BIT_PACKED':
        at += decodeBitPackedLevels(bytes, at, bytes.length, bitWidth(max), output);
        break;
      default:
        throw unsupported(`levels in the encoding ${ENCODINGS[encoding] ?? encoding}`);
    }
    checkLevels(output, max);
    return output;
  }

  const repetition = levels(leaf.maxRepetition, header.repetitionEncoding);
  const definition = levels(leaf.maxDefinition, header.definitionEncoding);
  const count = definition === undefined ? entries : countLevel(definition, leaf.maxDefinition);
  const values = decodeValues(header.encoding, bytes, at, count, leaf, dictionary, maxPageBytes);
  return { entries, repetition, definition, values };
}

/** In version 2 the levels stand before the compressed part. */
function decodeDataPageV2(
  decompressed: Decompress,
  header: PageHeader,
  stored: Uint8Array,
  dictionary: PlainValues | undefined,
  { leaf, maxPageBytes }: PageContext,
): DecodedPage {
  const entries = header.valueCount;
  const { repetitionBytes, definitionBytes } = header;
  const valuesStart = repetitionBytes + definitionBytes;
  const valuesSize = header.uncompressedSize - valuesStart;
  if (valuesStart > stored.length || valuesSize < 0) {
    throw damaged(`a page of ${stored.length} bytes has levels of ${valuesStart}`);
  }

  function levels(max: number, start: number, end: number): Uint8Array | undefined {
    if (max === 0) return undefined;
    const output = new Uint8Array(entries);
    decodeHybrid(stored, start, end, bitWidth(max), output);
    checkLevels(output, max);
    return output;
  }

  const repetition = levels(leaf.maxRepetition, 0, repetitionBytes);
  const definition = levels(leaf.maxDefinition, repetitionBytes, valuesStart);
  const count = definition === undefined ? entries : countLevel(definition, leaf.maxDefinition);
  const part = stored.subarray(valuesStart);
  // Without values some writers leave out the compressed part altogether, and no bytes are no valid stream.
  const isCompressed = header.compressed && !(part.length === 0 && valuesSize === 0);
  const bytes = isCompressed ? decompressed(part, valuesSize) : part;
  const values = decodeValues(header.encoding, bytes, 0, count, leaf, dictionary, maxPageBytes);
  return { entries, repetition, definition, values };
}

/** @throws ParquetFailure */
export function decodeDictionaryPage(
  header: PageHeader,
  bytes: Uint8Array,
  { leaf, codec, decompressors }: PageContext,
): PlainValues {
  const encoding = ENCODINGS[header.encoding];
  if (encoding !== 'PLAIN' && encoding !== 'PLAIN_DICTIONARY') {
    throw unsupported(`a dictionary in the encoding ${encoding ?? header.encoding}`);
  }
  return decodePlain(
    decompress(codec, bytes, header.uncompressedSize, decompressors),
    0,
    header.valueCount,
    leaf,
  );
}
