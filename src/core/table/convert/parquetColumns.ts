import type { SchemaElement } from 'hyparquet';
import { isJsonObject, jsonText, type JsonValue } from '../../sample/jsonValue.ts';
import type { Shape } from './shape.ts';

/** The Parquet schema of rows of a shape (parquet-format, LogicalTypes.md: a list has three levels). */
export function parquetSchema(shape: Shape): SchemaElement[] {
  return [
    { name: 'schema', num_children: shape.members.size, repetition_type: 'REQUIRED' },
    ...[...shape.members].flatMap(([name, member]) => elements(name, member)),
  ];
}

function elements(name: string, shape: Shape): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (shape.kind) {
    case 'boolean':
      return [{ ...optional, type: 'BOOLEAN' }];
    case 'natural':
    case 'integer':
      return [{ ...optional, type: 'INT64' }];
    case 'unsigned':
      return [{ ...optional, type: 'INT64', converted_type: 'UINT_64' }];
    case 'number':
      return [{ ...optional, type: 'DOUBLE' }];
    case 'object':
      if (shape.members.size === 0) break;
      return [
        { ...optional, num_children: shape.members.size },
        ...[...shape.members].flatMap(([child, member]) => elements(child, member)),
      ];
    case 'array':
      return [
        { ...optional, num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elements('element', shape.items ?? shape),
      ];
    case 'null':
    case 'string':
    case 'json':
      break;
  }
  return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }];
}

/** A value as the writer takes it, for the column of its shape. What the column cannot hold becomes JSON text. */
export function columnValue(value: JsonValue | undefined, shape: Shape): unknown {
  if (value === undefined || value === null) return null;
  switch (shape.kind) {
    case 'natural':
    case 'integer':
    case 'unsigned':
      return BigInt(value as number | bigint);
    case 'number':
      return Number(value);
    case 'array':
      return (value as readonly JsonValue[]).map((item) => columnValue(item, shape.items ?? shape));
    case 'object':
      if (shape.members.size === 0 || !isJsonObject(value)) return jsonText(value);
      return Object.fromEntries(
        [...shape.members].map(([name, member]) => [
          name,
          columnValue(Object.hasOwn(value, name) ? value[name] : undefined, member),
        ]),
      );
    case 'json':
      return jsonText(value);
    case 'null':
    case 'boolean':
    case 'string':
      return value;
  }
}
