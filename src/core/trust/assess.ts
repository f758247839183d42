import { DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { upstreamOf, type Taint, type Upstream } from '../lineage/taint.ts';
import {
  comparedWith,
  isDataset,
  isFileSignature,
  isIntact,
  type DatasetInScope,
  type FileInScope,
} from './baseline.ts';
import { matchRows, ROW, type RowMatch, type Rows } from './match.ts';
import { packSubjects } from './packedSubjects.ts';
import type { ReviewState } from './reviews.ts';
import type { ReviewTable } from './reviewTable.ts';
import { RowMap } from './rowMap.ts';
import type { LeavesLookup, StatementInScope } from './scope.ts';
import { STATUS_CODE, STATUSES, type DatasetVerdict, type Standing, type Status } from './status.ts';

const NONE = -1;

/** What a file is judged by. */
export interface AssessInput {
  /** Its digests may be missing where {@link settledBy} holds, or no review is about any of them: nobody looks at them then. */
  readonly rows: Rows;
  /** SHA-256 (hex) of the file's bytes; undefined for text that is not saved. */
  readonly sha256: string | undefined;
  /** The file's own statements first, in the order of its bundle, then those of the other datasets in scope. */
  readonly statements: readonly StatementInScope[];
  /** What the statements flag and clear. */
  readonly reviews: ReviewTable;
  readonly leaves: LeavesLookup;
  /** What was made of something flagged. */
  readonly taint: Taint | undefined;
  /** Whether the file's own evidence could be read; where it could not, what nothing covers is `unknown`. */
  readonly ownEvidenceReadable: boolean;
}

/** Indices of statements, or −1, in as few bytes as they fit in: there may be one for each of millions of rows. */
export type Indices = Int8Array | Int16Array | Int32Array;

/** The judgement on a file: a status a row, and the whole. */
export interface Assessment {
  /** {@link STATUS_CODE} of each row. */
  readonly statuses: Uint8Array;
  /** Index of the statement that decides each row's status; −1 where none does. */
  readonly coveredBy: Indices;
  /** Rows with reviews that count. */
  readonly reviews: RowMap<ReviewState>;
  /** Rows that are not flagged themselves, but were made of something flagged. */
  readonly upstream: RowMap<Upstream>;
  /** Index of the dataset statement that the file is compared with. */
  readonly baseline: number | undefined;
  /** How it compares; undefined where it is intact, or there is nothing to compare it with. */
  readonly match: RowMatch | undefined;
  readonly verdict: DatasetVerdict;
  readonly counts: Readonly<Record<Status, number>>;
  /** Rows that were signed and stand elsewhere now. */
  readonly moved: number;
  /** Signed samples that no row accounts for. */
  readonly removed: number;
  readonly flagged: number;
  /** How many rows were made of something flagged, flagged ones left out. */
  readonly flaggedUpstream: number;
}

/**
 * Judges every row of a file by the evidence in scope (docs/formats.md, "Status of a sample").
 *
 * The file is compared with its newest dataset statement by a trusted signer, or where there is none, by any valid
 * signer. Where a trusted one exists, a signature of an untrusted signer never makes a changed row look less bad:
 * anyone can make such a signature.
 */
export function assess(input: AssessInput): Assessment {
  const { rows, statements, leaves, sha256 } = input;
  const baseline = comparedWith(statements, sha256);
  const baselineTrusted = baseline?.standing === 'trusted';
  const intact = baseline !== undefined && isIntact(baseline, sha256);
  const baselineLeaves = baseline && leaves.get(baseline.index);
  const match = !intact && baselineLeaves ? matchRows(rows, baselineLeaves.digests) : undefined;
  const [from, to] = baselineTrusted ? openRows(rows, intact, match) : [0, rows.count];
  const statuses = new Uint8Array(rows.count);
  const coveredBy = indicesOf(statements.length, rows.count);
  for (const [start, end] of [
    [0, from],
    [to, rows.count],
  ] as const) {
    statuses.fill(STATUS_CODE.verified, start, end);
    coveredBy.fill(baseline?.index ?? NONE, start, end);
  }
  statuses.fill(STATUS_CODE.unsigned, from, to);
  coveredBy.fill(NONE, from, to);
  const isSigned = (row: number): boolean => {
    const kind = match?.kindOf(row);
    return intact || kind === ROW.inPlace || kind === ROW.moved;
  };
  const open = {
    digests: rows.digests.subarray(from * DIGEST_LENGTH, to * DIGEST_LENGTH),
    skip: (i: number) => rows.malformed.has(from + i) || (baselineTrusted && isSigned(from + i)),
  };
  const covers = collectCovers(input, baseline, () => new DigestTable(open.digests, open.skip));
  const allowance = baseline && copyAllowance(statements, baseline);

  const set = (row: number, status: Status, statement = NONE): void => {
    statuses[row] = STATUS_CODE[status];
    coveredBy[row] = statement;
  };
  const judge = (row: number): void => {
    if (rows.malformed.has(row)) {
      set(row, 'malformed');
      return;
    }
    const kind = match?.kindOf(row);
    const signedHere = isSigned(row);
    if (signedHere && baselineTrusted) {
      set(row, 'verified', baseline.index);
      return;
    }
    const trusted = covers.trusted.find(rows.digests, row);
    if (trusted !== undefined && (kind !== ROW.copy || allowance?.take(rows.digests, row))) {
      set(row, 'verified', trusted);
      return;
    }
    if (covers.trusted.whole !== undefined) {
      set(row, 'verified', covers.trusted.whole);
      return;
    }
    // A signature that anyone can make does not cover up one that was taken back.
    const revoked = baselineTrusted ? undefined : covers.revoked.find(rows.digests, row);
    if (revoked !== undefined) {
      set(row, 'revoked', revoked);
      return;
    }
    if (baseline !== undefined) {
      if (signedHere) set(row, 'untrusted', baseline.index);
      else if (match === undefined) set(row, 'unknown', baseline.index);
      else {
        const untrusted =
          baselineTrusted || kind === ROW.copy ? undefined : covers.untrusted.find(rows.digests, row);
        if (untrusted !== undefined) set(row, 'untrusted', untrusted);
        else set(row, kind === ROW.modified ? 'modified' : 'added', baseline.index);
      }
      return;
    }
    const untrusted = covers.untrusted.find(rows.digests, row);
    if (untrusted !== undefined) {
      set(row, 'untrusted', untrusted);
      return;
    }
    const unverifiable = covers.unverifiable.find(rows.digests, row);
    if (unverifiable !== undefined) set(row, 'unknown', unverifiable);
    else if (!input.ownEvidenceReadable || covers.ownLeavesMissing) set(row, 'unknown');
  };
  for (let row = from; row < to; row++) judge(row);

  const { reviews, upstream } = collectFlags(input);
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  const byCode = new Uint32Array(STATUSES.length);
  // By index: over an iterator this takes as long as matching does.
  for (let row = 0; row < statuses.length; row++) byCode[statuses[row]!]!++;
  STATUSES.forEach((status, code) => (counts[status] = byCode[code]!));
  const moved = match?.count(ROW.moved) ?? 0;
  let flagged = 0;
  for (const [, review] of reviews) if (review.state === 'flagged') flagged++;

  return {
    statuses,
    coveredBy,
    reviews,
    upstream,
    baseline: baseline?.index,
    match,
    verdict: verdictOf(input, baseline, intact, match, moved),
    counts,
    moved,
    removed: match?.removed.length ?? 0,
    flagged,
    flaggedUpstream: upstream.length,
  };
}

/** Which rows, from one up to another, need a look: all others stand as a trusted signer signed them. */
function openRows(
  { count, malformed }: Rows,
  intact: boolean,
  match: RowMatch | undefined,
): readonly [from: number, to: number] {
  if (intact && malformed.size === 0) return [0, 0];
  return match ? [match.from, match.to] : [0, count];
}

/** @param count how many statements there are */
function indicesOf(count: number, rows: number): Indices {
  if (count <= 1 << 7) return new Int8Array(rows);
  return count <= 1 << 15 ? new Int16Array(rows) : new Int32Array(rows);
}

/**
 * All statements in scope that cover one digest, in the order of the scope: what a hover lists.
 * @param digest 32 bytes
 * @param sha256 of the bytes of the file that it stands in, hex
 */
export function statementsCovering(
  digest: Uint8Array,
  statements: readonly StatementInScope[],
  leaves: LeavesLookup,
  sha256: string | undefined,
): StatementInScope[] {
  const hex = toHex(digest);
  return statements.filter((scoped) => {
    if (scoped.standing === 'invalid') return false;
    switch (scoped.statement.kind) {
      case 'dataset':
        return (leaves.get(scoped.index)?.table.first(digest, 0) ?? -1) !== -1;
      case 'sample':
        return scoped.statement.subjects.some((subject) => subject.sha256 === hex);
      case 'other':
        return scoped.own && isFileSignature(scoped) && isIntact(scoped, sha256);
      default:
        return false;
    }
  });
}

/** Tells which statement covers digest `index` of packed digests, by its index; undefined where none does. */
type FindCover = (digests: Uint8Array, index: number) => number | undefined;

/** Digests that statements of one standing cover, in the order in which they are asked. */
class Cover {
  /** Index of a statement that vouches for the bytes of the file, so for each of its samples. */
  whole: number | undefined;
  private readonly parts: (() => FindCover)[] = [];

  /** @param make called with the first digest that is looked up */
  add(make: () => FindCover): void {
    let made: FindCover | undefined;
    this.parts.push(() => (made ??= make()));
  }

  /** Index of the first statement that covers the digest at `row`. */
  find(digests: Uint8Array, row: number): number | undefined {
    for (const part of this.parts) {
      const index = part()(digests, row);
      if (index !== undefined) return index;
    }
    return this.whole;
  }
}

interface Covers {
  readonly trusted: Cover;
  readonly untrusted: Cover;
  readonly revoked: Cover;
  readonly unverifiable: Cover;
  /** Whether a dataset statement of the file's own could not be used for want of its leaves. */
  readonly ownLeavesMissing: boolean;
}

/** @param makeAsked makes the table of all digests that are going to be looked up */
function collectCovers(
  { statements, leaves, sha256 }: AssessInput,
  baseline: StatementInScope | undefined,
  makeAsked: () => DigestTable,
): Covers {
  let ownLeavesMissing = false;
  let asked: DigestTable | undefined;
  const build = (standings: readonly Standing[]): Cover => {
    const cover = new Cover();
    const inStanding = statements.filter((scoped) => standings.includes(scoped.standing));
    const addDatasets = (own: boolean) => {
      for (const scoped of inStanding
        .filter(isDataset)
        .filter((s) => s.own === own && s !== baseline)
        .reverse()) {
        const found = leaves.get(scoped.index);
        if (found) {
          cover.add(() => {
            const has = found.lookup((asked ??= makeAsked()));
            return (digests, index) => (has(digests, index) ? scoped.index : undefined);
          });
        } else if (own) ownLeavesMissing = true;
      }
    };
    addDatasets(true);
    const samples = inStanding.filter((scoped) => scoped.statement.kind === 'sample');
    // The file's own statements first, the newest of them first.
    const ordered = [...samples.filter((s) => s.own).reverse(), ...samples.filter((s) => !s.own)];
    if (ordered.length > 0) {
      cover.add(() => {
        const { digests: subjects, owners } = packSubjects(ordered);
        const table = new DigestTable(subjects);
        return (digests, index) => owners[table.first(digests, index)];
      });
    }
    addDatasets(false);
    cover.whole = inStanding.findLast(
      (scoped) => isFileSignature(scoped) && scoped.own && isIntact(scoped, sha256),
    )?.index;
    return cover;
  };
  return {
    trusted: build(['trusted']),
    untrusted: build(['untrusted']),
    revoked: build(['revoked', 'expired']),
    unverifiable: build(['unverifiable']),
    ownLeavesMissing,
  };
}

/** How many further copies of a signed sample someone vouched for one by one since the baseline. */
function copyAllowance(
  statements: readonly StatementInScope[],
  baseline: StatementInScope,
): { take(digests: Uint8Array, row: number): boolean } {
  const later = statements.filter(
    (scoped) =>
      scoped.own &&
      scoped.standing === 'trusted' &&
      scoped.statement.kind === 'sample' &&
      scoped.index > baseline.index,
  );
  if (later.length === 0) return { take: () => false };
  const { digests: vouched } = packSubjects(later);
  const table = new DigestTable(vouched);
  const used = new Map<number, number>();
  return {
    take(digests, row) {
      const first = table.first(digests, row);
      if (first === -1) return false;
      let available = 0;
      for (let i = first; i !== -1; i = table.next(i)) available++;
      const taken = used.get(first) ?? 0;
      if (taken >= available) return false;
      used.set(first, taken + 1);
      return true;
    },
  };
}

/** The rows that are flagged or cleared, and those that were made of something flagged. */
function collectFlags({ rows, reviews, taint, sha256 }: AssessInput): {
  reviews: RowMap<ReviewState>;
  upstream: RowMap<Upstream>;
} {
  const states = new RowMap<ReviewState>();
  const upstream = new RowMap<Upstream>();
  const whole = sha256 === undefined ? undefined : flagOnFile(reviews, sha256);
  if (rows.digests.length === 0 || (reviews.size === 0 && !taint)) return { reviews: states, upstream };
  for (let row = 0; row < rows.count; row++) {
    if (rows.malformed.has(row)) continue;
    const state = reviews.stateOf(rows.digests, row);
    if (state) states.add(row, state);
    if (state?.state === 'flagged') continue;
    const found = taint?.find(rows.digests, row) ?? whole;
    if (found) upstream.add(row, found);
  }
  return { reviews: states, upstream };
}

/** A flag on the file as it is reaches its samples, also where no evidence says which they are. */
function flagOnFile(reviews: ReviewTable, sha256: string): Upstream | undefined {
  const state = reviews.stateOfHex(sha256);
  if (state?.state !== 'flagged') return undefined;
  const name = reviews.nameOfHex(sha256, state.deciding.statement);
  return upstreamOf({ flagged: 'dataset', digest: sha256, name, state, trusted: true });
}

function verdictOf(
  input: AssessInput,
  baseline: DatasetInScope | FileInScope | undefined,
  intact: boolean,
  match: RowMatch | undefined,
  moved: number,
): DatasetVerdict {
  if (!baseline) {
    const unusable = input.statements.some(
      (scoped) =>
        scoped.own && (isDataset(scoped) || isFileSignature(scoped)) && scoped.standing === 'unverifiable',
    );
    return unusable || !input.ownEvidenceReadable ? 'unknown' : 'unsigned';
  }
  if (intact) return 'intact';
  if (!match) return 'unknown';
  if (match.count(ROW.inPlace) + moved < input.rows.count) return 'changed';
  if (match.removed.length > 0) return 'subset';
  return moved > 0 ? 'reordered' : 'reformatted';
}
