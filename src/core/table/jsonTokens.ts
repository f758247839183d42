import { MAX_DEPTH } from '../sample/canonicalJson.ts';

/**
 * `end`: the one value is over and nothing but white space follows. `invalid`: what stands here is not JSON, or the text
 * is over before the value is ({@link JsonTokens.cutOff}).
 */
export type JsonToken =
  '{' | '}' | '[' | ']' | 'key' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end' | 'invalid';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

/** 1 for what may stand in a string as it is: all but controls, quote and backslash. */
const PLAIN = new Uint8Array(256).fill(1, SPACE);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** 1 for the letters that may follow a backslash, `u` aside. */
const SHORT_ESCAPE = new Uint8Array(256);
for (const letter of '"\\/bfnrt') SHORT_ESCAPE[letter.charCodeAt(0)] = 1;

const IS_HEX = new Uint8Array(256);
for (const digit of '0123456789abcdefABCDEF') IS_HEX[digit.charCodeAt(0)] = 1;

const LITERALS = (['true', 'false', 'null'] as const).map((word) => ({ word, bytes: asciiBytes(word) }));
/** Python's `json` writes them. Such a sample is malformed, but people still want to see its other members. */
const NON_FINITE = ['NaN', 'Infinity', '-Infinity'].map(asciiBytes);

/** What may come next. */
const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_KEY = 2;
const COLON_NEXT = 3;
const AFTER_VALUE = 4;
const FAILED = 5;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads JSON text (RFC 8259) token by token, for showing and searching: without building values, so that what nobody
 * asks for costs little, and numbers, escapes and repeated members stay as they are written. Strict, except that it
 * takes `NaN` and `Infinity` for numbers and lets strings hold invalid UTF-8. Nesting deeper than {@link MAX_DEPTH} is
 * `invalid`. One instance serves any number of texts.
 */
export class JsonTokens {
  /** The token that was read last is `bytes[start, end)`; of a string, quotes included. */
  start = 0;
  end = 0;
  /** Arrays and objects that are open after that token. */
  depth = 0;
  /** Whether that token is a string or key with escapes. */
  escaped = false;
  /** After `invalid`: what there is, is right, but it stops short. */
  cutOff = false;

  private bytes: Uint8Array = new Uint8Array(0);
  private limit = 0;
  private state = VALUE;
  private readonly isObject = new Uint8Array(MAX_DEPTH + 1);

  /** Starts with the text `bytes[from, to)`. */
  reset(bytes: Uint8Array, from = 0, to = bytes.length): this {
    this.bytes = bytes;
    this.start = this.end = from;
    this.limit = to;
    this.depth = 0;
    this.state = VALUE;
    this.cutOff = false;
    return this;
  }

  /** The next token. After `end` and `invalid` it stays at them. Commas and colons are checked, but not given. */
  next(): JsonToken {
    const { bytes, limit } = this;
    let i = this.skipSpace(this.end);

    if (this.state === AFTER_VALUE) {
      if (this.depth === 0) {
        if (i < limit) return this.invalidAt(i);
        this.start = this.end = i;
        return 'end';
      }
      if (i >= limit) return this.invalidAt(i);
      const inObject = this.isObject[this.depth] === 1;
      const byte = bytes[i];
      if (byte === (inObject ? RIGHT_BRACE : RIGHT_BRACKET)) return this.close(i, inObject);
      if (byte !== COMMA) return this.invalidAt(i);
      i = this.skipSpace(i + 1);
      if (inObject) return this.key(i);
    } else if (this.state === COLON_NEXT) {
      if (bytes[i] !== COLON || i >= limit) return this.invalidAt(i);
      i = this.skipSpace(i + 1);
    } else if (this.state === FAILED) {
      return 'invalid';
    } else if (this.state === FIRST_KEY) {
      return bytes[i] === RIGHT_BRACE && i < limit ? this.close(i, true) : this.key(i);
    } else if (this.state === FIRST_ELEMENT) {
      if (bytes[i] === RIGHT_BRACKET && i < limit) return this.close(i, false);
    }
    return this.value(i);
  }

  /** After `{` or `[`: goes on to the token that closes it. @returns whether there is one */
  skipContainer(): boolean {
    const outside = this.depth - 1;
    while (this.depth > outside) if (this.next() === 'invalid') return false;
    return true;
  }

