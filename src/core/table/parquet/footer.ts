import type { ByteSource } from '../../bytes/byteSource.ts';
import { damaged, tooLarge, unsupported } from './failure.ts';
import { ThriftEnd, ThriftReader } from './thrift.ts';

/** Physical types by their Thrift number (parquet.thrift, Type). */
export const PHYSICAL_TYPES = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type PhysicalType = (typeof PHYSICAL_TYPES)[number];

export const REPETITIONS = ['required', 'optional', 'repeated'] as const;
export type Repetition = (typeof REPETITIONS)[number];

/** Footers above this are refused: 100,000 columns in a row group take about 10 MB. */
export const MAX_FOOTER_BYTES = 256 * 2 ** 20;
const MAX_SCHEMA_ELEMENTS = 1_000_000;

const MAGIC = 0x31524150; // "PAR1", little-endian
const ENCRYPTED_MAGIC = 0x45524150; // "PARE"
const TRAILER_BYTES = 8;

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS';
const TIME_UNITS: readonly (TimeUnit | undefined)[] = [undefined, 'MILLIS', 'MICROS', 'NANOS'];

/** What a column's values mean, from LogicalType or, in older files, ConvertedType. */
export type Annotation =
  | { readonly kind: 'string' | 'enum' | 'json' | 'bson' | 'uuid' | 'date' | 'float16' | 'interval' }
  | { readonly kind: 'list' | 'map' | 'variant' | 'null' | 'geometry' | 'geography' }
  | { readonly kind: 'decimal'; readonly scale: number; readonly precision: number }
  | { readonly kind: 'time' | 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean }
  | { readonly kind: 'unknown'; readonly id: number };

/** An element of the schema, which the file lists depth first. */
export interface SchemaElement {
  readonly name: string;
  /** Undefined for a group. */
  readonly type: PhysicalType | undefined;
  readonly typeLength: number;
  readonly repetition: Repetition;
  readonly childCount: number;
  readonly annotation: Annotation | undefined;
}

/** Where the pages of a column in a row group are, in bytes from the start of the file. */
export interface ColumnChunk {
  readonly start: number;
  /** Of headers and compressed pages, as the footer says. */
  readonly byteLength: number;
  readonly codec: number;
  readonly type: number;
  /** Values, nulls included; of a repeated column more than rows. */
  readonly valueCount: number;
  readonly encrypted: boolean;
  /** The pages are in another file. */
  readonly external: boolean;
}

export interface RowGroup {
  /** Number of the group's first row in the file, from 0. */
  readonly first: number;
  readonly count: number;
}

/** A file's footer. Chunks are parsed when they are asked for: a wide file of many groups has millions of them. */
export class Footer {
  constructor(
    private readonly bytes: Uint8Array,
    /** Where the struct of each row group starts in `bytes`. */
    private readonly groupStarts: readonly number[],
    readonly rowGroups: readonly RowGroup[],
    readonly schema: readonly SchemaElement[],
    readonly rowCount: number,
    /** Value of the metadata key `ARROW:schema`. */
    readonly arrowSchema: string | undefined,
  ) {}

  /**
   * The chunks of a row group, one for each column.
   * @throws ParquetFailure `invalid-parquet`
   */
  columnChunks(rowGroup: number): ColumnChunk[] {
    const reader = new ThriftReader(this.bytes, this.groupStarts[rowGroup]);
    const chunks: ColumnChunk[] = [];
    reader.struct((id, type) => {
      if (id !== 1) return false;
      reader.structs(type, () => chunks.push(readColumnChunk(reader)));
      return true;
    });
    return chunks;
  }
}

/**
 * Reads the footer of a file: its last 8 bytes say how long the metadata before them is.
 * @throws ParquetFailure, ProvenanceError (of the source)
 */
export async function readFooter(source: ByteSource): Promise<Footer> {
  const { size } = source;
  if (size < TRAILER_BYTES + 4) throw damaged(`it has ${size} bytes, too few for a Parquet file`);
  const trailer = await source.read(size - TRAILER_BYTES, TRAILER_BYTES);
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  const magic = view.getUint32(4, true);
  if (magic === ENCRYPTED_MAGIC) throw unsupported('its footer is encrypted');
  if (magic !== MAGIC) throw damaged('it does not end with "PAR1"');
  const length = view.getUint32(0, true);
  if (length > size - TRAILER_BYTES - 4) {
    throw damaged(`its footer says that it has ${length} bytes, and the file has ${size}`);
  }
  if (length > MAX_FOOTER_BYTES) {
    throw tooLarge(`its footer has ${length} bytes, and ${MAX_FOOTER_BYTES} are allowed`);
  }
  const bytes = await source.read(size - TRAILER_BYTES - length, length);
  try {
    return parseFooter(bytes);
  } catch (error) {
    throw error instanceof ThriftEnd ? damaged(`its footer of ${length} bytes is incomplete`) : error;
  }
}

