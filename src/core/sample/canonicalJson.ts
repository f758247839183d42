import { ProvenanceError, type MalformedCode } from '../errors.ts';

/** Arrays and objects nested deeper than this are malformed. */
export const MAX_DEPTH = 512;

/** Samples longer than this (512 MiB) are refused with `too-large` rather than scanned: offsets are 32-bit. */
export const MAX_SAMPLE_BYTES = 2 ** 29;

/** Why a sample has no canonical form, and where. */
export interface Malformed {
  readonly code: MalformedCode;
  /** Byte offset from the start of the sample, counted from 0. */
  readonly offset: number;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const UPPER_I = 0x49;
const UPPER_N = 0x4e;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

const TRUE = asciiBytes('true');
const FALSE = asciiBytes('false');
const NULL = asciiBytes('null');
const NAN = asciiBytes('NaN');
const INFINITY = asciiBytes('Infinity');

const HEX_DIGITS = asciiBytes('0123456789abcdef');

/** Value of a hex digit by its ASCII code; 16 for all else. */
const HEX_VALUE = new Uint8Array(256).fill(16);
for (let i = 0; i < 16; i++) {
  HEX_VALUE[HEX_DIGITS[i]!] = i;
  HEX_VALUE['0123456789ABCDEF'.charCodeAt(i)] = i;
}

/** The letter of the two-character escape that RFC 8785 §3.2.2.2 prescribes, by ASCII code; 0 for all else. */
const SHORT_ESCAPE = new Uint8Array(128);
/** What a letter after a backslash stands for (RFC 8259 §7); 0 for all else. */
const UNESCAPED = new Uint8Array(256);
for (const [letter, code] of Object.entries({
  b: 8,
  t: 9,
  n: 10,
  f: 12,
  r: 13,
  '"': QUOTE,
  '\\': BACKSLASH,
})) {
  SHORT_ESCAPE[code] = letter.charCodeAt(0);
  UNESCAPED[letter.charCodeAt(0)] = code;
}
UNESCAPED['/'.charCodeAt(0)] = '/'.charCodeAt(0);

/** Objects of up to this many members are sorted by insertion, larger ones by merging. */
const INSERTION_SORT_MAX = 24;
/** Pieces shorter than this are copied byte by byte: 2x faster there than a call of copyWithin. */
const COPY_LOOP_MAX = 24;
/** Decimals of up to this many digits survive a double unchanged (DBL_DIG). */
const SAFE_DECIMAL_DIGITS = 15;
/** Every integer of up to this many digits is a finite double. */
const FINITE_INTEGER_DIGITS = 308;
/** No double is longer than this as ECMAScript writes it: `-0.0000012345678901234567` has 25 characters. */
const MAX_NUMBER_LENGTH = 32;
/** Bytes that are decoded at once to cut numbers out of. */
const WINDOW_SIZE = 1024;

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const textEncoder = new TextEncoder();

/**
 * Scans one sample and writes its canonical form (docs/formats.md, "Sample identity"): RFC 8785, except that an
 * integer literal outside ±(2^53−1) keeps its exact digits, with strict input. One instance serves any number of
 * samples and keeps its buffers; their size is proportional to the longest sample.
 *
 * How members get sorted: the output is written once, in source order, and cut into *pieces*. A member starts a piece.
 * When an object closes that was not in order, its members' pieces are linked in order instead, and a new piece starts
 * at its brace. The end of the scan copies the pieces along their links. So every byte is moved at most once, however
 * deep it is nested, and objects in order (their pieces are forgotten) cost nothing.
 */
export class CanonicalScanner {
  // Input.
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(this.bytes.buffer);
  private start = 0;
  private end = 0;

  // Output; `length` bytes are written. Room for the rest of the input is always kept (see `reserve`).
  private out = new Uint8Array(4096);
  private outView = new DataView(this.out.buffer);
  private length = 0;
  private canonicalStart = 0;
  private canonicalEnd = 0;

  // Pieces, in the order of the output: a piece ends where the next one starts.
  private pieceStart = new Uint32Array(256);
  private pieceNext = new Uint32Array(256);
  private pieces = 0;

  // Members of the objects that are open, innermost last.
  private memberPiece = new Uint32Array(256);
  /** Where the key's closing quote stands in the output; its opening quote is the piece's first byte. */
  private memberKeyEnd = new Uint32Array(256);
  /** Where the key stands in the input. */
  private memberSource = new Uint32Array(256);
  /** 1 when the key has escapes in its canonical form. */
  private memberEscaped = new Uint8Array(256);
  private members = 0;

