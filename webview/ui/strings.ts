import * as l10n from '@vscode/l10n';
import type { ProvenanceError } from '../../src/core/errors.ts';

/**
 * The strings of the user's language come from the host; after {@link useStrings}, every file says
 * `l10n.t('English text with {0}', value)` with `@vscode/l10n`, whose tools find these calls and nothing else.
 */
export function useStrings(strings: Readonly<Record<string, string>>): void {
  l10n.config({ contents: { ...strings } });
}

/** An error's sentence in the user's language. */
export function errorText(error: ProvenanceError): string {
  return l10n.t(error.template, { ...error.args });
}

let numbers: Intl.NumberFormat | undefined;

/** The number with the user's digit grouping. */
export function numberText(value: number): string {
  return (numbers ??= new Intl.NumberFormat(language())).format(value);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 days ago", and the full date for the tooltip. Undefined when it is no time that can be read. */
export function timeText(time: string, now = Date.now()): { relative: string; absolute: string } | undefined {
  const then = Date.parse(time);
  if (Number.isNaN(then)) return undefined;
  const seconds = (then - now) / 1000;
  const [unit, length] = UNITS.find(([, unitLength]) => Math.abs(seconds) >= unitLength) ?? ['second', 1];
  const amount = Math.trunc(seconds / length);
  return {
    relative: new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(
      unit === 'second' ? 0 : amount,
      unit,
    ),
    absolute: new Intl.DateTimeFormat(language(), { dateStyle: 'full', timeStyle: 'long' }).format(then),
  };
}

/** The host sets the page's `lang`; the browser's own language stands in where that is no language tag. */
function language(): string | undefined {
  try {
    return Intl.getCanonicalLocales(document.documentElement.lang)[0];
  } catch {
    return undefined;
  }
}
