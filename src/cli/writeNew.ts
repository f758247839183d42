import { NewFile } from '../platform/newFile.node.ts';
import type { Output } from './terminal.ts';

/**
 * Writes a file, which appears under its name once it is whole.
 * @param replace whether a file of that name is replaced
 * @throws ProvenanceError as {@link NewFile}
 */
export async function writeNew(
  path: string,
  replace: boolean,
  write: (output: Output) => void,
): Promise<void> {
  const parts: string[] = [];
  write({ write: (text) => parts.push(text) });
  const file = await NewFile.create(path, { replace });
  try {
    await file.write(new TextEncoder().encode(parts.join('')));
    await file.commit();
  } finally {
    await file.discard();
  }
}
