import { signedParquet } from '../core/trust/signedParquet.ts';
import type { Status } from '../core/trust/status.ts';
import { cacheFolder } from '../platform/digestCache.node.ts';
import type { DerivedFrom } from '../platform/formHints.node.ts';
import { linesWith } from './json.ts';
import type { Judged } from './judge.ts';
import type { Io } from './terminal.ts';

/** Rows that nobody vouches for as they are. */
const UNCOVERED: readonly Status[] = ['modified', 'added', 'unsigned'];

/**
 * Looks whether rows that nobody vouches for were made of a signed Parquet file by a tool that writes values otherwise.
 * @throws ProvenanceError `cancelled`; a file that cannot be read as a table gives no hints
 */
export async function formHints(judged: Judged, io: Io): Promise<readonly DerivedFrom[]> {
  const { dataset, assessment, scope } = judged;
  const count = UNCOVERED.reduce((sum, status) => sum + assessment.counts[status], 0);
  if (count === 0 || signedParquet(scope.statements).length === 0) return [];
  // Loaded when it is needed: it brings the Parquet reader with it.
  const { findFormHints } = await import('../platform/formHints.node.ts');
  const lines = UNCOVERED.map((status) => linesWith(judged, status));
  return await findFormHints(
    dataset.path,
    { count, lines: joined(lines) },
    scope,
    cacheFolder(io.env),
    io.signal,
  );
}

function* joined(lists: readonly Iterable<number>[]): Generator<number> {
  for (const list of lists) yield* list;
}
