import { DIGEST_LENGTH, digestAt, digestComparer, DigestTable } from '../sample/digest.ts';
import type { SampleDigests } from '../sample/digest.ts';
import { DerivedPairs } from './derivationMap.ts';
import type { StepCounts } from './step.ts';

/** The samples of a file as pairing sees them. A row is the index of a sample, from 0; malformed ones are paired with nothing. */
export type PairedFile = Pick<SampleDigests, 'count' | 'digests' | 'malformed'>;

/** A row of one of the inputs. */
export interface InputRow {
  /** Index of the input. */
  readonly input: number;
  readonly row: number;
}

/**
 * What is unchanged between the inputs and the output of a step, and which rows are left over
 * (docs/formats.md, "What a step counts"). Some 20 bytes a row beside the digests.
 */
export class UnchangedRows {
  /** By input: the rows that the output does not hold. */
  readonly leftInputs: readonly Uint32Array[];
  /** Rows of the output that no input holds. */
  readonly leftOutput: Uint32Array;
  /** Samples of all inputs, and of the output. */
  readonly in: number;
  readonly out: number;
  /** Input rows that are in the output as they are: of equal ones, as many as there are on both sides. */
  readonly used: number;
  /** Output rows beyond those that the inputs hold as often: copies that the step made. */
  readonly copies: number;

  constructor(
    readonly inputs: readonly PairedFile[],
    readonly output: PairedFile,
  ) {
    const table = new DigestTable(output.digests, (row) => output.malformed.has(row));
    /** By the first output row of equal ones: how many input rows are equal, and how many output rows. */
    const inInputs = new Uint32Array(output.count);
    const inOutput = new Uint32Array(output.count);
    this.leftInputs = inputs.map((input) =>
      rowsWhere(input, (row) => {
        const first = table.first(input.digests, row);
        if (first >= 0) inInputs[first]!++;
        return first < 0;
      }),
    );
    this.leftOutput = rowsWhere(output, (row) => {
      const first = table.first(output.digests, row);
      inOutput[first]!++;
      return inInputs[first] === 0;
    });
    let used = 0;
    for (let first = 0; first < output.count; first++) used += Math.min(inInputs[first]!, inOutput[first]!);
    this.used = used;
    this.in = inputs.reduce((sum, { count, malformed }) => sum + count - malformed.size, 0);
    this.out = output.count - output.malformed.size;
    this.copies = this.unchanged - used;
  }

  /** Output rows that an input holds. */
  get unchanged(): number {
    return this.out - this.leftOutput.length;
  }
}

/** Changed rows, and what they were made of. */
export interface ChangedRows {
  readonly pairs: DerivedPairs;
  /** Rows of the output, of those that are left over, that were made of an input row. */
  readonly changed: number;
  /** Rows of the inputs that something changed was made of, and that are not in the output as they are. */
  readonly used: number;
}

/** What pairing gives where nothing is paired. */
export const NOTHING_CHANGED: ChangedRows = { pairs: new DerivedPairs(0), changed: 0, used: 0 };

/** `out` is unchanged, changed and added ones; `in` is used and dropped ones. */
export function stepCounts(unchanged: UnchangedRows, changed: ChangedRows): StepCounts {
  return {
    in: unchanged.in,
    out: unchanged.out,
    unchanged: unchanged.unchanged,
    changed: changed.changed,
    added: unchanged.leftOutput.length - changed.changed,
    dropped: unchanged.in - unchanged.used - changed.used,
  };
}

/** Why rows cannot be paired by their place. */
export type PositionConflict =
  | { readonly kind: 'inputs' }
  | { readonly kind: 'counts' }
  /** A row stands at another place in the output than in the input. */
  | { readonly kind: 'moved'; readonly inputRow: number; readonly outputRow: number };

/**
 * Pairs row i of the output with row i of the one input. Samples that only moved contradict that: then row i was not made
 * of row i, and nothing is paired.
 */
