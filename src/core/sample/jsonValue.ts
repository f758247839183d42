/** A JSON value with integers that a double cannot hold kept exactly. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Where no run of digits is this long, a double holds every integer of the text exactly. */
const LONG_INTEGER = /\d{16}/;

/**
 * The value of a sample's text, as its canonical form sees it (docs/formats.md, "Sample identity"): an integer literal
 * outside ±(2^53−1) is a bigint, every other number a double. Members keep their order, whatever their names.
 *
 * @param text strict JSON, of which `CanonicalScanner` found nothing wrong
 */
export function parseJsonValue(text: string): JsonValue {
  return LONG_INTEGER.test(text) ? new ExactParser(text).parse() : (JSON.parse(text) as JsonValue);
}

/** Whether a value is an object, and not null or an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as JSON text, bigints with all their digits. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(jsonText).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`,
  );
  return `{${members.join(',')}}`;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[[\]{}:,])/y;
const INTEGER = /^-?\d+$/;

/** Slower than `JSON.parse`, which rounds integers. */
class ExactParser {
  private at = 0;
  private token = '';

  constructor(private readonly text: string) {}

  parse(): JsonValue {
    this.next();
    return this.value();
  }

  private next(): void {
    TOKEN.lastIndex = this.at;
    this.token = TOKEN.exec(this.text)?.[1] ?? '';
    this.at = TOKEN.lastIndex;
  }

  private value(): JsonValue {
    const { token } = this;
    if (token === '[') return this.array();
    if (token === '{') return this.object();
    if (!INTEGER.test(token)) return JSON.parse(token) as JsonValue;
    const value = Number(token);
    return Number.isSafeInteger(value) ? value : BigInt(token);
  }

  private array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.next();
    while (this.token !== ']') {
      items.push(this.value());
      this.next();
      if (this.token === ',') this.next();
    }
    return items;
  }

  private object(): JsonValue {
    const members: [string, JsonValue][] = [];
    this.next();
    while (this.token !== '}') {
      const name = JSON.parse(this.token) as string;
      this.next();
      this.next();
      members.push([name, this.value()]);
      this.next();
      if (this.token === ',') this.next();
    }
    // Not by assignment: a member may be called __proto__.
    return Object.fromEntries(members);
  }
}