  // Arrays and objects that are open, by depth (from 1).
  private readonly isObject = new Uint8Array(MAX_DEPTH + 1);
  private readonly firstMember = new Uint32Array(MAX_DEPTH + 1);
  private readonly firstPiece = new Uint32Array(MAX_DEPTH + 1);
  /** 1 while every key is greater than the one before it. */
  private readonly inOrder = new Uint8Array(MAX_DEPTH + 1);

  // Sorting.
  private order = new Uint32Array(64);
  private spare = new Uint32Array(64);

  /** Text of the input's bytes `[windowStart, windowEnd)`, where numbers are cut out of. */
  private window = '';
  private windowStart = 0;
  private windowEnd = 0;

  private stringHasEscape = false;
  private failure: Malformed | undefined;

  /**
   * Scans the sample in `bytes[start, end)`.
   *
   * A repeated key is found when its object closes; so in an object that is broken further on, what breaks it is
   * reported instead.
   *
   * @returns undefined when the sample is well-formed ({@link canonical} then holds until the next scan), else what is
   *   wrong with it
   * @throws ProvenanceError `too-large` above {@link MAX_SAMPLE_BYTES}; `invalid-argument` for an impossible range
   */
  scan(bytes: Uint8Array, start = 0, end = bytes.length): Malformed | undefined {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new ProvenanceError('invalid-argument', 'No range of {length} bytes: {start} to {end}.', {
        length: bytes.length,
        start,
        end,
      });
    }
    if (end - start > MAX_SAMPLE_BYTES) throw tooLarge(end - start);
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.start = start;
    this.end = end;
    this.length = 0;
    this.canonicalStart = 0;
    this.canonicalEnd = 0;
    this.members = 0;
    this.pieces = 0;
    this.startPiece();
    this.windowEnd = 0;
    this.failure = undefined;
    this.reserve(start, 0);
    if (this.value(start)) this.assemble();
    return this.failure;
  }

  /** The canonical form of the sample scanned last: a view, valid until the next scan. Empty after a malformed one. */
  canonical(): Uint8Array {
    return this.out.subarray(this.canonicalStart, this.canonicalEnd);
  }

  /** Reads the one value from `i`, and that nothing but white space follows it. @returns whether it is well-formed */
  private value(i: number): boolean {
    const { bytes, end } = this;
    let depth = 0;

    // Each turn reads the start of one value.
    nextValue: for (;;) {
      i = skipSpace(bytes, i, end);
      if (i >= end) return this.failAt(i, depth === 0 ? 'empty' : 'unexpected-end');
      const byte = bytes[i]!;

      if (byte === QUOTE) {
        i = this.string(i);
        if (i < 0) return false;
      } else if (byte === LEFT_BRACE || byte === LEFT_BRACKET) {
        if (depth === MAX_DEPTH) return this.failAt(i, 'too-deep');
        depth++;
        this.out[this.length++] = byte;
        i = skipSpace(bytes, i + 1, end);
        if (byte === LEFT_BRACE) {
          this.isObject[depth] = 1;
          this.firstMember[depth] = this.members;
          this.firstPiece[depth] = this.pieces;
          this.inOrder[depth] = 1;
          if (i >= end || bytes[i] !== RIGHT_BRACE) {
            i = this.key(i, depth);
            if (i < 0) return false;
            continue;
          }
        } else {
          this.isObject[depth] = 0;
          if (i >= end || bytes[i] !== RIGHT_BRACKET) continue;
        }
        this.out[this.length++] = bytes[i++]!;
        depth--;
      } else {
        i = byte === MINUS || (byte >= ZERO && byte <= NINE) ? this.number(i) : this.literal(i);
        if (i < 0) return false;
      }

      // A value has just ended: each turn closes the array or object that ends with it.
      for (;;) {
        i = skipSpace(bytes, i, end);
        if (depth === 0) return i === end || this.failAt(i, 'trailing-data');
        if (i >= end) return this.failAt(i, 'unexpected-end');
        const next = bytes[i]!;
        if (next === COMMA) {
          this.out[this.length++] = COMMA;
          i++;
          if (this.isObject[depth] === 1) {
            i = this.key(skipSpace(bytes, i, end), depth);
            if (i < 0) return false;
          }
          continue nextValue;
        }
        if (next !== (this.isObject[depth] === 1 ? RIGHT_BRACE : RIGHT_BRACKET)) {
          return this.failAt(i, 'invalid-json');
        }
        i++;
        if (next === RIGHT_BRACE) {
          if (!this.closeObject(i, depth)) return false;
        } else {
          this.out[this.length++] = RIGHT_BRACKET;
        }
        depth--;
      }
    }
  }

