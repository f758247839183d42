import { createReadStream } from 'node:fs';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { ProvenanceError, throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { digestsEqual, lineOf, type SampleDigests } from '../core/sample/digest.ts';
import { parseJsonValue, type JsonObject, type JsonValue } from '../core/sample/jsonValue.ts';
import { LineSplitter } from '../core/sample/lines.ts';
import { columnValue, parquetSchema } from '../core/table/convert/parquetColumns.ts';
import { ShapeFinder, type Misfit, type Shape } from '../core/table/convert/shape.ts';
import { digestFile } from './digestFile.node.ts';
import { fileError } from './fileErrors.node.ts';
import { NewFile } from './newFile.node.ts';

export interface ConvertOptions {
  /** Whether rows may be written that then have another digest: null for a missing member, text for what no column holds. */
  readonly allowChanges: boolean;
  /** Whether a file of that name is replaced. */
  readonly replace: boolean;
  readonly signal?: CancelSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface Converted {
  readonly rows: number;
  /** Rows that have another digest than their samples; 0 unless changes were allowed. */
  readonly changed: number;
  /** Where and why, the first row of each kind. */
  readonly misfits: readonly Misfit[];
}

/** A row group ends at so many rows, or bytes of JSON text. */
const GROUP_ROWS = 100_000;
const GROUP_BYTES = 32 << 20;
/** The share of the time that each of the three passes takes. */
const PASSES = { shape: 0.3, write: 0.5, check: 0.2 };

/**
 * Writes a JSONL file as Parquet, such that each row has the digest of its sample: what vouches for the samples then
 * vouches for the rows. Reads the file twice, first for the columns; the written file is read once more and compared
 * before it gets its name. Blank lines are left out.
 *
 * @throws ProvenanceError `invalid-argument` where a sample cannot be a row, or would have another digest; the code of a
 *   malformed sample; `file-exists`, `changed-while-reading`, and as {@link digestFile} and {@link NewFile}
 */
export async function convertToParquet(
  source: string,
  target: string,
  options: ConvertOptions,
): Promise<Converted> {
  const { samples } = await digestFile(source, { ...(options.signal && { signal: options.signal }) });
  const [firstMalformed] = samples.malformed;
  if (firstMalformed) {
    throw new ProvenanceError(
      'invalid-argument',
      '{path}:{line} is malformed, so it cannot become a row; correct or remove such lines first.',
      { path: source, line: lineOf(samples, firstMalformed[0]) },
    );
  }
  if (samples.count === 0) {
    throw new ProvenanceError('invalid-argument', '{path} has no samples to convert.', { path: source });
  }
  const finder = new ShapeFinder();
  await eachSample(source, options, { from: 0, share: PASSES.shape, size: samples.size }, (row, line) => {
    finder.add(row, line);
  });
  const { shape, misfits } = finder;
  if (misfits[0] && !options.allowChanges) throw misfitError(source, misfits[0], misfits.length);

  const file = await NewFile.create(target, options);
  try {
    await writeRows(source, file, shape, samples.size, options);
    const written = await digestFile(file.temporaryPath, {
      ...(options.signal && { signal: options.signal }),
    });
    const changed = changedRows(samples, written.samples);
    if (changed.length > 0 && !options.allowChanges) {
      const row = changed[0]!;
      throw new ProvenanceError(
        'invalid-argument',
        '{path}:{line} would have another digest as a row of Parquet, so nothing was written; allow changes to write ' +
          'it all the same.',
        { path: source, line: lineOf(samples, row) },
      );
    }
    throwIfCancelled(options.signal);
    await file.commit();
    return { rows: samples.count, changed: changed.length, misfits };
  } finally {
    await file.discard();
  }
}

async function writeRows(
  source: string,
  file: NewFile,
  shape: Shape,
  size: number,
  options: ConvertOptions,
): Promise<void> {
  const schema = parquetSchema(shape);
  const buffer = new ByteWriter();
  const writer = new ParquetWriter({ writer: buffer, schema });
  /** Moves what was encoded to the file; positions go on counting. */
  const flush = async () => {
    await file.write(new Uint8Array(buffer.buffer, 0, buffer.index));
    buffer.index = 0;
  };
  let rows: JsonObject[] = [];
  let bytes = 0;
  const endGroup = async () => {
    if (rows.length === 0) return;
    const columnData = [...shape.members].map(([name, member]) => ({
      name,
      data: rows.map((row) => columnValue(memberOf(row, name), member)),
    }));
    await writer.write({ columnData, rowGroupSize: rows.length });
    rows = [];
    bytes = 0;
    await flush();
  };
  const pass = { from: PASSES.shape, share: PASSES.write, size };
  await eachSample(
    source,
    options,
    pass,
    (row, _line, length) => {
      rows.push(row as JsonObject);
      bytes += length;
    },
    async () => {
      if (rows.length >= GROUP_ROWS || bytes >= GROUP_BYTES) await endGroup();
    },
  );
  await endGroup();
  await writer.finish();
  await flush();
}

function memberOf(row: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

/** Which part of the work a pass over the file is. */
interface Pass {
  readonly from: number;
  readonly share: number;
  readonly size: number;
}

/** @param afterChunk is awaited after each piece of the file that was read */
async function eachSample(
  path: string,
  { signal, onProgress }: ConvertOptions,
  { from, share, size }: Pass,
  visit: (row: JsonValue, line: number, length: number) => void,
  afterChunk: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const decoder = new TextDecoder();
  const splitter = new LineSplitter((bytes, start, end, line) => {
    visit(parseJsonValue(decoder.decode(bytes.subarray(start, end))), line, end - start);
  });
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 1 << 20,
    }) as AsyncIterable<Uint8Array>) {
      throwIfCancelled(signal);
      splitter.push(chunk);
      read += chunk.length;
      onProgress?.(from + share * (read / size));
      await afterChunk();
    }
    splitter.finish();
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Rows that have another digest than the sample at the same place. */
function changedRows(samples: SampleDigests, rows: SampleDigests): number[] {
  const changed: number[] = [];
  for (let row = 0; row < samples.count; row++) {
    const same =
      row < rows.count && !rows.malformed.has(row) && digestsEqual(samples.digests, row, rows.digests, row);
    if (!same) changed.push(row);
  }
  return changed;
}

const MISFITS: Readonly<Record<Misfit['reason'], string>> = {
  mixed: 'values of different kinds stand at {pointer}, and a column of Parquet holds one kind',
  missing: 'the member {pointer} is missing in some samples, and Parquet would give it the value null',
  'no-members': 'there is an empty object at {pointer}, which Parquet does not have',
  'too-big': 'there is an integer of more than 64 bits at {pointer}',
};

/** What a misfit means, as a part of a sentence. */
export function describeMisfit({ reason, pointer }: Misfit): string {
  return MISFITS[reason].replace('{pointer}', pointer === '' ? 'the top' : pointer);
}

function misfitError(path: string, misfit: Misfit, count: number): ProvenanceError {
  return new ProvenanceError(
    'invalid-argument',
    '{path}:{line}: {misfit} ({count} such places). Such rows would have another digest, and what was signed would not ' +
      'cover them; allow changes to write them all the same.',
    { path, line: misfit.line, misfit: describeMisfit(misfit), count },
  );
}
