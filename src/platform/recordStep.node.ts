import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import { version } from '../../package.json';
import { toHex } from '../core/bytes/hex.ts';
import type { FileStore } from '../core/bytes/fileStore.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { STEP_KINDS, type StepKind } from '../core/evidence/predicates.ts';
import { statementBytes, stepStatement } from '../core/evidence/statement.ts';
import { ProvenanceError, type CancelSignal } from '../core/errors.ts';
import { NOTHING_CHANGED, stepCounts, UnchangedRows, type ChangedRows } from '../core/lineage/pairing.ts';
import { SIMILARITY_THRESHOLD } from '../core/lineage/similarText.ts';
import { stepPredicate, type DatasetReference, type DatasetStep } from '../core/lineage/step.ts';
import { kindMisfits, type KindMisfit } from '../core/lineage/stepKinds.ts';
import { DIGEST_LENGTH, type SampleDigests } from '../core/sample/digest.ts';
import { parsePointer } from '../core/sample/origin.ts';
import type { LineageWorkerMethods, PreparedStep, StepRequest } from '../protocol/lineageWorker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { leavesOf } from './datasetService.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import { digestFile } from './digestFile.node.ts';
import { hashOf } from './fileHash.node.ts';
import type { DigestPool } from './digestPool.node.ts';
import { fileError } from './fileErrors.node.ts';
import { gitCommit } from './gitCommit.node.ts';
import { changedWhileReading } from './lineRanges.node.ts';
import { fileVersion, InputFile } from './inputFile.node.ts';
import type { LineageContext } from './lineageSessions.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { pairChangedRows } from './pairRows.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** What recording needs of the world. */
export interface RecordingContext {
  readonly files: FileStore;
  readonly pool?: DigestPool | undefined;
  readonly cache?: DigestCache | undefined;
  readonly signal?: CancelSignal | undefined;
  /** How much of the work on a file is done, in bytes. */
  readonly onProgress?: ((bytes: number, size: number) => void) | undefined;
}

/** A dataset that a step read or wrote, with the digests of its samples. */
export interface StepFile {
  /** Absolute, with `/`. */
  readonly path: string;
  readonly samples: SampleDigests;
  /** Size and time of the file when it was read. */
  readonly version: string | undefined;
}

export interface StepToSign extends PreparedStep {
  readonly step: DatasetStep;
  /** What a step of its kind cannot have done, where that was forced. */
  readonly misfits: readonly KindMisfit[];
}

/** SLSA wants a URI. */
const RECORDER = 'urn:dataset-provenance:program';

export function stepHandlers(context: LineageContext): Pick<Handlers<LineageWorkerMethods>, 'prepareStep'> {
  return {
    async prepareStep(request, { signal }): Promise<PreparedStep> {
      const { payload, counts } = await prepareStep(request, { ...context, signal });
      return { payload, counts };
    },
  };
}

/**
 * Reads the inputs and the output of a step, and prepares it as {@link prepareStepOf}.
 * @throws ProvenanceError also as {@link readStepFile}
 */
export async function prepareStep(request: StepRequest, context: RecordingContext): Promise<StepToSign> {
  const inputs: StepFile[] = [];
  for (const path of request.inputs) inputs.push(await readStepFile(path, context));
  return await prepareStepOf(request, inputs, await readStepFile(request.output, context), context);
}

/**
 * Digests a file that a step read or wrote.
 * @param given the path that messages name, as the user wrote it
 * @throws ProvenanceError as `digestFile`
 */
export async function readStepFile(path: string, context: RecordingContext, given = path): Promise<StepFile> {
  const { signal, pool, cache, onProgress } = context;
  const { samples, version } = await digestFile(given, { signal, pool, cache, onProgress });
  return { path, samples, version };
}

/**
 * SHA-256 (hex) of a file's bytes.
 * @throws ProvenanceError `not-found`, `not-a-file`, `permission-denied`, `io`, `cancelled`, `changed-while-reading`
 */
