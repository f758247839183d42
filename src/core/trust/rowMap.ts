/**
 * Values of some rows of a file, in order: 8 bytes a row, as a million rows may have the same one. Read like a map from
 * row to value.
 */
export class RowMap<T extends object> {
  private rows = new Uint32Array(16);
  /** Index into {@link values}, by place in {@link rows}. */
  private valueAt = new Uint32Array(16);
  private readonly values: T[] = [];
  private readonly indices = new Map<T, number>();
  private count = 0;

  /** How many rows have a value. */
  get length(): number {
    return this.count;
  }

  /** @param row greater than the one before */
  add(row: number, value: T): void {
    let index = this.indices.get(value);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.indices.set(value, index);
    }
    if (this.count === this.rows.length) {
      this.rows = doubled(this.rows);
      this.valueAt = doubled(this.valueAt);
    }
    this.rows[this.count] = row;
    this.valueAt[this.count++] = index;
  }

  get(row: number): T | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.rows[low] === row ? this.values[this.valueAt[low]!] : undefined;
  }

  *[Symbol.iterator](): Generator<[row: number, value: T]> {
    for (let i = 0; i < this.count; i++) yield [this.rows[i]!, this.values[this.valueAt[i]!]!];
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
