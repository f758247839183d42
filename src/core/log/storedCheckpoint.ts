import type { FileStore } from '../bytes/fileStore.ts';
import { ProvenanceError } from '../errors.ts';
import { evidencePaths } from '../evidence/layout.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { readCheckpoint } from './logState.ts';
import { MAX_NOTE_BYTES } from './signedNote.ts';

/**
 * The checkpoint that stands beside a dataset's bundle, if there is one and it can be read.
 * @param path of the dataset: absolute, with `/`
 * @throws ProvenanceError as {@link FileStore.read}
 */
export async function storedCheckpoint(
  path: string,
  files: Pick<FileStore, 'read'>,
): Promise<SignedCheckpoint | undefined> {
  const bytes = await files.read(evidencePaths(path).checkpoint, MAX_NOTE_BYTES);
  const checkpoint = bytes && readCheckpoint(bytes);
  return checkpoint instanceof ProvenanceError ? undefined : checkpoint;
}
