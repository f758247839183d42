import { fromHexInto } from '../bytes/hex.ts';
import type { Sha256 } from '../bytes/sha256.ts';
import { foldedDigest, unscannedFoldedDigest } from '../lineage/foldedText.ts';
import { DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';
import type { AdvisoryInScope } from './advisories.ts';

/** Finds samples that are similar to those that advisories name, by their folded text. */
export class SimilarAdvisories {
  private readonly table: DigestTable;
  private readonly owners: readonly AdvisoryInScope[];

  /** @param advisories those that hold; what is withdrawn warns of nothing */
  constructor(
    advisories: readonly AdvisoryInScope[],
    private readonly sha256: Sha256,
  ) {
    const entries = advisories
      .filter(({ statement }) => statement.predicate.withdrawn === undefined)
      .flatMap((advisory) =>
        (advisory.statement.predicate.similar?.digests ?? []).map((digest) => ({ digest, advisory })),
      );
    const digests = new Uint8Array(entries.length * DIGEST_LENGTH);
    entries.forEach(({ digest }, i) => {
      fromHexInto(digest, digests, i * DIGEST_LENGTH);
    });
    this.table = new DigestTable(digests);
    this.owners = entries.map(({ advisory }) => advisory);
  }

  get isEmpty(): boolean {
    return this.owners.length === 0;
  }

  /** The advisories that name a sample with the same folded text. @param bytes the sample's text */
  find(bytes: Uint8Array): AdvisoryInScope[] {
    const digest = unscannedFoldedDigest(bytes, this.sha256);
    const found = new Set<AdvisoryInScope>();
    const first = digest ? this.table.first(digest, 0) : -1;
    if (first === -1 || !foldedDigest(bytes, this.sha256)) return [];
    for (let entry = first; entry !== -1; entry = this.table.next(entry)) found.add(this.owners[entry]!);
    return [...found];
  }
}
