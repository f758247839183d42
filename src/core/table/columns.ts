import { memberPointer } from '../sample/origin.ts';
import type { ByteSource } from '../bytes/byteSource.ts';
import { JsonTokens, stringValue } from './jsonTokens.ts';
import type { JsonlRows } from './jsonlRows.ts';
import type { Column, SourceRow } from './rowSource.ts';
import { kindOf, type ValueKind } from './valueFinder.ts';

/** Columns of a table, and of each object in it; what is beyond is left to the view of a single record. */
const MAX_MEMBERS = 200;
/** All columns together, at all depths. */
const MAX_COLUMNS = 1000;
/** Objects in objects in objects have columns; what is inside those has none. */
const MAX_DEPTH = 4;
/** Members with longer names (bytes) get no column. */
const MAX_NAME_BYTES = 256;

/** The first rows of a file … */
const FIRST_ROWS = 300;
/** … as far as they have no more bytes together than this, and of each no more than that. */
const FIRST_BYTES = 2 * 1024 * 1024;
const ROW_BYTES = 64 * 1024;
/** Places that are looked at in a large file, and bytes at each. */
const PLACES = 16;
const PLACE_BYTES = 64 * 1024;
const ROWS_AT_PLACE = 20;

const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;

/** The name of the one column of records that are no objects. */
const VALUE_COLUMN = 'value';

/** In the order in which a column's type names them. */
const TYPE_WORDS = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'] as const;
type TypeWord = (typeof TYPE_WORDS)[number];

interface Node {
  readonly types: Set<TypeWord>;
  readonly members: Map<string, Node>;
}

/**
 * The columns of records that have no schema, from a sample of them: the members of all, in order of first appearance,
 * with the types that they were seen with. Records that are no objects share the column with the pointer `""`.
 * Bounded, whatever the records are.
 */
export class ColumnSampler {
  private readonly root: Node = { types: new Set(), members: new Map() };
  private readonly tokens = new JsonTokens();
  private columns = 0;

  /** Takes what is readable of a row: of one that was cut off its beginning, of a malformed one what precedes the fault. */
  add({ bytes }: Pick<SourceRow, 'bytes'>): void {
    const token = this.tokens.reset(bytes).next();
    this.value(bytes, token, this.root, 0);
  }

  result(): Column[] {
    const columns = columnsOf(this.root, '');
    const others = new Set(this.root.types);
    others.delete('object');
    if (others.size > 0)
      columns.push({ name: VALUE_COLUMN, pointer: '', type: typeName(others), children: [] });
    return columns;
  }

  /** @returns whether the text goes on to be readable */
  private value(
    bytes: Uint8Array,
    token: ReturnType<JsonTokens['next']>,
    node: Node | undefined,
    depth: number,
  ): boolean {
    const { tokens } = this;
    const kind = kindOf(token);
    if (kind === undefined) return false;
    node?.types.add(typeWord(kind, bytes, tokens.start, tokens.end));
    if (kind === 'array' || (kind === 'object' && (!node || depth === MAX_DEPTH)))
      return tokens.skipContainer();
    if (kind !== 'object') return true;
    for (;;) {
      const next = tokens.next();
      if (next === '}') return true;
      if (next !== 'key') return false;
      const member = node && this.member(bytes, node);
      const keyEnd = tokens.end;
      if (this.value(bytes, tokens.next(), member, depth + 1)) continue;
      // Long texts are why rows are cut off.
      if (tokens.cutOff && startsString(bytes, keyEnd)) member?.types.add('string');
      return false;
    }
  }

  /** The member that the key token just read names; undefined where there is no room for more. */
  private member(bytes: Uint8Array, { members }: Node): Node | undefined {
    const { start, end, escaped } = this.tokens;
    if (end - start > MAX_NAME_BYTES) return undefined;
    const name = stringValue(bytes, start, end, escaped);
    const known = members.get(name);
    if (known || members.size >= MAX_MEMBERS || this.columns >= MAX_COLUMNS) return known;
    const node: Node = { types: new Set(), members: new Map() };
    members.set(name, node);
    this.columns++;
    return node;
  }
}

/**
 * The columns of a JSONL file, by its first rows and, where its text can be read at any place, by some rows all over it.
 * @param text what the rows are lines of
 * @throws ProvenanceError as reading does
 */
export async function sampledColumns(rows: JsonlRows, text?: ByteSource): Promise<Column[]> {
  const sampler = new ColumnSampler();
  let bytes = 0;
  for (let from = 0; from < FIRST_ROWS && bytes < FIRST_BYTES;) {
    const read = await rows.rows(from, from + 32, { maxBytes: ROW_BYTES });
    if (read.length === 0) break;
    for (const row of read) {
      sampler.add(row);
      bytes += row.bytes.length;
    }
    from += read.length;
  }
  for (let place = 1; text && text.size > PLACES * PLACE_BYTES && place <= PLACES; place++) {
    const offset = Math.floor(((text.size - PLACE_BYTES) * place) / PLACES);
    for (const row of linesWithin(await text.read(offset, PLACE_BYTES))) sampler.add({ bytes: row });
  }
  return sampler.result();
}

/** Some whole lines of a piece of text that starts anywhere. */
function* linesWithin(bytes: Uint8Array): Generator<Uint8Array> {
  let start = bytes.indexOf(LF) + 1;
  for (let rows = 0; rows < ROWS_AT_PLACE && start > 0; rows++) {
    const end = bytes.indexOf(LF, start);
    if (end < 0) return;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** Whether the value of the member whose key ends at `keyEnd` is a string. */
function startsString(bytes: Uint8Array, keyEnd: number): boolean {
  let i = keyEnd;
  while (bytes[i] === COLON || bytes[i] === SPACE) i++;
  return bytes[i] === QUOTE;
}

function columnsOf({ members }: Node, parent: string): Column[] {
  return [...members].map(([name, node]) => {
    const pointer = memberPointer(parent, name);
    return { name, pointer, type: typeName(node.types), children: columnsOf(node, pointer) };
  });
}

function typeWord(kind: ValueKind, bytes: Uint8Array, start: number, end: number): TypeWord {
  if (kind !== 'number') return kind;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) return 'number';
  }
  return 'integer';
}

function typeName(types: ReadonlySet<TypeWord>): string {
  return TYPE_WORDS.filter((word) => types.has(word) && !(word === 'integer' && types.has('number'))).join(
    ' | ',
  );
}
