import {
  GENERATION_METHODS,
  STAGES,
  type GenerationMethod,
  type Origin,
  type Stage,
} from '../evidence/predicates.ts';

/** Longer values are not taken for an origin: they are text, or hostile. In UTF-16 code units. */
export const MAX_ORIGIN_LENGTH = 2000;

/**
 * Which fields of a record carry its origin: JSON pointers (RFC 6901), the first that leads to a value counts.
 * An origin field that is named here is looked for nowhere else.
 */
export type OriginFields = Partial<Record<keyof Origin, string | readonly string[]>>;

/** The origin that a record itself carries. */
export interface RecordOrigin extends Origin {
  /** When the content was made, as against collected: Dolma's `created`. */
  readonly createdAt?: string;
}

/** Where common layouts have it: Dolma (`source`, `added`, `created`, `metadata`), C4, and other web crawls. */
const DEFAULT_FIELDS: Readonly<Partial<Record<keyof RecordOrigin, readonly string[]>>> = {
  source: ['/source', '/meta/source', '/metadata/source'],
  title: ['/dataset', '/meta/dataset', '/metadata/dataset'],
  url: ['/url', '/meta/url', '/metadata/url'],
  licence: [
    '/license',
    '/licence',
    '/meta/license',
    '/meta/licence',
    '/metadata/license',
    '/metadata/licence',
  ],
  collectedAt: ['/added', '/timestamp', '/meta/timestamp', '/metadata/timestamp'],
  createdAt: ['/created'],
};

/** The fields of an origin that a mapping may name. */
export const ORIGIN_FIELDS = [
  'source',
  'title',
  'issuer',
  'collectedAt',
  'generationMethod',
  'generatedBy',
  'licence',
  'consents',
  'geography',
  'stage',
  'url',
] as const satisfies readonly (keyof Origin)[];

/**
 * The origin that a record carries in its own fields (docs/formats.md, "Origin of a sample"). Only strings and numbers
 * (as text) of up to {@link MAX_ORIGIN_LENGTH} characters are taken, and for `generationMethod` and `stage` only words
 * of their vocabularies. Never throws, whatever the record and the mapping are.
 *
 * @param record the parsed sample
 * @param mapping `originFields` of the policy
 */
export function recordOrigin(record: unknown, mapping: OriginFields = {}): RecordOrigin {
  const origin: { -readonly [K in keyof RecordOrigin]?: string } = {};
  for (const field of [...ORIGIN_FIELDS, 'createdAt'] as const) {
    const configured: unknown = field === 'createdAt' ? undefined : mapping[field];
    const pointers = configured ?? DEFAULT_FIELDS[field] ?? [];
    for (const pointer of Array.isArray(pointers) ? (pointers as unknown[]) : [pointers]) {
      const text = originText(resolvePointer(record, pointer));
      if (text === undefined || !isAllowed(field, text)) continue;
      origin[field] = text;
      break;
    }
  }
  return origin as RecordOrigin;
}

/**
 * The value that the JSON pointer `pointer` (RFC 6901) leads to, or undefined when there is none or it is no pointer.
 * Only the record's own members count: `/constructor` leads nowhere.
 */
export function resolvePointer(record: unknown, pointer: unknown): unknown {
  const tokens = tokensOf(pointer);
  if (!tokens) return undefined;
  let value = record;
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(token)) return undefined;
    if (!Object.hasOwn(value, token)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[token];
  }
  return value;
}

/** Pointers that were parsed: the same few are asked for in each of a million records. */
const parsedPointers = new Map<unknown, readonly string[]>();
const MAX_PARSED_POINTERS = 1000;

function tokensOf(pointer: unknown): readonly string[] | undefined {
  const known = parsedPointers.get(pointer);
  if (known) return known;
  const tokens = parsePointer(pointer);
  if (parsedPointers.size === MAX_PARSED_POINTERS) parsedPointers.clear();
  if (tokens) parsedPointers.set(pointer, tokens);
  return tokens;
}

/** The JSON pointer (RFC 6901) of a member of the value that `parent` points to. */
export function memberPointer(parent: string, name: string): string {
  return `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The unescaped reference tokens of a JSON pointer (RFC 6901 §3), or undefined when `pointer` is none. */
export function parsePointer(pointer: unknown): string[] | undefined {
  if (typeof pointer !== 'string' || /~(?![01])/.test(pointer)) return undefined;
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function originText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'string' && value !== '' && value.length <= MAX_ORIGIN_LENGTH) return value;
  return undefined;
}

function isAllowed(field: keyof RecordOrigin, text: string): boolean {
  if (field === 'generationMethod') return GENERATION_METHODS.includes(text as GenerationMethod);
  if (field === 'stage') return STAGES.includes(text as Stage);
  return true;
}
