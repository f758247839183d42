import type { SignerSummary } from '../core/trust/signers.ts';
import type { TrustEffect } from '../core/trust/trustEffect.ts';
import type { EvidenceFiles, ProblemData, StatementData } from './datasetWorker.ts';

/** What the dataset worker knows of signers. Each answer is whole. */
export type SignerMethods = {
  /** Who signed what in this evidence, and what their keys are worth. */
  signers: (params: TrustScope) => SignersData;
  /** What a key signed, the newest first, at most {@link MAX_SIGNED}; with the digest of an envelope, that one. */
  signedBy: (params: TrustScope & { readonly keyId?: string; readonly envelope?: string }) => StatementData[];
  /** What a change would do to this evidence. Nothing is written. */
  trustEffect: (params: TrustScope & { readonly change: TrustChange }) => TrustEffect;
};

/** How many statements of one signer are listed. */
export const MAX_SIGNED = 1000;

/** Evidence, and who is trusted. */
export interface TrustScope extends EvidenceFiles {
  /** Files in the format of allowed_signers, in order of precedence. */
  readonly allowedSigners: readonly string[];
  /** Files that may hold the policy whose roles are in force: the first that is there. Paths with `/`. */
  readonly policies: readonly string[];
}

/** A change of who is trusted, or of what counts. */
export type TrustChange =
  | {
      readonly kind: 'files';
      /** What allowed_signers files are to hold. */
      readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
    }
  | {
      readonly kind: 'revocation';
      /** The statement that is to be signed: in-toto, canonical JSON. */
      readonly payload: Uint8Array;
      /** Who is going to sign it: OpenSSH public key line. */
      readonly publicKey: string;
    };

export interface SignersData {
  readonly signers: readonly SignerSummary[];
  /** Bad lines of allowed_signers files, and files that could not be read. */
  readonly problems: readonly ProblemData[];
}
