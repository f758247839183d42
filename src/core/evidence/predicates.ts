/**
 * All predicate types that the product writes or reads: the one place where their URIs and shapes stand.
 * docs/formats.md describes them for other tools. To add one: a URI, an interface, a member of {@link PredicateOf},
 * and a validator in `statement.ts`; the compiler shows what else has to handle it.
 */

/** in-toto Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** DSSE payload type of an in-toto statement. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export const PREDICATE_TYPES = {
  dataset: 'urn:dataset-provenance:dataset:v1',
  sample: 'urn:dataset-provenance:sample:v1',
  review: 'urn:dataset-provenance:review:v1',
  step: 'https://slsa.dev/provenance/v1',
  revocation: 'urn:dataset-provenance:revocation:v1',
  advisory: 'urn:dataset-provenance:advisory:v1',
  acceptance: 'urn:dataset-provenance:log-acceptance:v1',
} as const;

export type PredicateKind = keyof typeof PREDICATE_TYPES;

export interface PredicateOf {
  dataset: DatasetPredicate;
  sample: SamplePredicate;
  review: ReviewPredicate;
  step: StepPredicate;
  revocation: RevocationPredicate;
  advisory: AdvisoryPredicate;
  acceptance: AcceptancePredicate;
}

/** A vouching for every sample of a file, in order. Subject: the file, by the SHA-256 of its bytes. */
export interface DatasetPredicate {
  readonly samples: {
    /** Number of samples. */
    readonly count: number;
    /** RFC 6962 tree hash over the sample digests, hex. It names the leaves file. */
    readonly root: string;
    readonly canonicalization: typeof CANONICALIZATION;
  };
  readonly mediaType: string;
  /** RFC 3339, UTC: when the signer says that they signed. */
  readonly timeCreated: string;
  readonly origin?: Origin;
  readonly note?: string;
}

/** How sample digests are made: RFC 8785 with exact big integers (docs/formats.md). */
export const CANONICALIZATION = 'urn:dataset-provenance:canonical-json:v1';

/** An individual vouching. Subjects: the samples, named `FILE#LINE`, by sample digest. */
export interface SamplePredicate {
  /** File name of the dataset. */
  readonly dataset: string;
  readonly timeCreated: string;
  readonly origin?: Origin;
  readonly note?: string;
}

export const VERDICTS = ['flagged', 'cleared'] as const;
export const CATEGORIES = [
  'poisoning',
  'backdoor-trigger',
  'prompt-injection',
  'label-error',
  'pii',
  'licence',
  'toxicity',
  'duplicate',
  'other',
] as const;
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

export type Verdict = (typeof VERDICTS)[number];
export type Category = (typeof CATEGORIES)[number];
export type Severity = (typeof SEVERITIES)[number];

/** A verdict on samples. Subjects as in {@link SamplePredicate}. */
export interface ReviewPredicate {
  readonly verdict: Verdict;
  readonly category: Category;
  readonly severity: Severity;
  readonly reason: string;
  readonly timeCreated: string;
  /** Digest (hex) of the review envelope that this one answers: a reply, or the clearing of a flag. */
  readonly supersedes?: string;
}

/** `buildType` of the steps that the product records. Others are read too: {@link StepPredicate}. */
export const STEP_BUILD_TYPE = 'urn:dataset-provenance:step:v1';

