/**
 * The canonical form of one line (docs/formats.md, "Sample identity"), for lines that are as lines usually are. All
 * others are *deferred* to the reference, src/core/sample/canonicalJson.ts: whatever may be malformed, so that codes and
 * offsets are always the reference's, and what is rare. So this scanner only ever has to be right about what it accepts.
 *
 * Input ends with a line feed, which no JSON value contains: it stops every loop, and so bounds need no other check.
 * Both input and output have room for a vector behind their end, as they are read and written 16 bytes at a time.
 */

import { formatNumber } from './host';

/** Longer lines must not be given. Their line feed is not counted. */
export const MAX_LINE_LENGTH: u32 = 1 << 20;

/** A canonical form may be longer than its line by this much, because ECMAScript writes `1e20` in full. */
export const MAX_GROWTH: u32 = 1 << 16;

/** What is read and written at once, and so perhaps behind the end. */
export const VECTOR_LENGTH: u32 = 16;

const MAX_DEPTH = 64;
/** Of all objects that are open at a time. */
const MAX_MEMBERS = 4096;
/** They are sorted by insertion. */
const MAX_SORTED_MEMBERS = 256;
/** Integers of up to this many digits survive a double unchanged (DBL_DIG). */
const SAFE_DECIMAL_DIGITS: usize = 15;
/** Smaller numbers of digits survive a double unchanged, from 10^-6 on; no double needs a larger one. */
const POWER_15: u64 = 1_000_000_000_000_000;
const POWER_17: u64 = 100_000_000_000_000_000;
/** 10^22 is a double exactly. */
const MAX_EXACT_POWER: usize = 22;
/** Of an IEEE 754 double. */
const MANTISSA_MASK: u64 = 0xf_ffff_ffff_ffff;
const HIDDEN_BIT: u64 = 0x10_0000_0000_0000;
/** Every integer of up to this many digits is a finite double. */
const FINITE_INTEGER_DIGITS: usize = 308;
/** Longer numbers are deferred when a double has to be made of them. */
const MAX_NUMBER_LENGTH: usize = 64;

const TAB: u32 = 0x09;
const LF: u32 = 0x0a;
const CR: u32 = 0x0d;
const SPACE: u32 = 0x20;
const QUOTE: u32 = 0x22;
const PLUS: u32 = 0x2b;
const COMMA: u32 = 0x2c;
const MINUS: u32 = 0x2d;
const DOT: u32 = 0x2e;
const SLASH: u32 = 0x2f;
const ZERO: u32 = 0x30;
const COLON: u32 = 0x3a;
const LEFT_BRACKET: u32 = 0x5b;
const BACKSLASH: u32 = 0x5c;
const RIGHT_BRACKET: u32 = 0x5d;
const LOWER_A: u32 = 0x61;
const LOWER_E: u32 = 0x65;
const LOWER_U: u32 = 0x75;
const LEFT_BRACE: u32 = 0x7b;
const RIGHT_BRACE: u32 = 0x7d;

/** Four letters as a little-endian word. */
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const FALS: u32 = 0x736c6166;
/** `\u00` and `\u`, likewise. */
const ESCAPE_U00: u32 = 0x3030755c;
const ESCAPE_U: u32 = 0x755c;
/** Four and two zeros. */
const ZEROS_4: u32 = 0x30303030;
const ZEROS_2: u32 = 0x3030;

/** What a scan returns that defers the line. */
const DEFERRED: usize = 0;

/** A member of an open object: a prefix of its name, then where it and its name start and end. */
const MEMBER_SIZE = 24;
const NAME = 8;
const NAME_LENGTH = 12;
const MEMBER_END = 16;
const members = memory.data(MAX_MEMBERS * MEMBER_SIZE, 8);
const order = memory.data(MAX_SORTED_MEMBERS * 4, 4);

/** An open array or object, by depth from 1. `CONTAINER_FIRST` is its first member's address, or 0 for an array. */
const CONTAINER_SIZE = 8;
const CONTAINER_IN_ORDER = 4;
const containers = memory.data((MAX_DEPTH + 1) * CONTAINER_SIZE, 8);

