import { mediaTypeOf, PARQUET_MEDIA_TYPE } from '../evidence/mediaType.ts';
import type { StatementInScope } from './scope.ts';

/** The newest statement of each Parquet file, other than the one in question, that somebody vouches for. */
export function signedParquet(statements: readonly StatementInScope[]): StatementInScope[] {
  const byDataset = new Map<string, StatementInScope>();
  for (const scoped of statements) {
    const { statement, standing, own } = scoped;
    if (own || statement.kind !== 'dataset') continue;
    if (standing !== 'trusted' && standing !== 'untrusted') continue;
    const type = statement.predicate.mediaType;
    if (type === PARQUET_MEDIA_TYPE || mediaTypeOf(scoped.dataset) === PARQUET_MEDIA_TYPE) {
      byDataset.set(scoped.dataset, scoped);
    }
  }
  return [...byDataset.values()];
}
