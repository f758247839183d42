/**
 * The status of a sample (docs/formats.md, "Status of a sample"). The index of a status in this list is its code in
 * packed arrays, so the order is part of the protocol between threads.
 */
export const STATUSES = [
  'verified',
  'untrusted',
  'modified',
  'added',
  'unsigned',
  'revoked',
  'malformed',
  'unknown',
] as const;

export type Status = (typeof STATUSES)[number];

/** The code of each status in packed arrays. */
export const STATUS_CODE: Readonly<Record<Status, number>> = Object.fromEntries(
  STATUSES.map((status, code) => [status, code]),
) as Record<Status, number>;

/** The status with this code; `unknown` for a code that is none. */
export function statusOf(code: number | undefined): Status {
  return (code === undefined ? undefined : STATUSES[code]) ?? 'unknown';
}

/**
 * Whether the statement that decides a status covers the sample. For the others it is what the sample was compared with
 * and says nothing about it: not who vouches for it, nor where it came from.
 */
export function isCovered(status: Status): boolean {
  return status === 'verified' || status === 'untrusted' || status === 'revoked';
}

/** What a dataset as a whole is, compared with its newest dataset statement. */
export const DATASET_VERDICTS = [
  'intact',
  'reformatted',
  'reordered',
  'subset',
  'changed',
  'unsigned',
  'unknown',
] as const;

export type DatasetVerdict = (typeof DATASET_VERDICTS)[number];

/**
 * What a statement's signature is worth.
 * `expired`: the signer's key was outside its validity when it signed. `unverifiable`: the key is not known here, or of
 * a kind that is not supported, so the signature could not be checked. `invalid`: it was checked and is wrong.
 */
export type Standing = 'trusted' | 'untrusted' | 'expired' | 'revoked' | 'unverifiable' | 'invalid';

/** The best first: what is said of several signatures of one statement, or of a key by several lines. */
export const STANDING_RANK: Readonly<Record<Standing, number>> = {
  trusted: 0,
  expired: 1,
  untrusted: 2,
  revoked: 3,
  unverifiable: 4,
  invalid: 5,
};