/** Where the sorted members of an object are put together. */
const spare = memory.data(MAX_LINE_LENGTH + MAX_GROWTH + VECTOR_LENGTH, 16);

/** By the letter of a two-character escape that stays as it is: 1. */
const keptEscapes = memory.data(256);
/** By code: the letter of the escape that RFC 8785 §3.2.2.2 prescribes. */
const shortEscapes = memory.data(128);
/** By ASCII code: the value of the hexadecimal digit. */
const hexValues = memory.data(256);
const NO_DIGIT: u8 = 0xff;
/** By exponent, up to `MAX_EXACT_POWER`: doubles, and 64-bit integers. */
const powersOf10 = memory.data(23 * 8, 8);
const powersOf5 = memory.data(23 * 8, 8);
fillTables();

/** Where the line feed stands of the line that {@link canonicalize} has accepted last. */
export let lineFeed: usize = 0;

/** Where the output ends. */
let out: usize = 0;
/** Behind the last member. */
let lastMember: usize = members;
/** Whether a string was written whose bytes do not sort as its UTF-16 code units do. */
let sortsUnlikeBytes = false;

/**
 * Writes the canonical form of the line that starts at `at` to `to`.
 * @returns where it has ended, or 0 when the line is deferred
 */
export function canonicalize(at: usize, to: usize): usize {
  out = to;
  lastMember = members;
  const maxLead = <isize>(to - at) + MAX_GROWTH;
  let depth = 0;

  // Each turn reads the start of one value.
  while (true) {
    at = skipSpace(at);
    const byte = <u32>load<u8>(at);
    if (byte === QUOTE) {
      at = scanString(at);
      if (at === DEFERRED) return DEFERRED;
    } else if (byte === LEFT_BRACE || byte === LEFT_BRACKET) {
      if (depth === MAX_DEPTH) return DEFERRED;
      depth++;
      store<u8>(out++, byte);
      at = skipSpace(at + 1);
      const container = containers + depth * CONTAINER_SIZE;
      const first = <u32>load<u8>(at);
      if (byte === LEFT_BRACE) {
        store<u32>(container, <u32>lastMember);
        store<u32>(container, 1, CONTAINER_IN_ORDER);
        if (first !== RIGHT_BRACE) {
          at = scanName(at, container);
          if (at === DEFERRED) return DEFERRED;
          continue;
        }
      } else {
        store<u32>(container, 0);
        if (first !== RIGHT_BRACKET) continue;
      }
      store<u8>(out++, first);
      at++;
      depth--;
    } else {
      at = byte === MINUS || byte - ZERO < 10 ? scanNumber(at) : scanLiteral(at);
      if (at === DEFERRED || <isize>(out - at) > maxLead) return DEFERRED;
    }

    // A value has just ended: each turn closes the array or object that ends with it.
    while (true) {
      at = skipSpace(at);
      if (depth === 0) {
        lineFeed = at;
        return load<u8>(at) === LF ? out : DEFERRED;
      }
      const container = containers + depth * CONTAINER_SIZE;
      const firstMember = <usize>load<u32>(container);
      const next = <u32>load<u8>(at);
      if (firstMember !== 0) {
        store<u32>(lastMember - MEMBER_SIZE, <u32>out, MEMBER_END);
        if (next === COMMA) {
          store<u8>(out++, COMMA);
          at = scanName(skipSpace(at + 1), container);
          if (at === DEFERRED) return DEFERRED;
          break;
        }
        if (next !== RIGHT_BRACE) return DEFERRED;
        if (load<u32>(container, CONTAINER_IN_ORDER) === 0 && !sortMembers(firstMember)) return DEFERRED;
        lastMember = firstMember;
      } else {
        if (next === COMMA) {
          store<u8>(out++, COMMA);
          at++;
          break;
        }
        if (next !== RIGHT_BRACKET) return DEFERRED;
      }
      store<u8>(out++, next);
      at++;
      depth--;
    }
  }
}

