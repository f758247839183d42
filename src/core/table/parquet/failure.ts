import { ProvenanceError } from '../../errors.ts';

export type ParquetErrorCode = 'invalid-parquet' | 'unsupported-parquet' | 'too-large';

/**
 * Why a stage of reading cannot go on, told without the place: stages see bytes, and {@link failureAt} adds the file and
 * the column. Never leaves this folder.
 */
export class ParquetFailure extends Error {
  constructor(
    readonly code: ParquetErrorCode,
    reason: string,
  ) {
    super(reason);
  }
}

/** The bytes contradict the format, or themselves. */
export function damaged(reason: string): ParquetFailure {
  return new ParquetFailure('invalid-parquet', reason);
}

/** The bytes may be all right; this reader does not know the feature. */
export function unsupported(feature: string): ParquetFailure {
  return new ParquetFailure('unsupported-parquet', feature);
}

/** A limit of this reader, which keeps memory and time bounded. */
export function tooLarge(what: string): ParquetFailure {
  return new ParquetFailure('too-large', what);
}

/** Where reading failed. Row groups count from 0, as other tools do. */
export interface Place {
  readonly file: string;
  readonly column?: string | undefined;
  readonly rowGroup?: number | undefined;
}

const ADVICE: Readonly<Record<ParquetErrorCode, string>> = {
  'invalid-parquet': 'The file is damaged: get it again, or write it anew.',
  'unsupported-parquet': 'Write the file anew without that feature.',
  'too-large': 'Write the file anew with smaller pages or row groups.',
};

/**
 * Makes one {@link ProvenanceError} of whatever a stage threw. Errors of the product (a failed read, a cancellation) pass
 * as they are; a decompressor's own error, or an index outside of the bytes, means damaged data.
 */
export function failureAt(place: Place, error: unknown): ProvenanceError {
  if (error instanceof ProvenanceError) return error;
  const failure = error instanceof ParquetFailure ? error : foreignFailure(error);
  const args = { file: place.file, reason: failure.message, advice: ADVICE[failure.code] };
  const cause = { cause: error };
  if (place.column !== undefined && place.rowGroup !== undefined) {
    return new ProvenanceError(
      failure.code,
      '{file}: column "{column}" in row group {rowGroup} cannot be read: {reason}. {advice}',
      { ...args, column: place.column, rowGroup: place.rowGroup },
      cause,
    );
  }
  if (place.rowGroup !== undefined) {
    return new ProvenanceError(
      failure.code,
      '{file}: row group {rowGroup} cannot be read: {reason}. {advice}',
      { ...args, rowGroup: place.rowGroup },
      cause,
    );
  }
  return new ProvenanceError(
    failure.code,
    '{file} cannot be read as Parquet: {reason}. {advice}',
    args,
    cause,
  );
}

function foreignFailure(error: unknown): ParquetFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return /allocation failed|out of memory/i.test(reason)
    ? tooLarge('there is not enough memory')
    : damaged(reason);
}
