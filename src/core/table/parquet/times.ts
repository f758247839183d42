import type { TimeUnit } from './footer.ts';
import type { JsonText } from './jsonText.ts';

const QUOTE = 0x22;
const MINUS = 0x2d;
const PLUS = 0x2b;
const COLON = 0x3a;
const POINT = 0x2e;
const SECONDS_A_DAY = 86_400;

/** Fractional digits of a second. */
const DIGITS: Readonly<Record<TimeUnit, number>> = { MILLIS: 3, MICROS: 6, NANOS: 9 };

/**
 * Divides a signed 64-bit integer (`high` signed, `low` unsigned) by 10^6, rounding down. Dividing in two steps keeps all
 * values below 2^53, and BigInt out of the way.
 */
function divideByMillion(high: number, low: number): { quotient: number; rest: number } {
  const highQuotient = Math.floor(high / 1e6);
  const middle = (high - highQuotient * 1e6) * 2 ** 32 + low;
  const lowQuotient = Math.floor(middle / 1e6);
  return { quotient: highQuotient * 2 ** 32 + lowQuotient, rest: middle - lowQuotient * 1e6 };
}

interface Instant {
  readonly days: number;
  /** Within the day. */
  readonly seconds: number;
  /** In the column's own unit. */
  readonly fraction: number;
}

/** Splits a signed 64-bit count of units into days, rounded down, and the rest. */
function split(high: number, low: number, unit: TimeUnit): Instant {
  const { quotient, rest } = divideByMillion(high, low);
  switch (unit) {
    case 'MILLIS': {
      // The quotient counts thousands of seconds, 432 of which are 5 days; all seconds might be more than 2^53.
      const fiveDays = Math.floor(quotient / 432);
      const wholeSeconds = Math.floor(rest / 1e3);
      const fraction = rest - wholeSeconds * 1e3;
      return splitSeconds((quotient - fiveDays * 432) * 1e3 + wholeSeconds, fraction, fiveDays * 5);
    }
    case 'MICROS':
      return splitSeconds(quotient, rest, 0);
    case 'NANOS': {
      const wholeSeconds = Math.floor(quotient / 1e3);
      return splitSeconds(wholeSeconds, (quotient - wholeSeconds * 1e3) * 1e6 + rest, 0);
    }
  }
}

function splitSeconds(seconds: number, fraction: number, daysBefore: number): Instant {
  const days = Math.floor(seconds / SECONDS_A_DAY);
  return { days: daysBefore + days, seconds: seconds - days * SECONDS_A_DAY, fraction };
}

/** A TIMESTAMP: a signed 64-bit count of units since 1970, as an ISO 8601 string. */
export function writeTimestamp(out: JsonText, high: number, low: number, unit: TimeUnit, utc: boolean): void {
  const { days, seconds, fraction } = split(high, low, unit);
  out.byte(QUOTE);
  writeCalendarDate(out, days);
  out.byte(0x54);
  writeClock(out, seconds, fraction, DIGITS[unit]);
  if (utc) out.byte(0x5a);
  out.byte(QUOTE);
}

/**
 * A TIME: units since midnight. Values outside of a day are not valid, but may stand in a file: hours go on above 23, and
 * a sign comes before what is negative, so that different values stay different.
 */
export function writeTime(out: JsonText, high: number, low: number, unit: TimeUnit, utc: boolean): void {
  const negative = high < 0;
  const magnitudeLow = negative ? -low >>> 0 : low;
  const magnitudeHigh = negative ? (~high + (magnitudeLow === 0 ? 1 : 0)) >>> 0 : high;
  const { days, seconds, fraction } = split(magnitudeHigh, magnitudeLow, unit);
  out.byte(QUOTE);
  if (negative) out.byte(MINUS);
  writeClock(out, days * SECONDS_A_DAY + seconds, fraction, DIGITS[unit]);
  if (utc) out.byte(0x5a);
  out.byte(QUOTE);
}

/** A DATE: days since 1970. */
export function writeDate(out: JsonText, days: number): void {
  out.byte(QUOTE);
  writeCalendarDate(out, days);
  out.byte(QUOTE);
}

/** Day number of 1970-01-01 in Julian days. */
const JULIAN_EPOCH = 2_440_588;

/**
 * An INT96: nanoseconds within the day (signed, 64 bits) and the Julian day. Without `Z`: the file does not say whether
 * it is UTC. Spark writes instants in UTC, Impala and Hive local times; Arrow and DuckDB read all of them as local.
 */
export function writeInt96(out: JsonText, high: number, low: number, julianDay: number): void {
  const { days, seconds, fraction } = split(high, low, 'NANOS');
  out.byte(QUOTE);
  writeCalendarDate(out, julianDay - JULIAN_EPOCH + days);
  out.byte(0x54);
  writeClock(out, seconds, fraction, 9);
  out.byte(QUOTE);
}

/** An INTERVAL: months, days and milliseconds, each unsigned, as an ISO 8601 duration of just these three. */
export function writeInterval(out: JsonText, months: number, days: number, millis: number): void {
  const seconds = Math.floor(millis / 1e3);
  out.byte(QUOTE);
  out.byte(0x50);
  out.digits(months, 1);
  out.byte(0x4d);
  out.digits(days, 1);
  out.byte(0x44);
  out.byte(0x54);
  out.digits(seconds, 1);
  out.byte(POINT);
  out.digits(millis - seconds * 1e3, 3);
  out.byte(0x53);
  out.byte(QUOTE);
}

function writeClock(out: JsonText, seconds: number, fraction: number, fractionDigits: number): void {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds - hours * 3600) / 60);
  out.digits(hours, 2);
  out.byte(COLON);
  out.digits(minutes, 2);
  out.byte(COLON);
  out.digits(seconds - hours * 3600 - minutes * 60, 2);
  out.byte(POINT);
  out.digits(fraction, fractionDigits);
}

/**
 * A day of the proleptic Gregorian calendar, from days since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", civil_from_days). Years outside of 0000 to 9999 have a sign and at least six digits (ISO 8601 expanded,
 * as in ECMAScript).
 */
function writeCalendarDate(out: JsonText, days: number): void {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Months count from March, so that the leap day comes last.
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  if (year >= 0 && year <= 9999) {
    out.digits(year, 4);
  } else {
    out.byte(year < 0 ? MINUS : PLUS);
    out.digits(Math.abs(year), 6);
  }
  out.byte(MINUS);
  out.digits(month, 2);
  out.byte(MINUS);
  out.digits(day, 2);
}