/** What a step does to a dataset. Steps of other tools may name other kinds. */
export const STEP_KINDS = [
  'crawl',
  'import',
  'filter',
  'dedupe',
  'map',
  'annotate',
  'merge',
  'split',
  'sample',
  'shuffle',
  'convert',
  'generate',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** How a changed sample was paired with what it was made from: by a key, by its place, or by near-duplicate text. */
export const PAIRINGS = ['key', 'position', 'similar'] as const;
export type Pairing = (typeof PAIRINGS)[number];

/**
 * A step: https://slsa.dev/spec/v1.0/provenance. Subject: the output dataset. Only what the product reads is typed;
 * other members are kept in the signed bytes. `core/lineage/step.ts` reads and builds it.
 */
export interface StepPredicate {
  readonly buildDefinition: {
    readonly buildType: string;
    readonly externalParameters: {
      /** A {@link StepKind}, or another tool's word. */
      readonly kind: string;
      readonly parameters?: Readonly<Record<string, unknown>>;
      /** The command line, where the step was recorded while it ran. */
      readonly command?: readonly string[];
      readonly note?: string;
    };
    /** What the tool observed and the user did not set: exit code, names of environment variables. */
    readonly internalParameters?: Readonly<Record<string, unknown>>;
    /** Input datasets ({@link DatasetResource}), and what else was used, such as the code at a git commit. */
    readonly resolvedDependencies: readonly ResourceDescriptor[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string; readonly version?: Readonly<Record<string, string>> };
    readonly metadata?: {
      readonly invocationId?: string;
      readonly startedOn?: string;
      readonly finishedOn?: string;
    };
    /** The leaves file of the output, with the step's counts, and its derivation map. */
    readonly byproducts?: readonly ResourceDescriptor[];
  };
}

/** in-toto ResourceDescriptor v1, as far as the product reads it. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/**
 * A warning about samples wherever they are: a list from elsewhere. Subjects: the samples, by digest; their names are
 * hints. The newest statement of one signer with the same `id` replaces the earlier ones.
 */
export interface AdvisoryPredicate {
  /** Of whoever issues it, for example `ACME-2026-004`. */
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly details?: string;
  /** URIs. */
  readonly references?: readonly string[];
  readonly timeCreated: string;
  /** RFC 3339, UTC: it does not hold any more. */
  readonly withdrawn?: string;
  /**
   * Digests of the samples' folded text (docs/formats.md, "Similar samples"), which find copies that differ in case and
   * white space. They never stand in a subject's `digest`: similar is not equal.
   */
  readonly similar?: { readonly normalization: typeof FOLDED_TEXT; readonly digests: readonly string[] };
}

/** How folded text is made: `core/lineage/foldedText.ts`. */
export const FOLDED_TEXT = 'urn:dataset-provenance:folded-text:v1';

/** Takes back an envelope or a key. Subject: the envelope's digest, or the SHA-256 of the key's OpenSSH blob. */
export interface RevocationPredicate {
  readonly reason: string;
  /** RFC 3339, UTC: what was signed from then on does not count. Without it, nothing ever did. */
  readonly since?: string;
  readonly timeCreated: string;
}

/**
 * Accepts that lines of a dataset's evidence are gone. Subject: the last state of the log that was known, named as the
 * dataset, by the root of its tree.
 */
export interface AcceptancePredicate {
  /** How many lines the log had. */
  readonly known: number;
  /** How many lines were there when it was accepted. */
  readonly left: number;
  readonly reason: string;
  readonly timeCreated: string;
}

export const GENERATION_METHODS = [
  'web-crawl',
  'human-annotation',
  'synthetic',
  'licensed',
  'user-data',
  'public-dataset',
  'other',
] as const;
export const STAGES = ['pretraining', 'sft', 'preference', 'rl', 'evaluation'] as const;

export type GenerationMethod = (typeof GENERATION_METHODS)[number];
export type Stage = (typeof STAGES)[number];

/** Where data was first obtained: the Data & Trust Alliance's Data Provenance Standards, in lowerCamelCase. */
export interface Origin {
  /** URI. */
  readonly source?: string;
  readonly title?: string;
  readonly issuer?: string;
  readonly collectedAt?: string;
  readonly generationMethod?: GenerationMethod;
  /** Model or vendor. */
  readonly generatedBy?: string;
  /** SPDX id. */
  readonly licence?: string;
  readonly consents?: string;
  readonly geography?: string;
  readonly stage?: Stage;
  readonly url?: string;
}