  /** Reads a member's key and colon from `i`. @returns where its value may start, or -1 */
  private key(i: number, depth: number): number {
    const { bytes, end } = this;
    if (i >= end) return this.fail(i, 'unexpected-end');
    if (bytes[i] !== QUOTE) return this.fail(i, 'invalid-json');

    const member = this.members;
    if (member === this.memberPiece.length) this.growMembers();
    this.memberPiece[member] = this.pieces;
    this.memberSource[member] = i;
    this.startPiece();
    i = this.string(i);
    if (i < 0) return -1;
    this.memberKeyEnd[member] = this.length - 1;
    this.memberEscaped[member] = this.stringHasEscape ? 1 : 0;
    this.members++;
    if (
      member > this.firstMember[depth]! &&
      this.inOrder[depth] === 1 &&
      this.compareKeys(member - 1, member) >= 0
    ) {
      this.inOrder[depth] = 0;
    }

    i = skipSpace(bytes, i, end);
    if (i >= end) return this.fail(i, 'unexpected-end');
    if (bytes[i] !== COLON) return this.fail(i, 'invalid-json');
    this.out[this.length++] = COLON;
    return i + 1;
  }

  /** Ends the object at `depth`, whose brace was read just before `i`. @returns false when it has a duplicate key */
  private closeObject(i: number, depth: number): boolean {
    const first = this.firstMember[depth]!;
    const count = this.members - first;
    this.members = first;

    if (this.inOrder[depth] === 1) {
      this.out[this.length++] = RIGHT_BRACE;
      // Pieces beyond one a member belong to objects inside that were not in order.
      if (this.pieces === this.firstPiece[depth]! + count) this.pieces = this.firstPiece[depth]!;
      return true;
    }

    const duplicate = this.sortMembers(first, count);
    if (duplicate >= 0) return this.failAt(duplicate, 'duplicate-key');

    // Every member ends with a comma now; `assemble` lets the brace take the place of the last one.
    this.reserve(i, 2);
    this.out[this.length++] = COMMA;
    const last = first + count - 1;
    const lastPiece = this.pieces - 1;
    let piece = this.firstPiece[depth]! - 1;
    for (let k = 0; k < count; k++) {
      const member = this.order[k]!;
      this.pieceNext[piece] = this.memberPiece[member]!;
      piece = member === last ? lastPiece : this.memberPiece[member + 1]! - 1;
    }
    this.pieceNext[piece] = this.pieces;
    this.startPiece();
    this.out[this.length++] = RIGHT_BRACE;
    return true;
  }

  private startPiece(): void {
    if (this.pieces === this.pieceStart.length) {
      this.pieceStart = grown(this.pieceStart);
      this.pieceNext = grown(this.pieceNext);
    }
    this.pieceStart[this.pieces] = this.length;
    this.pieceNext[this.pieces] = this.pieces + 1;
    this.pieces++;
  }

  /** Puts the pieces in their order. They are copied behind themselves, in the same buffer. */
  private assemble(): void {
    if (this.pieces === 1) {
      this.canonicalEnd = this.length;
      return;
    }
    const { length, pieceStart, pieceNext } = this;
    this.reserve(this.end, length);
    const out = this.out;
    const last = this.pieces - 1;
    let to = length;
    for (let piece = 0; ; piece = pieceNext[piece]!) {
      const from = pieceStart[piece]!;
      const end = piece === last ? length : pieceStart[piece + 1]!;
      if (out[from] === RIGHT_BRACE) to--;
      if (end - from < COPY_LOOP_MAX) {
        for (let i = from; i < end; i++) out[to++] = out[i]!;
      } else {
        out.copyWithin(to, from, end);
        to += end - from;
      }
      if (piece === last) break;
    }
    this.canonicalStart = length;
    this.canonicalEnd = to;
  }

