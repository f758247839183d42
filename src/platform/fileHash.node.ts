import { toHex } from '../core/bytes/hex.ts';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { InputFile } from './inputFile.node.ts';
import { changedWhileReading, type TaskFile } from './lineRanges.node.ts';
import { fastSha256Stream } from './sha256.node.ts';

export interface HashOptions {
  readonly signal?: CancelSignal | undefined;
  /** Told of the length of each piece, in bytes. */
  readonly onBytes?: ((length: number) => void) | undefined;
}

/** SHA-256 (hex) of the bytes of a file that is open. @throws ProvenanceError `cancelled`, `changed-while-reading` */
export async function hashOf(file: InputFile, { signal, onBytes }: HashOptions = {}): Promise<string> {
  const hash = fastSha256Stream();
  for await (const bytes of file.pieces()) {
    throwIfCancelled(signal);
    hash.update(bytes);
    onBytes?.(bytes.length);
  }
  return toHex(hash.digest());
}

/** As {@link hashOf}, for a thread: opens the file itself, which has to be the one that the caller has open. */
export async function hashTask(task: TaskFile, options: HashOptions): Promise<string> {
  const file = await InputFile.open(task.path);
  try {
    if (file.task.ino !== task.ino || file.size !== task.size) throw changedWhileReading(task.path);
    return await hashOf(file, options);
  } finally {
    await file.close();
  }
}
