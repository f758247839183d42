import { MAX_ORIGIN_LENGTH, recordOrigin, resolvePointer, type OriginFields } from '../../sample/origin.ts';

/** One thing that a record says of its own past. Untrusted text. */
export interface ClaimedEvent {
  /** It was written, collected by a source, or taken from another file or record. */
  readonly kind: 'created' | 'collected' | 'taken-from';
  /** A URL, a source's name, a file and line. */
  readonly from?: string;
  /** As the record has it: often, but not always, RFC 3339. */
  readonly time?: string;
}

/** Where records say which file or record they were taken from: Dolma and the corpora that copy its layout. */
const TAKEN_FROM = ['/metadata/provenance', '/meta/provenance', '/provenance', '/metadata/warc_filename'];

const MAX_EVENTS = 20;

/**
 * The history that a record carries itself (docs/formats.md, "Claimed lineage"), the oldest first: Dolma's `created`, `url`,
 * `source`, `added` and `metadata.provenance`, and their like in other layouts. Never throws, whatever the record is.
 *
 * @param record the parsed sample
 * @param mapping `originFields` of the policy
 */
export function recordHistory(record: unknown, mapping: OriginFields = {}): ClaimedEvent[] {
  const { createdAt, collectedAt, source, title, url } = recordOrigin(record, mapping);
  const events: ClaimedEvent[] = [];
  if (createdAt !== undefined || url !== undefined) events.push(event('created', url, createdAt));
  if (collectedAt !== undefined || source !== undefined || title !== undefined) {
    events.push(event('collected', source ?? title, collectedAt));
  }
  for (const pointer of TAKEN_FROM) {
    const found = resolvePointer(record, pointer);
    const places = (Array.isArray(found) ? (found as unknown[]) : [found]).filter(isPlace);
    events.push(...places.map((place) => event('taken-from', place, undefined)));
    if (places.length > 0) break;
  }
  return events.slice(0, MAX_EVENTS);
}

function isPlace(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ORIGIN_LENGTH;
}

function event(kind: ClaimedEvent['kind'], from: string | undefined, time: string | undefined): ClaimedEvent {
  return { kind, ...(from !== undefined && { from }), ...(time !== undefined && { time }) };
}
