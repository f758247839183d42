import { memberPointer } from '../sample/origin.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../sample/jsonValue.ts';

/**
 * How tools that turn Parquet into JSONL write values otherwise than the projection (docs/formats.md, "Parquet rows"), so
 * that the row has another digest although it says the same.
 */
export type FormKind =
  /** Left out where the value is null. */
  | 'dropped-null'
  /** Left out, although there is a value. */
  | 'dropped-member'
  /** There, although the signed row does not have it. */
  | 'extra-member'
  /** With fewer digits. */
  | 'rounded-number'
  /** Another way of writing the same date or time: milliseconds, a space for the T, other digits, no Z. */
  | 'timestamp-form'
  /** A number that the projection writes as text (a decimal), or the reverse. */
  | 'number-or-text'
  /** null for NaN or an infinity. */
  | 'not-finite'
  /** 0 and 1 for false and true. */
  | 'boolean-form'
  /** JSON text for an object or array, or the reverse. */
  | 'json-text'
  /** An object for a map's list of keys and values. */
  | 'map-form'
  /** Bytes that were decoded, or encoded otherwise than in base64. */
  | 'binary-form';

/** One member that is written otherwise than it was signed. */
export interface FormDifference {
  /** JSON pointer; `*` stands for any item of an array. */
  readonly pointer: string;
  readonly kind: FormKind;
  /** The value that was signed and the one found; undefined where there is none. */
  readonly signed: JsonValue | undefined;
  readonly found: JsonValue | undefined;
}

/**
 * Compares a row with the signed row that it may have been made of.
 * @returns how they differ in form, or undefined when some value says something else
 */
export function formDifferences(signed: JsonValue, found: JsonValue): FormDifference[] | undefined {
  const differences: FormDifference[] = [];
  return compare(signed, found, '', differences) ? differences : undefined;
}

function compare(
  signed: JsonValue | undefined,
  found: JsonValue | undefined,
  pointer: string,
  differences: FormDifference[],
): boolean {
  if (isJsonObject(signed) && isJsonObject(found)) return compareObjects(signed, found, pointer, differences);
  if (Array.isArray(signed) && Array.isArray(found)) {
    const items = found as readonly JsonValue[];
    return (
      signed.length === items.length &&
      (signed as readonly JsonValue[]).every((item, i) =>
        compare(item, items[i], `${pointer}/*`, differences),
      )
    );
  }
  if (signed === found || (isNumber(signed) && isNumber(found) && Number(signed) === found)) return true;
  const kind = formOf(signed, found);
  if (kind === undefined) return false;
  differences.push({ pointer, kind, signed, found });
  return true;
}

function compareObjects(
  signed: JsonObject,
  found: JsonObject,
  pointer: string,
  differences: FormDifference[],
): boolean {
  const names = new Set([...Object.keys(signed), ...Object.keys(found)]);
  let same = 0;
  for (const name of names) {
    const place = memberPointer(pointer, name);
    const theirs = Object.hasOwn(found, name) ? found[name] : undefined;
    const ours = Object.hasOwn(signed, name) ? signed[name] : undefined;
    if (!compare(ours, theirs, place, differences)) return false;
    if (ours !== undefined && theirs !== undefined) same++;
  }
  // Rows that have nothing in common are different rows, not forms of the same.
  return same > 0 || names.size === 0;
}

