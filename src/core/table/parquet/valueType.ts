import type { Annotation, PhysicalType, SchemaElement, TimeUnit } from './footer.ts';

/** How the values of a column are written as JSON: the table in docs/formats.md, "Parquet rows". */
export type ValueType =
  | { readonly kind: 'boolean' | 'int32' | 'uint32' | 'int64' | 'uint64' }
  | { readonly kind: 'float' | 'double' | 'float16' }
  | { readonly kind: 'string' | 'base64' | 'uuid' | 'interval' | 'date' | 'int96' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean };

/** Beyond it a value's digits would be mostly zeros that the file does not hold. */
const MAX_SCALE = 4096;

/**
 * The type that annotation and physical type make together. An annotation that does not fit the physical type, or is
 * not known, is left aside: then the physical value is shown, which is true, if less telling.
 */
export function valueTypeOf(element: SchemaElement & { readonly type: PhysicalType }): ValueType {
  return annotatedType(element, element.annotation) ?? physicalType(element.type);
}

function physicalType(type: PhysicalType): ValueType {
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'INT32':
      return { kind: 'int32' };
    case 'INT64':
      return { kind: 'int64' };
    case 'INT96':
      return { kind: 'int96' };
    case 'FLOAT':
      return { kind: 'float' };
    case 'DOUBLE':
      return { kind: 'double' };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'base64' };
  }
}

function annotatedType(
  { type, typeLength }: SchemaElement,
  annotation: Annotation | undefined,
): ValueType | undefined {
  const bytes = type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
  const integer = type === 'INT32' || type === 'INT64';
  const fixed = (length: number) => type === 'FIXED_LEN_BYTE_ARRAY' && typeLength === length;
  switch (annotation?.kind) {
    case 'string':
    case 'enum':
    case 'json':
      return bytes ? { kind: 'string' } : undefined;
    case 'uuid':
      return fixed(16) ? { kind: 'uuid' } : undefined;
    case 'interval':
      return fixed(12) ? { kind: 'interval' } : undefined;
    case 'float16':
      return fixed(2) ? { kind: 'float16' } : undefined;
    case 'decimal':
      return (bytes || integer) && annotation.scale >= 0 && annotation.scale <= MAX_SCALE
        ? { kind: 'decimal', scale: annotation.scale }
        : undefined;
    case 'date':
      return type === 'INT32' ? { kind: 'date' } : undefined;
    case 'time':
      return type === (annotation.unit === 'MILLIS' ? 'INT32' : 'INT64')
        ? { ...annotation, kind: 'time' }
        : undefined;
    case 'timestamp':
      return type === 'INT64' ? { ...annotation, kind: 'timestamp' } : undefined;
    case 'integer':
      if (annotation.signed) return undefined;
      return type === 'INT32' ? { kind: 'uint32' } : type === 'INT64' ? { kind: 'uint64' } : undefined;
    default:
      return undefined;
  }
}

/** A column's type in the file's own words, such as `TIMESTAMP(MICROS,UTC)`; without annotation the physical type. */
export function typeWords(element: SchemaElement): string {
  const { annotation } = element;
  const physical =
    element.type === 'FIXED_LEN_BYTE_ARRAY'
      ? `FIXED_LEN_BYTE_ARRAY(${element.typeLength})`
      : (element.type ?? 'STRUCT');
  if (annotation === undefined) return physical;
  switch (annotation.kind) {
    case 'decimal':
      return `DECIMAL(${annotation.precision},${annotation.scale})`;
    case 'time':
    case 'timestamp':
      return `${annotation.kind.toUpperCase()}(${annotation.unit}${annotation.utc ? ',UTC' : ''})`;
    case 'integer':
      return `${annotation.signed ? 'INT' : 'UINT'}${annotation.bits}`;
    case 'unknown':
      return `${physical} (unknown annotation ${annotation.id})`;
    default:
      return annotation.kind.toUpperCase();
  }
}
