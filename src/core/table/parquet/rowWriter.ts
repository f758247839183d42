import type { ColumnCursor } from './columnCursor.ts';
import { damaged } from './failure.ts';
import { JsonText } from './jsonText.ts';
import { leavesOf, type Leaf, type Member, type Shape } from './schema.ts';

/** Writes the next row, or a part of it, and moves all of its cursors on. */
export type WriteRow = (out: JsonText) => void;

const utf8 = new TextEncoder();
const NULL = utf8.encode('null');
const COMMA = 0x2c;
const ARRAY_START = 0x5b;
const ARRAY_END = 0x5d;
const OBJECT_END = 0x7d;
const KEY = utf8.encode('{"key":');
const VALUE = utf8.encode(',"value":');

/** Rows as JSON objects of these members. */
export function rowWriter(members: readonly Member[], cursorOf: (leaf: Leaf) => ColumnCursor): WriteRow {
  return structWriter(members, cursorOf);
}

function writerOf(shape: Shape, cursorOf: (leaf: Leaf) => ColumnCursor): WriteRow {
  switch (shape.kind) {
    case 'value': {
      const cursor = cursorOf(shape.leaf);
      return (out) => cursor.writeValue(out);
    }
    case 'nullable':
      return nullableWriter(shape, cursorOf);
    case 'struct':
      return structWriter(shape.members, cursorOf);
    case 'list':
      return repeatedWriter(shape, writerOf(shape.element, cursorOf), cursorOf);
    case 'map': {
      const key = writerOf(shape.key, cursorOf);
      const value = shape.value && writerOf(shape.value, cursorOf);
      return repeatedWriter(
        shape,
        (out) => {
          out.raw(KEY);
          key(out);
          if (value !== undefined) {
            out.raw(VALUE);
            value(out);
          }
          out.byte(OBJECT_END);
        },
        cursorOf,
      );
    }
  }
}

function nullableWriter(
  shape: Shape & { kind: 'nullable' },
  cursorOf: (leaf: Leaf) => ColumnCursor,
): WriteRow {
  const write = writerOf(shape.inner, cursorOf);
  if (shape.inner.kind === 'value') {
    const cursor = cursorOf(shape.inner.leaf);
    return (out) => {
      if (cursor.isDefined) {
        write(out);
      } else {
        cursor.skip();
        out.raw(NULL);
      }
    };
  }
  const cursors = leavesOf(shape).map(cursorOf);
  const { definition } = shape;
  return (out) => {
    if (isThere(cursors, definition)) {
      write(out);
    } else {
      for (const cursor of cursors) cursor.skip();
      out.raw(NULL);
    }
  };
}

/** Lists and maps. */
function repeatedWriter(
  shape: Shape & { kind: 'list' | 'map' },
  writeElement: WriteRow,
  cursorOf: (leaf: Leaf) => ColumnCursor,
): WriteRow {
  const cursors = leavesOf(shape).map(cursorOf);
  const { definition, repetition } = shape;
  return (out) => {
    out.byte(ARRAY_START);
    if (isThere(cursors, definition)) {
      writeElement(out);
      while (goesOn(cursors, repetition)) {
        out.byte(COMMA);
        writeElement(out);
      }
    } else {
      for (const cursor of cursors) cursor.skip();
    }
    out.byte(ARRAY_END);
  };
}

function structWriter(members: readonly Member[], cursorOf: (leaf: Leaf) => ColumnCursor): WriteRow {
  if (members.length === 0) {
    const empty = utf8.encode('{}');
    return (out) => out.raw(empty);
  }
  const names = members.map(({ name }, index) => jsonName(name, index === 0));
  const writers = members.map(({ shape }) => writerOf(shape, cursorOf));
  return (out) => {
    for (let index = 0; index < writers.length; index++) {
      out.raw(names[index]!);
      writers[index]!(out);
    }
    out.byte(OBJECT_END);
  };
}

/** `{"name":`, or `,"name":`. */
function jsonName(name: string, first: boolean): Uint8Array {
  const text = new JsonText();
  const bytes = utf8.encode(name);
  text.byte(first ? 0x7b : COMMA);
  text.string(bytes, 0, bytes.length);
  text.byte(0x3a);
  return text.take();
}

/**
 * Whether the group or list that all of these columns belong to is there in the next entry.
 * @throws ParquetFailure when they contradict each other
 */
function isThere(cursors: readonly ColumnCursor[], definition: number): boolean {
  // A group without columns cannot be null: nothing in the file says so.
  const there = cursors.length === 0 || cursors[0]!.definition >= definition;
  for (let index = 1; index < cursors.length; index++) {
    if (cursors[index]!.definition >= definition !== there)
      throw damaged('columns of one group contradict each other');
  }
  return there;
}

/** Whether the next entry is a further element of the list. */
function goesOn(cursors: readonly ColumnCursor[], repetition: number): boolean {
  const more = cursors[0]!.repetition === repetition;
  for (const cursor of cursors) {
    // A level above that of this list would be an element of a list in it, which has ended.
    if ((cursor.repetition === repetition) !== more || cursor.repetition > repetition) {
      throw damaged('columns of one group contradict each other');
    }
  }
  return more;
}