  /** Reads the string whose opening quote is at `i`. @returns where it has ended, or -1 */
  private string(i: number): number {
    const { bytes, view, end, out, outView } = this;
    let to = this.length;
    let hasEscape = false;
    out[to++] = QUOTE;
    i++;
    for (;;) {
      // Four bytes at a time (2x faster than one by one) while none is a control character, quote, backslash or
      // above 0x7f: with the top bits clear, a subtraction sets a byte's top bit where it is below 0x21 after its
      // bit 1 was flipped (controls and the quote), or zero after a backslash was taken out.
      while (i + 4 <= end) {
        const four = view.getInt32(i, true);
        const special = ((four ^ 0x02020202) - 0x21212121) | ((four ^ 0x5c5c5c5c) - 0x01010101) | four;
        if ((special & 0x80808080) !== 0) break;
        outView.setInt32(to, four, true);
        i += 4;
        to += 4;
      }

      if (i >= end) return this.fail(end, 'unexpected-end');
      let byte = bytes[i]!;
      while (byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH) {
        out[to++] = byte;
        if (++i >= end) return this.fail(end, 'unexpected-end');
        byte = bytes[i]!;
      }

      if (byte === QUOTE) {
        out[to++] = QUOTE;
        this.length = to;
        this.stringHasEscape = hasEscape;
        return i + 1;
      }
      if (byte >= 0x80) {
        do {
          const size = utf8Size(bytes, i, end);
          if (size === 0) return this.fail(i, 'invalid-utf8');
          out[to++] = byte;
          out[to++] = bytes[i + 1]!;
          if (size > 2) out[to++] = bytes[i + 2]!;
          if (size > 3) out[to++] = bytes[i + 3]!;
          i += size;
          byte = i < end ? bytes[i]! : 0;
        } while (byte >= 0x80);
        continue;
      }
      if (byte !== BACKSLASH) return this.fail(i, 'invalid-json');

      const escape = i;
      if (escape + 1 >= end) return this.fail(end, 'unexpected-end');
      const letter = bytes[escape + 1]!;
      let code: number = UNESCAPED[letter]!;
      i = escape + 2;
      if (letter === LOWER_U) {
        code = this.hex4(escape);
        if (code < 0) return -1;
        i = escape + 6;
        if (code >= 0xd800 && code <= 0xdfff) {
          code = this.surrogates(code, escape);
          if (code < 0) return -1;
          i = escape + 12;
        }
      } else if (code === 0) {
        return this.fail(letter < 0x80 ? escape : escape + 1, 'invalid-json');
      }

      if (code >= 0x80) {
        to = writeUtf8(out, to, code);
      } else if (SHORT_ESCAPE[code] !== 0) {
        hasEscape = true;
        out[to++] = BACKSLASH;
        out[to++] = SHORT_ESCAPE[code]!;
      } else if (code >= SPACE) {
        out[to++] = code;
      } else {
        hasEscape = true;
        out[to++] = BACKSLASH;
        out[to++] = LOWER_U;
        out[to++] = ZERO;
        out[to++] = ZERO;
        out[to++] = HEX_DIGITS[code >> 4]!;
        out[to++] = HEX_DIGITS[code & 15]!;
      }
    }
  }

  /** The code unit of the `\uXXXX` whose backslash is at `escape`, or -1 */
  private hex4(escape: number): number {
    const { bytes, end } = this;
    let code = 0;
    for (let i = escape + 2; i < escape + 6; i++) {
      if (i >= end) return this.fail(end, 'unexpected-end');
      const digit = HEX_VALUE[bytes[i]!]!;
      if (digit > 15) return this.fail(bytes[i]! < 0x80 ? escape : i, 'invalid-json');
      code = (code << 4) | digit;
    }
    return code;
  }

