/** Reading values whose shape nobody promises: parsed JSON and YAML of files that came with a download. */

/** Longer texts are cut: what a claim says is shown, and decides nothing. In UTF-16 code units. */
export const MAX_CLAIM_TEXT = 2000;

/** The own members of an object; of anything else none. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

/** The items of an array; a single value is a list of one, as in JSON-LD, and nothing is an empty one. */
export function items(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A text that says something, cut at {@link MAX_CLAIM_TEXT} with `…`; numbers as text. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  if (trimmed.length > MAX_CLAIM_TEXT) return `${trimmed.slice(0, MAX_CLAIM_TEXT)}…`;
  return trimmed === '' ? undefined : trimmed;
}

/** The first of several values that is a text. */
export function firstText(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const found = text(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The texts of a list or of a single value, joined by commas. */
export function texts(value: unknown): string | undefined {
  return text(
    items(value)
      .flatMap((item) => text(item) ?? [])
      .join(', '),
  );
}

/** An RFC 3339 time, or undefined for what is none. */
export function time(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  return isTime && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** The members that are there: for records with optional members. */
export function defined<T extends object>(record: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
