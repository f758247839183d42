import { fromBase64 } from '../../bytes/base64.ts';
import type { Shape } from './schema.ts';

/** Numbers of the union Type in Arrow's Schema.fbs. */
const TEXT_TYPES: ReadonlySet<number> = new Set([5 /* Utf8 */, 20 /* LargeUtf8 */, 24 /* Utf8View */]);
const MESSAGE_HEADER_SCHEMA = 1;
const CONTINUATION = 0xffffffff;
/** A flatbuffer can name one vector many times, so that its bytes alone do not bound the work. */
const MAX_FIELDS = 1_000_000;

interface ArrowField {
  readonly type: number;
  readonly children: () => Map<string, ArrowField>;
}

/**
 * Finds the columns that the writer's Arrow schema calls text, which some writers do not annotate in the Parquet schema.
 *
 * @param arrowSchema value of the metadata key `ARROW:schema`: an encapsulated IPC schema message, in base64. It is only
 *   looked into as far as needed; one that cannot be read names no column.
 * @returns indices of leaves that have no annotation of their own
 */
export function arrowTextLeaves(
  arrowSchema: string | undefined,
  root: Shape & { kind: 'struct' },
): ReadonlySet<number> {
  const leaves = new Set<number>();
  const bytes = arrowSchema === undefined ? undefined : fromBase64(arrowSchema);
  if (bytes === undefined) return leaves;
  try {
    collect(root, { type: -1, children: schemaFields(bytes) }, leaves);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Set();
  }
  return leaves;
}

function collect(shape: Shape, field: ArrowField | undefined, leaves: Set<number>): void {
  if (field === undefined) return;
  switch (shape.kind) {
    case 'value':
      if (shape.leaf.plainBytes && TEXT_TYPES.has(field.type)) leaves.add(shape.leaf.index);
      return;
    case 'nullable':
      collect(shape.inner, field, leaves);
      return;
    case 'list': {
      const [element] = field.children().values();
      collect(shape.element, element, leaves);
      return;
    }
    case 'map': {
      const [entries] = field.children().values();
      const [key, value] = entries?.children().values() ?? [];
      collect(shape.key, key, leaves);
      if (shape.value) collect(shape.value, value, leaves);
      return;
    }
    case 'struct': {
      const fields = field.children();
      for (const member of shape.members) collect(member.shape, fields.get(member.name), leaves);
    }
  }
}

/** @throws RangeError where an offset leads outside of the bytes */
function schemaFields(bytes: Uint8Array): () => Map<string, ArrowField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder();
  let fieldCount = 0;

  /** Where the field number `index` of a table is, or 0 when it is absent. */
  function fieldAt(table: number, index: number): number {
    const vtable = table - view.getInt32(table, true);
    const entry = 4 + 2 * index;
    const offset = entry < view.getUint16(vtable, true) ? view.getUint16(vtable + entry, true) : 0;
    return offset === 0 ? 0 : table + offset;
  }
  const follow = (at: number): number => at + view.getUint32(at, true);

  function fieldsAt(vectorField: number): Map<string, ArrowField> {
    const fields = new Map<string, ArrowField>();
    if (vectorField === 0) return fields;
    const vector = follow(vectorField);
    const length = view.getUint32(vector, true);
    fieldCount += length;
    if (fieldCount > MAX_FIELDS) throw new RangeError('too many fields');
    for (let index = 0; index < length; index++) {
      const table = follow(vector + 4 + 4 * index);
      const typeField = fieldAt(table, 2);
      const childrenField = fieldAt(table, 5);
      fields.set(stringAt(fieldAt(table, 0)), {
        type: typeField === 0 ? 0 : view.getUint8(typeField),
        children: () => fieldsAt(childrenField),
      });
    }
    return fields;
  }

  function stringAt(stringField: number): string {
    if (stringField === 0) return '';
    const start = follow(stringField);
    const length = view.getUint32(start, true);
    if (start + 4 + length > bytes.length) throw new RangeError('a name outside of the bytes');
    return utf8.decode(bytes.subarray(start + 4, start + 4 + length));
  }

  return () => {
    // Older writers put the length first, without the continuation marker.
    const start = view.getUint32(0, true) === CONTINUATION ? 8 : 4;
    const message = follow(start);
    const headerType = fieldAt(message, 1);
    const header = fieldAt(message, 2);
    if (headerType === 0 || header === 0 || view.getUint8(headerType) !== MESSAGE_HEADER_SCHEMA)
      return new Map();
    return fieldsAt(fieldAt(follow(header), 1));
  };
}
