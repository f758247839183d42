import { randomUUID } from 'node:crypto';
import process from 'node:process';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { STEP_KINDS } from '../core/evidence/predicates.ts';
import type { Signer } from '../core/evidence/signer.ts';
import { MAX_NOTE_LENGTH } from '../core/evidence/statement.ts';
import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { nodeEvidenceStore } from '../platform/evidenceStore.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import {
  checkRequest,
  prepareStepOf,
  readStepFile,
  type StepFile,
  type StepToSign,
} from '../platform/recordStep.node.ts';
import type { PairingRequest, StepRequest } from '../protocol/lineageWorker.ts';
import { toSlashes } from '../platform/paths.node.ts';
import { usageError, type Arguments } from './arguments.ts';
import { oneOf } from './command.ts';
import { datasetPath, realFolder, type DatasetPath } from './dataset.ts';
import { startThreadsFor } from './threads.ts';
import { countOf } from './lines.ts';
import { KEY_HELP, KEY_OPTION, signingKey } from './signingKey.ts';
import { progressOf, say, sayJson, sayRows, warn, type Io, type Row } from './terminal.ts';
import { nameOfSigner, readTrust } from './trust.ts';

/** Options of the commands that record a step. */
export const STEP_OPTIONS = {
  from: { type: 'string', multiple: true },
  to: { type: 'string', multiple: true },
  step: { type: 'string' },
  'pair-by': { type: 'string' },
  param: { type: 'string', multiple: true },
  tool: { type: 'string' },
  note: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
  ...KEY_OPTION,
} as const;

export type StepOptions = Arguments<typeof STEP_OPTIONS>['options'];

export const STEP_HELP = `  --from FILE         What it was made of; several times for several inputs
  --to FILE           What was made; several times for several outputs
  --step KIND         ${STEP_KINDS.slice(0, 6).join(', ')},
                      ${STEP_KINDS.slice(6).join(', ')}
  --pair-by HOW       How changed rows are paired with what they were made of: by a member that
                      keeps its value and is unique (a JSON pointer, such as /id or /meta/id);
                      "position", where row 1 was made of row 1 and so on; or "similar", by
                      near-duplicate text. Unchanged rows are found without it
  --param NAME=VALUE  A parameter of the step. VALUE is read as JSON where it is JSON
  --tool NAME[@VERSION]  What did it, where it was not this program
  --note TEXT         What to say with the signature
  --force             Record it although a step of this kind cannot have made the output
  --json              Print what was recorded as JSON
${KEY_HELP}`;

/** A step as the user describes it. */
export interface StepDescription {
  readonly inputs: readonly DatasetPath[];
  readonly outputs: readonly DatasetPath[];
  /** What is said of every output. */
  readonly request: Omit<StepRequest, 'inputs' | 'output' | 'finishedOn'>;
}

/** What is left to say once the step is over. */
export type StepMoment = Pick<StepRequest, 'finishedOn'> &
  Partial<Pick<StepRequest, 'startedOn' | 'command' | 'environment'>>;

/** Reads the options, and finds what is wrong with them before anything is read. @throws ProvenanceError `invalid-argument` */
export async function describeStep(options: StepOptions): Promise<StepDescription> {
  const kind = oneOf('--step', options.step, STEP_KINDS);
  if (!options.to) throw usageError('Give --to: the file that was made.');
  const inputs = await Promise.all((options.from ?? []).map(datasetPath));
  const outputs = await Promise.all(options.to.map(datasetPath));
  const repeated = outputs.find(
    ({ path }, index) => outputs.findIndex((other) => other.path === path) !== index,
  );
  if (repeated) throw usageError('--to {path} is given twice.', { path: repeated.given });
  if ((options.note ?? '').length > MAX_NOTE_LENGTH) {
    throw usageError('--note has up to {limit} characters.', { limit: MAX_NOTE_LENGTH });
  }
  const request = {
    kind,
    parameters: parametersOf(options.param ?? []),
    ...(options['pair-by'] !== undefined && { pairing: pairingOf(options['pair-by']) }),
    ...(options.note !== undefined && { note: options.note }),
    ...(options.tool !== undefined && { tool: toolOf(options.tool) }),
    workingFolder: toSlashes(await realFolder(process.cwd())),
    invocationId: `urn:uuid:${randomUUID()}`,
    ...(options.force && { force: true }),
  };
  for (const { path } of outputs) {
    checkRequest({ ...request, inputs: inputs.map((input) => input.path), output: path, finishedOn: '' });
  }
  return { inputs, outputs, request };
}

