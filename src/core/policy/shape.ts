import { memberPointer } from '../sample/origin.ts';

/**
 * The form of a JSON value: one description that checks it and gives its JSON Schema, so that what the editor completes
 * is what the parser takes.
 */
export interface Shape<T> {
  /** JSON Schema, draft-07. */
  readonly schema: JsonSchema;
  /** The value, or what is wrong. Values are data: their own members only. */
  readonly read: (value: unknown, pointer: string) => T | Misfit;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a shape describes. */
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** Why a value does not fit. */
export class Misfit {
  /**
   * @param pointer to what is wrong: JSON pointer (RFC 6901)
   * @param reason what it must be, as the end of a sentence: “must be …”
   */
  constructor(
    readonly pointer: string,
    readonly reason: string,
  ) {}
}

export function number(
  description: string,
  { minimum, maximum, integer = false }: { minimum: number; maximum: number; integer?: boolean },
): Shape<number> {
  const kind = integer ? 'a whole number' : 'a number';
  return {
    schema: { type: integer ? 'integer' : 'number', minimum, maximum, description },
    read: (value, pointer) =>
      typeof value === 'number' &&
      value >= minimum &&
      value <= maximum &&
      (!integer || Number.isInteger(value))
        ? value
        : new Misfit(pointer, `must be ${kind} from ${String(minimum)} to ${String(maximum)}`),
  };
}

export function flag(description: string): Shape<boolean> {
  return {
    schema: { type: 'boolean', description },
    read: (value, pointer) =>
      typeof value === 'boolean' ? value : new Misfit(pointer, 'must be true or false'),
  };
}

/** One of some words. */
export function word<const T extends string>(description: string, words: readonly T[]): Shape<T> {
  return {
    schema: { enum: words, description },
    read: (value, pointer) =>
      words.find((known) => known === value) ?? new Misfit(pointer, `must be one of ${words.join(', ')}`),
  };
}

/** Longest text in a policy. */
const MAX_TEXT = 1000;

/** @param form what it must match; without anchors, as in JSON Schema */
export function text(
  description: string,
  form?: { readonly pattern: string; readonly says: string },
): Shape<string> {
  const pattern = form && new RegExp(form.pattern, 'u');
  const says = form?.says ?? 'a text that is not empty';
  return {
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_TEXT,
      ...(form && { pattern: form.pattern }),
      description,
    },
    read: (value, pointer) =>
      typeof value === 'string' && value !== '' && isShort(value) && (pattern?.test(value) ?? true)
        ? value
        : new Misfit(pointer, `must be ${says}, of up to ${MAX_TEXT.toLocaleString('en')} characters`),
  };
}

/** JSON Schema counts code points. */
function isShort(value: string): boolean {
  return value.length <= MAX_TEXT || Array.from(value).length <= MAX_TEXT;
}

/** Longest list in a policy. */
const MAX_ITEMS = 1000;

/** A list of at least one item. An empty list would allow nothing, or ask for nothing: neither is what somebody means. */
export function list<T>(description: string, item: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema, minItems: 1, maxItems: MAX_ITEMS, description },
    read: (value, pointer) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS) {
        return new Misfit(pointer, `must be a list of 1 to ${MAX_ITEMS.toLocaleString('en')} items`);
      }
      const items: T[] = [];
      for (const [index, element] of value.entries()) {
        const read = item.read(element, `${pointer}/${String(index)}`);
        if (read instanceof Misfit) return read;
        items.push(read);
      }
      return items;
    },
  };
}

/** The first shape that the value fits. */
export function either<A, B>(description: string, first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return {
    schema: { anyOf: [first.schema, second.schema], description },
    read: (value, pointer) => {
      const read = first.read(value, pointer);
      if (!(read instanceof Misfit)) return read;
      const other = second.read(value, pointer);
      if (!(other instanceof Misfit)) return other;
      // What is wrong further inside says more.
      return other.pointer.length > read.pointer.length
        ? other
        : read.pointer.length > other.pointer.length
          ? read
          : new Misfit(pointer, `${read.reason}, or ${other.reason}`);
    },
  };
}

type Members = Readonly<Record<string, Shape<unknown>>>;
type RecordOf<M extends Members> = { readonly [K in keyof M]?: ValueOf<M[K]> };

/**
 * An object with these members and no others, each of which may be left out.
 * @param atLeastOne whether it says nothing without any
 */
export function record<M extends Members>(
  description: string,
  members: M,
  {
    atLeastOne = false,
    required = [],
  }: { atLeastOne?: boolean; required?: readonly (keyof M & string)[] } = {},
): Shape<RecordOf<M>> {
  const names = Object.keys(members);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, members[name]!.schema])),
      additionalProperties: false,
      ...(atLeastOne && { minProperties: 1 }),
      ...(required.length > 0 && { required }),
      description,
    },
    read: (value, pointer) => {
      if (!isObject(value)) return new Misfit(pointer, `must be an object with ${names.join(', ')}`);
      const known: Record<string, unknown> = {};
      for (const [name, member] of Object.entries(value)) {
        const shape = Object.hasOwn(members, name) ? members[name]! : undefined;
        const place = memberPointer(pointer, name);
        if (!shape) return new Misfit(place, `is not known here; known are ${names.join(', ')}`);
        const read = shape.read(member, place);
        if (read instanceof Misfit) return read;
        known[name] = read;
      }
      if (atLeastOne && Object.keys(known).length === 0) {
        return new Misfit(pointer, `must have at least one of ${names.join(', ')}`);
      }
      const missing = required.find((name) => !Object.hasOwn(known, name));
      if (missing !== undefined) return new Misfit(pointer, `must have the member "${missing}"`);
      return known as RecordOf<M>;
    },
  };
}

/**
 * An object whose members have names of this form, and all the same shape.
 * @param form without anchors, as in JSON Schema
 */
export function dictionary<T>(
  description: string,
  form: { readonly pattern: string; readonly says: string },
  item: Shape<T>,
): Shape<Readonly<Record<string, T>>> {
  const pattern = new RegExp(form.pattern, 'u');
  return {
    schema: {
      type: 'object',
      propertyNames: { pattern: form.pattern },
      additionalProperties: item.schema,
      minProperties: 1,
      description,
    },
    read: (value, pointer) => {
      if (!isObject(value) || Object.keys(value).length === 0) {
        return new Misfit(pointer, 'must be an object with at least one member');
      }
      const items: Record<string, T> = {};
      for (const [name, member] of Object.entries(value)) {
        const place = memberPointer(pointer, name);
        if (!pattern.test(name)) return new Misfit(place, `must be named with ${form.says}`);
        const read = item.read(member, place);
        if (read instanceof Misfit) return read;
        items[name] = read;
      }
      return items;
    },
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
