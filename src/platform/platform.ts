import type { FileStore } from '../core/bytes/fileStore.ts';
import type { Sha256 } from '../core/bytes/sha256.ts';
import type { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import type { AllowedSigner } from '../core/trust/allowedSigners.ts';
import type { Timers } from '../protocol/rpc.ts';

/**
 * What the editor's features need of the machine that they run on, so that none of them imports a `*.node.ts` file.
 * `platform.node.ts` provides it.
 */
export interface Platform {
  readonly files: FileStore;
  readonly sha256: Sha256;
  readonly timers: Timers;
  /** The user's own allowed_signers file, which the `provenance` program uses as well. */
  readonly userAllowedSigners: string;
  /** A new Ed25519 key: PKCS#8 PEM. */
  generateKeyPem(): string;
  /** @throws ProvenanceError `invalid-key` */
  signerFromPem(pem: string, comment: string): Signer;
  readAllowedSigners(
    paths: readonly string[],
  ): Promise<{ entries: readonly AllowedSigner[]; problems: readonly ProvenanceError[] }>;
  /** @throws ProvenanceError `already-trusted`, and as {@link FileStore.appendLine} */
  appendAllowedSigner(path: string, line: string): Promise<void>;
}