function formOf(signed: JsonValue | undefined, found: JsonValue | undefined): FormKind | undefined {
  if (signed === undefined) return 'extra-member';
  if (found === undefined) return signed === null ? 'dropped-null' : 'dropped-member';
  if (isNumber(signed) && isNumber(found)) return isRounded(signed, found) ? 'rounded-number' : undefined;
  if (typeof signed === 'boolean') return found === Number(signed) ? 'boolean-form' : undefined;
  if (typeof signed === 'string') return formOfText(signed, found);
  if (isNumber(signed) && typeof found === 'string') {
    return found.trim() !== '' && Number(found) === Number(signed) ? 'number-or-text' : undefined;
  }
  if (isBinary(signed)) return typeof found === 'string' || Array.isArray(found) ? 'binary-form' : undefined;
  if (Array.isArray(signed) && isJsonObject(found)) {
    return isMap(signed as readonly JsonValue[], found) ? 'map-form' : undefined;
  }
  if (typeof found === 'string' && typeof signed === 'object' && signed !== null) {
    return /^\s*[[{]/.test(found) ? 'json-text' : undefined;
  }
  return undefined;
}

function formOfText(signed: string, found: JsonValue): FormKind | undefined {
  if (NOT_FINITE.has(signed) && (found === null || typeof found === 'string')) {
    return found === null || /^[+-]?(nan|inf(inity)?)$/i.test(found) ? 'not-finite' : undefined;
  }
  const time = parseTime(signed);
  if (time !== undefined) return isSameTime(time, found) ? 'timestamp-form' : undefined;
  if (DECIMAL.test(signed)) {
    if (isNumber(found)) {
      return Number(signed) === Number(found) || isRounded(Number(signed), found)
        ? 'number-or-text'
        : undefined;
    }
    return typeof found === 'string' && DECIMAL.test(found) && Number(found) === Number(signed)
      ? 'number-or-text'
      : undefined;
  }
  return typeof found === 'object' && found !== null && /^\s*[[{]/.test(signed) ? 'json-text' : undefined;
}

const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);
const DECIMAL = /^-?\d+(\.\d+)?$/;

function isNumber(value: JsonValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Whether `found` is `signed` rounded, or cut off, to as many digits as `found` has, or to single precision. */
function isRounded(signed: number | bigint, found: number | bigint): boolean {
  const a = Number(signed);
  const b = Number(found);
  if (Math.fround(a) === Math.fround(b)) return true;
  const [digits = '', exponent = '0'] = b.toExponential().split('e');
  const precision = digits.replace(/[^\d]/g, '').length;
  const unit = 10 ** (Number(exponent) - precision + 1);
  // One digit is left of too many different numbers.
  return precision >= 2 && Math.abs(a - b) < unit * (1 - 1e-9);
}

function isBinary(value: JsonValue): boolean {
  return isJsonObject(value) && typeof value['$base64'] === 'string' && Object.keys(value).length === 1;
}

function isMap(entries: readonly JsonValue[], found: JsonObject): boolean {
  return (
    entries.length === Object.keys(found).length &&
    entries.every((entry) => {
      const key = isJsonObject(entry) ? entry['key'] : undefined;
      return (typeof key === 'string' || isNumber(key)) && Object.hasOwn(found, String(key));
    })
  );
}

/**
 * The texts by which the projection of Parquet may write the date or time that a value seems to mean, by the name of the
 * form: a text in another form, or a number of days to nanoseconds since the epoch.
 */
export function timeForms(value: JsonValue): ReadonlyMap<string, string> {
  if (typeof value === 'string') {
    const time = parseTime(value);
    return time?.hasDate === true ? isoForms(time.nanoseconds) : new Map();
  }
  const number = isNumber(value) ? Number(value) : 0;
  const unit = UNITS.find((candidate) => number * Number(candidate) < LATEST);
  if (unit === undefined || number < EARLIEST_NUMBER) return new Map();
  const whole = Math.trunc(number);
  return isoForms(BigInt(whole) * unit + BigInt(Math.round((number - whole) * Number(unit))));
}

/** Later times than 2200-01-01 (in nanoseconds), and smaller numbers, are not taken for times. */
const LATEST = 7_258_118_400_000_000_000;
const EARLIEST_NUMBER = 100_000_000;

function isoForms(nanoseconds: bigint): Map<string, string> {
  const day = 86_400_000_000_000n;
  const rest = ((nanoseconds % day) + day) % day;
  const date = new Date(Number((nanoseconds - rest) / 1_000_000n)).toISOString().slice(0, 10);
  const seconds = Number(rest / 1_000_000_000n);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
  const fraction = String(rest % 1_000_000_000n).padStart(9, '0');
  const forms = new Map<string, string>();
  for (const digits of [3, 6, 9]) {
    if (!/^0*$/.test(fraction.slice(digits))) continue;
    const text = `${date}T${clock}.${fraction.slice(0, digits)}`;
    forms.set(`${String(digits)} digits, UTC`, `${text}Z`).set(`${String(digits)} digits`, text);
  }
  return rest === 0n ? forms.set('date', date) : forms;
}

interface Time {
  /** Nanoseconds since the epoch, or since midnight. */
  readonly nanoseconds: bigint;
  readonly hasDate: boolean;
}

const TIME =
  /^(?:([+-]?\d{4,6})-(\d\d)-(\d\d))?(?:(^|[T ])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/;

/** What a date, a time or both say, however they are written. Undefined for other text. */
function parseTime(text: string): Time | undefined {
  if (text.length > 45) return undefined;
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, , hour, minute, second, fraction, zone] = parts;
  if (year === undefined && hour === undefined) return undefined;
  const days = year === undefined ? 0 : dayNumber(Number(year), Number(month), Number(day));
  const seconds = Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0) - offsetOf(zone);
  if (Number.isNaN(days)) return undefined;
  const nanoseconds =
    (BigInt(days) * 86_400n + BigInt(seconds)) * 1_000_000_000n + BigInt((fraction ?? '').padEnd(9, '0'));
  return { nanoseconds, hasDate: year !== undefined };
}

function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.floor(date.getTime() / 86_400_000);
}

/** In seconds. */
function offsetOf(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '') ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** Units in which tools write the time since the epoch as a number, in nanoseconds. */
const UNITS = [86_400_000_000_000n, 1_000_000_000n, 1_000_000n, 1_000n, 1n];

function isSameTime(signed: Time, found: JsonValue): boolean {
  if (typeof found === 'string') {
    const other = parseTime(found);
    if (other) return other.hasDate === signed.hasDate && isTruncated(signed.nanoseconds, other.nanoseconds);
    return false;
  }
  if (!isNumber(found)) return false;
  const number = Number(found);
  return UNITS.some((unit) => Math.abs(Number(signed.nanoseconds) / Number(unit) - number) < 1.5);
}

/** Whether `found` is `signed`, or `signed` cut off or rounded to whole seconds or parts of a second. */
function isTruncated(signed: bigint, found: bigint): boolean {
  const difference = signed > found ? signed - found : found - signed;
  return difference < 1_000_000_000n;
}
