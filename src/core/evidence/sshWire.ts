/** The data types of the SSH protocols (RFC 4251 §5), read strictly and written. */

/** A part of the structure is not there, or not what its type allows. Never leaves {@link readWire}. */
class Malformed extends Error {}

/** Reads one value after the other; each method throws where the bytes do not hold what it is asked for. */
export class WireReader {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    // Also of a Buffer, whose slice() would be no copy.
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.view = new DataView(buffer, byteOffset, byteLength);
  }

  /** Bytes that have been read. */
  get position(): number {
    return this.at;
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new Malformed();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint32(): number {
    this.take(4);
    return this.view.getUint32(this.at - 4);
  }

  uint64(): bigint {
    this.take(8);
    return this.view.getBigUint64(this.at - 8);
  }

  string(): Uint8Array {
    return this.take(this.uint32());
  }

  /** A string that is UTF-8 without NUL, which OpenSSH would end it at. */
  text(): string {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.string());
      if (!text.includes('\0')) return text;
    } catch (error) {
      if (error instanceof Malformed) throw error;
    }
    throw new Malformed();
  }

  /** A number that is not negative, as the bytes of its magnitude. As OpenSSH, it takes one with zeros in front. */
  unsigned(): Uint8Array {
    const bytes = this.string();
    if ((bytes[0] ?? 0) >= 0x80) throw new Malformed();
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? new Uint8Array(0) : bytes.subarray(start);
  }

  /** As {@link unsigned}, above zero and in its shortest form: one key has one encoding. */
  mpint(): Uint8Array {
    const start = this.at + 4;
    const magnitude = this.unsigned();
    const [first = 0] = magnitude;
    if (first === 0 || this.at - start !== magnitude.length + (first >> 7)) throw new Malformed();
    return magnitude;
  }

  /** Strings, up to the end of the bytes. */
  strings(): string[] {
    const all: string[] = [];
    while (!this.atEnd) all.push(this.text());
    return all;
  }
}

/**
 * What `read` makes of the bytes; undefined when they are cut short or malformed, when something follows, or when
 * `read` says so.
 */
export function readWire<T>(bytes: Uint8Array, read: (reader: WireReader) => T | undefined): T | undefined {
  const reader = new WireReader(bytes);
  try {
    const value = read(reader);
    return reader.atEnd ? value : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** A string: its length in four bytes, and its bytes. */
export function wireString(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return joinBytes(wireUint32(bytes.length), bytes);
}

export function wireUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
