import { isSha256Hex } from '../bytes/hex.ts';
import {
  CANONICALIZATION,
  STEP_BUILD_TYPE,
  type Pairing,
  type ResourceDescriptor,
  type StepPredicate,
} from '../evidence/predicates.ts';
import type { KnownStatement } from '../evidence/statement.ts';

/** A dataset as a step names it. */
export interface DatasetReference {
  /** A hint. */
  readonly name: string;
  /** SHA-256 (hex) of its bytes: what counts. */
  readonly sha256: string;
  /** What its leaves file holds, where the step says it. */
  readonly samples?: SampleCommitment;
}

/** A commitment to samples in order (docs/formats.md, "Committing to a dataset"). */
export interface SampleCommitment {
  readonly count: number;
  /** RFC 6962 tree hash, hex: the name of the leaves file. */
  readonly root: string;
}

/**
 * How many samples a step read and wrote, and what became of them (docs/formats.md, "What a step counts"). Samples that
 * stand several times count each time.
 */
export interface StepCounts {
  /** Samples of all inputs, and of the output. */
  readonly in: number;
  readonly out: number;
  /** Output samples that stand in an input as they are; that were made of another sample; that are new. */
  readonly unchanged: number;
  readonly changed: number;
  readonly added: number;
  /** Input samples of which nothing is in the output; of equal ones, as many as the output has fewer of. */
  readonly dropped: number;
}

/** A derivation map as a step names it: `core/lineage/derivationMap.ts`. */
export interface MapReference {
  /** SHA-256 (hex) of the file: its name. */
  readonly sha256: string;
  readonly pairs: number;
  /** How its pairs were found, and the key where there is one (a JSON pointer). */
  readonly pairing: Pairing;
  readonly key?: string;
  /** Of similar texts: from which similarity on, 0 to 1, they were paired. */
  readonly threshold?: number;
}