export function pairByPosition(unchanged: UnchangedRows): ChangedRows | { conflict: PositionConflict } {
  const { inputs, output, leftOutput } = unchanged;
  const [input] = inputs;
  if (!input || inputs.length > 1) return { conflict: { kind: 'inputs' } };
  if (input.count !== output.count) return { conflict: { kind: 'counts' } };
  const equal = digestComparer(input.digests, output.digests);
  const inPlace = (row: number) => !input.malformed.has(row) && !output.malformed.has(row) && equal(row, row);
  const moved = findMoved(input, output, inPlace);
  if (moved) return { conflict: { kind: 'moved', ...moved } };

  const isLeft = new Uint8Array(output.count);
  for (const row of leftOutput) isLeft[row] = 1;
  const pairs = new DerivedPairs(output.count);
  let changed = 0;
  let used = 0;
  for (let row = 0; row < output.count; row++) {
    if (input.malformed.has(row) || output.malformed.has(row) || inPlace(row)) continue;
    pairs.add(output.digests, row, input.digests, row);
    used++;
    changed += isLeft[row]!;
  }
  return { pairs, changed, used };
}

/** A sample that stands in both files, and in each at a place where the other has something else. */
function findMoved(
  input: PairedFile,
  output: PairedFile,
  inPlace: (row: number) => boolean,
): { inputRow: number; outputRow: number } | undefined {
  const elsewhere = new DigestTable(input.digests, (row) => input.malformed.has(row) || inPlace(row));
  for (let row = 0; row < output.count; row++) {
    if (output.malformed.has(row) || inPlace(row)) continue;
    const inputRow = elsewhere.first(output.digests, row);
    if (inputRow >= 0) return { inputRow, outputRow: row };
  }
  return undefined;
}

/** The keys of a file's rows. */
export interface RowKeys {
  /** 32 bytes a row: the sample digest of the key's value. */
  readonly digests: Uint8Array;
  /** Whether a row has none. */
  readonly isMissing: (row: number) => boolean;
}

/** Why rows cannot be paired by their key. */
export type KeyConflict =
  | { readonly kind: 'missing-in-output'; readonly row: number }
  /** Different rows of the output have one key, and at least one of them would have to be paired. */
  | { readonly kind: 'repeated-in-output'; readonly rows: readonly [number, number] }
  | { readonly kind: 'repeated-in-inputs'; readonly rows: readonly [InputRow, InputRow] }
  /** An output row has no partner, and an input row has no key: they may or may not belong together. */
  | { readonly kind: 'missing-in-input'; readonly row: InputRow };

/**
 * Pairs the rows of the output that are left over with the input row that has the same key. Among all rows of the
 * inputs, and among all of the output, that have such a key, there must be one sample: were it asked only of rows that
 * are left over, a row could be paired with one that has the same key by chance.
 *
 * @param keys of all rows of each input
 */