/** @returns where something other than a space, tab or carriage return stands */
export function skipSpace(at: usize): usize {
  while (true) {
    const byte = <u32>load<u8>(at);
    if (byte > SPACE || (byte !== SPACE && byte !== TAB && byte !== CR)) return at;
    at++;
  }
}

/** Reads a member's name and colon. @returns where its value may start, or 0 */
function scanName(at: usize, container: usize): usize {
  if (load<u8>(at) !== QUOTE || lastMember === members + MAX_MEMBERS * MEMBER_SIZE) return DEFERRED;
  const name = out + 1;
  sortsUnlikeBytes = false;
  at = scanString(at);
  if (at === DEFERRED || sortsUnlikeBytes) return DEFERRED;
  const length = out - 1 - name;
  const member = lastMember;
  lastMember += MEMBER_SIZE;
  // The first eight bytes as a number, with zeros behind a shorter name: no name has a zero byte.
  const beyond = <u64>(length < 8 ? (8 - length) << 3 : 0);
  const prefix = length === 0 ? 0 : (bswap<u64>(load<u64>(name)) >> beyond) << beyond;
  store<u64>(member, prefix);
  store<u32>(member, <u32>name, NAME);
  store<u32>(member, <u32>length, NAME_LENGTH);
  if (member !== <usize>load<u32>(container) && compareNames(member - MEMBER_SIZE, member) >= 0) {
    store<u32>(container, 0, CONTAINER_IN_ORDER);
  }

  at = skipSpace(at);
  if (load<u8>(at) !== COLON) return DEFERRED;
  store<u8>(out++, COLON);
  return at + 1;
}

/** Orders two members' names by their bytes. @returns below 0, 0 or above 0 */
function compareNames(a: usize, b: usize): i32 {
  const aPrefix = load<u64>(a);
  const bPrefix = load<u64>(b);
  if (aPrefix !== bPrefix) return aPrefix < bPrefix ? -1 : 1;
  const aLength = <i32>load<u32>(a, NAME_LENGTH);
  const bLength = <i32>load<u32>(b, NAME_LENGTH);
  const aName = <usize>load<u32>(a, NAME);
  const bName = <usize>load<u32>(b, NAME);
  const length = min(aLength, bLength);
  for (let i = 8; i < length; i++) {
    const difference = <i32>load<u8>(aName + i) - <i32>load<u8>(bName + i);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/**
 * Puts the members from `first` on, of the object that is about to be closed, in the order of their names.
 * @returns false when there are too many, or two have the same name
 */
function sortMembers(first: usize): bool {
  const count = <i32>((lastMember - first) / MEMBER_SIZE);
  if (count > MAX_SORTED_MEMBERS) return false;
  for (let k = 0; k < count; k++) {
    const member = first + k * MEMBER_SIZE;
    let place = order + (k << 2);
    for (; place > order; place -= 4) {
      const before = <usize>load<u32>(place - 4);
      const comparison = compareNames(before, member);
      if (comparison < 0) break;
      if (comparison === 0) return false;
      store<u32>(place, <u32>before);
    }
    store<u32>(place, <u32>member);
  }

  const start = <usize>load<u32>(first, NAME) - 1;
  let to = spare;
  for (let k = 0; k < count; k++) {
    const member = <usize>load<u32>(order + (k << 2));
    const name = <usize>load<u32>(member, NAME) - 1;
    to = copy(name, <usize>load<u32>(member, MEMBER_END), to);
    store<u8>(to++, COMMA);
  }
  copy(spare, to - 1, start);
  return true;
}

/** Copies `[from, end)`, in whole vectors. @returns where the copy ends */
function copy(from: usize, end: usize, to: usize): usize {
  const distance = to - from;
  for (; from < end; from += VECTOR_LENGTH) v128.store(from + distance, v128.load(from));
  return end + distance;
}

/** Reads and writes the string whose opening quote is at `at`. @returns where it has ended, or 0 */
function scanString(at: usize): usize {
  let to = out;
  store<u8>(to++, QUOTE);
  at++;
  while (true) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    // As signed numbers, bytes from 0x80 on are below 0x21 just as control characters are; and the quote, whose bit 1 is
    // flipped for this.
    const special = i8x16.bitmask(
      v128.or(
        i8x16.lt_s(v128.xor(bytes, i8x16.splat(2)), i8x16.splat(0x21)),
        i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH)),
      ),
    );
    if (special === 0) {
      at += VECTOR_LENGTH;
      to += VECTOR_LENGTH;
      continue;
    }
    const plain = ctz(special);
    at += plain;
    to += plain;

    let byte = <u32>load<u8>(at);
    if (byte === QUOTE) {
      out = to + 1;
      return at + 1;
    }
    if (byte === BACKSLASH) {
      do {
        out = to;
        at = scanEscape(at);
        if (at === DEFERRED) return DEFERRED;
        to = out;
      } while (load<u8>(at) === BACKSLASH);
      continue;
    }
    if (byte < SPACE) return DEFERRED;
    do {
      const size = utf8Size(load<u32>(at));
      if (size === 0) return DEFERRED;
      // UTF-16 has characters from U+10000 on before those from U+E000 on. The order of all others is that of UTF-8.
      if (byte >= 0xf0) sortsUnlikeBytes = true;
      store<u32>(to, load<u32>(at));
      at += size;
      to += size;
      byte = <u32>load<u8>(at);
    } while (byte >= 0x80);
  }
}

