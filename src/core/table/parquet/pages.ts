import { damaged, unsupported } from './failure.ts';
import type { ThriftReader } from './thrift.ts';

/** The header in front of a page (parquet.thrift, PageHeader), as far as it is needed. */
export interface PageHeader {
  readonly kind: 'data' | 'dataV2' | 'dictionary' | 'index';
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  /** CRC-32 of the page as it is stored, when the writer made one. */
  readonly crc: number | undefined;
  /** Values, nulls included. */
  readonly valueCount: number;
  readonly encoding: number;
  /** V1: encodings of the levels. */
  readonly definitionEncoding: number;
  readonly repetitionEncoding: number;
  /** V2: what V1 pages only tell in their levels. */
  readonly rowCount: number;
  readonly nullCount: number;
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly compressed: boolean;
}

const KINDS = ['data', 'index', 'dictionary', 'dataV2'] as const;

/**
 * Reads a page header; the reader then stands at the page.
 * @throws ThriftEnd when more bytes are needed; ParquetFailure
 */
export function readPageHeader(reader: ThriftReader): PageHeader {
  let type = -1;
  let compressedSize = -1;
  let uncompressedSize = -1;
  let crc: number | undefined;
  let details = { ...NO_DETAILS };
  let detailsOf = -1;
  reader.struct((id, fieldType) => {
    switch (id) {
      case 1:
        type = reader.integer(fieldType);
        return true;
      case 2:
        uncompressedSize = reader.integer(fieldType);
        return true;
      case 3:
        compressedSize = reader.integer(fieldType);
        return true;
      case 4:
        crc = reader.integer(fieldType) >>> 0;
        return true;
      case 5:
      case 7:
      case 8:
        detailsOf = id;
        details = readDetails(reader, id);
        return true;
      default:
        return false;
    }
  });
  const kind = KINDS[type];
  if (kind === undefined) throw unsupported(`a page of the unknown type ${type}`);
  const expected = { data: 5, index: detailsOf, dictionary: 7, dataV2: 8 }[kind];
  if (detailsOf !== expected) throw damaged('a page header is incomplete');
  const counts = [compressedSize, uncompressedSize, details.valueCount, details.rowCount, details.nullCount];
  if (counts.some((count) => count < 0) || details.definitionBytes < 0 || details.repetitionBytes < 0) {
    throw damaged(
      `a page header says ${compressedSize} bytes, ${uncompressedSize} decompressed, ${details.valueCount} values`,
    );
  }
  return { kind, compressedSize, uncompressedSize, crc, ...details };
}

const NO_DETAILS = {
  valueCount: 0,
  encoding: -1,
  definitionEncoding: -1,
  repetitionEncoding: -1,
  rowCount: 0,
  nullCount: 0,
  definitionBytes: 0,
  repetitionBytes: 0,
  compressed: true,
};

/** DataPageHeader (5), DictionaryPageHeader (7) or DataPageHeaderV2 (8): their fields are numbered differently. */
function readDetails(reader: ThriftReader, header: 5 | 7 | 8): typeof NO_DETAILS {
  const details = { ...NO_DETAILS };
  reader.struct((id, type) => {
    if (id === 1) details.valueCount = reader.integer(type);
    else if (id === (header === 8 ? 4 : 2)) details.encoding = reader.integer(type);
    else if (header === 5 && id === 3) details.definitionEncoding = reader.integer(type);
    else if (header === 5 && id === 4) details.repetitionEncoding = reader.integer(type);
    else if (header === 8 && id === 2) details.nullCount = reader.integer(type);
    else if (header === 8 && id === 3) details.rowCount = reader.integer(type);
    else if (header === 8 && id === 5) details.definitionBytes = reader.integer(type);
    else if (header === 8 && id === 6) details.repetitionBytes = reader.integer(type);
    else if (header === 8 && id === 7) details.compressed = reader.boolean(type);
    else return false;
    return true;
  });
  return details;
}
