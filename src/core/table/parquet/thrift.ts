import { damaged } from './failure.ts';

/** Types of the Thrift compact protocol. A boolean field's value is its type. */
export const THRIFT = {
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
} as const;

/** Deeper than any structure of Parquet, and shallow enough for the stack. */
const MAX_DEPTH = 32;

/** Bytes ended in the middle of a structure; more of them may help. */
export class ThriftEnd extends Error {}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the Thrift compact protocol, in which Parquet writes its footer and page headers, in one pass and without
 * building objects for what is not asked for. All lengths are checked against the bytes that are there.
 *
 * (hyparquet's reader builds every value, takes quadratic time for a long varint, and follows nesting without bound.)
 */
export class ThriftReader {
  private depth = 0;

  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  /**
   * Reads a struct. `onField` reads the field's value and returns true, or returns false to have it skipped.
   * @throws ThriftEnd, ParquetFailure `invalid-parquet`
   */
  struct(onField: (id: number, type: number) => boolean): void {
    if (++this.depth > MAX_DEPTH) throw damaged(`its metadata nests deeper than ${MAX_DEPTH}`);
    let id = 0;
    for (;;) {
      const head = this.byte();
      if (head === 0) break;
      const delta = head >> 4;
      id = delta === 0 ? this.zigzag() : id + delta;
      if (!onField(id, head & 15)) this.skip(head & 15);
    }
    this.depth--;
  }

  /** Reads a list of structs: `readElement` is called with the reader in front of each one. */
  structs(type: number, readElement: () => void): void {
    const [count, elementType] = this.listHead(type);
    if (elementType !== THRIFT.STRUCT) throw damaged('its metadata has a list of an unexpected type');
    for (let index = 0; index < count; index++) readElement();
  }

  /** A list of UTF-8 strings. */
  strings(type: number): string[] {
    const [count, elementType] = this.listHead(type);
    const texts: string[] = [];
    for (let index = 0; index < count; index++) texts.push(this.string(elementType));
    return texts;
  }

  boolean(type: number): boolean {
    if (type !== THRIFT.TRUE && type !== THRIFT.FALSE) throw damaged('its metadata has an unexpected type');
    return type === THRIFT.TRUE;
  }

  /** An integer of any width. One that a double cannot hold exactly is no size, count or offset, and is refused. */
  integer(type: number): number {
    if (type === THRIFT.BYTE) return (this.byte() << 24) >> 24;
    if (type !== THRIFT.I16 && type !== THRIFT.I32 && type !== THRIFT.I64) {
      throw damaged('its metadata has an unexpected type');
    }
    return this.zigzag();
  }

  /** @throws ParquetFailure when it is not UTF-8: a name that was repaired would be another name */
  string(type: number): string {
    const bytes = this.binary(type);
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw damaged('its metadata has a text that is not UTF-8');
    }
  }

  binary(type: number): Uint8Array {
    if (type !== THRIFT.BINARY) throw damaged('its metadata has an unexpected type');
    const length = this.varint();
    if (length > this.end - this.at) throw new ThriftEnd();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Skips a value of the given type. */
  skip(type: number): void {
    switch (type) {
      case THRIFT.TRUE:
      case THRIFT.FALSE:
        return;
      case THRIFT.BYTE:
        this.byte();
        return;
      case THRIFT.I16:
      case THRIFT.I32:
      case THRIFT.I64:
        this.skipVarint();
        return;
      case THRIFT.DOUBLE:
        this.advance(8);
        return;
      case THRIFT.BINARY:
        this.binary(type);
        return;
      case THRIFT.LIST:
      case THRIFT.SET: {
        const [count, elementType] = this.listHead(type);
        this.skipElements(count, elementType);
        return;
      }
      case THRIFT.MAP: {
        const count = this.varint();
        if (count === 0) return;
        const types = this.byte();
        if (++this.depth > MAX_DEPTH) throw damaged(`its metadata nests deeper than ${MAX_DEPTH}`);
        for (let index = 0; index < count; index++) {
          this.skipElement(types >> 4);
          this.skipElement(types & 15);
        }
        this.depth--;
        return;
      }
      case THRIFT.STRUCT:
        this.struct(() => false);
        return;
      default:
        throw damaged(`its metadata has a value of the unknown type ${type}`);
    }
  }

  private skipElements(count: number, type: number): void {
    if (++this.depth > MAX_DEPTH) throw damaged(`its metadata nests deeper than ${MAX_DEPTH}`);
    for (let index = 0; index < count; index++) this.skipElement(type);
    this.depth--;
  }

  /** Unlike a field, a boolean in a list or map takes a byte. */
  private skipElement(type: number): void {
    if (type === THRIFT.TRUE || type === THRIFT.FALSE) this.byte();
    else this.skip(type);
  }

  private listHead(type: number): [count: number, elementType: number] {
    if (type !== THRIFT.LIST && type !== THRIFT.SET) throw damaged('its metadata has an unexpected type');
    const head = this.byte();
    const short = head >> 4;
    const count = short === 15 ? this.varint() : short;
    if (count > this.end - this.at) throw new ThriftEnd();
    return [count, head & 15];
  }

  private byte(): number {
    if (this.at >= this.end) throw new ThriftEnd();
    return this.bytes[this.at++]!;
  }

  private advance(count: number): void {
    if (count > this.end - this.at) throw new ThriftEnd();
    this.at += count;
  }

  private skipVarint(): void {
    while (this.byte() > 127);
  }

  private varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw damaged('its metadata has an absurdly large number');
      if (byte < 128) return value;
      if (scale > 2 ** 63) throw damaged('its metadata has an integer of too many bytes');
      scale *= 128;
    }
  }

  private zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
