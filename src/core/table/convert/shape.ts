import { ProvenanceError } from '../../errors.ts';
import { memberPointer } from '../../sample/origin.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../sample/jsonValue.ts';

/**
 * What stands at one place of the rows. Integers are `natural` where int64 and uint64 hold all of them, `integer` where
 * only int64 does (there are negative ones), `unsigned` where only uint64 does.
 */
export type ShapeKind =
  'null' | 'boolean' | 'natural' | 'integer' | 'unsigned' | 'number' | 'string' | 'array' | 'object' | 'json';

/** The shape of the values at one place of all rows: what a column of Parquet has to hold. */
export interface Shape {
  /** `json`: values of kinds that no column holds together; they can only be kept as JSON text. */
  kind: ShapeKind;
  /** Of objects: by name, in order of first appearance. */
  readonly members: Map<string, Shape>;
  /** How many objects were seen here. */
  objects: number;
  /** Of arrays. */
  items: Shape | undefined;
}

/** Why a row cannot be written to Parquet as it is. */
export interface Misfit {
  /** 1-based, of the first row that shows it. */
  readonly line: number;
  /** JSON pointer; `*` stands for any item of an array. */
  readonly pointer: string;
  /**
   * `mixed`: values of different kinds stand here. `missing`: some rows lack the member, and Parquet knows only null,
   * which is another value. `no-members`: Parquet has no empty objects. `too-big`: an integer beyond 64 bits.
   */
  readonly reason: 'mixed' | 'missing' | 'no-members' | 'too-big';
}

/** More than any table has: data of this kind uses names as values. */
export const MAX_COLUMNS = 10_000;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** Learns, row by row, which Parquet columns hold the rows, and where none can. */
export class ShapeFinder {
  readonly shape = newShape();
  private readonly found = new Map<string, Misfit>();
  private columns = 0;

  /** The first row for each place and reason, in order of the rows. */
  get misfits(): readonly Misfit[] {
    return [...this.found.values()];
  }

  /**
   * @param line 1-based
   * @throws ProvenanceError `invalid-argument` when the row is no object; `too-large` beyond {@link MAX_COLUMNS} members
   */
  add(row: JsonValue, line: number): void {
    if (!isJsonObject(row)) {
      throw new ProvenanceError(
        'invalid-argument',
        'Line {line} is no object, and a row of a Parquet file is one; put such samples into an object first.',
        { line },
      );
    }
    this.visit(this.shape, row, '', line);
  }

  private visit(shape: Shape, value: JsonValue, pointer: string, line: number): void {
    const kind = kindOf(value);
    const joined = kind === undefined ? 'json' : joinKinds(shape.kind, kind);
    if (joined === 'json' && shape.kind !== 'json') {
      this.report(pointer, kind === undefined ? 'too-big' : 'mixed', line);
    }
    shape.kind = joined;
    if (Array.isArray(value)) {
      shape.items ??= newShape();
      for (const item of value as readonly JsonValue[]) this.visit(shape.items, item, `${pointer}/*`, line);
    } else if (isJsonObject(value)) {
      this.visitMembers(shape, value, pointer, line);
    }
  }

  private visitMembers(shape: Shape, value: JsonObject, pointer: string, line: number): void {
    const members = Object.entries(value);
    if (members.length === 0) this.report(pointer, 'no-members', line);
    for (const [name, member] of members) {
      const place = memberPointer(pointer, name);
      let known = shape.members.get(name);
      if (!known) {
        if (++this.columns > MAX_COLUMNS) {
          throw new ProvenanceError(
            'too-large',
            'By line {line} there are more than {limit} different members, too many for the columns of a table.',
            { line, limit: MAX_COLUMNS },
          );
        }
        known = newShape();
        shape.members.set(name, known);
        if (shape.objects > 0) this.report(place, 'missing', line);
      }
      this.visit(known, member, place, line);
    }
    shape.objects++;
    if (members.length === shape.members.size) return;
    for (const name of shape.members.keys()) {
      if (!Object.hasOwn(value, name)) this.report(memberPointer(pointer, name), 'missing', line);
    }
  }

  private report(pointer: string, reason: Misfit['reason'], line: number): void {
    const key = `${reason} ${pointer}`;
    if (!this.found.has(key)) this.found.set(key, { line, pointer, reason });
  }
}

function newShape(): Shape {
  return { kind: 'null', members: new Map(), objects: 0, items: undefined };
}

/** Undefined for an integer that no column holds. */
function kindOf(value: JsonValue): ShapeKind | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'object') return Array.isArray(value) ? 'array' : 'object';
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return 'number';
  if (value < 0) return value >= INT64_MIN ? 'integer' : undefined;
  if (value <= INT64_MAX) return 'natural';
  return value <= UINT64_MAX ? 'unsigned' : undefined;
}

function joinKinds(a: ShapeKind, b: ShapeKind): ShapeKind {
  if (a === b || b === 'null') return a;
  if (a === 'null') return b;
  const pair = new Set([a, b]);
  if (pair.has('natural')) {
    if (pair.has('integer')) return 'integer';
    if (pair.has('unsigned')) return 'unsigned';
  }
  const integers = pair.has('natural') || pair.has('integer');
  return integers && pair.has('number') ? 'number' : 'json';
}
