import type { ReviewState } from './reviews.ts';

/**
 * The rows of a file with reviews that count, in order: 8 bytes each, as one review may be of a sample that stands there
 * a million times. Read like a map from row to state.
 */
export class RowReviews {
  private rows = new Uint32Array(16);
  /** Index into {@link states}, by place in {@link rows}. */
  private stateOf = new Uint32Array(16);
  private readonly states: ReviewState[] = [];
  private readonly indices = new Map<ReviewState, number>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** @param row greater than the one before */
  add(row: number, state: ReviewState): void {
    let index = this.indices.get(state);
    if (index === undefined) {
      index = this.states.push(state) - 1;
      this.indices.set(state, index);
    }
    if (this.count === this.rows.length) {
      this.rows = doubled(this.rows);
      this.stateOf = doubled(this.stateOf);
    }
    this.rows[this.count] = row;
    this.stateOf[this.count++] = index;
  }

  get(row: number): ReviewState | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.rows[low] === row ? this.states[this.stateOf[low]!] : undefined;
  }

  *[Symbol.iterator](): Generator<[row: number, state: ReviewState]> {
    for (let i = 0; i < this.count; i++) yield [this.rows[i]!, this.states[this.stateOf[i]!]!];
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
