import { datasetFormatOfName } from '../table/datasetFormat.ts';

/** Registered with IANA. */
export const PARQUET_MEDIA_TYPE = 'application/vnd.apache.parquet';

/**
 * The media type that a dataset statement gives for a file, by its name. IANA has registered that of Parquet and the
 * suffixes `+gzip` (RFC 8460) and `+zstd` (RFC 8878); JSON Lines has no registered type, and `application/jsonl` is what
 * is commonly used.
 */
export function mediaTypeOf(path: string): string {
  const format = datasetFormatOfName(path);
  if (format?.format === 'parquet') return PARQUET_MEDIA_TYPE;
  return format?.compression === undefined ? 'application/jsonl' : `application/jsonl+${format.compression}`;
}
