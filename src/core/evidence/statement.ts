import { isSha256Hex } from '../bytes/hex.ts';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { canonicalBytes, parseStrictJson } from '../sample/canonicalJson.ts';
import { readSubjects } from './subjectList.ts';
import {
  CANONICALIZATION,
  CATEGORIES,
  FOLDED_TEXT,
  GENERATION_METHODS,
  PREDICATE_TYPES,
  SEVERITIES,
  STAGES,
  STATEMENT_TYPE,
  VERDICTS,
  type AcceptancePredicate,
  type AdvisoryPredicate,
  type DatasetPredicate,
  type Origin,
  type PredicateKind,
  type PredicateOf,
  type ResourceDescriptor,
  type ReviewPredicate,
  type RevocationPredicate,
  type SamplePredicate,
  type StepPredicate,
} from './predicates.ts';

export const MAX_SUBJECTS = 5_000_000;
export const MAX_REASON_LENGTH = 10_000;
export const MAX_NOTE_LENGTH = 10_000;
const MAX_NAME_LENGTH = 4096;
const MAX_FIELD_LENGTH = 4096;
const MAX_RESOURCES = 100_000;

/** What a statement is about: a file or a sample by name (a hint) and SHA-256 (64 hex digits; what counts). */
export interface Subject {
  readonly name: string;
  readonly sha256: string;
}

/** An in-toto Statement v1, ready to be signed with {@link statementBytes}. */
export interface Statement<K extends PredicateKind = PredicateKind> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: (typeof PREDICATE_TYPES)[K];
  readonly predicate: PredicateOf[K];
}

/** A validated statement of a kind that the product reads. */
export interface KnownStatement<K extends PredicateKind> {
  readonly kind: K;
  readonly subjects: readonly Subject[];
  /** Digests of all subjects, 32 bytes each, where they were read so: of many. */
  readonly digests?: Uint8Array;
  readonly predicate: PredicateOf[K];
}

/** A statement of another kind: no business of ours, unless it is a signature over the bytes of a file. */
export interface OtherStatement {
  readonly kind: 'other';
  /** None: what another predicate's subjects mean is not known here. */
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  /** The file whose bytes it vouches for: of signatures that other tools made. Nothing is known of its samples. */
  readonly file?: Subject;
  /** When it was signed, as a timestamp that was checked says: RFC 3339. */
  readonly signedAt?: string;
}

export type ParsedStatement = { [K in PredicateKind]: KnownStatement<K> }[PredicateKind] | OtherStatement;

/**
 * A vouching for a whole file.
 *
 * @param file its name, and the SHA-256 of its bytes
 * @throws ProvenanceError `invalid-statement`, as all builders, when a field is not what docs/formats.md says
 */
export function datasetStatement(file: Subject, predicate: DatasetPredicate): Statement<'dataset'> {
  return build('dataset', [file], predicate);
}

/** A vouching for single samples. @param samples named with {@link sampleName}. @throws also `nothing-to-sign` */
export function sampleStatement(
  samples: readonly Subject[],
  predicate: SamplePredicate,
): Statement<'sample'> {
  return build('sample', samples, predicate);
}

/** A verdict on samples. @param samples named with {@link sampleName}. @throws also `nothing-to-sign` */
export function reviewStatement(
  samples: readonly Subject[],
  predicate: ReviewPredicate,
): Statement<'review'> {
  return build('review', samples, predicate);
}

/** A transformation. @param outputs the datasets that it made. @throws also `nothing-to-sign` */
export function stepStatement(outputs: readonly Subject[], predicate: StepPredicate): Statement<'step'> {
  return build('step', outputs, predicate);
}

/**
 * Takes back envelopes or keys. @param revoked by the SHA-256 of the envelope's line, or of the key's OpenSSH blob.
 * @throws also `nothing-to-sign`
 */
export function revocationStatement(
  revoked: readonly Subject[],
  predicate: RevocationPredicate,
): Statement<'revocation'> {
  return build('revocation', revoked, predicate);
}