export async function hashFile(
  path: string,
  { signal, onProgress }: Pick<RecordingContext, 'signal' | 'onProgress'>,
): Promise<string> {
  let file: InputFile | undefined;
  try {
    file = await InputFile.open(path);
    const { size } = file;
    let hashed = 0;
    const onBytes = (length: number) => onProgress?.((hashed += length), size);
    const sha256 = await hashOf(file, { signal, onBytes });
    await file.expectUnchanged();
    return sha256;
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await file?.close();
  }
}

/**
 * Pairs the samples of a step's inputs and output, keeps the leaves of all of them and the derivation map in the output's
 * evidence, and makes the statement (docs/formats.md, "Step: how a dataset was made").
 *
 * @param inputs the files of `request.inputs`, in order
 * @throws ProvenanceError `not-derived` when a step of this kind cannot have made the output of the inputs;
 *   `key-not-unique`, `invalid-argument`, `changed-while-reading`, `too-large`; as `EvidenceStore.writeLeaves`
 */
export async function prepareStepOf(
  request: StepRequest,
  inputs: readonly StepFile[],
  output: StepFile,
  context: RecordingContext,
): Promise<StepToSign> {
  checkRequest(request);
  const folder = request.workingFolder ?? dirname(output.path);
  const nameOf = (path: string) => nameBelow(folder, path);
  if (!request.force) expectOtherBytes(inputs, output, nameOf);

  const unchanged = new UnchangedRows(
    inputs.map(({ samples }) => samples),
    output.samples,
  );
  const { pairing } = request;
  const changed: ChangedRows = pairing
    ? await pairChangedRows(pairing, unchanged, inputs, output, { nameOf, signal: context.signal })
    : NOTHING_CHANGED;
  const counts = stepCounts(unchanged, changed);
  const misfits = kindMisfits(request.kind, counts, unchanged.copies);
  if (misfits[0] && !request.force) throw notDerived(request, nameOf(output.path), misfits[0]);
  await expectSameVersions([...inputs, output]);

  const store = new EvidenceStore(context.files, fastSha256, cachedMerkleRoot(context.cache));
  const referTo = async ({ path, samples }: StepFile): Promise<DatasetReference> => {
    const leaves = leavesOf(samples);
    const root = await store.writeLeaves(output.path, leaves);
    return {
      name: path === output.path ? basename(path) : nameOf(path),
      sha256: samples.sha256,
      samples: { count: leaves.length / DIGEST_LENGTH, root },
    };
  };
  const { bytes, pairs } = changed.pairs.serialize();
  const commit = await gitCommit(folder);
  const inputReferences: DatasetReference[] = [];
  for (const input of inputs) inputReferences.push(await referTo(input));
  const step: DatasetStep = {
    output: await referTo(output),
    inputs: inputReferences,
    kind: request.kind,
    parameters: request.parameters ?? {},
    ...(request.command && { command: request.command }),
    ...(request.note !== undefined && { note: request.note }),
    materials: commit ? [commit] : [],
    tool: toolOf(request),
    ...(request.environment && { environment: request.environment }),
    counts,
    ...(pairing &&
      pairs > 0 && {
        map: {
          sha256: await store.writeMap(output.path, bytes),
          pairs,
          pairing: pairing.by,
          ...(pairing.by === 'key' && pairing.key !== undefined && { key: pairing.key }),
          ...(pairing.by === 'similar' && { threshold: SIMILARITY_THRESHOLD }),
        },
      }),
    ...(request.invocationId !== undefined && { invocationId: request.invocationId }),
    ...(request.startedOn !== undefined && { startedOn: request.startedOn }),
    finishedOn: request.finishedOn,
  };
  const leavesSha256 = toHex(fastSha256(leavesOf(output.samples)));
  const subject = { name: step.output.name, sha256: step.output.sha256 };
  const payload = statementBytes(stepStatement([subject], stepPredicate(step, leavesSha256)));
  return { payload, counts, step, misfits };
}

/** What did the step, with the version of what recorded it. */
function toolOf({ tool }: StepRequest): DatasetStep['tool'] {
  return { id: tool?.id ?? RECORDER, version: { ...tool?.version, 'dataset-provenance': version } };
}

