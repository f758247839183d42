import type { FileStore } from '../bytes/fileStore.ts';
import { ProvenanceError } from '../errors.ts';
import { acceptanceStatement, type Statement } from '../evidence/statement.ts';
import type { LogState } from './logState.ts';
import { storedCheckpoint } from './storedCheckpoint.ts';

/**
 * The statement by which a signer says that evidence of a dataset is missing, and why (docs/formats.md, "The evidence log"). It
 * is to be appended with `acceptRemoved`.
 *
 * @param path of the dataset: absolute, with `/`
 * @param state what its log shows
 * @throws ProvenanceError `invalid-argument` where nothing is known to be missing; as {@link FileStore.read}
 */
export async function acceptanceOf(
  path: string,
  state: LogState,
  { reason, timeCreated }: { readonly reason: string; readonly timeCreated: string },
  files: Pick<FileStore, 'read'>,
): Promise<Statement<'acceptance'>> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (state.standing !== 'removed' && state.standing !== 'unreadable') {
    throw new ProvenanceError(
      'invalid-argument',
      'Nothing is known to be missing from the evidence of {name}, so there is nothing to accept.',
      { name },
    );
  }
  const known = largest(state, state.seen, await storedCheckpoint(path, files));
  const predicate = { known: known.size, left: state.size, reason, timeCreated };
  return acceptanceStatement({ name, sha256: known.root }, predicate);
}

interface KnownState {
  readonly size: number;
  readonly root: string;
}

/** The largest state of a log that is known; of several as large, the last. */
function largest(here: KnownState, ...others: readonly (KnownState | undefined)[]): KnownState {
  return others.reduce<KnownState>((best, one) => (one && one.size >= best.size ? one : best), here);
}
