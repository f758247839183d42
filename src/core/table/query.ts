import { parsePointer } from '../sample/origin.ts';
import { compareDecimals, parseDecimal, type Decimal } from './decimal.ts';
import { decodeText, isBlank, JsonTokens, stringValue, type JsonToken } from './jsonTokens.ts';
import { RawTextFilter } from './rawTextFilter.ts';
import { ValueFinder, type FoundValue } from './valueFinder.ts';

export type QueryOperator = 'contains' | 'equals' | 'not-equals' | 'less' | 'greater' | 'exists';

/** What to look for in rows. */
export interface Query {
  readonly text: string;
  /** JSON pointer of the column to look in; undefined: anywhere in the row. */
  readonly column?: string;
  readonly operator: QueryOperator;
  readonly matchCase: boolean;
}

/**
 * Says whether a row matches all of some queries. What counts:
 *
 * - *Values*, as people see them: strings without quotes and escapes (`é` finds `\u00e9`), numbers, `true`, `false` and
 *   `null` as they are written. The names of members do not count: they are the same in every row. Anywhere in the row
 *   means in any of its values; in a column that holds an array or an object, `contains` looks at all values inside.
 * - `equals` compares strings with the whole text, and numbers as exact decimals when the text is one: `1e2` is `100`,
 *   and `9007199254740993` is not `9007199254740992`. Arrays and objects equal nothing. `not-equals` is its complement:
 *   it finds rows without that member, too.
 * - `less` and `greater`: when the text is a number, numbers and strings that are one (decimals of Parquet files);
 *   otherwise strings, by their UTF-16 code units, which orders ISO dates.
 * - `exists`: the member is there, `null` or not.
 * - Without `matchCase`, letters are equal as {@link RawTextFilter} says.
 * - Rows that are no JSON match only `contains` anywhere, by their text as it stands, and `exists` anywhere. Blank rows
 *   match nothing.
 */
export class RowMatcher {
  /** Names of the top-level members that are looked at; undefined: all. */
  readonly members: readonly string[] | undefined;
  /** Finds all rows that match, and some that do not; undefined: any row may match. */
  readonly filter: RawTextFilter | undefined;
  private readonly inColumns: readonly Condition[];
  private readonly anywhere: readonly Condition[];
  private readonly finder: ValueFinder;
  private readonly tokens = new JsonTokens();

  constructor(queries: readonly Query[]) {
    const columns = queries.flatMap(({ column }) => (column === undefined ? [] : [column]));
    const names = columns.map((column) => parsePointer(column)?.[0]);
    const allNamed = columns.length === queries.length && queries.length > 0;
    this.members = allNamed && names.every((name) => name !== undefined) ? [...new Set(names)] : undefined;
    this.filter = strongestFilter(queries);
    this.inColumns = queries
      .filter(({ column }) => column !== undefined)
      .map((query) => new Condition(query));
    this.anywhere = queries.filter(({ column }) => column === undefined).map((query) => new Condition(query));
    this.finder = new ValueFinder(columns);
  }

  /** Whether the row `bytes[start, end)` (without its line end) matches all queries. */
  matches(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (isBlank(bytes, start, end)) return false;
    if (this.inColumns.length > 0) {
      if (!this.finder.find(bytes, start, end)) return false;
      const { found } = this.finder;
      if (!this.inColumns.every((condition, i) => this.columnMatches(condition, bytes, found[i])))
        return false;
    }
    return this.anywhere.every((condition) => this.rowMatches(condition, bytes, start, end));
  }

  private columnMatches(condition: Condition, bytes: Uint8Array, value: FoundValue | undefined): boolean {
    const { operator } = condition;
    if (operator === 'exists') return value !== undefined;
    if (!value) return operator === 'not-equals';
    if (value.kind === 'object' || value.kind === 'array') {
      if (operator === 'not-equals') return true;
      if (operator !== 'contains') return false;
      return condition.isEmpty || this.anyScalar(condition, bytes, value.start, value.end) === true;
    }
    return condition.holds(bytes, value.kind === 'string', value.start, value.end, value.escaped);
  }