  /** The code point of the surrogate `first` escaped at `escape` and its other half after it, or -1 */
  private surrogates(first: number, escape: number): number {
    const { bytes, end } = this;
    const next = escape + 6;
    if (first >= 0xdc00) return this.fail(escape, 'lone-surrogate');
    if (next >= end || (bytes[next] === BACKSLASH && next + 1 >= end))
      return this.fail(end, 'unexpected-end');
    if (bytes[next] !== BACKSLASH || bytes[next + 1] !== LOWER_U) return this.fail(escape, 'lone-surrogate');
    const second = this.hex4(next);
    if (second < 0) return -1;
    if (second < 0xdc00 || second > 0xdfff) return this.fail(escape, 'lone-surrogate');
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  /** Reads the number at `i`. @returns where it has ended, or -1 */
  private number(i: number): number {
    const { bytes, end, out } = this;
    const first = i;
    let to = this.length;
    let byte = bytes[i]!;
    if (byte === MINUS) {
      out[to++] = MINUS;
      if (++i >= end) return this.fail(end, 'unexpected-end');
      byte = bytes[i]!;
      if (byte === UPPER_I && startsWith(bytes, i, end, INFINITY))
        return this.fail(first, 'non-finite-number');
    }

    const integer = i;
    const zero = byte === ZERO;
    if (byte < ZERO || byte > NINE) return this.fail(i, 'invalid-json');
    do {
      out[to++] = byte;
      byte = ++i < end ? bytes[i]! : 0;
    } while (byte >= ZERO && byte <= NINE);
    if (zero && i > integer + 1) return this.fail(integer + 1, 'invalid-json');

    if (byte !== DOT && byte !== LOWER_E && byte !== UPPER_E) {
      if (i - integer > FINITE_INTEGER_DIGITS && !Number.isFinite(this.toNumber(first, i))) {
        return this.fail(first, 'number-overflow');
      }
      if (zero) out[this.length++] = ZERO;
      else this.length = to;
      return i;
    }

    if (byte === DOT) {
      const toInteger = to;
      let toSignificant = to;
      let leadingZeros = 0;
      out[to++] = DOT;
      if (++i >= end) return this.fail(end, 'unexpected-end');
      byte = bytes[i]!;
      if (byte < ZERO || byte > NINE) return this.fail(i, 'invalid-json');
      do {
        out[to++] = byte;
        if (byte !== ZERO) toSignificant = to;
        else if (toSignificant === toInteger) leadingZeros++;
        byte = ++i < end ? bytes[i]! : 0;
      } while (byte >= ZERO && byte <= NINE);

      // So few digits are the shortest that name their double: they stay, but for zeros at the end. (Below 10^-6
      // ECMAScript writes an exponent.)
      if (byte !== LOWER_E && byte !== UPPER_E && i - integer - 1 <= SAFE_DECIMAL_DIGITS) {
        if (toSignificant === toInteger && zero) {
          out[this.length++] = ZERO;
          return i;
        }
        if (!zero || leadingZeros < 6) {
          this.length = toSignificant;
          return i;
        }
      }
    }
    if (byte === LOWER_E || byte === UPPER_E) {
      i++;
      if (i < end && (bytes[i] === PLUS || bytes[i] === MINUS)) i++;
      if (i >= end) return this.fail(end, 'unexpected-end');
      if (bytes[i]! < ZERO || bytes[i]! > NINE) return this.fail(i, 'invalid-json');
      do i++;
      while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE);
    }

    const value = this.toNumber(first, i);
    if (!Number.isFinite(value)) return this.fail(first, 'number-overflow');
    // Writes a finite number as String does, but is a quarter faster.
    const text = JSON.stringify(value);
    this.reserve(i, MAX_NUMBER_LENGTH);
    const target = this.out;
    to = this.length;
    for (let k = 0; k < text.length; k++) target[to++] = text.charCodeAt(k);
    this.length = to;
    return i;
  }

  private toNumber(first: number, end: number): number {
    if (first < this.windowStart || end > this.windowEnd) {
      // Numbers come in swarms: one call of the decoder for many of them is 3x faster than one each.
      const windowEnd = Math.max(end, Math.min(first + WINDOW_SIZE, this.end));
      this.window = lenientDecoder.decode(this.bytes.subarray(first, windowEnd));
      this.windowStart = first;
      this.windowEnd = windowEnd;
      // A character of several bytes takes fewer places in the string, so that positions no longer agree.
      if (this.window.length !== windowEnd - first) {
        this.windowEnd = 0;
        return Number(lenientDecoder.decode(this.bytes.subarray(first, end)));
      }
    }
    return Number(this.window.slice(first - this.windowStart, end - this.windowStart));
  }

