import type { MalformedCode } from '../errors.ts';
import type { Malformed } from './canonicalJson.ts';

/** The code of each reason in packed arrays, which are also kept on disk: only ever added to. */
const CODE_NUMBER: Readonly<Record<MalformedCode, number>> = {
  empty: 0,
  'invalid-utf8': 1,
  'invalid-json': 2,
  'unexpected-end': 3,
  'trailing-data': 4,
  'duplicate-key': 5,
  'lone-surrogate': 6,
  'number-overflow': 7,
  'non-finite-number': 8,
  'too-deep': 9,
};
const CODES = Object.keys(CODE_NUMBER) as MalformedCode[];

/** What {@link MalformedSamples} are made of; each array has one element a malformed sample, in order. */
export interface PackedMalformed {
  /** Index of the sample, from 0; increasing. */
  readonly rows: Uint32Array;
  /** Reason, as a number. */
  readonly codes: Uint8Array;
  /** Byte offset from the start of the sample. */
  readonly offsets: Uint32Array;
}

/**
 * The samples of a file that have no digest, and why: 9 bytes each, as a file may have millions. Read like a map from
 * the index of a sample, from 0, to what is wrong with it; in order.
 */
export class MalformedSamples {
  static readonly NONE = new MalformedSamples({
    rows: new Uint32Array(0),
    codes: new Uint8Array(0),
    offsets: new Uint32Array(0),
  });

  /** One bit a sample, up to the last malformed one. */
  private readonly bits: Uint8Array;

  constructor(readonly packed: PackedMalformed) {
    const { rows } = packed;
    this.bits = new Uint8Array(rows.length > 0 ? (rows[rows.length - 1]! >>> 3) + 1 : 0);
    for (const row of rows) this.bits[row >>> 3]! |= 1 << (row & 7);
  }

  get size(): number {
    return this.packed.rows.length;
  }

  has(row: number): boolean {
    return ((this.bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  get(row: number): Malformed | undefined {
    if (!this.has(row)) return undefined;
    const { rows } = this.packed;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return this.at(low);
  }

  /** The samples, in order. */
  keys(): IterableIterator<number> {
    return this.packed.rows.values();
  }

  *[Symbol.iterator](): Generator<[row: number, malformed: Malformed]> {
    for (let i = 0; i < this.size; i++) yield [this.packed.rows[i]!, this.at(i)];
  }

  private at(i: number): Malformed {
    const { codes, offsets } = this.packed;
    return { code: CODES[codes[i]!] ?? 'invalid-json', offset: offsets[i]! };
  }
}

/** Packs what is wrong with samples as they are found, in order. */
export class MalformedCollector {
  private rows = new Uint32Array(0);
  private codes = new Uint8Array(0);
  private offsets = new Uint32Array(0);
  private size = 0;

  /** @param row index of the sample, greater than the one before */
  add(row: number, { code, offset }: Malformed): void {
    this.reserve(1);
    this.rows[this.size] = row;
    this.codes[this.size] = CODE_NUMBER[code];
    this.offsets[this.size++] = offset;
  }

  /** Adds those of a later part of the file, whose first sample has the index `firstRow`. */
  addPacked({ rows, codes, offsets }: PackedMalformed, firstRow: number): void {
    this.reserve(rows.length);
    this.codes.set(codes, this.size);
    this.offsets.set(offsets, this.size);
    for (const row of rows) this.rows[this.size++] = firstRow + row;
  }

  /** @returns arrays of their own, which may be transferred */
  finish(): PackedMalformed {
    const { size } = this;
    return {
      rows: this.rows.slice(0, size),
      codes: this.codes.slice(0, size),
      offsets: this.offsets.slice(0, size),
    };
  }

  private reserve(more: number): void {
    if (this.size + more <= this.rows.length) return;
    const capacity = Math.max(16, this.size + more, this.rows.length * 2);
    this.rows = withCapacity(this.rows, new Uint32Array(capacity));
    this.codes = withCapacity(this.codes, new Uint8Array(capacity));
    this.offsets = withCapacity(this.offsets, new Uint32Array(capacity));
  }
}

function withCapacity<T extends Uint8Array | Uint32Array>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}