/** One output of a recorded step. */
export interface DatasetStep {
  readonly output: DatasetReference;
  readonly inputs: readonly DatasetReference[];
  /** One of `STEP_KINDS`, or another tool's word. */
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
  readonly note?: string;
  /** What else was used: the code at a git commit, for example. */
  readonly materials: readonly ResourceDescriptor[];
  readonly tool: { readonly id: string; readonly version?: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly counts?: StepCounts;
  readonly map?: MapReference;
  readonly invocationId?: string;
  /** RFC 3339, UTC. */
  readonly startedOn?: string;
  readonly finishedOn?: string;
}

const MAP_PREFIX = 'maps/';
const LEAVES_PREFIX = 'leaves/';

/** The steps that a statement records: one for each of its outputs. What another tool left out is left out here. */
export function stepsOf({
  subjects,
  predicate,
}: Pick<KnownStatement<'step'>, 'subjects' | 'predicate'>): DatasetStep[] {
  const { buildDefinition, runDetails } = predicate;
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const inputs = resolvedDependencies.flatMap((resource) => datasetReference(resource) ?? []);
  const materials = resolvedDependencies.filter((resource) => datasetReference(resource) === undefined);
  const leaves = runDetails.byproducts?.find(({ name }) => name?.startsWith(LEAVES_PREFIX));
  const samples = leaves && commitment(leaves);
  const counts = leaves && stepCounts(leaves.annotations?.['counts']);
  const map = runDetails.byproducts?.flatMap((resource) => mapReference(resource) ?? [])[0];
  const { invocationId, startedOn, finishedOn } = runDetails.metadata ?? {};
  return subjects.map((subject) => ({
    output: { ...subject, ...(subjects.length === 1 && samples && { samples }) },
    inputs,
    kind: externalParameters.kind,
    parameters: externalParameters.parameters ?? {},
    ...(externalParameters.command && { command: externalParameters.command }),
    ...(externalParameters.note !== undefined && { note: externalParameters.note }),
    materials,
    tool: runDetails.builder,
    ...(internalParameters && { environment: internalParameters }),
    ...(subjects.length === 1 && counts && { counts }),
    ...(subjects.length === 1 && map && { map }),
    ...(invocationId !== undefined && { invocationId }),
    ...(startedOn !== undefined && { startedOn }),
    ...(finishedOn !== undefined && { finishedOn }),
  }));
}

/**
 * The predicate of a step with one output, as docs/formats.md, "Step: how a dataset was made", describes it. The statement's subject is
 * `step.output`.
 *
 * @param leavesSha256 SHA-256 (hex) of the output's leaves file as bytes
 */
export function stepPredicate(step: DatasetStep, leavesSha256: string | undefined): StepPredicate {
  const { output, counts, map } = step;
  const byproducts: ResourceDescriptor[] = [];
  if (output.samples && leavesSha256 !== undefined) {
    byproducts.push({
      name: `${LEAVES_PREFIX}${output.samples.root}`,
      digest: { sha256: leavesSha256 },
      annotations: { samples: samplesAnnotation(output.samples), ...(counts && { counts }) },
    });
  }
  if (map) {
    const { sha256, ...annotations } = map;
    byproducts.push({ name: `${MAP_PREFIX}${sha256}`, digest: { sha256 }, annotations });
  }
  return {
    buildDefinition: {
      buildType: STEP_BUILD_TYPE,
      externalParameters: {
        kind: step.kind,
        parameters: step.parameters,
        ...(step.command && { command: step.command }),
        ...(step.note !== undefined && { note: step.note }),
      },
      ...(step.environment && { internalParameters: step.environment }),
      resolvedDependencies: [
        ...step.inputs.map(({ name, sha256, samples }) => ({
          name,
          digest: { sha256 },
          ...(samples && { annotations: { samples: samplesAnnotation(samples) } }),
        })),
        ...step.materials,
      ],
    },
    runDetails: {
      builder: step.tool,
      metadata: {
        ...(step.invocationId !== undefined && { invocationId: step.invocationId }),
        ...(step.startedOn !== undefined && { startedOn: step.startedOn }),
        ...(step.finishedOn !== undefined && { finishedOn: step.finishedOn }),
      },
      ...(byproducts.length > 0 && { byproducts }),
    },
  };
}

function samplesAnnotation({ count, root }: SampleCommitment): Record<string, unknown> {
  return { count, root, canonicalization: CANONICALIZATION };
}

/** Whatever has a SHA-256 may be a dataset: other tools do not say which of their inputs are. */
function datasetReference(resource: ResourceDescriptor): DatasetReference | undefined {
  const sha256 = resource.digest['sha256'];
  if (sha256 === undefined) return undefined;
  const samples = commitment(resource);
  return { name: resource.name ?? resource.uri ?? sha256, sha256, ...(samples && { samples }) };
}

function commitment({ annotations }: ResourceDescriptor): SampleCommitment | undefined {
  const { count, root, canonicalization } = members(annotations?.['samples']);
  if (!isCount(count) || !isSha256Hex(root) || canonicalization !== CANONICALIZATION) return undefined;
  return { count, root };
}

function stepCounts(value: unknown): StepCounts | undefined {
  const { in: input, out, unchanged, changed, added, dropped } = members(value);
  if (![input, out, unchanged, changed, added, dropped].every(isCount)) return undefined;
  return { in: input, out, unchanged, changed, added, dropped } as StepCounts;
}

function mapReference({ name, digest, annotations }: ResourceDescriptor): MapReference | undefined {
  const sha256 = digest['sha256'];
  if (sha256 === undefined || name !== `${MAP_PREFIX}${sha256}`) return undefined;
  const { pairs, pairing, key, threshold } = members(annotations);
  if (!isCount(pairs)) return undefined;
  if (pairing !== 'key' && pairing !== 'position' && pairing !== 'similar') return undefined;
  return {
    sha256,
    pairs,
    pairing,
    ...(typeof key === 'string' && { key }),
    ...(typeof threshold === 'number' && { threshold }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
