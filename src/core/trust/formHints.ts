import type { Sha256 } from '../bytes/sha256.ts';
import { canonicalBytes } from '../sample/canonicalJson.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../sample/jsonValue.ts';
import { formDifferences, timeForms, type FormDifference, type FormKind } from './valueForms.ts';

/**
 * Why rows that some tool made of a signed Parquet file are not verified, where the only reason is how it writes values.
 * A hint and no more: it never makes a row verified, since what was signed is something else.
 */
export interface FormHint {
  /** JSON pointer of the column; `*` stands for any item of an array. */
  readonly pointer: string;
  readonly kind: FormKind;
  /** Rows looked at that show it. */
  readonly rows: number;
  readonly example: {
    /** 1-based. */
    readonly line: number;
    /** Undefined where there is no such member. */
    readonly signed: JsonValue | undefined;
    readonly found: JsonValue | undefined;
  };
}

/** A row that is not verified. */
export interface UnverifiedRow {
  /** 1-based. */
  readonly line: number;
  readonly value: JsonObject;
}

/** How many rows that share a text are compared with one signed row. */
const MAX_CANDIDATES = 8;
/** A shorter text does not tell rows apart. */
const MIN_KEY_LENGTH = 8;
/** How many combinations of forms are tried for one row. */
const MAX_CHOICES = 2048;

/** Collects hints for some rows of a file. */
export class FormHints {
  private readonly byKey = new Map<string, UnverifiedRow[]>();
  private readonly open: Map<number, UnverifiedRow>;
  private readonly found = new Map<string, FormHint>();

  constructor(rows: readonly UnverifiedRow[]) {
    this.open = new Map(rows.map((row) => [row.line, row]));
    for (const row of rows) {
      for (const key of keysOf(row.value)) {
        const sharing = this.byKey.get(key) ?? [];
        if (sharing.length < MAX_CANDIDATES) this.byKey.set(key, [...sharing, row]);
      }
    }
  }

  /** Rows that are not explained yet. */
  get remaining(): number {
    return this.open.size;
  }

  /** Those that concern the most rows first. */
  get hints(): FormHint[] {
    return [...this.found.values()].sort((a, b) => b.rows - a.rows);
  }

  /**
   * Takes a row of the signed file and looks whether one of the rows was made of it.
   * @param line the row that stands at the same place, if the files are equally long
   */
  offer(signed: JsonValue, line?: number): void {
    if (!isJsonObject(signed)) return;
    const here = line === undefined ? undefined : this.open.get(line);
    const candidates = new Set(here ? [here] : []);
    for (const key of keysOf(signed)) for (const row of this.byKey.get(key) ?? []) candidates.add(row);
    for (const row of candidates) {
      const differences = this.open.has(row.line) ? formDifferences(signed, row.value) : undefined;
      if (differences === undefined || differences.length === 0) continue;
      this.explain(row, differences);
      return;
    }
  }

  /**
   * Without the signed file: writes the rows as the projection of Parquet would, in every way that their values allow,
   * and asks whether that was signed. Finds dropped nulls, other forms of dates and times, and decimals.
   * @param members those that other rows of the file have: what may have been left out here
   */
  tryForms(members: readonly string[], isSigned: (digest: Uint8Array) => boolean, sha256: Sha256): void {
    const names = new Set([
      ...members,
      ...[...this.open.values()].flatMap(({ value }) => Object.keys(value)),
    ]);
    /** By member: the form that turned out right, which it then has in all rows. */
    const known = new Map<string, string>();
    for (const row of [...this.open.values()]) {
      const forms = [...names].map((name): Member => {
        const all = formsOf(row.value, name);
        const form = known.get(name) ?? '';
        return { name, forms: all.has(form) ? new Map([[form, all.get(form)!]]) : all };
      });
      for (const choice of choices(forms)) {
        const signed = Object.fromEntries(choice.map(({ name, value }) => [name, value]));
        if (!isSigned(sha256(canonicalBytes(signed)))) continue;
        for (const { name, form } of choice) if (form !== AS_FOUND) known.set(name, form);
        this.explain(row, formDifferences(signed, row.value) ?? []);
        break;
      }
    }
  }

  private explain(row: UnverifiedRow, differences: readonly FormDifference[]): void {
    this.open.delete(row.line);
    const seen = new Set<string>();
    for (const { pointer, kind, signed, found } of differences) {
      const key = `${kind} ${pointer}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const before = this.found.get(key);
      const example = before?.example ?? { line: row.line, signed, found };
      this.found.set(key, { pointer, kind, rows: (before?.rows ?? 0) + 1, example });
    }
  }
}

/** Texts by which a row is known again, whatever became of its numbers and times. */
function keysOf(row: JsonObject): string[] {
  return Object.entries(row).flatMap(([name, value]) => {
    if (typeof value === 'string') return value.length >= MIN_KEY_LENGTH ? [`${name}\0${value}`] : [];
    return typeof value === 'number' && Number.isSafeInteger(value) && value !== 0
      ? [`${name}\0${value}`]
      : [];
  });
}

/** A member with the values that it may have had in the signed row, by the name of the form. */
interface Member {
  readonly name: string;
  readonly forms: ReadonlyMap<string, JsonValue>;
}

const AS_FOUND = 'as found';

function formsOf(row: JsonObject, name: string): Map<string, JsonValue> {
  if (!Object.hasOwn(row, name)) return new Map([['null', null]]);
  const value = row[name] as JsonValue;
  const forms = new Map<string, JsonValue>([[AS_FOUND, value], ...timeForms(value)]);
  if (value === null) forms.set('NaN', 'NaN');
  if (typeof value === 'number' && Math.abs(value) < 1e15) {
    for (const digits of [0, 1, 2, 3, 4, 6]) {
      const text = value.toFixed(digits);
      if (Number(text) === value) forms.set(`${String(digits)} decimals`, text);
    }
  }
  return forms;
}

/** One form for each member, in all combinations up to a limit. */
function* choices(members: readonly Member[]): Generator<{ name: string; form: string; value: JsonValue }[]> {
  const lists = members.map(({ name, forms }) => [...forms].map(([form, value]) => ({ name, form, value })));
  const at = lists.map(() => 0);
  for (let tried = 0; tried < MAX_CHOICES; tried++) {
    yield lists.map((list, i) => list[at[i]!]!);
    const member = lists.findIndex((list, i) => at[i]! < list.length - 1);
    if (member === -1) return;
    at.fill(0, 0, member);
    at[member]!++;
  }
}
