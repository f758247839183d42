import type { PackedChunk } from '../core/sample/sampleCollector.ts';
import { LineRanges, type TaskFile } from './lineRanges.node.ts';
import type { ParquetRanges } from './parquetRanges.node.ts';

/** A part of a file: bytes `[from, to)` of a JSONL file, rows `[from, to)` of a Parquet file. */
export interface RangeParams {
  readonly file: TaskFile;
  readonly format: 'jsonl' | 'parquet';
  readonly from: number;
  readonly to: number;
  /** As of `ChunkDigester.digest`. */
  readonly spare?: Uint8Array<ArrayBuffer> | undefined;
}

/** Digests ranges of files: what each thread has one of. Keeps the file that it read last open. */
export class FileRanges {
  private lines: LineRanges | undefined;
  private rows: ParquetRanges | undefined;

  /** @throws ProvenanceError as {@link LineRanges.digest} and {@link ParquetRanges.digest} */
  async digest({ file, format, from, to, spare }: RangeParams): Promise<PackedChunk> {
    if (format === 'jsonl') return (this.lines ??= new LineRanges()).digest(file, from, to, spare);
    // Loaded when it is needed: most files are not Parquet.
    if (!this.rows) this.rows = new (await import('./parquetRanges.node.ts')).ParquetRanges();
    return await this.rows.digest(file, from, to);
  }

  /** Closes the file that is open. */
  async close(): Promise<void> {
    this.lines?.close();
    await this.rows?.close();
  }
}