function parseFooter(bytes: Uint8Array): Footer {
  const reader = new ThriftReader(bytes);
  const schema: SchemaElement[] = [];
  const groupStarts: number[] = [];
  const counts: number[] = [];
  let rowCount = -1;
  let arrowSchema: string | undefined;
  reader.struct((id, type) => {
    switch (id) {
      case 2:
        reader.structs(type, () => {
          if (schema.length === MAX_SCHEMA_ELEMENTS) {
            throw tooLarge(`its schema has more than ${MAX_SCHEMA_ELEMENTS} elements`);
          }
          schema.push(readSchemaElement(reader));
        });
        return true;
      case 3:
        rowCount = reader.integer(type);
        return true;
      case 4:
        reader.structs(type, () => {
          groupStarts.push(reader.at);
          counts.push(readRowGroupCount(reader));
        });
        return true;
      case 5:
        reader.structs(type, () => {
          const [key, value] = readKeyValue(reader);
          if (key === 'ARROW:schema') arrowSchema = value;
        });
        return true;
      default:
        return false;
    }
  });
  const rowGroups: RowGroup[] = [];
  let first = 0;
  for (const count of counts) {
    if (count < 0) throw damaged(`row group ${rowGroups.length} says that it has ${count} rows`);
    rowGroups.push({ first, count });
    first += count;
  }
  // Some writers leave the total at 0.
  if (rowCount !== first && rowCount !== 0) {
    throw damaged(`it says that it has ${rowCount} rows, and its row groups have ${first}`);
  }
  if (!Number.isSafeInteger(first)) throw damaged('its row groups have an absurd number of rows');
  return new Footer(bytes, groupStarts, rowGroups, schema, first, arrowSchema);
}

function readRowGroupCount(reader: ThriftReader): number {
  let count = -1;
  reader.struct((id, type) => {
    if (id !== 3) return false;
    count = reader.integer(type);
    return true;
  });
  return count;
}

function readKeyValue(reader: ThriftReader): [key: string, value: string | undefined] {
  let key = '';
  let value: string | undefined;
  reader.struct((id, type) => {
    // Values of other keys may be anything, and are not needed.
    if (id === 1) key = reader.string(type);
    else if (id === 2 && key === 'ARROW:schema') value = reader.string(type);
    else return false;
    return true;
  });
  return [key, value];
}

function readSchemaElement(reader: ThriftReader): SchemaElement {
  let type = -1;
  let typeLength = 0;
  let repetition = 0;
  let name = '';
  let childCount = 0;
  let converted = -1;
  let scale = 0;
  let precision = 0;
  let logical: Annotation | undefined;
  reader.struct((id, fieldType) => {
    switch (id) {
      case 1:
        type = reader.integer(fieldType);
        return true;
      case 2:
        typeLength = reader.integer(fieldType);
        return true;
      case 3:
        repetition = reader.integer(fieldType);
        return true;
      case 4:
        name = reader.string(fieldType);
        return true;
      case 5:
        childCount = reader.integer(fieldType);
        return true;
      case 6:
        converted = reader.integer(fieldType);
        return true;
      case 7:
        scale = reader.integer(fieldType);
        return true;
      case 8:
        precision = reader.integer(fieldType);
        return true;
      case 10:
        logical = readLogicalType(reader);
        return true;
      default:
        return false;
    }
  });
  const physical = PHYSICAL_TYPES[type];
  if (type !== -1 && physical === undefined)
    throw unsupported(`column "${name}" has the unknown type ${type}`);
  const repeats = REPETITIONS[repetition];
  if (repeats === undefined) throw damaged(`column "${name}" has the unknown repetition ${repetition}`);
  return {
    name,
    // A group has children; old writers leave a type of 0 there.
    type: childCount > 0 ? undefined : physical,
    typeLength,
    repetition: repeats,
    childCount,
    annotation: logical ?? convertedAnnotation(converted, scale, precision),
  };
}

/** The union LogicalType, by the id of its member. */
function readLogicalType(reader: ThriftReader): Annotation | undefined {
  let annotation: Annotation | undefined;
  reader.struct((id, type) => {
    const simple = SIMPLE_LOGICAL_TYPES[id];
    if (simple !== undefined) {
      annotation = { kind: simple };
      return false;
    }
    if (id === 5) annotation = readDecimal(reader);
    else if (id === 7 || id === 8) annotation = readTime(reader, id === 7 ? 'time' : 'timestamp');
    else if (id === 10) annotation = readInteger(reader);
    else {
      annotation = { kind: 'unknown', id };
      reader.skip(type);
    }
    return true;
  });
  return annotation;
}

