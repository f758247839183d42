import type { DigestOptions } from './digestFile.node.ts';
import { digestParts, type Outcome } from './digestParts.node.ts';
import { FileSource } from './fileSource.node.ts';
import type { InputFile } from './inputFile.node.ts';
import { openParquetFile } from './openParquetFile.node.ts';
import { rowRanges } from './parquetRanges.node.ts';

/** Digests the rows of a Parquet file; row `i`, from 0, counts as line `i + 1`. */
export async function digestParquet(file: InputFile, options: DigestOptions): Promise<Outcome> {
  const source = await FileSource.open(file.path);
  try {
    const parquet = await openParquetFile(source);
    const { rowCount } = parquet;
    const parts = {
      format: 'parquet',
      ranges: () => rowRanges(parquet, file.size),
      total: rowCount,
    } as const;
    return await digestParts(file, parts, options, { lines: rowCount, lineCount: rowCount, blank: 0 });
  } finally {
    await source.close();
  }
}
