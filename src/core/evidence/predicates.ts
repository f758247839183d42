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
} as const;

export type PredicateKind = keyof typeof PREDICATE_TYPES;

export interface PredicateOf {
  dataset: DatasetPredicate;
  sample: SamplePredicate;
  review: ReviewPredicate;
  step: StepPredicate;
  revocation: RevocationPredicate;
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

/**
 * A step: https://slsa.dev/spec/v1.0/provenance. Subject: the output dataset. Only what the product reads is typed;
 * other members are kept in the signed bytes.
 */
export interface StepPredicate {
  readonly buildDefinition: {
    readonly buildType: string;
    readonly externalParameters: {
      readonly kind: string;
      readonly parameters?: Readonly<Record<string, unknown>>;
    };
    readonly resolvedDependencies: readonly ResourceDescriptor[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string };
    readonly metadata?: { readonly startedOn?: string; readonly finishedOn?: string };
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

/** Takes back an envelope or a key. Subject: the envelope's digest, or the SHA-256 of the key's OpenSSH blob. */
export interface RevocationPredicate {
  readonly reason: string;
  /** RFC 3339, UTC: what was signed from then on does not count. Without it, nothing ever did. */
  readonly since?: string;
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