  private value(i: number): JsonToken {
    const { bytes, limit } = this;
    if (i >= limit) return this.invalidAt(i);
    const byte = bytes[i]!;
    this.start = i;
    this.state = AFTER_VALUE;
    if (byte === QUOTE) return this.string(i) ? 'string' : 'invalid';
    if (byte === LEFT_BRACE || byte === LEFT_BRACKET) {
      if (this.depth === MAX_DEPTH) return this.invalidAt(i);
      const isObject = byte === LEFT_BRACE;
      this.isObject[++this.depth] = isObject ? 1 : 0;
      this.state = isObject ? FIRST_KEY : FIRST_ELEMENT;
      this.end = i + 1;
      return isObject ? '{' : '[';
    }
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.number(i);
    for (const { word, bytes: literal } of LITERALS) if (this.literal(i, literal)) return word;
    for (const literal of NON_FINITE) if (this.literal(i, literal)) return 'number';
    return this.invalidAt(i);
  }

  private key(i: number): JsonToken {
    if (i >= this.limit || this.bytes[i] !== QUOTE) return this.invalidAt(i);
    this.start = i;
    this.state = COLON_NEXT;
    return this.string(i) ? 'key' : 'invalid';
  }

  private close(i: number, isObject: boolean): JsonToken {
    this.depth--;
    this.state = AFTER_VALUE;
    this.start = i;
    this.end = i + 1;
    return isObject ? '}' : ']';
  }

  /** Reads the string whose opening quote is at `i`. */
  private string(i: number): boolean {
    const { bytes, limit } = this;
    this.escaped = false;
    i++;
    for (;;) {
      while (i < limit && PLAIN[bytes[i]!] === 1) i++;
      if (i >= limit) return this.fail(limit);
      const byte = bytes[i];
      if (byte === QUOTE) {
        this.end = i + 1;
        return true;
      }
      if (byte !== BACKSLASH) return this.fail(i);
      this.escaped = true;
      if (i + 1 >= limit) return this.fail(limit);
      const letter = bytes[i + 1]!;
      if (letter === LOWER_U) {
        for (let k = i + 2; k < i + 6; k++) if (k >= limit || IS_HEX[bytes[k]!] === 0) return this.fail(k);
        i += 6;
      } else {
        if (SHORT_ESCAPE[letter] === 0) return this.fail(i + 1);
        i += 2;
      }
    }
  }

  private number(i: number): JsonToken {
    const { bytes, limit } = this;
    if (bytes[i] === MINUS) {
      if (this.literal(i, NON_FINITE[2]!)) return 'number';
      i++;
    }
    const integer = i;
    i = this.skipDigits(i);
    if (i === integer || (bytes[integer] === ZERO && i > integer + 1)) return this.invalidAt(i);
    if (i < limit && bytes[i] === DOT) {
      const fraction = i + 1;
      i = this.skipDigits(fraction);
      if (i === fraction) return this.invalidAt(i);
    }
    if (i < limit && (bytes[i]! | 0x20) === LOWER_E) {
      i++;
      if (i < limit && (bytes[i] === MINUS || bytes[i] === 0x2b)) i++;
      const exponent = i;
      i = this.skipDigits(exponent);
      if (i === exponent) return this.invalidAt(i);
    }
    this.end = i;
    return 'number';
  }

  private skipDigits(i: number): number {
    const { bytes, limit } = this;
    while (i < limit && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
    return i;
  }

  private skipSpace(i: number): number {
    const { bytes, limit } = this;
    while (i < limit) {
      const byte = bytes[i];
      if (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB) break;
      i++;
    }
    return i;
  }

  /** Whether `literal` stands at `i`; then it is the token. */
  private literal(i: number, literal: Uint8Array): boolean {
    if (literal.length > this.limit - i) return false;
    for (let k = 0; k < literal.length; k++) if (this.bytes[i + k] !== literal[k]) return false;
    this.end = i + literal.length;
    return true;
  }

  private invalidAt(i: number): 'invalid' {
    this.fail(i);
    return 'invalid';
  }

  private fail(i: number): false {
    this.cutOff = i >= this.limit;
    this.start = this.end = i;
    this.state = FAILED;
    return false;
  }
}

/** The text of a string token `bytes[start, end)`, without quotes and escapes; U+FFFD for invalid UTF-8. */
export function stringValue(bytes: Uint8Array, start: number, end: number, escaped: boolean): string {
  if (!escaped) return decoder.decode(bytes.subarray(start + 1, end - 1));
  return JSON.parse(decoder.decode(bytes.subarray(start, end))) as string;
}

/** The text of `bytes[start, end)`, U+FFFD for invalid UTF-8. */
export function decodeText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** Whether `bytes[start, end)` is only what JSON counts as white space. */
export function isBlank(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte !== SPACE && byte !== TAB && byte !== CR && byte !== LF) return false;
  }
  return true;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
