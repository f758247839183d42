import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import type { NoteKey } from '../core/log/signedNote.ts';
import { parseWitnesses, type WitnessList } from '../core/log/witnessList.ts';

const MAX_WITNESS_BYTES = 1024 * 1024;

/** The user's own list of witnesses. @param config the user's configuration folder */
export function userWitnesses(config: string): string {
  return `${config}/witnesses`;
}

/**
 * Whose cosignatures of checkpoints count: by the user's own list, where there is one, and those that were named. Never by
 * a file of the workspace or of a dataset.
 *
 * @returns what cannot be read as problems
 */
export async function readWitnesses(
  own: string,
  named: readonly string[],
  files: FileStore,
): Promise<WitnessList> {
  const witnesses: NoteKey[] = [];
  const problems: ProvenanceError[] = [];
  for (const path of new Set([own, ...named])) {
    try {
      const bytes = await files.read(path, MAX_WITNESS_BYTES);
      if (!bytes) {
        if (path === own) continue;
        throw new ProvenanceError('not-found', '{path} does not exist; give a file of verifier keys.', {
          path,
        });
      }
      const read = parseWitnesses(new TextDecoder().decode(bytes), path);
      witnesses.push(...read.witnesses);
      problems.push(...read.problems);
    } catch (error) {
      problems.push(asProvenanceError(error));
    }
  }
  return { witnesses, problems };
}
