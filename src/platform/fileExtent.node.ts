import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { LineCounter } from '../core/sample/lines.ts';
import type { InputFile } from './inputFile.node.ts';

/** How many lines a file has. */
export interface Extent {
  readonly lines: number;
  /** Lines as an editor counts them: one more than there are line ends. */
  readonly lineCount: number;
  /** How many of them are blank. */
  readonly blank: number;
}

/** Reads a JSONL file for its lines alone. @throws ProvenanceError `cancelled`, `changed-while-reading` */
export async function countLines(file: InputFile, signal: CancelSignal | undefined): Promise<Extent> {
  const counter = new LineCounter();
  for await (const bytes of file.pieces()) {
    throwIfCancelled(signal);
    counter.push(bytes);
  }
  return { lines: counter.lines, lineCount: counter.editorLines, blank: counter.blank };
}