/**
 * Size of the well-formed UTF-8 sequence of several bytes (Unicode 16, table 3-7) at the start of `bytes`, little-endian:
 * 2 to 4, or 0 when there is none.
 */
function utf8Size(bytes: u32): usize {
  if ((bytes & 0xc0e0) === 0x80c0) {
    return (bytes & 0x1e) !== 0 ? 2 : 0; // Else overlong.
  }
  if ((bytes & 0xc0c0f0) === 0x8080e0) {
    const top = bytes & 0x200f; // Of the 16 bits: overlong when all are 0, a surrogate when they are 11011.
    return top !== 0 && top !== 0x200d ? 3 : 0;
  }
  if ((bytes & 0xc0c0c0f8) === 0x808080f0) {
    const top = ((bytes & 0x07) << 2) | ((bytes >> 12) & 0x03); // Of the 21 bits: the plane.
    return top >= 1 && top <= 16 ? 4 : 0;
  }
  return 0;
}

/** Reads and writes the escape at `at`. @returns where it has ended, or 0 */
function scanEscape(at: usize): usize {
  const letter = <u32>load<u8>(at, 1);
  if (letter === LOWER_U) return scanUnicodeEscape(at);
  if (letter === SLASH) {
    store<u8>(out++, SLASH);
    return at + 2;
  }
  if (load<u8>(keptEscapes + letter) === 0) return DEFERRED;
  sortsUnlikeBytes = true;
  store<u16>(out, load<u16>(at));
  out += 2;
  return at + 2;
}

