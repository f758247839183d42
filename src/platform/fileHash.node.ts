import { toHex } from '../core/bytes/hex.ts';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { LineCounter } from '../core/sample/lines.ts';
import { InputFile } from './inputFile.node.ts';
import { changedWhileReading, type TaskFile } from './lineRanges.node.ts';
import { fastSha256Stream } from './sha256.node.ts';

/** How many lines a file has. */
export interface Extent {
  readonly lines: number;
  /** Lines as an editor counts them: one more than there are line ends. */
  readonly lineCount: number;
  /** How many of them are blank. */
  readonly blank: number;
}

/** What reading a file once tells. */
export interface FileHash {
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
  /** As JSONL; undefined where nobody asked for it. */
  readonly extent: Extent | undefined;
}

export interface HashOptions {
  readonly signal?: CancelSignal | undefined;
  readonly countLines?: boolean;
  /** Told of the length of each piece, in bytes. */
  readonly onBytes?: ((length: number) => void) | undefined;
}

/** Hashes a file that is open. @throws ProvenanceError `cancelled`, `changed-while-reading` */
export async function hashOf(file: InputFile, options: HashOptions = {}): Promise<FileHash> {
  const { signal, countLines, onBytes } = options;
  const hash = fastSha256Stream();
  const counter = countLines ? new LineCounter() : undefined;
  for await (const bytes of file.pieces()) {
    throwIfCancelled(signal);
    hash.update(bytes);
    counter?.push(bytes);
    onBytes?.(bytes.length);
  }
  const extent = counter && {
    lines: counter.lines,
    lineCount: counter.editorLines,
    blank: counter.blank,
  };
  return { sha256: toHex(hash.digest()), extent };
}

/** As {@link hashOf}, for a thread: opens the file itself, which has to be the one that the caller has open. */
export async function hashTask(task: TaskFile, options: HashOptions): Promise<FileHash> {
  const file = await InputFile.open(task.path);
  try {
    if (file.task.ino !== task.ino || file.size !== task.size) throw changedWhileReading(task.path);
    return await hashOf(file, options);
  } finally {
    await file.close();
  }
}
