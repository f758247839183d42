import { fromHex, toHex } from '../bytes/hex.ts';
import { digestAt, DigestTable } from '../sample/digest.ts';
import { DigestFilter } from '../sample/digestFilter.ts';
import { packSubjects, type PackedSubjects } from './packedSubjects.ts';
import {
  reviewingStatements,
  reviewState,
  toReview,
  type ReviewingStatement,
  type ReviewState,
} from './reviews.ts';
import type { StatementInScope } from './scope.ts';

/**
 * All reviews in scope, found by the digest that they are about: of a sample, of a dataset's bytes, or of a step's
 * envelope.
 */
export class ReviewTable {
  /** Whether any of them flags something. */
  readonly hasFlags: boolean;
  private readonly table: DigestTable;
  private readonly filter: DigestFilter;
  private readonly subjects: PackedSubjects;
  private readonly reviewing: ReadonlyMap<number, ReviewingStatement>;
  /** By statement, of digests that only it is about; an advisory has a hundred thousand of them. */
  private readonly ofOne = new Map<number, ReviewState | undefined>();
  /** By first entry, of digests that several are about. */
  private readonly ofSeveral = new Map<number, ReviewState | undefined>();

  /** @param statements the whole scope */
  constructor(statements: readonly StatementInScope[]) {
    const reviewing = reviewingStatements(statements);
    this.reviewing = new Map(reviewing.map((scoped) => [scoped.index, scoped]));
    this.subjects = packSubjects(reviewing);
    this.table = new DigestTable(this.subjects.digests);
    this.filter = new DigestFilter(this.subjects.digests);
    this.hasFlags = reviewing.some((scoped) => toReview(scoped).verdict === 'flagged');
  }

  /** How many subjects have a review. */
  get size(): number {
    return this.subjects.owners.length;
  }

  /** What is said of the digest at `index` of the packed `digests`. */
  stateOf(digests: Uint8Array, index: number): ReviewState | undefined {
    const { table } = this;
    const { owners } = this.subjects;
    const first = this.filter.mayHave(digests, index) ? table.first(digests, index) : -1;
    if (first === -1) return undefined;
    const isOne = table.next(first) === -1;
    const known = isOne ? this.ofOne : this.ofSeveral;
    const key = isOne ? owners[first]! : first;
    if (!known.has(key)) {
      const statements = new Set<number>();
      for (let entry = first; entry !== -1; entry = table.next(entry)) statements.add(owners[entry]!);
      known.set(key, reviewState([...statements].map((index) => toReview(this.reviewing.get(index)!))));
    }
    return known.get(key);
  }

  /** As {@link stateOf}, of a digest in hex. */
  stateOfHex(digest: string): ReviewState | undefined {
    return this.size === 0 ? undefined : this.stateOf(fromHex(digest), 0);
  }

  /** What a statement calls the subject with this digest: untrusted, and empty where it is not about it. */
  nameOf(digests: Uint8Array, index: number, statement: number): string {
    const { owners, places } = this.subjects;
    for (let entry = this.table.first(digests, index); entry !== -1; entry = this.table.next(entry)) {
      if (owners[entry] === statement) {
        return this.reviewing.get(statement)?.statement.subjects[places[entry]!]?.name ?? '';
      }
    }
    return '';
  }

  /** As {@link nameOf}, of a digest in hex. */
  nameOfHex(digest: string, statement: number): string {
    return this.nameOf(fromHex(digest), 0, statement);
  }

  /** All that has an open flag: its digest (hex), and what the flag calls it. */
  *flagged(): Generator<{ readonly digest: string; readonly name: string }> {
    const { digests, owners } = this.subjects;
    for (let entry = 0; entry < owners.length; entry++) {
      if (this.table.first(digests, entry) !== entry) continue;
      const state = this.stateOf(digests, entry);
      if (state?.state !== 'flagged') continue;
      const name = this.nameOf(digests, entry, state.deciding.statement);
      yield { digest: toHex(digestAt(digests, entry)), name };
    }
  }
}