/** What is wrong with a request before any file is read. @throws ProvenanceError `invalid-argument` */
export function checkRequest({ kind, inputs, output, pairing }: StepRequest): void {
  if (!STEP_KINDS.includes(kind as StepKind)) {
    throw new ProvenanceError('invalid-argument', 'A kind of step is one of {kinds}, not "{kind}".', {
      kinds: STEP_KINDS.join(', '),
      kind,
    });
  }
  if (inputs.length === 0 && !SOURCE_KINDS.includes(kind)) {
    throw new ProvenanceError('invalid-argument', 'A step of kind {kind} has at least one input; name it.', {
      kind,
    });
  }
  const repeated = inputs.find((input, index) => inputs.indexOf(input) !== index);
  if (repeated !== undefined) {
    throw new ProvenanceError('invalid-argument', '{path} is named twice as an input; name it once.', {
      path: repeated,
    });
  }
  if (inputs.includes(output)) {
    throw new ProvenanceError(
      'invalid-argument',
      '{path} is named as input and as output; a step writes another file than those that it reads.',
      { path: output },
    );
  }
  if (pairing?.by === 'key' && (pairing.key === undefined || !parsePointer(pairing.key)?.length)) {
    throw new ProvenanceError(
      'invalid-argument',
      '"{key}" leads to no member; write a JSON pointer, such as /id or /meta/id.',
      { key: pairing.key ?? '' },
    );
  }
}

/** Kinds of steps that may have no dataset as an input. */
const SOURCE_KINDS: readonly string[] = ['crawl', 'import', 'generate'];

/** A step whose output is its own input says nothing, and would make the lineage go round in a circle. */
function expectOtherBytes(
  inputs: readonly StepFile[],
  output: StepFile,
  nameOf: (path: string) => string,
): void {
  const same = inputs.find(({ samples }) => samples.sha256 === output.samples.sha256);
  if (!same) return;
  throw new ProvenanceError(
    'not-derived',
    '{output} has the same bytes as {input}, so there is no step to record: what is signed for one holds for both.',
    { output: nameOf(output.path), input: nameOf(same.path) },
  );
}

/** What a step of a kind cannot do, with what to do about it. */
function notDerived({ kind }: StepRequest, output: string, { what, count }: KindMisfit): ProvenanceError {
  const args = { output, kind, count };
  switch (what) {
    case 'added':
      return new ProvenanceError(
        'not-derived',
        count === 1
          ? '1 sample of {output} is in no input and was paired with none, which a step of kind {kind} cannot make; check the inputs and the kind, or say how changed rows are paired.'
          : '{count} samples of {output} are in no input and were paired with none, which a step of kind {kind} cannot make; check the inputs and the kind, or say how changed rows are paired.',
        args,
      );
    case 'changed':
      return new ProvenanceError(
        'not-derived',
        count === 1
          ? '1 sample of {output} was changed, which a step of kind {kind} never does; check the inputs and the kind, which may be map.'
          : '{count} samples of {output} were changed, which a step of kind {kind} never does; check the inputs and the kind, which may be map.',
        args,
      );
    case 'copied':
      return new ProvenanceError(
        'not-derived',
        count === 1
          ? '{output} has 1 copy of a sample more than its inputs, which a step of kind {kind} never makes; check the inputs and the kind, which may be sample.'
          : '{output} has {count} copies of samples more than its inputs, which a step of kind {kind} never makes; check the inputs and the kind, which may be sample.',
        args,
      );
    case 'dropped':
      return new ProvenanceError(
        'not-derived',
        count === 1
          ? '1 input sample is not in {output}, and a step of kind {kind} drops none; check the inputs and the kind, which may be filter.'
          : '{count} input samples are not in {output}, and a step of kind {kind} drops none; check the inputs and the kind, which may be filter.',
        args,
      );
  }
}

/** @throws ProvenanceError `changed-while-reading` for a file that was written to since its digests were made */
async function expectSameVersions(files: readonly StepFile[]): Promise<void> {
  for (const { path, version } of files) {
    if ((await fileVersion(path)) !== version) throw changedWhileReading(path);
  }
}

/** A path below a folder as seen from there; of another, only the name: the rest says more of the machine than of the data. */
function nameBelow(folder: string, path: string): string {
  const name = relative(folder, path);
  if (name === '' || name.startsWith('..') || isAbsolute(name)) return basename(path);
  return name.split(sep).join('/');
}