/** A warning about samples wherever they are. @param samples by digest; names are hints. @throws also `nothing-to-sign` */
export function advisoryStatement(
  samples: readonly Subject[],
  predicate: AdvisoryPredicate,
): Statement<'advisory'> {
  return build('advisory', samples, predicate);
}

/** Accepts that evidence is gone. @param log the state that was known: the dataset's name, and the root of its tree */
export function acceptanceStatement(log: Subject, predicate: AcceptancePredicate): Statement<'acceptance'> {
  return build('acceptance', [log], predicate);
}

/** @returns the payload to sign: the statement's canonical JSON (RFC 8785) */
export function statementBytes(statement: Statement): Uint8Array {
  return canonicalBytes(statement);
}

/**
 * Reads and validates a payload (in-toto Statement v1; docs/formats.md, "Statements"). Unknown members are ignored, as
 * in-toto demands; predicates of others, and SLSA provenance that does not describe a dataset step, are `other`.
 *
 * @throws ProvenanceError `invalid-statement` when it is no in-toto statement, or one of our predicate types with a
 *   field that is missing, out of bounds or of the wrong type, or with a subject that is not named by a full SHA-256
 */
export function parseStatement(payload: Uint8Array): ParsedStatement {
  return (payload.length > LARGE_STATEMENT ? parseLarge(payload) : undefined) ?? parseWhole(payload);
}

/** From so many bytes on, a statement is first looked at as {@link parseLarge} does. */
const LARGE_STATEMENT = 1 << 16;

/** As {@link parseWhole}, with the subjects read apart. @returns undefined for what they cannot be read apart of */
function parseLarge(payload: Uint8Array): ParsedStatement | undefined {
  const read = readSubjects(payload, MAX_NAME_LENGTH);
  if (!read || read.subjects.length > MAX_SUBJECTS) return undefined;
  let statement: object;
  try {
    statement = object(parseStrictJson(read.rest), 'the payload');
  } catch {
    return undefined;
  }
  const kind = kindOf(statement);
  if (kind === undefined || SINGLE_SUBJECT.has(kind)) return undefined;
  return known(kind, read.subjects, own(statement, 'predicate'), read.digests);
}

function parseWhole(payload: Uint8Array): ParsedStatement {
  let value: unknown;
  try {
    value = parseStrictJson(payload);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    throw invalid('the payload', 'is {reason}', { reason }, error);
  }
  const statement = object(value, 'the payload');
  const kind = kindOf(statement);
  if (kind === undefined) {
    return { kind: 'other', subjects: [], predicateType: String(own(statement, 'predicateType')) };
  }
  const subjects = parseSubjects(kind, own(statement, 'subject'));
  return known(kind, subjects, own(statement, 'predicate'));
}

/** Which of our statements it is, or undefined for another. @throws ProvenanceError `invalid-statement` */
function kindOf(statement: object): PredicateKind | undefined {
  literal(own(statement, '_type'), '_type', STATEMENT_TYPE);
  const kind = KIND_OF.get(string(own(statement, 'predicateType'), 'predicateType', MAX_NAME_LENGTH));
  return kind === 'step' && !isDatasetStep(own(statement, 'predicate')) ? undefined : kind;
}

/** @param line counted from 1. @returns `FILE#LINE`, how a statement names a sample */
export function sampleName(file: string, line: number): string {
  return `${file}#${line}`;
}

/** The file and line that `name` says, or undefined when it is not `FILE#LINE`. */
export function parseSampleName(name: string): { file: string; line: number } | undefined {
  const [, file, digits] = /^(.+)#([1-9][0-9]{0,15})$/s.exec(name) ?? [];
  const line = Number(digits);
  return file !== undefined && Number.isSafeInteger(line) ? { file, line } : undefined;
}

/**
 * Milliseconds since the epoch of an RFC 3339 time in UTC (`2026-01-31T09:00:00Z`, fractions allowed), or undefined
 * when `text` is not one or names no real time.
 */
