import { parseArgs } from 'node:util';
import { ProvenanceError } from '../core/errors.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** Whether it may be given several times. */
  readonly multiple?: true;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type Value<S extends OptionSpec> = S extends { readonly multiple: true }
  ? readonly string[]
  : S extends { readonly type: 'string' }
    ? string
    : true;

export interface Arguments<S extends OptionSpecs = OptionSpecs> {
  /** Only what was given. */
  readonly options: { readonly [K in keyof S]?: Value<S[K]> };
  readonly operands: readonly string[];
}

/** Wrong use of the program: the message is followed by where to find help. */
export function usageError(
  template: string,
  args: Readonly<Record<string, string | number>> = {},
): ProvenanceError {
  return new ProvenanceError('invalid-argument', template, args);
}

/**
 * Reads the arguments of one command. Unlike `parseArgs` in its strict mode, it says what was probably meant.
 * @throws ProvenanceError `invalid-argument`
 */
export function parseArguments<const S extends OptionSpecs>(specs: S, argv: readonly string[]): Arguments<S> {
  // Passed without `multiple`, since the values are collected here: what is given twice by mistake is an error.
  const known = Object.entries(specs).map(([name, { type, short }]) => [
    name,
    { type, ...(short && { short }) },
  ]);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(known) as Record<string, { type: 'string' | 'boolean'; short?: string }>,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options = new Map<string, string | true | string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec) throw unknownOption(rawName, specs);
    if (spec.type === 'boolean') {
      if (value !== undefined) throw usageError('{option} takes no value.', { option: rawName });
      options.set(name, true);
      continue;
    }
    if (value === undefined) throw usageError('{option} needs a value.', { option: rawName });
    if (!inlineValue && value.length > 1 && value.startsWith('-')) {
      throw usageError('{option} needs a value; one that starts with a dash is written {option}={value}.', {
        option: rawName,
        value,
      });
    }
    const before = options.get(name);
    if (spec.multiple) options.set(name, [...(Array.isArray(before) ? before : []), value]);
    else if (before === undefined) options.set(name, value);
    else throw usageError('{option} is given twice.', { option: rawName });
  }
  return { options: Object.fromEntries(options) as Arguments<S>['options'], operands };
}

function unknownOption(given: string, specs: OptionSpecs): ProvenanceError {
  const known = Object.keys(specs).map((name) => `--${name}`);
  const meant = nearest(given.replace(/=.*$/s, ''), known);
  return meant === undefined
    ? usageError('There is no option {option}.', { option: given })
    : usageError('There is no option {option}; did you mean {meant}?', { option: given, meant });
}

/** The candidate that a typing mistake most likely made `text` of, or undefined. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const started = candidates.filter(
    (candidate) => text.replace(/^-+/, '').length > 2 && candidate.startsWith(text),
  );
  if (started.length === 1) return started[0];
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  if (a.length > 40) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1, swapped ? beforeLast[j - 2]! + 1 : replaced);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