const SIMPLE_LOGICAL_TYPES: Readonly<
  Record<number, Exclude<Annotation['kind'], 'decimal' | 'time' | 'timestamp' | 'integer' | 'unknown'>>
> = {
  1: 'string',
  2: 'map',
  3: 'list',
  4: 'enum',
  6: 'date',
  11: 'null',
  12: 'json',
  13: 'bson',
  14: 'uuid',
  15: 'float16',
  16: 'variant',
  17: 'geometry',
  18: 'geography',
};

function readDecimal(reader: ThriftReader): Annotation {
  let scale = 0;
  let precision = 0;
  reader.struct((id, type) => {
    if (id === 1) scale = reader.integer(type);
    else if (id === 2) precision = reader.integer(type);
    else return false;
    return true;
  });
  return { kind: 'decimal', scale, precision };
}

function readTime(reader: ThriftReader, kind: 'time' | 'timestamp'): Annotation {
  let utc = false;
  let unit: TimeUnit | undefined;
  reader.struct((id, type) => {
    if (id === 1) {
      utc = reader.boolean(type);
      return true;
    }
    if (id !== 2) return false;
    reader.struct((unitId) => {
      unit = TIME_UNITS[unitId];
      return false;
    });
    return true;
  });
  if (unit === undefined) throw unsupported('a TIME or TIMESTAMP has an unknown unit');
  return { kind, unit, utc };
}

function readInteger(reader: ThriftReader): Annotation {
  let bits = 0;
  let signed = true;
  reader.struct((id, type) => {
    if (id === 1) bits = reader.integer(type);
    else if (id === 2) signed = reader.boolean(type);
    else return false;
    return true;
  });
  return { kind: 'integer', bits, signed };
}

/** ConvertedType by its Thrift number. Its times are adjusted to UTC (LogicalTypes.md, "Compatibility"). */
function convertedAnnotation(converted: number, scale: number, precision: number): Annotation | undefined {
  if (converted === 5) return { kind: 'decimal', scale, precision };
  return CONVERTED_TYPES[converted] ?? (converted < 0 ? undefined : { kind: 'unknown', id: converted });
}

const CONVERTED_TYPES: readonly (Annotation | undefined)[] = [
  { kind: 'string' },
  { kind: 'map' },
  { kind: 'map' }, // MAP_KEY_VALUE, which some writers put in MAP's place
  { kind: 'list' },
  { kind: 'enum' },
  undefined, // DECIMAL
  { kind: 'date' },
  { kind: 'time', unit: 'MILLIS', utc: true },
  { kind: 'time', unit: 'MICROS', utc: true },
  { kind: 'timestamp', unit: 'MILLIS', utc: true },
  { kind: 'timestamp', unit: 'MICROS', utc: true },
  { kind: 'integer', bits: 8, signed: false },
  { kind: 'integer', bits: 16, signed: false },
  { kind: 'integer', bits: 32, signed: false },
  { kind: 'integer', bits: 64, signed: false },
  { kind: 'integer', bits: 8, signed: true },
  { kind: 'integer', bits: 16, signed: true },
  { kind: 'integer', bits: 32, signed: true },
  { kind: 'integer', bits: 64, signed: true },
  { kind: 'json' },
  { kind: 'bson' },
  { kind: 'interval' },
];

function readColumnChunk(reader: ThriftReader): ColumnChunk {
  let external = false;
  let encrypted = false;
  let type = -1;
  let codec = -1;
  let valueCount = -1;
  let byteLength = -1;
  let dataOffset = -1;
  let dictionaryOffset = 0;
  reader.struct((id, fieldType) => {
    if (id === 1) external = reader.binary(fieldType).length > 0;
    else if (id === 8 || id === 9) {
      encrypted = true;
      reader.skip(fieldType);
    } else if (id === 3) {
      reader.struct((metaId, metaType) => {
        if (metaId === 1) type = reader.integer(metaType);
        else if (metaId === 4) codec = reader.integer(metaType);
        else if (metaId === 5) valueCount = reader.integer(metaType);
        else if (metaId === 7) byteLength = reader.integer(metaType);
        else if (metaId === 9) dataOffset = reader.integer(metaType);
        else if (metaId === 11) dictionaryOffset = reader.integer(metaType);
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  // Some writers set the offset of a dictionary that is not there to 0.
  const start = dictionaryOffset > 0 ? Math.min(dictionaryOffset, dataOffset) : dataOffset;
  return { start, byteLength, codec, type, valueCount, encrypted, external };
}
