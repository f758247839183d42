import { decompress, type Decompressors } from './compression.ts';
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
  return header.kind === 'dataV2'
    ? decodeDataPageV2(header, bytes, dictionary, context)
    : decodeDataPageV1(header, bytes, dictionary, context);
}

function decodeDataPageV1(
  header: PageHeader,
  stored: Uint8Array,
  dictionary: PlainValues | undefined,
  { leaf, codec, decompressors, maxPageBytes }: PageContext,
): DecodedPage {
  const bytes = decompress(codec, stored, header.uncompressedSize, decompressors);
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
  header: PageHeader,
  stored: Uint8Array,
  dictionary: PlainValues | undefined,
  { leaf, codec, decompressors, maxPageBytes }: PageContext,
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
  const bytes = isCompressed ? decompress(codec, part, valuesSize, decompressors) : part;
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
