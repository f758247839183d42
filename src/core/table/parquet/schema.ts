import { damaged, unsupported } from './failure.ts';
import type { PhysicalType, SchemaElement } from './footer.ts';
import { typeWords, valueTypeOf, type ValueType } from './valueType.ts';

/** A column that holds values. */
export interface Leaf {
  /** Its place among the columns of a row group. */
  readonly index: number;
  /** Names from the root, joined by dots: for people. */
  readonly path: string;
  readonly physical: PhysicalType;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength: number;
  /** Definition level at which a value is there. */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  readonly valueType: ValueType;
  /** No annotation says what the bytes are. */
  readonly plainBytes: boolean;
}

/**
 * What a column is in JSON. Groups that Parquet only needs to express lists and maps are gone.
 * `definition` is the level from which on the thing is there (not null, not empty); `repetition` is that of an entry which
 * continues the list.
 */
export type Shape =
  | { readonly kind: 'value'; readonly leaf: Leaf; readonly words: string }
  | { readonly kind: 'nullable'; readonly definition: number; readonly inner: Shape }
  | {
      readonly kind: 'list';
      readonly definition: number;
      readonly repetition: number;
      readonly element: Shape;
    }
  | {
      readonly kind: 'map';
      readonly definition: number;
      readonly repetition: number;
      readonly key: Shape;
      /** Absent in a map that only has keys. */
      readonly value: Shape | undefined;
    }
  | { readonly kind: 'struct'; readonly members: readonly Member[]; readonly words: string };

export interface Member {
  readonly name: string;
  readonly shape: Shape;
}

export interface Schema {
  readonly root: Shape & { readonly kind: 'struct' };
  readonly leaves: readonly Leaf[];
}

interface Node {
  readonly element: SchemaElement;
  readonly path: string;
  readonly children: Node[];
  readonly definition: number;
  readonly repetition: number;
  readonly leaf: Leaf | undefined;
}

/** Levels are kept in bytes, and shapes are walked recursively. */
const MAX_NESTING = 200;

/**
 * Builds the shapes of all columns from the flat list of schema elements.
 * @throws ParquetFailure `invalid-parquet`, `unsupported-parquet`
 */
export function buildSchema(elements: readonly SchemaElement[]): Schema {
  if (elements.length === 0) throw damaged('its schema is empty');
  const leaves: Leaf[] = [];
  let next = 0;

  function readNode(parent: Node | undefined, depth: number): Node {
    const element = elements[next++];
    if (element === undefined) throw damaged(`its schema ends after ${elements.length} elements, too early`);
    if (depth > MAX_NESTING) throw unsupported(`its schema nests deeper than ${MAX_NESTING}`);
    const repetition = parent === undefined ? 'required' : element.repetition;
    const path =
      parent === undefined || parent.path === ''
        ? parent
          ? element.name
          : ''
        : `${parent.path}.${element.name}`;
    const node: Node = {
      element,
      path,
      children: [],
      definition: (parent?.definition ?? 0) + (repetition === 'required' ? 0 : 1),
      repetition: (parent?.repetition ?? 0) + (repetition === 'repeated' ? 1 : 0),
      leaf: undefined,
    };
    if (element.type !== undefined && parent !== undefined) {
      const leaf = leafOf(node, leaves.length);
      leaves.push(leaf);
      return { ...node, leaf };
    }
    if (element.childCount < 0 || element.childCount > elements.length - next) {
      throw damaged(`its schema says that "${path}" has ${element.childCount} members, which are not there`);
    }
    const names = new Set<string>();
    for (let index = 0; index < element.childCount; index++) {
      const child = readNode(node, depth + 1);
      if (names.has(child.element.name)) {
        throw unsupported(`its schema has "${child.path}" twice, which JSON cannot express`);
      }
      names.add(child.element.name);
      node.children.push(child);
    }
    return node;
  }

  const root = readNode(undefined, 0);
  if (next !== elements.length) {
    throw damaged(`its schema has ${elements.length} elements, and its root takes up ${next}`);
  }
  return { root: structOf(root), leaves };
}