  /** Reads `true`, `false` or `null` at `i`. @returns where it has ended, or -1 */
  private literal(i: number): number {
    const { bytes, end } = this;
    const byte = bytes[i]!;
    const word = byte === TRUE[0] ? TRUE : byte === FALSE[0] ? FALSE : byte === NULL[0] ? NULL : undefined;
    if (word === undefined) {
      const nonFinite = byte === UPPER_N ? NAN : byte === UPPER_I ? INFINITY : undefined;
      if (nonFinite && startsWith(bytes, i, end, nonFinite)) return this.fail(i, 'non-finite-number');
      return this.fail(i, 'invalid-json');
    }
    for (let k = 1; k < word.length; k++) {
      if (i + k >= end) return this.fail(end, 'unexpected-end');
      if (bytes[i + k] !== word[k]) return this.fail(i + k, 'invalid-json');
    }
    this.copy(i, i + word.length);
    return i + word.length;
  }

  /** Copies a token from the input as it stands. */
  private copy(first: number, end: number): void {
    const { bytes, out } = this;
    let to = this.length;
    for (let i = first; i < end; i++) out[to++] = bytes[i]!;
    this.length = to;
  }

  /**
   * Sorts the members from `first` on into `order`.
   * @returns where in the input the first key stands that repeats an earlier one, or -1
   */
  private sortMembers(first: number, count: number): number {
    if (count > this.order.length) {
      const size = 2 ** Math.ceil(Math.log2(count));
      this.order = new Uint32Array(size);
      this.spare = new Uint32Array(size);
    }
    const { order } = this;
    if (count <= INSERTION_SORT_MAX) {
      for (let k = 0; k < count; k++) {
        let at = k;
        for (; at > 0; at--) {
          const comparison = this.compareKeys(order[at - 1]!, first + k);
          if (comparison < 0) break;
          if (comparison === 0) return this.memberSource[first + k]!;
          order[at] = order[at - 1]!;
        }
        order[at] = first + k;
      }
      return -1;
    }

    for (let k = 0; k < count; k++) order[k] = first + k;
    this.mergeSort(count);
    let duplicate = -1;
    for (let k = 1; k < count; k++) {
      if (this.compareKeys(this.order[k - 1]!, this.order[k]!) !== 0) continue;
      const source = this.memberSource[this.order[k]!]!;
      if (duplicate < 0 || source < duplicate) duplicate = source;
    }
    return duplicate;
  }

  /** Stable, bottom-up: a hostile object can neither make it quadratic nor exhaust the stack. */
  private mergeSort(count: number): void {
    for (let width = 1; width < count; width *= 2) {
      const { order, spare } = this;
      for (let low = 0; low < count; low += 2 * width) {
        const middle = Math.min(low + width, count);
        const high = Math.min(low + 2 * width, count);
        let left = low;
        let right = middle;
        for (let to = low; to < high; to++) {
          const takeLeft =
            left < middle && (right >= high || this.compareKeys(order[left]!, order[right]!) <= 0);
          spare[to] = takeLeft ? order[left++]! : order[right++]!;
        }
      }
      this.order = spare;
      this.spare = order;
    }
  }

  /**
   * Orders two keys by the UTF-16 code units of their unescaped text (RFC 8785 §3.2.3), from their canonical form.
   * @returns below 0, 0 or above 0
   */
  private compareKeys(a: number, b: number): number {
    const { out } = this;
    let i = this.pieceStart[this.memberPiece[a]!]! + 1;
    let j = this.pieceStart[this.memberPiece[b]!]! + 1;
    const iEnd = this.memberKeyEnd[a]!;
    const jEnd = this.memberKeyEnd[b]!;
    if (this.memberEscaped[a]! + this.memberEscaped[b]! > 0) return compareEscaped(out, i, iEnd, j, jEnd);
    const end = Math.min(iEnd, i + jEnd - j);
    for (; i < end; i++, j++) {
      if (out[i] !== out[j]) return compareUtf8Bytes(out[i]!, out[j]!);
    }
    return iEnd - i - (jEnd - j);
  }

  /** Makes sure that there is room for `extra` bytes, and for the rest of the input from `i` on. */
  private reserve(i: number, extra: number): void {
    const needed = this.length + extra + (this.end - i) + 8;
    if (needed <= this.out.length) return;
    const out = new Uint8Array(Math.max(needed, 2 * this.out.length));
    out.set(this.out.subarray(0, this.length));
    this.out = out;
    this.outView = new DataView(out.buffer);
  }

  private growMembers(): void {
    this.memberPiece = grown(this.memberPiece);
    this.memberKeyEnd = grown(this.memberKeyEnd);
    this.memberSource = grown(this.memberSource);
    const escaped = new Uint8Array(2 * this.memberEscaped.length);
    escaped.set(this.memberEscaped);
    this.memberEscaped = escaped;
  }