export function parseUtcTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$/.exec(text);
  if (!match) return undefined;
  const time = Date.parse(`${match[1]!}Z`);
  // Date.parse takes February 30 for March 2.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== match[1]) return undefined;
  return time + Math.floor(Number(match[2] ?? 0) * 1000);
}

const KIND_OF: ReadonlyMap<string, PredicateKind> = new Map(
  Object.entries(PREDICATE_TYPES).map(([kind, uri]) => [uri, kind as PredicateKind]),
);

/** Kinds whose statements are about exactly one thing. */
const SINGLE_SUBJECT: ReadonlySet<PredicateKind> = new Set<PredicateKind>(['dataset', 'acceptance']);

const VALIDATORS: { readonly [K in PredicateKind]: (predicate: object) => PredicateOf[K] } = {
  dataset: datasetPredicate,
  sample: samplePredicate,
  review: reviewPredicate,
  step: stepPredicate,
  revocation: revocationPredicate,
  advisory: advisoryPredicate,
  acceptance: acceptancePredicate,
};

function build<K extends PredicateKind>(
  kind: K,
  subjects: readonly Subject[],
  predicate: PredicateOf[K],
): Statement<K> {
  if (subjects.length === 0) {
    throw new ProvenanceError(
      'nothing-to-sign',
      'There is nothing to sign: choose at least one sample or file.',
    );
  }
  const subject = subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
  parseSubjects(kind, subject);
  return {
    _type: STATEMENT_TYPE,
    subject,
    predicateType: PREDICATE_TYPES[kind],
    predicate: VALIDATORS[kind](object(predicate, 'predicate')),
  };
}

function known<K extends PredicateKind>(
  kind: K,
  subjects: readonly Subject[],
  predicate: unknown,
  digests?: Uint8Array,
): ParsedStatement {
  const statement: KnownStatement<K> = {
    kind,
    subjects,
    ...(digests && { digests }),
    predicate: VALIDATORS[kind](object(predicate, 'predicate')),
  };
  // TypeScript does not see that a union over K has a member for every K.
  return statement as ParsedStatement;
}

function parseSubjects(kind: PredicateKind, value: unknown): Subject[] {
  if (!Array.isArray(value)) throw invalid('subject', 'must be an array');
  const limit = SINGLE_SUBJECT.has(kind) ? 1 : MAX_SUBJECTS;
  if (value.length === 0 || value.length > limit) {
    throw invalid('subject', 'must have 1 to {limit} entries, not {count}', { limit, count: value.length });
  }
  return value.map((item: unknown, index) => {
    const members = object(item, 'subject', index);
    const name = string(own(members, 'name'), 'subject.name', MAX_NAME_LENGTH);
    return { name, sha256: subjectDigest(own(members, 'digest'), index) };
  });
}

/** Hex digits of the digests that may name a subject beside SHA-256. */
const STRONG_DIGESTS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** in-toto matches a subject on *any* of its digests: a weak or cut one would let another file pass for it. */
function subjectDigest(value: unknown, index: number): string {
  const digests = object(value, 'subject.digest', index);
  for (const [algorithm, digest] of Object.entries(digests)) {
    const length = STRONG_DIGESTS.get(algorithm);
    if (typeof digest !== 'string' || digest.length !== length || !/^[0-9a-f]+$/.test(digest)) {
      throw invalid(
        'subject.digest',
        'of entry {index} has "{algorithm}", which is not a full strong digest',
        {
          index,
          algorithm: algorithm.slice(0, 40),
        },
      );
    }
  }
  return sha256Hex(own(digests, 'sha256'), 'subject.digest.sha256');
}