export function pairByKey(
  unchanged: UnchangedRows,
  keys: readonly RowKeys[],
  outputKeys: RowKeys,
): ChangedRows | { conflict: KeyConflict } {
  const { inputs, output, leftInputs, leftOutput } = unchanged;
  const holders = new DigestTable(
    outputKeys.digests,
    (row) => output.malformed.has(row) || outputKeys.isMissing(row),
  );
  /** By the first output row with a key: whether it is to be paired, and with how many rows of which sample. */
  const wanted = new Uint8Array(output.count);
  const copies = new Uint32Array(output.count);
  const sources = new Map<number, InputRow>();
  const sameOutput = digestComparer(output.digests, output.digests);
  for (const row of leftOutput) {
    if (outputKeys.isMissing(row)) return { conflict: { kind: 'missing-in-output', row } };
    const first = holders.first(outputKeys.digests, row);
    if (wanted[first] === 1) continue;
    wanted[first] = 1;
    for (let other = first; other >= 0; other = holders.next(other)) {
      if (!sameOutput(first, other))
        return { conflict: { kind: 'repeated-in-output', rows: [first, other] } };
    }
  }

  for (const [index, input] of inputs.entries()) {
    const { digests, isMissing } = keys[index]!;
    for (let row = 0; row < input.count; row++) {
      if (input.malformed.has(row) || isMissing(row)) continue;
      const first = holders.first(digests, row);
      if (first < 0 || wanted[first] === 0) continue;
      const source = sources.get(first);
      if (source && !sameSample(inputs[source.input]!, source.row, input, row)) {
        return { conflict: { kind: 'repeated-in-inputs', rows: [source, { input: index, row }] } };
      }
      copies[first]!++;
      if (!source) sources.set(first, { input: index, row });
    }
  }

  const pairs = new DerivedPairs(sources.size);
  let changed = 0;
  let used = 0;
  for (const [first, source] of sources) {
    pairs.add(output.digests, first, inputs[source.input]!.digests, source.row);
    let rows = 0;
    for (let row = first; row >= 0; row = holders.next(row)) rows++;
    changed += rows;
    used += Math.min(rows, copies[first]!);
  }
  if (changed < leftOutput.length) {
    for (const [index, left] of leftInputs.entries()) {
      const row = left.find((candidate) => keys[index]!.isMissing(candidate));
      if (row !== undefined) return { conflict: { kind: 'missing-in-input', row: { input: index, row } } };
    }
  }
  return { pairs, changed, used };
}

/** Different samples, each with the first row that holds it. */
export interface DistinctSamples {
  /** 32 bytes a sample. */
  readonly digests: Uint8Array;
  readonly places: readonly InputRow[];
  /** How many rows hold it. */
  readonly copies: Uint32Array;
}

/** The different samples among some rows of some files. */
export function distinctSamples(files: readonly PairedFile[], rows: readonly Uint32Array[]): DistinctSamples {
  const all = new Uint8Array(rows.reduce((sum, { length }) => sum + length, 0) * DIGEST_LENGTH);
  const allPlaces: InputRow[] = [];
  rows.forEach((some, input) => {
    for (const row of some) {
      all.set(digestAt(files[input]!.digests, row), allPlaces.length * DIGEST_LENGTH);
      allPlaces.push({ input, row });
    }
  });
  const table = new DigestTable(all);
  const firsts = allPlaces.flatMap((_, index) => (table.first(all, index) === index ? [index] : []));
  const digests = new Uint8Array(firsts.length * DIGEST_LENGTH);
  const copies = new Uint32Array(firsts.length);
  firsts.forEach((first, sample) => {
    digests.set(digestAt(all, first), sample * DIGEST_LENGTH);
    for (let other = first; other >= 0; other = table.next(other)) copies[sample]!++;
  });
  return { digests, places: firsts.map((first) => allPlaces[first]!), copies };
}

/** @param pairs indices of samples, each at most once on its side */
export function changedSamples(
  inputs: DistinctSamples,
  outputs: DistinctSamples,
  pairs: readonly { readonly input: number; readonly output: number }[],
): ChangedRows {
  const derived = new DerivedPairs(pairs.length);
  let changed = 0;
  let used = 0;
  for (const { input, output } of pairs) {
    derived.add(outputs.digests, output, inputs.digests, input);
    changed += outputs.copies[output]!;
    used += Math.min(outputs.copies[output]!, inputs.copies[input]!);
  }
  return { pairs: derived, changed, used };
}

function sameSample(a: PairedFile, row: number, b: PairedFile, other: number): boolean {
  const x = digestAt(a.digests, row);
  const y = digestAt(b.digests, other);
  for (let i = 0; i < DIGEST_LENGTH; i++) if (x[i] !== y[i]) return false;
  return true;
}

/** The rows that have a digest and for which `keep` says so, in order. */
function rowsWhere({ count, malformed }: PairedFile, keep: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) if (!malformed.has(row) && keep(row)) rows[found++] = row;
  return rows.slice(0, found);
}