  /** Records what is wrong at `i`; bytes there that are no UTF-8 are the deeper reason for anything. @returns -1 */
  private fail(i: number, code: MalformedCode): -1 {
    const { bytes, start, end } = this;
    const notUtf8 = i < end && bytes[i]! >= 0x80 && utf8Size(bytes, i, end) === 0;
    this.failure = { code: notUtf8 ? 'invalid-utf8' : code, offset: i - start };
    return -1;
  }

  private failAt(i: number, code: MalformedCode): false {
    this.fail(i, code);
    return false;
  }
}

const MALFORMED_MESSAGES: Readonly<Record<MalformedCode, string>> = {
  empty: 'No value at byte {offset}: there is only white space. Write one JSON value, or remove the sample.',
  'invalid-utf8':
    'Invalid UTF-8 at byte {offset}: the bytes there encode no character. Save the file as UTF-8.',
  'invalid-json':
    'Invalid JSON at byte {offset}: what stands there is not allowed at this place. Correct the syntax.',
  'unexpected-end':
    'The value is cut off at byte {offset}: the sample ends inside it. Restore the rest of it.',
  'trailing-data':
    'Data after the value at byte {offset}: a sample is exactly one JSON value. Put each value on a line of its own.',
  'duplicate-key':
    'Duplicate key at byte {offset}: the same object has it already, and readers disagree on which one counts. Remove one of them.',
  'lone-surrogate':
    'Lone surrogate at byte {offset}: half of a \\u escape pair is no character. Write both halves, or remove it.',
  'number-overflow':
    'Number too large at byte {offset}: it overflows a double. Write it as a string, or correct it.',
  'non-finite-number':
    'Not a JSON number at byte {offset}: NaN and Infinity do not exist in JSON. Use null or a string.',
  'too-deep': 'Nested too deeply at byte {offset}: more than {maxDepth} levels. Flatten the sample.',
};

/** The error that says what is wrong, where (byte offset from 0) and what to do about it. */
export function describeMalformed(malformed: Malformed): ProvenanceError {
  const { code, offset } = malformed;
  return new ProvenanceError(code, MALFORMED_MESSAGES[code], { offset, maxDepth: MAX_DEPTH });
}

/** The error for a sample of `size` bytes that is longer than {@link MAX_SAMPLE_BYTES}. */
export function tooLarge(size: number): ProvenanceError {
  return new ProvenanceError(
    'too-large',
    'A sample of {size} bytes is longer than the limit of {limit} bytes.',
    {
      size,
      limit: MAX_SAMPLE_BYTES,
    },
  );
}

/**
 * The canonical form of one JSON text, in bytes of its own. For many, use one {@link CanonicalScanner}.
 * @throws ProvenanceError with a {@link MalformedCode}, or `too-large`
 */
export function canonicalize(bytes: Uint8Array): Uint8Array {
  const scanner = new CanonicalScanner();
  const malformed = scanner.scan(bytes);
  if (malformed) throw describeMalformed(malformed);
  return scanner.canonical().slice();
}

/**
 * JSON.parse for signed payloads and the like: what {@link CanonicalScanner} refuses (duplicate keys, invalid UTF-8,
 * a byte order mark…) is refused. Integers outside ±(2^53−1) are rounded as by JSON.parse.
 * @throws ProvenanceError with a {@link MalformedCode} and what the text is, to go on with after "it is"; or `too-large`
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const malformed = new CanonicalScanner().scan(bytes);
  if (malformed) {
    const { code, offset } = malformed;
    throw code === 'unexpected-end'
      ? new ProvenanceError(code, 'cut off at byte {offset}', { offset })
      : new ProvenanceError(code, 'not strict JSON at byte {offset} ({code})', { offset, code });
  }
  return JSON.parse(textDecoder.decode(bytes)) as unknown;
}

/**
 * Canonical bytes of a plain value: null, booleans, finite numbers, strings, bigints (exact), arrays and plain objects
 * of them. Members that are undefined are left out.
 * @throws ProvenanceError `invalid-argument` for anything else; `non-finite-number`, `lone-surrogate`, `too-deep`
 *   (also for a cycle), `number-overflow`
 */
export function canonicalBytes(value: unknown): Uint8Array {
  return canonicalize(textEncoder.encode(toJson(value, 0)));
}