/** Reads the `\uXXXX` at `at`, or the pair of them, and writes what it stands for. @returns where it has ended, or 0 */
function scanUnicodeEscape(at: usize): usize {
  let code = hex4(at + 2);
  at += 6;
  if ((code & 0xfffff800) === 0xd800) {
    if (code >= 0xdc00 || load<u16>(at) !== ESCAPE_U) return DEFERRED;
    const low = hex4(at + 2);
    if ((low & 0xfffffc00) !== 0xdc00) return DEFERRED;
    at += 6;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }

  if (code >= 0x10000) {
    if (code > 0x10ffff) return DEFERRED;
    store<u8>(out, 0xf0 | (code >> 18));
    store<u8>(out, 0x80 | ((code >> 12) & 0x3f), 1);
    store<u8>(out, 0x80 | ((code >> 6) & 0x3f), 2);
    store<u8>(out, 0x80 | (code & 0x3f), 3);
    out += 4;
    sortsUnlikeBytes = true;
  } else if (code >= 0x800) {
    store<u8>(out, 0xe0 | (code >> 12));
    store<u8>(out, 0x80 | ((code >> 6) & 0x3f), 1);
    store<u8>(out, 0x80 | (code & 0x3f), 2);
    out += 3;
  } else if (code >= 0x80) {
    store<u8>(out, 0xc0 | (code >> 6));
    store<u8>(out, 0x80 | (code & 0x3f), 1);
    out += 2;
  } else {
    const letter = <u32>load<u8>(shortEscapes + code);
    if (letter !== 0) {
      store<u16>(out, BACKSLASH | (letter << 8));
      out += 2;
      sortsUnlikeBytes = true;
    } else if (code < SPACE) {
      const low = code & 15;
      store<u32>(out, ESCAPE_U00);
      store<u8>(out, ZERO + (code >> 4), 4);
      store<u8>(out, low < 10 ? ZERO + low : LOWER_A + low - 10, 5);
      out += 6;
      sortsUnlikeBytes = true;
    } else {
      store<u8>(out++, code);
    }
  }
  return at;
}

/** @returns the code unit that the four hexadecimal digits at `at` stand for; more than any when they are none */
function hex4(at: usize): u32 {
  const a = <u32>load<u8>(hexValues + load<u8>(at));
  const b = <u32>load<u8>(hexValues + load<u8>(at, 1));
  const c = <u32>load<u8>(hexValues + load<u8>(at, 2));
  const d = <u32>load<u8>(hexValues + load<u8>(at, 3));
  if ((a | b | c | d) === NO_DIGIT) return u32.MAX_VALUE;
  return (a << 12) | (b << 8) | (c << 4) | d;
}

/** Reads and writes the number at `at`. @returns where it has ended, or 0 */
function scanNumber(at: usize): usize {
  const integer = load<u8>(at) === MINUS ? at + 1 : at;
  let end = skipDigits(integer);
  const digits = end - integer;
  const startsWithZero = load<u8>(integer) === ZERO;
  if (digits === 0 || (startsWithZero && digits > 1)) return DEFERRED;

  let next = <u32>load<u8>(end);
  if (next !== DOT && (next | SPACE) !== LOWER_E) {
    if (digits > FINITE_INTEGER_DIGITS) return DEFERRED;
    if (startsWithZero) store<u8>(out++, ZERO);
    else out = copy(at, end, out);
    return end;
  }

  if (next === DOT) {
    const fraction = end + 1;
    end = skipDigits(fraction);
    if (end === fraction) return DEFERRED;
    next = <u32>load<u8>(end);
    if ((next | SPACE) !== LOWER_E) {
      let significant = end;
      while (load<u8>(significant - 1) === ZERO) significant--;
      if (significant === fraction) {
        if (digits <= SAFE_DECIMAL_DIGITS) {
          if (startsWithZero) store<u8>(out++, ZERO);
          else out = copy(at, fraction - 1, out);
          return end;
        }
      } else if (isShortestDecimal(integer, fraction, significant)) {
        out = copy(at, significant, out);
        return end;
      }
    }
  }
  if ((next | SPACE) === LOWER_E) {
    end++;
    const sign = <u32>load<u8>(end);
    if (sign === PLUS || sign === MINUS) end++;
    const exponent = end;
    end = skipDigits(exponent);
    if (end === exponent) return DEFERRED;
  }
  if (end - at > MAX_NUMBER_LENGTH) return DEFERRED;
  const length = formatNumber(at, end, out);
  if (length === 0) return DEFERRED;
  out += length;
  return end;
}

/**
 * Whether ECMAScript writes the decimal in `[integer, end)` just so (Number::toString): it is not below 10^-6, where
 * there is an exponent, and its digits are the fewest that name their double, and of those the closest. Sometimes false
 * where that could be true.
 */