function datasetPredicate(value: object): DatasetPredicate {
  const samples = object(own(value, 'samples'), 'samples');
  const count = own(samples, 'count');
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw invalid('samples.count', 'must be a whole number of samples');
  }
  return {
    samples: {
      count,
      root: sha256Hex(own(samples, 'root'), 'samples.root'),
      canonicalization: literal(
        own(samples, 'canonicalization'),
        'samples.canonicalization',
        CANONICALIZATION,
      ),
    },
    mediaType: string(own(value, 'mediaType'), 'mediaType', MAX_FIELD_LENGTH),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
    ...originAndNote(value),
  };
}

function samplePredicate(value: object): SamplePredicate {
  return {
    dataset: string(own(value, 'dataset'), 'dataset', MAX_NAME_LENGTH),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
    ...originAndNote(value),
  };
}

function reviewPredicate(value: object): ReviewPredicate {
  const supersedes = own(value, 'supersedes');
  return {
    verdict: oneOf(own(value, 'verdict'), 'verdict', VERDICTS),
    category: oneOf(own(value, 'category'), 'category', CATEGORIES),
    severity: oneOf(own(value, 'severity'), 'severity', SEVERITIES),
    // A flag without a reason is still a flag: it is not dropped for that.
    reason: string(own(value, 'reason'), 'reason', MAX_REASON_LENGTH, 0),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
    ...(supersedes !== undefined && { supersedes: sha256Hex(supersedes, 'supersedes') }),
  };
}

function revocationPredicate(value: object): RevocationPredicate {
  const since = own(value, 'since');
  return {
    reason: string(own(value, 'reason'), 'reason', MAX_REASON_LENGTH, 0),
    ...(since !== undefined && { since: time(since, 'since') }),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
  };
}

function acceptancePredicate(value: object): AcceptancePredicate {
  return {
    known: wholeNumber(own(value, 'known'), 'known'),
    left: wholeNumber(own(value, 'left'), 'left'),
    reason: string(own(value, 'reason'), 'reason', MAX_REASON_LENGTH, 0),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
  };
}

function wholeNumber(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(field, 'must be a whole number');
}

/** SLSA provenance is written by build systems too; only that with our `externalParameters.kind` is a dataset's step. */
function isDatasetStep(predicate: unknown): boolean {
  const parameters = [predicate, 'buildDefinition', 'externalParameters', 'kind'].reduce((value, name) =>
    typeof value === 'object' && value !== null ? own(value, name as string) : undefined,
  );
  return typeof parameters === 'string';
}

function stepPredicate(value: object): StepPredicate {
  const definition = object(own(value, 'buildDefinition'), 'buildDefinition');
  const external = object(own(definition, 'externalParameters'), 'externalParameters');
  const internal = own(definition, 'internalParameters');
  const parameters = own(external, 'parameters');
  const command = own(external, 'command');
  const note = own(external, 'note');
  const run = object(own(value, 'runDetails'), 'runDetails');
  const builder = object(own(run, 'builder'), 'runDetails.builder');
  const version = own(builder, 'version');
  const metadata = own(run, 'metadata');
  const byproducts = own(run, 'byproducts');
  return {
    buildDefinition: {
      buildType: string(own(definition, 'buildType'), 'buildDefinition.buildType', MAX_FIELD_LENGTH),
      externalParameters: {
        kind: string(own(external, 'kind'), 'externalParameters.kind', MAX_FIELD_LENGTH),
        ...(parameters !== undefined && {
          parameters: object(parameters, 'externalParameters.parameters') as Record<string, unknown>,
        }),
        ...(command !== undefined && { command: strings(command, 'externalParameters.command') }),
        ...(note !== undefined && { note: string(note, 'externalParameters.note', MAX_NOTE_LENGTH, 0) }),
      },
      ...(internal !== undefined && {
        internalParameters: object(internal, 'internalParameters') as Record<string, unknown>,
      }),
      resolvedDependencies: resources(own(definition, 'resolvedDependencies') ?? [], 'resolvedDependencies'),
    },
    runDetails: {
      builder: {
        id: string(own(builder, 'id'), 'runDetails.builder.id', MAX_FIELD_LENGTH),
        ...(version !== undefined && { version: versions(object(version, 'runDetails.builder.version')) }),
      },
      ...(metadata !== undefined && { metadata: runMetadata(object(metadata, 'runDetails.metadata')) }),
      ...(byproducts !== undefined && { byproducts: resources(byproducts, 'runDetails.byproducts') }),
    },
  };
}