  private rowMatches(condition: Condition, bytes: Uint8Array, start: number, end: number): boolean {
    const { operator } = condition;
    if (operator === 'exists' || (operator === 'contains' && condition.isEmpty)) return true;
    const any = this.anyScalar(condition.positive, bytes, start, end);
    if (any === 'unreadable') return operator === 'contains' && condition.test(decodeText(bytes, start, end));
    return operator === 'not-equals' ? !any : any;
  }

  /** Whether the condition holds for any scalar in a JSON text. Stops at the first, so what follows it is not checked. */
  private anyScalar(
    condition: Condition,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean | 'unreadable' {
    const tokens = this.tokens.reset(bytes, start, end);
    for (;;) {
      const token = tokens.next();
      if (token === 'end') return false;
      if (token === 'invalid') return 'unreadable';
      if (
        isScalar(token) &&
        condition.holds(bytes, token === 'string', tokens.start, tokens.end, tokens.escaped)
      ) {
        return true;
      }
    }
  }
}

function isScalar(token: JsonToken): boolean {
  return (
    token === 'string' || token === 'number' || token === 'true' || token === 'false' || token === 'null'
  );
}

/** One query, ready to be asked of many values. */
class Condition {
  readonly operator: QueryOperator;
  readonly isEmpty: boolean;
  /** Whether a text contains, or is, what is looked for. */
  readonly test: (text: string) => boolean;
  /** Without the "not". */
  readonly positive: Condition;
  private readonly text: string;
  private readonly number: Decimal | undefined;

  constructor(query: Query) {
    this.operator = query.operator;
    this.positive = query.operator === 'not-equals' ? new Condition({ ...query, operator: 'equals' }) : this;
    this.text = query.text;
    this.isEmpty = query.text === '';
    this.number = parseDecimal(query.text);
    this.test = textTest(query);
  }

  /** Whether it holds for a scalar value. */
  holds(bytes: Uint8Array, isString: boolean, start: number, end: number, escaped: boolean): boolean {
    const value = isString ? stringValue(bytes, start, end, escaped) : decodeText(bytes, start, end);
    switch (this.operator) {
      case 'contains':
        return this.test(value);
      case 'equals':
        return this.equals(value, isString);
      case 'not-equals':
        return !this.equals(value, isString);
      case 'less':
        return this.compare(value, isString) < 0;
      case 'greater':
        return this.compare(value, isString) > 0;
      case 'exists':
        return true;
    }
  }

  private equals(value: string, isString: boolean): boolean {
    if (isString || !this.number) return this.test(value);
    const number = parseDecimal(value);
    return number !== undefined && compareDecimals(number, this.number) === 0;
  }

  /** NaN where the two cannot be compared. */
  private compare(value: string, isString: boolean): number {
    if (this.number) {
      const number = parseDecimal(value);
      return number ? compareDecimals(number, this.number) : NaN;
    }
    if (!isString) return NaN;
    if (value === this.text) return 0;
    return value < this.text ? -1 : 1;
  }
}

function textTest({ text, operator, matchCase }: Query): (value: string) => boolean {
  const whole = operator !== 'contains';
  if (matchCase) return whole ? (value) => value === text : (value) => value.includes(text);
  const literal = text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const pattern = new RegExp(whole ? `^${literal}$` : literal, 'i');
  return (value) => pattern.test(value);
}

/** The filter that sorts out most, of the queries whose matches all have their text in them. */
function strongestFilter(queries: readonly Query[]): RawTextFilter | undefined {
  let strongest: RawTextFilter | undefined;
  for (const { text, operator, matchCase } of queries) {
    // Equal numbers may be written in other ways.
    if (operator !== 'contains' && !(operator === 'equals' && !parseDecimal(text))) continue;
    const filter = RawTextFilter.for(text, matchCase);
    if (filter && filter.strength > (strongest?.strength ?? 0)) strongest = filter;
  }
  return strongest;
}
