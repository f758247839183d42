import { DIGEST_LENGTH, digestComparer, DigestTable } from '../sample/digest.ts';

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

export interface RowMatch {
  /** A value of {@link ROW} for each row. */
  readonly kinds: Uint8Array;
  /** The leaf that each row is, or (modified, malformed) that was signed in its place; −1 where there is none. */
  readonly leafOfRow: Int32Array;
  /** Leaves that no row accounts for, in order. */
  readonly removed: Uint32Array;
}

const NONE = -1;

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
 * Time O(n log n) in the rows that moved, else O(n); memory some 20 bytes a row.
 */
export function matchRows(rows: Rows, leaves: Uint8Array): RowMatch {
  const rowCount = rows.count;
  const leafCount = leaves.length / DIGEST_LENGTH;
  const kinds = new Uint8Array(rowCount).fill(ROW.added);
  const leafOfRow = new Int32Array(rowCount).fill(NONE);
  const rowOfLeaf = new Int32Array(leafCount).fill(NONE);
  const pair = (row: number, leaf: number) => {
    leafOfRow[row] = leaf;
    rowOfLeaf[leaf] = row;
  };

  const shorter = Math.min(rowCount, leafCount);
  const same = digestComparer(rows.digests, leaves);
  let head = 0;
  while (head < shorter && same(head, head) && !rows.malformed.has(head)) {
    pair(head, head);
    head++;
  }
  let tail = 0;
  while (tail < shorter - head) {
    const row = rowCount - 1 - tail;
    if (!same(row, leafCount - 1 - tail) || rows.malformed.has(row)) break;
    pair(row, leafCount - 1 - tail);
    tail++;
  }

  if (head + tail < Math.max(rowCount, leafCount)) {
    pairMiddle(rows, leaves, head, rowCount - tail, leafCount - tail, leafOfRow, rowOfLeaf, pair);
  }

  for (let row = 0; row < rowCount; row++) {
    if (leafOfRow[row] !== NONE) kinds[row] = ROW.inPlace;
    else if (rows.malformed.has(row)) kinds[row] = ROW.malformed;
  }
  if (head + tail < shorter) markMoved(leafOfRow, rowOfLeaf, kinds);
  const anchors = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) if (kinds[row] === ROW.inPlace) anchors[row] = 1;
  if (rowCount > head + tail) preferFirstCopies(rows, leaves, kinds, anchors, leafOfRow, rowOfLeaf);
  const removed = closeGaps(kinds, anchors, leafOfRow, rowOfLeaf);
  return { kinds, leafOfRow, removed };
}

/**
 * Pairs the rows and leaves between the common head and tail. Digests that occur once on both sides give the
 * skeleton; repeated ones are paired within the same stretch of it first, so that a deleted copy does not make the
 * copies after it look moved (the idea of patience diff).
 */
function pairMiddle(
  rows: Rows,
  leaves: Uint8Array,
  head: number,
  rowEnd: number,
  leafEnd: number,
  leafOfRow: Int32Array,
  rowOfLeaf: Int32Array,
  pair: (row: number, leaf: number) => void,
): void {
  const leafTable = new DigestTable(leaves, (leaf) => leaf < head || leaf >= leafEnd);
  const rowTable = new DigestTable(
    rows.digests,
    (row) => row < head || row >= rowEnd || rows.malformed.has(row),
  );

  const uniqueRows = new IndexList();
  const uniqueLeaves = new IndexList();
  const repeated = new IndexList();
  for (let row = head; row < rowEnd; row++) {
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
  private items = new Int32Array(16);
  length = 0;

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
function markMoved(leafOfRow: Int32Array, rowOfLeaf: Int32Array, kinds: Uint8Array): void {
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
 * Of equal rows, lets the first ones in the file be the matched ones and the last ones the copies. A row that takes
 * over the leaf of a later one does not stand where it was signed: it is no anchor for the gap rule.
 */
function preferFirstCopies(
  rows: Rows,
  leaves: Uint8Array,
  kinds: Uint8Array,
  anchors: Uint8Array,
  leafOfRow: Int32Array,
  rowOfLeaf: Int32Array,
): void {
  let leafTable: DigestTable | undefined;
  let rowTable: DigestTable | undefined;
  for (let row = 0; row < rows.count; row++) {
    if (kinds[row] !== ROW.added) continue;
    leafTable ??= new DigestTable(leaves);
    if (leafTable.first(rows.digests, row) === NONE) continue;
    rowTable ??= new DigestTable(rows.digests, (i) => rows.malformed.has(i));
    // Those left over become copies here, so each set of equal rows is met once.
    const equalRows = chain(rowTable, rowTable.first(rows.digests, row));
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
function closeGaps(
  kinds: Uint8Array,
  anchors: Uint8Array,
  leafOfRow: Int32Array,
  rowOfLeaf: Int32Array,
): Uint32Array {
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