function versions(value: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).map(([name, version]: [string, unknown]) => [
      name,
      string(version, 'runDetails.builder.version', MAX_FIELD_LENGTH),
    ]),
  );
}

function runMetadata(value: object): {
  invocationId?: string;
  startedOn?: string;
  finishedOn?: string;
} {
  const invocationId = own(value, 'invocationId');
  const startedOn = own(value, 'startedOn');
  const finishedOn = own(value, 'finishedOn');
  return {
    ...(invocationId !== undefined && {
      invocationId: string(invocationId, 'invocationId', MAX_FIELD_LENGTH),
    }),
    ...(startedOn !== undefined && { startedOn: time(startedOn, 'startedOn') }),
    ...(finishedOn !== undefined && { finishedOn: time(finishedOn, 'finishedOn') }),
  };
}

function advisoryPredicate(value: object): AdvisoryPredicate {
  const details = own(value, 'details');
  const references = own(value, 'references');
  const withdrawn = own(value, 'withdrawn');
  const similar = own(value, 'similar');
  return {
    id: string(own(value, 'id'), 'id', MAX_NAME_LENGTH),
    title: string(own(value, 'title'), 'title', MAX_FIELD_LENGTH),
    category: oneOf(own(value, 'category'), 'category', CATEGORIES),
    severity: oneOf(own(value, 'severity'), 'severity', SEVERITIES),
    ...(details !== undefined && { details: string(details, 'details', MAX_REASON_LENGTH, 0) }),
    ...(references !== undefined && { references: strings(references, 'references') }),
    timeCreated: time(own(value, 'timeCreated'), 'timeCreated'),
    ...(withdrawn !== undefined && { withdrawn: time(withdrawn, 'withdrawn') }),
    ...(similar !== undefined && { similar: similarSamples(object(similar, 'similar')) }),
  };
}

function similarSamples(value: object): NonNullable<AdvisoryPredicate['similar']> {
  const digests = own(value, 'digests');
  if (!Array.isArray(digests) || digests.length > MAX_SUBJECTS) {
    throw invalid('similar.digests', 'must be an array of at most {limit} digests', { limit: MAX_SUBJECTS });
  }
  return {
    normalization: literal(own(value, 'normalization'), 'similar.normalization', FOLDED_TEXT),
    digests: digests.map((digest: unknown) => sha256Hex(digest, 'similar.digests')),
  };
}

/**
 * Inputs and by-products. Other digests than SHA-256 are kept here (SLSA names source code by `gitCommit`), but what
 * calls itself `sha256` is one.
 */
function resources(value: unknown, field: string): ResourceDescriptor[] {
  if (!Array.isArray(value)) throw invalid(field, 'must be an array');
  if (value.length > MAX_RESOURCES) {
    throw invalid(field, 'must have at most {limit} entries, not {count}', {
      limit: MAX_RESOURCES,
      count: value.length,
    });
  }
  return value.map((item: unknown, index) => {
    const members = object(item, field, index);
    const name = own(members, 'name');
    const uri = own(members, 'uri');
    const annotations = own(members, 'annotations');
    const digests = object(own(members, 'digest') ?? {}, `${field}.digest`, index);
    const digest = Object.fromEntries(
      Object.entries(digests).map(([algorithm, value]: [string, unknown]) => [
        algorithm,
        algorithm === 'sha256'
          ? sha256Hex(value, `${field}.digest.sha256`)
          : string(value, `${field}.digest`, MAX_FIELD_LENGTH),
      ]),
    );
    return {
      ...(name !== undefined && { name: string(name, `${field}.name`, MAX_NAME_LENGTH) }),
      ...(uri !== undefined && { uri: string(uri, `${field}.uri`, MAX_FIELD_LENGTH) }),
      digest,
      ...(annotations !== undefined && {
        annotations: object(annotations, `${field}.annotations`, index) as Record<string, unknown>,
      }),
    };
  });
}