function toJson(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  // Lone surrogates come out as \uXXXX escapes, which the scanner refuses.
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return String(value);
    throw new ProvenanceError('non-finite-number', 'JSON has no number {value}.', { value: String(value) });
  }
  if (!Array.isArray(value) && !isPlainObject(value)) {
    throw new ProvenanceError('invalid-argument', 'JSON has no value for this {type}.', {
      type: typeof value,
    });
  }
  if (depth === MAX_DEPTH) {
    throw new ProvenanceError('too-deep', 'Nested deeper than {maxDepth} levels.', { maxDepth: MAX_DEPTH });
  }
  if (Array.isArray(value)) return `[${Array.from(value, (item) => toJson(item, depth + 1)).join()}]`;
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${toJson(item, depth + 1)}`);
  return `{${members.join()}}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function skipSpace(bytes: Uint8Array, i: number, end: number): number {
  for (; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
  }
  return i;
}

function startsWith(bytes: Uint8Array, i: number, end: number, word: Uint8Array): boolean {
  if (end - i < word.length) return false;
  for (let k = 0; k < word.length; k++) {
    if (bytes[i + k] !== word[k]) return false;
  }
  return true;
}

/**
 * Size of the well-formed UTF-8 sequence (Unicode 16, table 3-7) that starts with the byte above 0x7f at `i`: 2 to 4,
 * or 0 when there is none: overlong, a surrogate, above U+10FFFF, cut off.
 */
function utf8Size(bytes: Uint8Array, i: number, end: number): number {
  const lead = bytes[i]!;
  if (lead < 0xc2 || lead > 0xf4 || i + 1 >= end) return 0;
  const second = bytes[i + 1]!;
  if (lead < 0xe0) return (second & 0xc0) === 0x80 ? 2 : 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  if (i + 2 >= end || (bytes[i + 2]! & 0xc0) !== 0x80) return 0;
  if (lead < 0xf0) return 3;
  return i + 3 < end && (bytes[i + 3]! & 0xc0) === 0x80 ? 4 : 0;
}

/** Writes the code point, from U+0080 on, to `out` at `to`. @returns where it has ended */
function writeUtf8(out: Uint8Array, to: number, code: number): number {
  if (code < 0x800) {
    out[to++] = 0xc0 | (code >> 6);
  } else {
    if (code < 0x10000) {
      out[to++] = 0xe0 | (code >> 12);
    } else {
      out[to++] = 0xf0 | (code >> 18);
      out[to++] = 0x80 | ((code >> 12) & 0x3f);
    }
    out[to++] = 0x80 | ((code >> 6) & 0x3f);
  }
  out[to++] = 0x80 | (code & 0x3f);
  return to;
}

/**
 * Orders the first bytes in which two UTF-8 texts differ as UTF-16 does: that is byte order, except that characters
 * beyond U+FFFF (lead byte 0xf0 and up) are surrogates there, which come before U+E000 (lead bytes 0xee and 0xef).
 */
function compareUtf8Bytes(a: number, b: number): number {
  if (a >= 0xee && b >= 0xee && a >= 0xf0 !== b >= 0xf0) return b - a;
  return a - b;
}

/** As `compareKeys`, for keys of which at least one has escapes in its canonical form: `out[i, iEnd)`, `out[j, jEnd)`. */
function compareEscaped(out: Uint8Array, i: number, iEnd: number, j: number, jEnd: number): number {
  while (i < iEnd && j < jEnd) {
    let a = out[i++]!;
    let b = out[j++]!;
    if (a === BACKSLASH) {
      a = canonicalEscape(out, i);
      i += out[i] === LOWER_U ? 5 : 1;
    }
    if (b === BACKSLASH) {
      b = canonicalEscape(out, j);
      j += out[j] === LOWER_U ? 5 : 1;
    }
    if (a !== b) return compareUtf8Bytes(a, b);
  }
  return iEnd - i - (jEnd - j);
}

/** The ASCII character that the canonical escape stands for whose backslash is just before `i`. */
function canonicalEscape(out: Uint8Array, i: number): number {
  const letter = out[i]!;
  return letter === LOWER_U ? (HEX_VALUE[out[i + 3]!]! << 4) | HEX_VALUE[out[i + 4]!]! : UNESCAPED[letter]!;
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(2 * array.length);
  copy.set(array);
  return copy;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
