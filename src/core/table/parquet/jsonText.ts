import { MAX_SAMPLE_BYTES } from '../../sample/canonicalJson.ts';
import { tooLarge } from './failure.ts';

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

const utf8 = new TextEncoder();
const HEX = utf8.encode('0123456789abcdef');
const BASE64 = utf8.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** For each byte of a string: 0 as it stands, 1 as \u00xx, otherwise the letter behind the backslash. */
const ESCAPES = escapes();

function escapes(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(1, 0, 0x20);
  for (const [code, letter] of [
    [0x08, 'b'],
    [0x09, 't'],
    [0x0a, 'n'],
    [0x0c, 'f'],
    [0x0d, 'r'],
    [QUOTE, '"'],
    [BACKSLASH, '\\'],
  ] as const) {
    table[code] = letter.charCodeAt(0);
  }
  return table;
}

/** JSON text that is being written, in a buffer that grows. Writing values straight into bytes is what makes it fast. */
export class JsonText {
  bytes = new Uint8Array(1 << 16);
  length = 0;
  /** Where the current row starts; the limit is on rows. */
  private rowStart = 0;

  /** Starts a row at the end of what is written. */
  startRow(): void {
    this.rowStart = this.length;
  }

  /** Returns the current content in an array of its own, and starts anew. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.clear();
    return taken;
  }

  clear(): void {
    this.length = 0;
    this.rowStart = 0;
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.reserve(length);
    if (length > 32) this.bytes.set(bytes, this.length);
    else for (let index = 0; index < length; index++) this.bytes[this.length + index] = bytes[index]!;
    this.length += length;
  }

  /** ASCII text. */
  ascii(text: string): void {
    const { length } = text;
    this.reserve(length);
    for (let index = 0; index < length; index++) this.bytes[this.length + index] = text.charCodeAt(index);
    this.length += length;
  }

  /**
   * A JSON string of the UTF-8 in `[start, end)`, escaped as JSON.stringify does. Bytes that are not UTF-8 go through as
   * they are: whoever reads the text finds them and calls the row malformed, which a repaired one would hide.
   */
  string(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + 2);
    let target = this.bytes;
    let out = this.length;
    target[out++] = QUOTE;
    for (let at = start; at < end; at++) {
      const code = bytes[at]!;
      const escape = ESCAPES[code]!;
      if (escape === 0) {
        target[out++] = code;
        continue;
      }
      this.length = out;
      // An escape takes up to six bytes; what is left of the text, and the quote, still have to fit behind it.
      this.reserve(end - at + 6);
      target = this.bytes;
      target[out++] = BACKSLASH;
      if (escape > 1) {
        target[out++] = escape;
      } else {
        target[out++] = 0x75;
        target[out++] = ZERO;
        target[out++] = ZERO;
        target[out++] = HEX[code >> 4]!;
        target[out++] = HEX[code & 15]!;
      }
    }
    target[out++] = QUOTE;
    this.length = out;
  }

  /** Bytes in standard base64 with padding (RFC 4648 §4), without quotes. */
  base64(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(Math.ceil((end - start) / 3) * 4);
    const target = this.bytes;
    let out = this.length;
    for (let at = start; at < end; at += 3) {
      const left = end - at;
      const group =
        (bytes[at]! << 16) | (left > 1 ? bytes[at + 1]! << 8 : 0) | (left > 2 ? bytes[at + 2]! : 0);
      target[out++] = BASE64[group >> 18]!;
      target[out++] = BASE64[(group >> 12) & 63]!;
      target[out++] = left > 1 ? BASE64[(group >> 6) & 63]! : 0x3d;
      target[out++] = left > 2 ? BASE64[group & 63]! : 0x3d;
    }
    this.length = out;
  }

  /** Bytes as hexadecimal digits. */
  hex(bytes: Uint8Array, start: number, end: number): void {
    this.reserve((end - start) * 2);
    for (let at = start; at < end; at++) {
      this.bytes[this.length++] = HEX[bytes[at]! >> 4]!;
      this.bytes[this.length++] = HEX[bytes[at]! & 15]!;
    }
  }

  /** A safe integer. */
  integer(value: number): void {
    if (value < 0) this.byte(MINUS);
    this.digits(Math.abs(value), 1);
  }

  /** A non-negative safe integer with at least `width` digits. */
  digits(value: number, width: number): void {
    if (value < 1_000_000_000) {
      this.smallDigits(value, width);
      return;
    }
    const high = Math.floor(value / 1_000_000_000);
    this.digits(high, width - 9);
    this.smallDigits(value - high * 1_000_000_000, 9);
  }

  /** An integer below 2^31 with at least `width` digits. */
  private smallDigits(value: number, width: number): void {
    let rest = value | 0;
    let count = 1;
    for (let power = 10; power <= rest; power *= 10) count++;
    if (count < width) count = width;
    this.reserve(count);
    const target = this.bytes;
    const end = this.length + count;
    for (let at = end - 1; at >= this.length; at--) {
      const quotient = (rest / 10) | 0;
      target[at] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    this.length = end;
  }

  /** An unsigned 64-bit integer in two halves of 32 bits, both unsigned. */
  uint64(high: number, low: number): void {
    if (high < 0x200000) {
      this.digits(high * 2 ** 32 + low, 1);
      return;
    }
    // By 10^6, so that every intermediate value stays below 2^53.
    const quotient = Math.floor(high / 1e6);
    const rest = (high - quotient * 1e6) * 2 ** 32 + low;
    const lowQuotient = Math.floor(rest / 1e6);
    this.digits(quotient * 2 ** 32 + lowQuotient, 1);
    this.smallDigits(rest - lowQuotient * 1e6, 6);
  }

  /** A signed 64-bit integer: `high` signed, `low` unsigned. */
  int64(high: number, low: number): void {
    if (high >= 0) {
      this.uint64(high, low);
      return;
    }
    this.byte(MINUS);
    const negatedLow = -low >>> 0;
    this.uint64((~high + (negatedLow === 0 ? 1 : 0)) >>> 0, negatedLow);
  }

  /** A double as ECMAScript writes it, `-0` with its sign; what JSON has no number for as a string. */
  double(value: number): void {
    if (value % 1 === 0 && value < 1e15 && value > -1e15) {
      if (value === 0 && 1 / value < 0) this.byte(MINUS);
      this.integer(value);
    } else if (Number.isFinite(value)) {
      this.ascii(String(value));
    } else {
      this.byte(QUOTE);
      this.ascii(String(value));
      this.byte(QUOTE);
    }
  }

  /** A decimal number, as a string: its digits without the point, and how many of them stand behind it. */
  decimal(digits: string, scale: number): void {
    const negative = digits.startsWith('-');
    const magnitude = (negative ? digits.slice(1) : digits).padStart(scale + 1, '0');
    this.byte(QUOTE);
    if (negative) this.byte(MINUS);
    this.ascii(magnitude.slice(0, magnitude.length - scale));
    if (scale > 0) {
      this.byte(POINT);
      this.ascii(magnitude.slice(magnitude.length - scale));
    }
    this.byte(QUOTE);
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed - this.rowStart > MAX_SAMPLE_BYTES) {
      throw tooLarge(`a row has more than ${MAX_SAMPLE_BYTES} bytes of JSON text`);
    }
    const grown = new Uint8Array(
      Math.max(needed, Math.min(this.bytes.length * 2, this.bytes.length + 2 ** 26)),
    );
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
