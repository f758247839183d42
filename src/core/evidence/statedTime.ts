import type { ParsedStatement } from './statement.ts';

/** When the signer says they signed, in milliseconds; now where the statement says nothing. */
export function timeOf(statement: ParsedStatement): number {
  return millisecondsOf(statedTime(statement));
}

/** Of a stated time. Without one that can be read it is now. */
export function millisecondsOf(stated: string | undefined): number {
  const time = stated === undefined ? Number.NaN : Date.parse(stated);
  return Number.isNaN(time) ? Date.now() : time;
}

/** When the signer says they signed: RFC 3339, or undefined. */
export function statedTime(statement: ParsedStatement): string | undefined {
  switch (statement.kind) {
    case 'dataset':
    case 'sample':
    case 'review':
    case 'revocation':
    case 'advisory':
    case 'acceptance':
      return statement.predicate.timeCreated;
    case 'step':
      return statement.predicate.runDetails.metadata?.finishedOn;
    case 'other':
      return statement.signedAt;
  }
}

/** RFC 3339 in UTC, without milliseconds where there are none. @param time milliseconds since the epoch, of a year that it has */
export function rfc3339(time: number): string {
  return new Date(time).toISOString().replace('.000', '');
}
