import type { Origin } from '../evidence/predicates.ts';
import type { RecordOrigin } from '../sample/origin.ts';
import { isCovered, type Status } from './status.ts';

/**
 * The origin of a sample (docs/formats.md, "Origin of a sample"): what its record says, completed by what the statement
 * that covers it says.
 * @param deciding the statement that decides the status; it is asked only where it covers the sample
 */
export function originOf(
  record: RecordOrigin,
  status: Status,
  deciding: { readonly origin?: Origin } | undefined,
): RecordOrigin {
  return { ...(isCovered(status) && deciding?.origin), ...record };
}