function isShortestDecimal(integer: usize, fraction: usize, end: usize): bool {
  // The value is D / 10^k.
  const k = end - fraction;
  if (k > MAX_EXACT_POWER) return false;
  if (load<u8>(integer) === ZERO && load<u32>(fraction) === ZEROS_4 && load<u16>(fraction, 4) === ZEROS_2) {
    return false;
  }
  let D: u64 = 0;
  for (let i = integer; i < end; i++) {
    if (i === fraction - 1) continue;
    D = D * 10 + (load<u8>(i) - ZERO);
    if (D >= POWER_17) return false;
  }
  if (D < POWER_15) return true;

  // A double close by is m / 2^e: it is 1 or 2 units in the last place off, as there were two roundings.
  const bits = reinterpret<u64>(<f64>D / load<f64>(powersOf10 + (k << 3)));
  const m = <i64>((bits & MANTISSA_MASK) | HIDDEN_BIT);
  const e = 1075 - <i32>(bits >> 52);
  const shift = e - <i32>k;
  if (shift < 0 || shift > 60) return false;

  // In units of 2^-e / 5^k, a step from double to double is 5^k, one from decimal to decimal 2^(e-k). Both terms of the
  // difference overflow, but it does not: it is at most a few times 5^22.
  const doubleStep = load<i64>(powersOf5 + (k << 3));
  const decimalStep = (<i64>1) << shift;
  let difference = ((<i64>D) << shift) - m * doubleStep;
  let nearest = m;
  if (2 * difference > doubleStep) {
    nearest++;
    difference -= doubleStep;
  } else if (2 * difference < -doubleStep) {
    nearest--;
    difference += doubleStep;
  }
  // Below a power of two, doubles are closer.
  if (nearest <= <i64>HIDDEN_BIT || nearest > <i64>(HIDDEN_BIT | MANTISSA_MASK)) return false;
  const magnitude = difference < 0 ? -difference : difference;
  if (2 * magnitude >= doubleStep || 2 * magnitude >= decimalStep) return false;
  // With a digit less, the decimals next to it name other doubles.
  const last = <i64>(D % 10);
  const below = last * decimalStep - difference;
  const above = (10 - last) * decimalStep + difference;
  return 2 * below > doubleStep && 2 * above > doubleStep;
}

/** @returns where something other than a digit stands */
function skipDigits(at: usize): usize {
  while (true) {
    const digits = i8x16.sub(v128.load(at), i8x16.splat(<i8>ZERO));
    const others = i8x16.bitmask(i8x16.gt_u(digits, i8x16.splat(9)));
    if (others !== 0) return at + ctz(others);
    at += VECTOR_LENGTH;
  }
}

/** Reads and writes `true`, `false` or `null`. @returns where it has ended, or 0 */
function scanLiteral(at: usize): usize {
  const word = load<u32>(at);
  store<u32>(out, word);
  out += 4;
  if (word === TRUE || word === NULL) return at + 4;
  if (word !== FALS || load<u8>(at, 4) !== LOWER_E) return DEFERRED;
  store<u8>(out++, LOWER_E);
  return at + 5;
}

function fillTables(): void {
  const escapes = 'b\bt\tn\nf\fr\r""\\\\';
  for (let i = 0; i < escapes.length; i += 2) {
    const letter = <u32>escapes.charCodeAt(i);
    store<u8>(keptEscapes + letter, 1);
    store<u8>(shortEscapes + <u32>escapes.charCodeAt(i + 1), letter);
  }
  memory.fill(hexValues, NO_DIGIT, 256);
  for (let i: u32 = 0; i < 16; i++) {
    store<u8>(hexValues + (i < 10 ? ZERO + i : LOWER_A + i - 10), i);
    if (i >= 10) store<u8>(hexValues + ((LOWER_A ^ SPACE) + i - 10), i);
  }
  let power10: f64 = 1;
  let power5: i64 = 1;
  for (let k: usize = 0; k <= MAX_EXACT_POWER; k++) {
    store<f64>(powersOf10 + (k << 3), power10);
    store<i64>(powersOf5 + (k << 3), power5);
    power10 *= 10;
    power5 *= 5;
  }
}
