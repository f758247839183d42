import type { FileStore } from '../core/bytes/fileStore.ts';
import type { Sha256 } from '../core/bytes/sha256.ts';
import type { ProvenanceError } from '../core/errors.ts';
import type { Signer } from '../core/evidence/signer.ts';
import type { LogMemory } from '../core/log/logMemory.ts';
import type { AllowedSigner } from '../core/trust/allowedSigners.ts';
import type { FileEdit, SignersFile } from '../core/trust/editAllowedSigners.ts';
import type { SigstoreFiles } from '../protocol/datasetWorker.ts';
import type { Timers } from '../protocol/rpc.ts';
import type { KeyAccess } from './keyFiles.node.ts';
import type { FoundKey, FoundKeys } from './signingKeys.node.ts';

/**
 * What the editor's features need of the machine that they run on, so that none of them imports a `*.node.ts` file.
 * `platform.node.ts` provides it.
 */
export interface Platform {
  readonly files: FileStore;
  readonly sha256: Sha256;
  /** What the user has seen of evidence logs, which the `provenance` program shares. */
  readonly logMemory: LogMemory;
  readonly timers: Timers;
  /** The user's own allowed_signers file, which the `provenance` program uses as well. */
  readonly userAllowedSigners: string;
  /** The user's own files about Sigstore, which the `provenance` program uses as well. */
  readonly userSigstore: SigstoreFiles;
  /** The user's own policy, which the `provenance` program uses as well. */
  readonly userPolicy: string;
  /** A new Ed25519 key: PKCS#8 PEM. */
  generateKeyPem(): string;
  /** @throws ProvenanceError `invalid-key` */
  signerFromPem(pem: string, comment: string): Signer;
  /** The keys that the user has elsewhere: in the ssh-agent, of git, in `~/.ssh`. */
  findSigningKeys(): Promise<FoundKeys>;
  /** A private key file, or a public one whose private half is found: as {@link findSigningKeys} gives it. */
  findKeyOfFile(path: string): Promise<FoundKey>;
  /** @throws ProvenanceError what `openSigningKey` throws */
  openFoundKey(key: FoundKey, access: Omit<KeyAccess, 'ssh'>): Promise<Signer>;
  readAllowedSigners(
    paths: readonly string[],
  ): Promise<{ entries: readonly AllowedSigner[]; problems: readonly ProvenanceError[] }>;
  /** @throws ProvenanceError `already-trusted`, and as {@link FileStore.appendLine} */
  appendAllowedSigner(path: string, line: string): Promise<void>;
  /** The allowed_signers files as they stand on disk; those that are missing are left out. */
  readSignersFiles(
    paths: readonly string[],
  ): Promise<{ files: readonly SignersFile[]; problems: readonly ProvenanceError[] }>;
  /** @throws ProvenanceError `changed-while-reading` when the file is another one now; `permission-denied`, `io`… */
  writeSignersFile(edit: FileEdit): Promise<void>;
}