function originAndNote(value: object): { origin?: Origin; note?: string } {
  const origin = own(value, 'origin');
  const note = own(value, 'note');
  return {
    ...(origin !== undefined && { origin: parseOrigin(object(origin, 'origin')) }),
    ...(note !== undefined && { note: string(note, 'note', MAX_NOTE_LENGTH, 0) }),
  };
}

const ORIGIN_FIELDS: {
  readonly [F in keyof Required<Origin>]: (value: unknown, field: string) => Origin[F];
} = {
  source: text,
  title: text,
  issuer: text,
  collectedAt: dateOrTime,
  generationMethod: (value, field) => oneOf(value, field, GENERATION_METHODS),
  generatedBy: text,
  licence: text,
  consents: text,
  geography: text,
  stage: (value, field) => oneOf(value, field, STAGES),
  url: text,
};

function parseOrigin(value: object): Origin {
  const origin: Record<string, unknown> = {};
  for (const [field, validate] of Object.entries(ORIGIN_FIELDS)) {
    const member = own(value, field);
    if (member !== undefined) origin[field] = validate(member, `origin.${field}`);
  }
  return origin;
}

function text(value: unknown, field: string): string {
  return string(value, field, MAX_FIELD_LENGTH, 0);
}

function strings(value: unknown, field: string): string[] {
  if (!Array.isArray(value)) throw invalid(field, 'must be an array');
  if (value.length > MAX_RESOURCES) {
    throw invalid(field, 'must have at most {limit} entries, not {count}', {
      limit: MAX_RESOURCES,
      count: value.length,
    });
  }
  return value.map((item: unknown) => string(item, field, MAX_REASON_LENGTH, 0));
}

function string(value: unknown, field: string, max: number, min = 1): string {
  if (typeof value === 'string' && value.length >= min && value.length <= max) return value;
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  throw invalid(field, 'must have {min} to {max} characters, not {count}', { min, max, count: value.length });
}

function time(value: unknown, field: string): string {
  if (typeof value === 'string' && parseUtcTime(value) !== undefined) return value;
  throw invalid(field, 'must be an RFC 3339 time in UTC, such as 2026-01-31T09:00:00Z');
}

/** When data was collected is often known only to the day. */
function dateOrTime(value: unknown, field: string): string {
  if (
    typeof value === 'string' &&
    parseUtcTime(value.length === 10 ? `${value}T00:00:00Z` : value) !== undefined
  ) {
    return value;
  }
  throw invalid(field, 'must be a date such as 2026-01-31, or an RFC 3339 time in UTC');
}

function sha256Hex(value: unknown, field: string): string {
  if (isSha256Hex(value)) return value;
  throw invalid(field, 'must be a SHA-256 digest: 64 lower-case hex digits');
}

function oneOf<const T extends string>(value: unknown, field: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw invalid(field, 'must be one of {choices}', { choices: choices.join(', ') });
}

function literal<const T extends string>(value: unknown, field: string, expected: T): T {
  if (value === expected) return expected;
  throw invalid(field, 'must be "{expected}"', { expected });
}

function object(value: unknown, field: string, index?: number): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw index === undefined
    ? invalid(field, 'must be a JSON object')
    : invalid(field, 'entry {index} must be a JSON object', { index });
}

/** Members are data: what `Object.prototype` has is not one. */
function own(members: object, name: string): unknown {
  return Object.hasOwn(members, name) ? (members as Record<string, unknown>)[name] : undefined;
}

function invalid(
  field: string,
  problem: string,
  args: MessageArguments = {},
  cause?: unknown,
): ProvenanceError {
  const template = `Not a valid statement: {field} ${problem}.`;
  return new ProvenanceError('invalid-statement', template, { ...args, field }, { cause });
}