function leafOf({ element, path, definition, repetition }: Node, index: number): Leaf {
  const { type, typeLength } = element;
  if (type === undefined) throw damaged(`its schema has a column "${path}" without a type`);
  if (type === 'FIXED_LEN_BYTE_ARRAY' && !(typeLength > 0)) {
    throw damaged(`its schema says that column "${path}" has values of ${typeLength} bytes`);
  }
  return {
    index,
    path,
    physical: type,
    typeLength,
    maxDefinition: definition,
    maxRepetition: repetition,
    valueType: valueTypeOf({ ...element, type }),
    plainBytes:
      element.annotation === undefined && (type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY'),
  };
}

/** The shape of a node as a member of an object. */
function shapeOf(node: Node): Shape {
  switch (node.element.repetition) {
    case 'required':
      return bareShape(node);
    case 'optional':
      return { kind: 'nullable', definition: node.definition, inner: bareShape(node) };
    case 'repeated':
      // Neither in a LIST nor in a MAP: a required list of required elements (LogicalTypes.md, "Lists").
      return { kind: 'list', ...levels(node), element: bareShape(node) };
  }
}

/** The shape of a node apart from its own repetition. */
function bareShape(node: Node): Shape {
  if (node.leaf !== undefined) return { kind: 'value', leaf: node.leaf, words: typeWords(node.element) };
  const repeated = node.children.length === 1 ? node.children[0]! : undefined;
  if (repeated?.element.repetition === 'repeated') {
    if (node.element.annotation?.kind === 'list') {
      return { kind: 'list', ...levels(repeated), element: elementShape(node, repeated) };
    }
    const [key, value] = repeated.children;
    if (node.element.annotation?.kind === 'map' && key !== undefined && repeated.children.length <= 2) {
      return { kind: 'map', ...levels(repeated), key: shapeOf(key), value: value && shapeOf(value) };
    }
  }
  return structOf(node);
}

/**
 * The repeated node in a LIST is only a wrapper around the element, but is the element itself in files of older writers
 * (LogicalTypes.md, "Lists", "Backward-compatibility rules").
 */
function elementShape(list: Node, repeated: Node): Shape {
  const child = repeated.children[0];
  const isElement =
    child === undefined ||
    repeated.children.length > 1 ||
    child.element.repetition === 'repeated' ||
    repeated.element.name === 'array' ||
    repeated.element.name === `${list.element.name}_tuple`;
  return isElement ? bareShape(repeated) : shapeOf(child);
}

function structOf(node: Node): Shape & { readonly kind: 'struct' } {
  const variant = node.element.annotation?.kind === 'variant';
  const members = node.children.map((child) => ({ name: child.element.name, shape: shapeOf(child) }));
  if (members.length === 0 && node.element.repetition === 'repeated') {
    throw unsupported(`"${node.path}" repeats a group without members, whose number the file cannot hold`);
  }
  return { kind: 'struct', members, words: variant ? 'VARIANT' : 'STRUCT' };
}

function levels(repeated: Node): { definition: number; repetition: number } {
  return { definition: repeated.definition, repetition: repeated.repetition };
}

/** All leaves below a shape, in schema order. */
export function leavesOf(shape: Shape): Leaf[] {
  const leaves: Leaf[] = [];
  const collect = (inner: Shape): void => {
    switch (inner.kind) {
      case 'value':
        leaves.push(inner.leaf);
        break;
      case 'nullable':
        collect(inner.inner);
        break;
      case 'list':
        collect(inner.element);
        break;
      case 'map':
        collect(inner.key);
        if (inner.value) collect(inner.value);
        break;
      case 'struct':
        for (const member of inner.members) collect(member.shape);
        break;
    }
  };
  collect(shape);
  return leaves;
}

/** A shape in words: `LIST<STRING>`, `MAP<STRING,INT32>`, `STRUCT`. */
export function shapeWords(shape: Shape): string {
  switch (shape.kind) {
    case 'value':
    case 'struct':
      return shape.words;
    case 'nullable':
      return shapeWords(shape.inner);
    case 'list':
      return `LIST<${shapeWords(shape.element)}>`;
    case 'map':
      return `MAP<${shapeWords(shape.key)}${shape.value ? `,${shapeWords(shape.value)}` : ''}>`;
  }
}
