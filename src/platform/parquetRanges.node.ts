import { SampleCollector, packChunk, type PackedChunk } from '../core/sample/sampleCollector.ts';
import type { ParquetFile } from '../core/table/parquet/parquetFile.ts';
import { threadDigester } from './chunkDigester.node.ts';
import { FileSource } from './fileSource.node.ts';
import { changedWhileReading, type TaskFile } from './lineRanges.node.ts';
import { openParquetFile } from './openParquetFile.node.ts';

/** About how much of a file's bytes is digested at once. */
const RANGE_BYTES = 8 << 20;

/** Digests rows of Parquet files by their projection (docs/formats.md). Keeps the file that it read last open. */
export class ParquetRanges {
  private open: { readonly key: string; readonly source: FileSource; readonly rows: ParquetFile } | undefined;
  /** Tasks are done one after another: each may hold pages of every column. */
  private last: Promise<unknown> = Promise.resolve();

  /** @throws ProvenanceError `changed-while-reading`, `invalid-parquet`, `unsupported-parquet`, `too-large`, `io` … */
  digest(file: TaskFile, from: number, to: number): Promise<PackedChunk> {
    const chunk = this.last.then(() => this.digestNow(file, from, to));
    this.last = chunk.catch(() => undefined);
    return chunk;
  }

  /** Closes the file that is open. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.source.close();
  }

  private async digestNow(file: TaskFile, from: number, to: number): Promise<PackedChunk> {
    const collector = new SampleCollector();
    const parquet = await this.parquet(file);
    for await (const lines of parquet.jsonLines(from, to)) {
      collector.add(packChunk(threadDigester().digest(lines)), lines.length);
    }
    return collector.finishChunk();
  }

  private async parquet(file: TaskFile): Promise<ParquetFile> {
    const key = `${String(file.ino)}:${file.path}`;
    if (this.open?.key === key) return this.open.rows;
    await this.close();
    const source = await FileSource.open(file.path);
    try {
      if (source.size !== file.size) throw changedWhileReading(file.path);
      const rows = await openParquetFile(source);
      this.open = { key, source, rows };
      return rows;
    } catch (error) {
      await source.close();
      throw error;
    }
  }
}

/** Splits the rows of a Parquet file into ranges to digest one by one; none crosses row groups. */
export function* rowRanges(
  { rowCount, rowGroups }: Pick<ParquetFile, 'rowCount' | 'rowGroups'>,
  size: number,
): Generator<{ from: number; to: number }> {
  const step = Math.max(1, Math.round((rowCount / size) * RANGE_BYTES));
  for (const { first, count } of rowGroups) {
    for (let from = first; from < first + count; from += step) {
      yield { from, to: Math.min(first + count, from + step) };
    }
  }
}