/** The key to sign with. @throws ProvenanceError as `signingKey`; says what was meant where a JSON pointer is given */
export async function stepKey(options: StepOptions, io: Io): Promise<Signer> {
  try {
    return await signingKey(options.key, io);
  } catch (error) {
    const { key } = options;
    if (!(error instanceof ProvenanceError) || error.code !== 'key-missing' || !/^\/\w+$/.test(key ?? '')) {
      throw error;
    }
    throw usageError(
      '--key is the key to sign with, and there is none at {key}; to pair rows by a member, write --pair-by {key}.',
      {
        key: key ?? '',
      },
    );
  }
}

/**
 * Reads inputs and outputs, and signs a step for each output.
 * @param check looks at the inputs as they were read, before anything is signed
 * @throws ProvenanceError as `prepareStepOf`
 */
export async function recordStep(
  { inputs, outputs, request }: StepDescription,
  moment: StepMoment,
  signer: Signer,
  io: Io,
  check: (inputs: readonly StepFile[]) => void = () => undefined,
): Promise<RecordedOutput[]> {
  const files = nodeFileStore();
  const { signal, pool, cache } = io;
  const store = nodeEvidenceStore(files, cache, io.env);
  const context = { files, signal, pool, cache };
  void startThreadsFor(
    [...inputs, ...outputs].map(({ given }) => given),
    pool,
  );
  const read = async ({ given, path }: Omit<DatasetPath, 'name'>): Promise<StepFile> => {
    const progress = progressOf(io, given);
    try {
      return await readStepFile(path, { ...context, onProgress: progress.onProgress }, given);
    } catch (error) {
      throw await withAdvice(error, { given, path }, files);
    } finally {
      progress.done();
    }
  };
  const readInputs: StepFile[] = [];
  for (const input of inputs) readInputs.push(await read(input));
  check(readInputs);
  const prepared: { output: DatasetPath; toSign: StepToSign }[] = [];
  for (const output of outputs) {
    const full = { ...request, ...moment, inputs: inputs.map(({ path }) => path), output: output.path };
    prepared.push({ output, toSign: await prepareStepOf(full, readInputs, await read(output), context) });
  }
  throwIfCancelled(io.signal);
  // Only once all of them can be: a step with several outputs is signed for all or for none.
  const recorded: RecordedOutput[] = [];
  for (const { output, toSign } of prepared) {
    const { envelopeDigest } = await store.appendPayload(output.path, toSign.payload, signer);
    recorded.push({ output, toSign, envelopeDigest });
  }
  return recorded;
}

/** Of a file that is gone while its evidence is not, says that the evidence is not enough. */
async function withAdvice(
  error: unknown,
  { given, path }: Omit<DatasetPath, 'name'>,
  files: FileStore,
): Promise<unknown> {
  if (!(error instanceof ProvenanceError) || error.code !== 'not-found') return error;
  if (!(await files.stat(evidencePaths(path).bundle))) return error;
  return new ProvenanceError(
    'not-found',
    '{path} is not there, only its evidence is; a step is recorded from the files themselves, so put it back first.',
    { path: given },
    { cause: error },
  );
}

/** An output whose step is signed. */
export interface RecordedOutput {
  readonly output: DatasetPath;
  readonly toSign: StepToSign;
  readonly envelopeDigest: string;
}

