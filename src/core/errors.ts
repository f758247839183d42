/** Why a sample has no digest (docs/formats.md, "Sample identity"). */
export type MalformedCode =
  | 'empty'
  | 'invalid-utf8'
  | 'invalid-json'
  | 'unexpected-end'
  | 'trailing-data'
  | 'duplicate-key'
  | 'lone-surrogate'
  | 'number-overflow'
  | 'non-finite-number'
  | 'too-deep';

/** Every reason for which an operation of the product fails. Callers decide by code, never by message. */
export type ErrorCode =
  | MalformedCode
  // evidence
  | 'invalid-envelope'
  | 'invalid-statement'
  | 'invalid-leaves'
  | 'leaves-missing'
  | 'nothing-to-sign'
  | 'sample-not-found'
  | 'review-not-found'
  // keys and trust
  | 'invalid-key'
  | 'key-missing'
  | 'key-exists'
  | 'key-permissions'
  | 'invalid-allowed-signers'
  | 'already-trusted'
  | 'workspace-not-trusted'
  | 'unsupported-key'
  | 'passphrase-needed'
  | 'wrong-passphrase'
  | 'agent-unavailable'
  | 'agent-refused'
  | 'invalid-signature'
  | 'invalid-certificate'
  | 'invalid-sigstore'
  | 'invalid-policy'
  // log
  | 'invalid-checkpoint'
  | 'invalid-proof'
  | 'evidence-removed'
  // lineage
  | 'invalid-map'
  | 'map-missing'
  | 'key-not-unique'
  | 'not-derived'
  | 'invalid-claim'
  // datasets
  | 'not-jsonl'
  | 'invalid-parquet'
  | 'unsupported-parquet'
  // files
  | 'not-found'
  | 'not-a-file'
  | 'file-exists'
  | 'permission-denied'
  | 'read-only'
  | 'disk-full'
  | 'too-large'
  | 'locked'
  | 'changed-while-reading'
  | 'io'
  // calls
  | 'cancelled'
  | 'timeout'
  | 'disposed'
  | 'invalid-argument'
  | 'internal';

export type MessageArguments = Readonly<Record<string, string | number>>;

/** Replaces `{name}` in a message template. An unknown name is left as it stands. */
export function formatMessage(template: string, args: MessageArguments): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/**
 * The one error class of the product. `template` and `args` are kept apart from the English `message` so that
 * an editor can show the sentence in the user's language.
 */
export class ProvenanceError extends Error {
  override readonly name = 'ProvenanceError';

  constructor(
    readonly code: ErrorCode,
    readonly template: string,
    readonly args: MessageArguments = {},
    options?: { cause?: unknown },
  ) {
    super(formatMessage(template, args), options);
  }
}

/** Wraps what is not a {@link ProvenanceError} as `internal`, so that every failure has a code. */
export function asProvenanceError(error: unknown): ProvenanceError {
  if (error instanceof ProvenanceError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ProvenanceError('internal', 'Unexpected error: {reason}', { reason }, { cause: error });
}

/** The part of AbortSignal that core needs; an AbortSignal is one. */
export interface CancelSignal {
  readonly aborted: boolean;
}

/** @throws ProvenanceError `cancelled` */
export function throwIfCancelled(signal: CancelSignal | undefined): void {
  if (signal?.aborted) throw new ProvenanceError('cancelled', 'Cancelled.');
}
