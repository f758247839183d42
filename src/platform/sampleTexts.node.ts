import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { LineSplitter } from '../core/sample/lines.ts';
import { datasetFormat, FORMAT_BYTES } from '../core/table/datasetFormat.ts';
import { decompressed } from './decompress.node.ts';
import { fileError } from './fileErrors.node.ts';
import { FileSource } from './fileSource.node.ts';
import { openParquetFile } from './openParquetFile.node.ts';

/** How much of a text is read at once. */
const PIECE_BYTES = 1 << 20;

export interface SampleTextOptions {
  readonly signal?: CancelSignal | undefined;
  /** Names of the top-level members that are needed: others may be left out of the rows of a Parquet file. */
  readonly members?: readonly string[] | undefined;
}

/**
 * Calls `onSample` with the text of each sample of a dataset, in order: the line as it stands, or the projection of a
 * Parquet row. The bytes are valid during the call only.
 *
 * @throws ProvenanceError as `digestFile`
 */
export async function eachSampleText(
  path: string,
  onSample: ConstructorParameters<typeof LineSplitter>[0],
  options: SampleTextOptions = {},
): Promise<void> {
  const source = await FileSource.open(path);
  try {
    const splitter = new LineSplitter(onSample);
    for await (const piece of textPieces(source, options)) {
      throwIfCancelled(options.signal);
      splitter.push(piece);
    }
    splitter.finish();
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await source.close();
  }
}

/** The text of a file piece by piece, decompressed, or of its rows. */
async function* textPieces(
  source: FileSource,
  { signal, members }: SampleTextOptions,
): AsyncGenerator<Uint8Array> {
  const beginning = await source.read(0, Math.min(source.size, FORMAT_BYTES));
  const format = datasetFormat(source.path, beginning, source.size);
  if (format.format === 'parquet') {
    const parquet = await openParquetFile(source);
    yield* parquet.jsonLines(0, parquet.rowCount, { signal, ...(members && { members }) });
  } else if (format.compression) {
    yield* decompressed(source, format.compression, source.path);
  } else {
    for (let at = 0; at < source.size; at += PIECE_BYTES) {
      yield await source.read(at, Math.min(PIECE_BYTES, source.size - at));
    }
  }
}