/** Says what was recorded. @param json whether as JSON */
export async function sayRecorded(
  recorded: readonly RecordedOutput[],
  signer: Signer,
  io: Io,
  json: boolean,
): Promise<void> {
  const principal = nameOfSigner(await readTrust(io), signer.keyId);
  if (json) sayJson(io, { steps: recorded.map((output) => recordedJson(output, signer, principal)) });
  for (const { output, toSign } of recorded) {
    if (!json) sayStep(io, output.given, toSign);
    for (const warning of warningsOf(output.given, toSign)) warn(io, warning);
  }
  if (json) return;
  sayRows(io, [
    { label: 'signer', text: `${principal === undefined ? '' : `${principal}, `}${signer.keyId}` },
  ]);
  if (principal === undefined) {
    warn(
      io,
      'the step shows as untrusted until an allowed_signers file names this key; see "provenance help keygen".',
    );
  }
}

function sayStep(io: Io, output: string, { step }: StepToSign): void {
  const { kind, inputs, counts, map } = step;
  const from = inputs.length === 0 ? '' : ` from ${inputs.map(({ name }) => name).join(', ')}`;
  say(io, `Recorded how ${output} was made: ${kind}${from}.`);
  if (!counts) return;
  const rows: Row[] = [
    { label: 'samples', text: `${counts.in} in, ${counts.out} out` },
    { label: 'unchanged', text: String(counts.unchanged) },
    {
      label: 'changed',
      text: map ? `${counts.changed}, paired by ${map.key ?? HOW[map.pairing]}` : String(counts.changed),
    },
    { label: 'added', text: String(counts.added) },
    { label: 'dropped', text: String(counts.dropped) },
  ];
  sayRows(io, rows);
}

const HOW = { key: 'key', position: 'position', similar: 'similar text' } as const;

function* warningsOf(output: string, { step, misfits }: StepToSign): Generator<string> {
  const { counts, kind } = step;
  for (const { what, count } of misfits) {
    yield `${countOf(count, 'sample')} ${count === 1 ? 'was' : 'were'} ${what}, which a step of kind ${kind} does not do; recorded because of --force.`;
  }
  const added = counts?.added ?? 0;
  if (added === 0 || misfits.some(({ what }) => what === 'added') || step.inputs.length === 0) return;
  const [are, count] = added === 1 ? ['is', 'counts'] : ['are', 'count'];
  const rest = step.map
    ? ''
    : '; if they were changed rather than added, say with --pair-by how they are paired';
  yield `${countOf(added, 'sample')} of ${output} ${are} made of no input sample that is known, and ${count} as new${rest}.`;
}

function recordedJson(
  { output, toSign, envelopeDigest }: RecordedOutput,
  signer: Signer,
  principal: string | undefined,
): object {
  const { step } = toSign;
  return {
    dataset: output.given,
    kind: step.kind,
    output: step.output,
    inputs: step.inputs,
    parameters: step.parameters,
    counts: step.counts,
    map: step.map,
    materials: step.materials,
    tool: step.tool,
    command: step.command,
    environment: step.environment,
    invocationId: step.invocationId,
    startedOn: step.startedOn,
    finishedOn: step.finishedOn,
    note: step.note,
    envelopeDigest,
    signer: { keyId: signer.keyId, principal },
  };
}

/** `NAME=VALUE` of several parameters. */
function parametersOf(given: readonly string[]): Record<string, unknown> {
  const parameters = new Map<string, unknown>();
  for (const text of given) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw usageError('--param is NAME=VALUE, not "{text}".', { text });
    }
    if (parameters.has(name)) throw usageError('--param {name} is given twice.', { name });
    parameters.set(name, parsedValue(value));
  }
  return Object.fromEntries(parameters);
}

/** A number, `true`, a list, an object in JSON; anything else is a text. */
function parsedValue(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  // Digits that a number would not keep are a text: an id, for example.
  return typeof value === 'number' && String(value) !== text.trim() ? text : value;
}

function pairingOf(how: string): PairingRequest {
  if (how === 'position' || how === 'similar') return { by: how };
  if (how.startsWith('/')) return { by: 'key', key: how };
  throw usageError('--pair-by is a JSON pointer such as /id, "position" or "similar", not "{how}".', { how });
}

/** `NAME` or `NAME@VERSION`. */
function toolOf(text: string): NonNullable<StepRequest['tool']> {
  const at = text.lastIndexOf('@');
  if (at <= 0 || at === text.length - 1) return { id: text };
  const name = text.slice(0, at);
  return { id: name, version: { [name]: text.slice(at + 1) } };
}
