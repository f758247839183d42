import { memberPointer } from '../sample/origin.ts';
import { isJsonObject, jsonText, type JsonObject, type JsonValue } from '../sample/jsonValue.ts';

/** A member of a record that a step changed. */
export interface FieldChange {
  /** JSON pointer: of what was removed, into the record before; else into the record after. */
  readonly pointer: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** JSON text, cut at {@link MAX_SHOWN_VALUE} characters, with `…` where something is left out. Untrusted. */
  readonly before?: string;
  readonly after?: string;
}

export const MAX_SHOWN_VALUE = 2000;

/** Records that differ in more places are shown as one change of the whole. */
export const MAX_FIELD_CHANGES = 500;

/** Longest-common-subsequence tables of all arrays of a record have together up to so many cells. */
const MAX_CELLS = 4_000_000;

/** Of a value that is cut at its start, how much stands before the first difference. */
const SHOWN_BEFORE_DIFFERENCE = 200;

/**
 * The members in which two records differ, as their canonical forms see them (docs/formats.md, "Sample identity"): the
 * order of members and the way in which numbers and strings are written make no difference. Arrays are compared item by
 * item, with items that were inserted or removed told from those that were changed.
 *
 * Time and memory are linear in the records, apart from a bounded number of comparisons of array items.
 */
export function fieldDiff(before: JsonValue, after: JsonValue): FieldChange[] {
  const differ = new Differ();
  differ.compare(before, after, '');
  return differ.changes.length <= MAX_FIELD_CHANGES ? differ.changes : [changed('', before, after)];
}

class Differ {
  readonly changes: FieldChange[] = [];
  private readonly identities = new Identities();
  private cells = MAX_CELLS;

  compare(before: JsonValue, after: JsonValue, pointer: string): void {
    if (this.changes.length > MAX_FIELD_CHANGES || this.identities.equal(before, after)) return;
    if (isJsonObject(before) && isJsonObject(after)) this.compareObjects(before, after, pointer);
    else if (isArray(before) && isArray(after)) this.compareArrays(before, after, pointer);
    else this.changes.push(changed(pointer, before, after));
  }

  private compareObjects(before: JsonObject, after: JsonObject, pointer: string): void {
    for (const [name, value] of Object.entries(before)) {
      const member = memberPointer(pointer, name);
      if (Object.hasOwn(after, name)) this.compare(value, after[name]!, member);
      else this.changes.push({ pointer: member, change: 'removed', before: shown(value) });
    }
    for (const [name, value] of Object.entries(after)) {
      if (!Object.hasOwn(before, name)) {
        this.changes.push({ pointer: memberPointer(pointer, name), change: 'added', after: shown(value) });
      }
    }
  }

  private compareArrays(before: readonly JsonValue[], after: readonly JsonValue[], pointer: string): void {
    const old = before.map((item) => this.identities.of(item));
    const now = after.map((item) => this.identities.of(item));
    let removedFrom = 0;
    let addedFrom = 0;
    for (const [i, j] of [...this.common(old, now), [old.length, now.length] as const]) {
      // Between two items that are the same on both sides, the k-th of what was there became the k-th of what is.
      for (; removedFrom < i && addedFrom < j; removedFrom++, addedFrom++) {
        this.compare(before[removedFrom]!, after[addedFrom]!, `${pointer}/${String(addedFrom)}`);
      }
      for (; removedFrom < i && this.hasRoom(); removedFrom++) {
        const value = shown(before[removedFrom]!);
        this.changes.push({ pointer: `${pointer}/${String(removedFrom)}`, change: 'removed', before: value });
      }
      for (; addedFrom < j && this.hasRoom(); addedFrom++) {
        const value = shown(after[addedFrom]!);
        this.changes.push({ pointer: `${pointer}/${String(addedFrom)}`, change: 'added', after: value });
      }
      removedFrom = i + 1;
      addedFrom = j + 1;
    }
  }

  private hasRoom(): boolean {
    return this.changes.length <= MAX_FIELD_CHANGES;
  }

  /** Pairs of places with equal items, increasing on both sides: as many as there can be, where that is not too much work. */
  private common(old: readonly number[], now: readonly number[]): [number, number][] {
    let head = 0;
    while (head < old.length && head < now.length && old[head] === now[head]) head++;
    let tail = 0;
    const shorter = Math.min(old.length, now.length) - head;
    while (tail < shorter && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
    const pairs: [number, number][] = [];
    for (let i = 0; i < head; i++) pairs.push([i, i]);
    const middle = this.longestCommon(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
    for (const [i, j] of middle) pairs.push([head + i, head + j]);
    for (let k = tail; k > 0; k--) pairs.push([old.length - k, now.length - k]);
    return pairs;
  }

  private longestCommon(old: readonly number[], now: readonly number[]): [number, number][] {
    const width = now.length + 1;
    const cells = (old.length + 1) * width;
    if (old.length === 0 || now.length === 0 || cells > this.cells) return [];
    this.cells -= cells;
    const lengths = new Uint32Array(cells);
    for (let i = old.length - 1; i >= 0; i--) {
      for (let j = now.length - 1; j >= 0; j--) {
        lengths[i * width + j] =
          old[i] === now[j]
            ? lengths[(i + 1) * width + j + 1]! + 1
            : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
      }
    }
    const pairs: [number, number][] = [];
    for (let i = 0, j = 0; i < old.length && j < now.length;) {
      if (old[i] === now[j]) pairs.push([i++, j++]);
      else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
      else j++;
    }
    return pairs;
  }
}

/** Gives equal values one number: whatever is compared with what, each value is looked at once. */
class Identities {
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<object, number>();

  equal(a: JsonValue, b: JsonValue): boolean {
    return a === b || this.of(a) === this.of(b);
  }

  of(value: JsonValue): number {
    if (typeof value !== 'object' || value === null) return this.numberOf(jsonText(value));
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const parts = isArray(value)
      ? value.map((item) => this.of(item))
      : Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, member]) => `${JSON.stringify(name)}:${String(this.of(member))}`);
    const number = this.numberOf(isArray(value) ? `[${parts.join()}]` : `{${parts.join()}}`);
    this.known.set(value, number);
    return number;
  }

  private numberOf(text: string): number {
    const number = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, number);
    return number;
  }
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Both sides from shortly before their first difference on, where it would be cut off otherwise. */
function changed(pointer: string, before: JsonValue, after: JsonValue): FieldChange {
  const [old, now] = [jsonText(before), jsonText(after)];
  let from = 0;
  if (old.length > MAX_SHOWN_VALUE || now.length > MAX_SHOWN_VALUE) {
    while (from < old.length && from < now.length && old[from] === now[from]) from++;
    from = from < MAX_SHOWN_VALUE - SHOWN_BEFORE_DIFFERENCE ? 0 : from - SHOWN_BEFORE_DIFFERENCE;
  }
  return { pointer, change: 'changed', before: cut(old, from), after: cut(now, from) };
}

function shown(value: JsonValue): string {
  return cut(jsonText(value), 0);
}

/** At most {@link MAX_SHOWN_VALUE} UTF-16 code units from `from` on, and no half of a surrogate pair at either end. */
function cut(text: string, from: number): string {
  const start = from > 0 && isLowSurrogate(text, from) ? from + 1 : from;
  let end = Math.min(text.length, start + MAX_SHOWN_VALUE);
  if (end < text.length && isLowSurrogate(text, end)) end--;
  return (start > 0 ? '…' : '') + text.slice(start, end) + (end < text.length ? '…' : '');
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
}
