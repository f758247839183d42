import { ProvenanceError, type CancelSignal } from '../core/errors.ts';
import {
  changedSamples,
  distinctSamples,
  pairByKey,
  pairByPosition,
  NOTHING_CHANGED,
  type ChangedRows,
  type DistinctSamples,
  type InputRow,
  type KeyConflict,
  type PositionConflict,
  type RowKeys,
  type UnchangedRows,
} from '../core/lineage/pairing.ts';
import { MAX_SIMILAR_ROWS, pairSimilar, TextSketcher, type TextSketch } from '../core/lineage/similarText.ts';
import { lineOf } from '../core/sample/digest.ts';
import type { PairingRequest } from '../protocol/lineageWorker.ts';
import type { StepFile } from './recordStep.node.ts';
import { keyText, readKeys } from './rowKeys.node.ts';
import { eachSampleText } from './sampleTexts.node.ts';

export interface PairRowsOptions {
  /** What messages call a file. */
  readonly nameOf: (path: string) => string;
  readonly signal?: CancelSignal | undefined;
}

/**
 * Pairs the rows that are left over as the user asks for (docs/formats.md, "Pairing changed samples").
 * @throws ProvenanceError `key-not-unique`, `not-derived` where places contradict the digests; as `eachSampleText`
 */
export async function pairChangedRows(
  pairing: PairingRequest,
  unchanged: UnchangedRows,
  inputs: readonly StepFile[],
  output: StepFile,
  options: PairRowsOptions,
): Promise<ChangedRows> {
  const files: Files = { inputs, output, nameOf: options.nameOf };
  if (pairing.by === 'position') {
    const paired = pairByPosition(unchanged);
    if ('conflict' in paired) throw positionError(paired.conflict, files);
    return paired;
  }
  if (unchanged.leftOutput.length === 0) return NOTHING_CHANGED;
  if (pairing.by === 'similar') return await pairSimilarRows(unchanged, files, options.signal);
  const { key = '' } = pairing;
  const keysOf = ({ path, samples }: StepFile) => readKeys(path, samples, key, options.signal);
  const inputKeys: RowKeys[] = [];
  for (const input of inputs) inputKeys.push(await keysOf(input));
  const paired = pairByKey(unchanged, inputKeys, await keysOf(output));
  if ('conflict' in paired) throw await keyError(paired.conflict, key, files);
  return paired;
}

async function pairSimilarRows(
  { inputs, output, leftInputs, leftOutput }: UnchangedRows,
  files: Files,
  signal: CancelSignal | undefined,
): Promise<ChangedRows> {
  const from = distinctSamples(inputs, leftInputs);
  const to = distinctSamples([output], [leftOutput]);
  const rows = Math.max(from.places.length, to.places.length);
  if (rows > MAX_SIMILAR_ROWS) {
    throw new ProvenanceError(
      'too-large',
      '{count} different rows would have to be compared by their text, more than the {limit} that are; pair them by a key.',
      { count: rows, limit: MAX_SIMILAR_ROWS },
    );
  }
  const fromSketches = await sketchesOf(files.inputs, from, signal);
  const toSketches = await sketchesOf([files.output], to, signal);
  return changedSamples(from, to, pairSimilar(fromSketches, toSketches));
}

/** Sketches of the texts of samples, in their order. */
async function sketchesOf(
  files: readonly StepFile[],
  { places }: DistinctSamples,
  signal: CancelSignal | undefined,
): Promise<TextSketch[]> {
  const sketches: TextSketch[] = [];
  const sketcher = new TextSketcher();
  // They are in the order of the files and rows.
  for (const [file, { path }] of files.entries()) {
    let row = 0;
    await eachSampleText(
      path,
      (bytes, start, end) => {
        const next = places[sketches.length];
        if (next?.input === file && next.row === row) sketches.push(sketcher.sketch(bytes, start, end));
        row++;
      },
      { signal },
    );
  }
  return sketches;
}

interface Files {
  readonly inputs: readonly StepFile[];
  readonly output: StepFile;
  readonly nameOf: (path: string) => string;
}

function positionError(conflict: PositionConflict, { inputs, output, nameOf }: Files): ProvenanceError {
  const args = { input: nameOf(inputs[0]?.path ?? ''), output: nameOf(output.path) };
  switch (conflict.kind) {
    case 'inputs':
      return new ProvenanceError(
        'invalid-argument',
        'Rows are paired by their place with those of one input, and there are {count}; pair them by a key.',
        { count: inputs.length },
      );
    case 'counts':
      return new ProvenanceError(
        'not-derived',
        '{input} has {inputs} samples and {output} has {outputs}, so their rows cannot be paired by their place; pair them by a key.',
        { ...args, inputs: inputs[0]!.samples.count, outputs: output.samples.count },
      );
    case 'moved':
      return new ProvenanceError(
        'not-derived',
        'The sample of {input}:{from} stands on line {to} of {output}, so rows did not keep their places and cannot be paired by them; pair them by a key.',
        {
          ...args,
          from: lineOf(inputs[0]!.samples, conflict.inputRow),
          to: lineOf(output.samples, conflict.outputRow),
        },
      );
  }
}

async function keyError(conflict: KeyConflict, key: string, files: Files): Promise<ProvenanceError> {
  const { inputs, output, nameOf } = files;
  const placeIn = ({ path, samples }: StepFile, row: number) => `${nameOf(path)}:${lineOf(samples, row)}`;
  const placeOf = ({ input, row }: InputRow) => placeIn(inputs[input]!, row);
  switch (conflict.kind) {
    case 'missing-in-output':
      return new ProvenanceError(
        'key-not-unique',
        '{place} has no {key}, so it is not known what it was made of; choose a member that every sample has, or another way to pair.',
        { place: placeIn(output, conflict.row), key },
      );
    case 'missing-in-input':
      return new ProvenanceError(
        'key-not-unique',
        '{place} has no {key}, so it is not known what became of it; choose a member that every sample has, or another way to pair.',
        { place: placeOf(conflict.row), key },
      );
    case 'repeated-in-output': {
      const [first, second] = conflict.rows;
      return repeated(
        key,
        await keyText(output.path, first, key),
        placeIn(output, first),
        placeIn(output, second),
      );
    }
    case 'repeated-in-inputs': {
      const [first, second] = conflict.rows;
      const value = await keyText(inputs[first.input]!.path, first.row, key);
      return repeated(key, value, placeOf(first), placeOf(second));
    }
  }
}

function repeated(key: string, value: string, first: string, second: string): ProvenanceError {
  return new ProvenanceError(
    'key-not-unique',
    '{key} is {value} at {first} and at {second}, which differ, so it is not known which was made of which; choose a member that is unique, or another way to pair.',
    { key, value, first, second },
  );
}
