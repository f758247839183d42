import { commonHead, commonTail, DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';

/** What became of a row of the file, compared with the signed leaves. */
export const ROW = {
  /** Stands in the signed order. */
  inPlace: 0,
  /** Was signed, and stands elsewhere now. */
  moved: 1,
  /** Something else was signed at this place. */
  modified: 2,
  /** Was not signed. */
  added: 3,
  /** A further copy of a signed sample. */
  copy: 4,
  /** Has no digest. */
  malformed: 5,
} as const;

/** Rows with their digests packed, 32 bytes each; `malformed` rows have none. */
export interface Rows {
  readonly count: number;
  readonly digests: Uint8Array;
  readonly malformed: { has(row: number): boolean; readonly size: number };
}

const NONE = -1;

/** Rows of a file compared with leaves: all that differs, and what stands between. */
interface Comparison {
  readonly rows: Rows;
  readonly leaves: Uint8Array;
  /** A value of {@link ROW} for each row. */
  readonly kinds: Uint8Array;
  readonly leafOfRow: Int32Array;
  readonly rowOfLeaf: Int32Array;
}

/** What became of the rows of a file, compared with the signed leaves. */
export class RowMatch {
  /** Rows `[from, to)` are all that may differ: the others stand as they were signed. */
  readonly from: number;
  readonly to: number;

  /**
   * @param compared the rows from `from` on
   * @param shift how many places before their leaves the rows behind those stand
   * @param removed leaves that no row accounts for, in order
   */
  constructor(
    private readonly rowCount: number,
    from: number,
    private readonly compared: Pick<Comparison, 'kinds' | 'leafOfRow'>,
    private readonly shift: number,
    readonly removed: Uint32Array,
  ) {
    this.from = from;
    this.to = from + compared.kinds.length;
  }

  /** A value of {@link ROW}. */
  kindOf(row: number): number {
    return this.isCompared(row) ? this.compared.kinds[row - this.from]! : ROW.inPlace;
  }

  /** The leaf that a row is, or (modified, malformed) that was signed in its place; −1 where there is none. */
  leafOf(row: number): number {
    if (!this.isCompared(row)) return row < this.from ? row : row + this.shift;
    const leaf = this.compared.leafOfRow[row - this.from]!;
    return leaf === NONE ? NONE : leaf + this.from;
  }

  /** How many rows are of a kind. */
  count(kind: number): number {
    const { kinds } = this.compared;
    let count = kind === ROW.inPlace ? this.rowCount - kinds.length : 0;
    for (const found of kinds) if (found === kind) count++;
    return count;
  }

  private isCompared(row: number): boolean {
    return row >= this.from && row < this.to;
  }
}

/**
 * Matches the rows of a file with the leaves that were signed (docs/formats.md, "Status of a sample").
 *
 * 1. Rows are matched to leaves by digest, as multisets. Of equal rows, the first ones in the file are matched; what
 *    is left over are copies.
 * 2. A matched row is moved when it stands outside the signed order: rows that traded places all are; otherwise the
 *    smallest set whose removal leaves the rest in order.
 * 3. Between two neighbours that stand in place, as many unmatched rows as unmatched leaves are modified row by row;
 *    otherwise the rows are added and the leaves removed. When the counts differ, copies are left out (a copy is an
 *    addition by its own evidence); then the malformed rows alone are tried, then the others alone.
 *
 * Only what lies between the first and the last difference is looked at. Time O(n log n) in the rows that moved there,
 * else O(n); memory some 20 bytes for each row there.
 */
export function matchRows(rows: Rows, leaves: Uint8Array): RowMatch {
  const leafCount = leaves.length / DIGEST_LENGTH;
  const head = sameAtStart(rows, leaves);
  const tail = sameAtEnd(rows, leaves, head);
  let compared = compare(rows, leaves, head, rows.count - tail, leafCount - tail);
  pairRows(compared);
  for (let row = 0; row < compared.kinds.length; row++) {
    if (compared.leafOfRow[row] !== NONE) compared.kinds[row] = ROW.inPlace;
    else if (compared.rows.malformed.has(row)) compared.kinds[row] = ROW.malformed;
  }
  markMoved(compared);
  const copies = findCopies(compared, leaves);
  // Rows at the end may be equal to one before them, which comes first.
  if (copies) compared = extended(compared, compare(rows, leaves, head, rows.count, leafCount));
  const anchors = compared.kinds.map((kind) => (kind === ROW.inPlace ? 1 : 0));
  if (copies) preferFirstCopies(compared, copies, anchors);
  const removed = closeGaps(compared, anchors).map((leaf) => leaf + head);
  return new RowMatch(rows.count, head, compared, leafCount - rows.count, removed);
}

/** How many rows at the start are the leaves there. */
function sameAtStart({ digests, malformed }: Rows, leaves: Uint8Array): number {
  const same = commonHead(digests, leaves);
  if (malformed.size > 0) for (let row = 0; row < same; row++) if (malformed.has(row)) return row;
  return same;
}

/** How many rows at the end are the leaves there, behind those at the start. */
function sameAtEnd({ count, digests, malformed }: Rows, leaves: Uint8Array, head: number): number {
  const same = commonTail(digests.subarray(head * DIGEST_LENGTH), leaves.subarray(head * DIGEST_LENGTH));
  if (malformed.size > 0) for (let i = 0; i < same; i++) if (malformed.has(count - 1 - i)) return i;
  return same;
}

/** The rows and leaves from `from` up to these ends, with nothing known of them yet; all indices count from there. */
function compare(rows: Rows, leaves: Uint8Array, from: number, rowEnd: number, leafEnd: number): Comparison {
  const { malformed } = rows;
  const part = (digests: Uint8Array, end: number) =>
    digests.subarray(from * DIGEST_LENGTH, end * DIGEST_LENGTH);
  return {
    rows: {
      count: rowEnd - from,
      digests: part(rows.digests, rowEnd),
      malformed: { size: malformed.size, has: (row) => malformed.has(row + from) },
    },
    leaves: part(leaves, leafEnd),
    kinds: new Uint8Array(rowEnd - from).fill(ROW.added),
    leafOfRow: new Int32Array(rowEnd - from).fill(NONE),
    rowOfLeaf: new Int32Array(leafEnd - from).fill(NONE),
  };
}

/** What was found out, with the rows and leaves behind it, which are the same one by one. */
function extended(compared: Comparison, longer: Comparison): Comparison {
  const { kinds, leafOfRow, rowOfLeaf } = longer;
  kinds.set(compared.kinds);
  leafOfRow.set(compared.leafOfRow);
  rowOfLeaf.set(compared.rowOfLeaf);
  let leaf = compared.rowOfLeaf.length;
  for (let row = compared.kinds.length; row < kinds.length; row++, leaf++) {
    kinds[row] = ROW.inPlace;
    leafOfRow[row] = leaf;
    rowOfLeaf[leaf] = row;
  }
  return longer;
}

/**
 * Pairs rows and leaves. Digests that occur once on both sides give the skeleton; repeated ones are paired within the
 * same stretch of it first, so that a deleted copy does not make the copies after it look moved (the idea of patience
 * diff).
 */
function pairRows({ rows, leaves, leafOfRow, rowOfLeaf }: Comparison): void {
  if (leafOfRow.length === 0 || rowOfLeaf.length === 0) return;
  const pair = (row: number, leaf: number) => {
    leafOfRow[row] = leaf;
    rowOfLeaf[leaf] = row;
  };
  const leafTable = new DigestTable(leaves);
  const rowTable = new DigestTable(rows.digests, (row) => rows.malformed.has(row));

  const uniqueRows = new IndexList();
  const uniqueLeaves = new IndexList();
  const repeated = new IndexList();
  for (let row = 0; row < rows.count; row++) {
    if (rows.malformed.has(row)) continue;
    const leaf = leafTable.first(rows.digests, row);
    if (leaf === NONE || rowTable.first(rows.digests, row) !== row) continue;
    if (leafTable.next(leaf) === NONE && rowTable.next(row) === NONE) {
      pair(row, leaf);
      uniqueRows.push(row);
      uniqueLeaves.push(leaf);
    } else {
      repeated.push(row);
    }
  }
  if (repeated.length === 0) return;

  const kept = longestIncreasing(uniqueLeaves.values());
  const anchorRows = picked(uniqueRows.values(), kept);
  const anchorLeaves = picked(uniqueLeaves.values(), kept);
  for (const firstRow of repeated.values()) {
    const copies = chain(rowTable, firstRow);
    const signed = chain(leafTable, leafTable.first(rows.digests, firstRow));
    let r = 0;
    let l = 0;
    while (r < copies.length && l < signed.length) {
      const rowStretch = countBelow(anchorRows, copies[r]!);
      const leafStretch = countBelow(anchorLeaves, signed[l]!);
      if (rowStretch === leafStretch) pair(copies[r++]!, signed[l++]!);
      else if (rowStretch < leafStretch) r++;
      else l++;
    }
    const freeRows = copies.filter((row) => leafOfRow[row] === NONE);
    const freeLeaves = signed.filter((leaf) => rowOfLeaf[leaf] === NONE);
    for (let i = 0; i < Math.min(freeRows.length, freeLeaves.length); i++) {
      pair(freeRows[i]!, freeLeaves[i]!);
    }
  }
}

/** A list of row or leaf numbers that grows: 4 bytes each, where an array of millions takes several times as much. */
class IndexList {
  private items = new Int32Array(4);
  length = 0;

  static of(index: number): IndexList {
    const list = new IndexList();
    list.push(index);
    return list;
  }

  push(index: number): void {
    if (this.length === this.items.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = index;
  }

  clear(): void {
    this.length = 0;
  }

  /** A view, valid until the next {@link push}. */
  values(): Int32Array {
    return this.items.subarray(0, this.length);
  }
}

function picked(values: Int32Array, indices: Int32Array): Int32Array {
  return indices.map((i) => values[i]!);
}

function chain(table: DigestTable, first: number): Int32Array {
  const indices = new IndexList();
  for (let i = first; i !== NONE; i = table.next(i)) indices.push(i);
  return indices.values();
}

/** How many of the sorted values are below `value`. */
function countBelow(sorted: Int32Array, value: number, length = sorted.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indices of a longest increasing subsequence of distinct values (patience sorting). */
function longestIncreasing(values: Int32Array): Int32Array {
  // By pile: the index of its top card, and the card.
  const tops = new Int32Array(values.length);
  const tails = new Int32Array(values.length);
  const previous = new Int32Array(values.length).fill(NONE);
  let piles = 0;
  for (let i = 0; i < values.length; i++) {
    const pile = countBelow(tails, values[i]!, piles);
    previous[i] = pile > 0 ? tops[pile - 1]! : NONE;
    tops[pile] = i;
    tails[pile] = values[i]!;
    if (pile === piles) piles++;
  }
  const indices = new Int32Array(piles);
  for (let i = piles > 0 ? tops[piles - 1]! : NONE, at = piles; i !== NONE; i = previous[i]!) {
    indices[--at] = i;
  }
  return indices;
}

/** Marks matched rows that stand outside the signed order. */
function markMoved({ leafOfRow, rowOfLeaf, kinds }: Comparison): void {
  const rankOfLeaf = new Int32Array(rowOfLeaf.length);
  let matched = 0;
  for (let leaf = 0; leaf < rowOfLeaf.length; leaf++) {
    rankOfLeaf[leaf] = rowOfLeaf[leaf] === NONE ? NONE : matched++;
  }
  const rowOfRank = new Int32Array(matched);
  const order = new Int32Array(matched);
  let rank = 0;
  for (let row = 0; row < leafOfRow.length; row++) {
    const leaf = leafOfRow[row]!;
    if (leaf === NONE) continue;
    rowOfRank[rank] = row;
    order[rank++] = rankOfLeaf[leaf]!;
  }

  let blockStart = 0;
  let highest = NONE;
  for (let i = 0; i < matched; i++) {
    highest = Math.max(highest, order[i]!);
    if (highest !== i) continue;
    // order maps [blockStart, i] onto itself: what moved here moved within this block.
    if (i > blockStart) {
      const block = order.subarray(blockStart, i + 1);
      for (const offset of movedInBlock(block, blockStart))
        kinds[rowOfRank[blockStart + offset]!] = ROW.moved;
    }
    blockStart = i + 1;
  }
}

function movedInBlock(block: Int32Array, start: number): Int32Array {
  const displaced = new IndexList();
  let tradedPlaces = true;
  for (let i = 0; i < block.length; i++) {
    const target = block[i]! - start;
    if (target === i) continue;
    displaced.push(i);
    if (block[target]! - start !== i) tradedPlaces = false;
  }
  if (tradedPlaces) return displaced.values();
  const kept = longestIncreasing(block);
  const moved = new Int32Array(block.length - kept.length);
  for (let i = 0, k = 0, m = 0; i < block.length; i++) {
    if (kept[k] === i) k++;
    else moved[m++] = i;
  }
  return moved;
}

/**
 * The unmatched rows that are copies of signed samples.
 * @param leaves all of them
 * @returns undefined where there are none
 */
function findCopies(
  { rows, kinds }: Comparison,
  leaves: Uint8Array,
): { readonly table: DigestTable; readonly firsts: ReadonlySet<number> } | undefined {
  if (!kinds.includes(ROW.added)) return undefined;
  const table = new DigestTable(rows.digests, (row) => kinds[row] !== ROW.added);
  const firsts = new Set<number>();
  table.eachFound(leaves, (_, first) => firsts.add(first));
  return firsts.size > 0 ? { table, firsts } : undefined;
}

/**
 * Of equal rows, lets the first ones in the file be the matched ones and the last ones the copies. A row that takes
 * over the leaf of a later one does not stand where it was signed: it is no anchor for the gap rule.
 */
function preferFirstCopies(
  { rows, kinds, leafOfRow, rowOfLeaf }: Comparison,
  { table, firsts }: { readonly table: DigestTable; readonly firsts: ReadonlySet<number> },
  anchors: Uint8Array,
): void {
  const equals = new Map<number, IndexList>();
  table.eachFound(rows.digests, (row, first) => {
    if (!firsts.has(first) || rows.malformed.has(row)) return;
    const known = equals.get(first);
    if (known) known.push(row);
    else equals.set(first, IndexList.of(row));
  });
  for (const list of equals.values()) {
    const equalRows = list.values();
    const matched = equalRows.filter((i) => leafOfRow[i] !== NONE);
    const matchedLeaves = matched.map((i) => leafOfRow[i]!);
    const matchedKinds = matched.map((i) => kinds[i]!);
    equalRows.forEach((i, n) => {
      const leaf = matchedLeaves[n] ?? NONE;
      if (leafOfRow[i] !== leaf) anchors[i] = 0;
      leafOfRow[i] = leaf;
      if (leaf !== NONE) rowOfLeaf[leaf] = i;
      kinds[i] = matchedKinds[n] ?? ROW.copy;
    });
  }
}

/** Applies the gap rule; sets the kinds and leaves of modified rows. @returns the removed leaves */
function closeGaps({ kinds, leafOfRow, rowOfLeaf }: Comparison, anchors: Uint8Array): Uint32Array {
  const removed = new IndexList();
  const gapRows = new IndexList();
  const gapLeaves = new IndexList();
  let leaf = 0;
  const closeGap = (leafEnd: number) => {
    if (leaf === leafEnd && gapRows.length === 0) return;
    gapLeaves.clear();
    for (; leaf < leafEnd; leaf++) if (rowOfLeaf[leaf] === NONE) gapLeaves.push(leaf);
    const leaves = gapLeaves.values();
    const changed = rowsInPlaceOf(leaves.length, gapRows.values(), kinds);
    if (changed === undefined) {
      for (const gone of leaves) removed.push(gone);
    } else {
      changed.forEach((row, i) => {
        leafOfRow[row] = leaves[i]!;
        if (kinds[row] !== ROW.malformed) kinds[row] = ROW.modified;
      });
    }
    gapRows.clear();
  };
  for (let row = 0; row < kinds.length; row++) {
    if (anchors[row] === 1) {
      closeGap(leafOfRow[row]!);
      leaf = leafOfRow[row]! + 1;
    } else if (leafOfRow[row] === NONE) {
      gapRows.push(row);
    }
  }
  closeGap(rowOfLeaf.length);
  return Uint32Array.from(removed.values());
}

/** The rows of a gap that stand for its leaves one by one, or undefined where the counts do not agree. */
function rowsInPlaceOf(leafCount: number, rows: Int32Array, kinds: Uint8Array): Int32Array | undefined {
  if (leafCount === 0) return undefined;
  const candidates: ((row: number) => boolean)[] = [
    () => true,
    (row) => kinds[row] !== ROW.copy,
    // A line that some tool broke is the likeliest remnant of what was signed here.
    (row) => kinds[row] === ROW.malformed,
    (row) => kinds[row] !== ROW.malformed,
    (row) => kinds[row] === ROW.added,
  ];
  for (const isCandidate of candidates) {
    const chosen = rows.filter(isCandidate);
    if (chosen.length === leafCount) return chosen;
  }
  return undefined;
}
