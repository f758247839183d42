import type { FileStore } from '../bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError } from '../errors.ts';
import { datasetOfBundle, evidencePaths, isAdvisoryPath } from '../evidence/layout.ts';
import { parseSshPublicKey, type VerifySignature } from '../evidence/sshKey.ts';
import type { SignedCheckpoint } from '../log/checkpoint.ts';
import type { EvidenceLog } from '../log/evidenceLog.ts';
import type { LogMemory } from '../log/logMemory.ts';
import {
  computeLogState,
  readCheckpoint,
  type LogSigner,
  type LogState,
  type SeenState,
} from '../log/logState.ts';
import { formatVerifierKey, MAX_NOTE_BYTES, type NoteKey } from '../log/signedNote.ts';
import type { StatementInScope } from './scope.ts';

/** A bundle that was read. */
export interface BundleLog {
  /** As a log, or why it could not be read. */
  readonly log: EvidenceLog | ProvenanceError;
  /** Its statements, graded. */
  readonly statements: readonly StatementInScope[];
}

/** What is known of the log of a bundle before the bundle is read. */
export interface LogBefore {
  readonly path: string;
  /** How the log is known to the memory. */
  readonly dataset: string;
  /** Changes with the bundle and with its checkpoint. */
  readonly version: string;
  readonly checkpoint: SignedCheckpoint | ProvenanceError | undefined;
  readonly seen: SeenState | undefined;
}

interface KnownLog {
  readonly before: LogBefore;
  /** What the state follows from besides. */
  readonly key: string;
  readonly state: LogState;
}

/**
 * Says what the logs of bundles show, by the checkpoints beside them and what the user has seen, and remembers what was
 * seen. A bundle that stands in no dataset's evidence folder, as advisories, has no checkpoint.
 */
export class LogReader {
  private readonly known = new Map<string, KnownLog>();

  constructor(
    private readonly files: FileStore,
    private readonly verify: VerifySignature,
    private readonly memory: LogMemory | undefined,
  ) {}

  /**
   * To be asked before the bundle is read: of a log that another program adds to at this moment, the bundle may be newer
   * than its checkpoint and what was seen, but not older, which would look as if lines were gone.
   *
   * @returns why it could not be read, where it could not
   */
  async before(path: string): Promise<LogBefore | ProvenanceError> {
    const owner = datasetOfBundle(path);
    const dataset = owner ?? path;
    const checkpointPath = owner === undefined ? undefined : evidencePaths(owner).checkpoint;
    try {
      const stats = [
        checkpointPath === undefined ? undefined : await this.files.stat(checkpointPath),
        await this.files.stat(path),
      ];
      const version = JSON.stringify(stats.map((stat) => [stat?.size, stat?.mtime]));
      const known = this.known.get(path);
      // What was removed may have been accepted meanwhile.
      if (known?.before.version === version && known.state.standing !== 'removed') return known.before;
      const bytes =
        checkpointPath === undefined ? undefined : await this.files.read(checkpointPath, MAX_NOTE_BYTES);
      const seen = await this.memory?.recall(dataset, undefined);
      return { path, dataset, version, checkpoint: bytes && readCheckpoint(bytes), seen };
    } catch (error) {
      return asProvenanceError(error);
    }
  }

  /** Never throws: what cannot be read is a problem of the state. */
  async read(
    before: LogBefore | ProvenanceError,
    { log, statements }: BundleLog,
    witnesses: readonly NoteKey[],
  ): Promise<LogState> {
    if (log instanceof ProvenanceError) return unreadable(log);
    if (before instanceof ProvenanceError) return unreadable(before);
    const { path, dataset, checkpoint } = before;
    const signer = signerOf(log, checkpoint, statements);
    const key = JSON.stringify([
      log.size,
      signer?.trusted,
      signer?.principal,
      witnesses.map(formatVerifierKey),
    ]);
    const known = this.known.get(path);
    if (known?.before === before && known.key === key) return known.state;
    try {
      // Advisories are handed around, and a copy elsewhere may have gone on.
      const origin = dataset === path ? undefined : log.origin;
      const seen = before.seen ?? (await this.memory?.recall(dataset, origin));
      const state = computeLogState({ log, checkpoint, signer, witnesses, seen }, this.verify);
      await this.remember(dataset, log, state);
      this.known.set(path, { before, key, state });
      return state;
    } catch (error) {
      return unreadable(asProvenanceError(error));
    }
  }

  /** Bundles below folders of which something was seen, whether or not they are there. @param folders with `/` */
  async remembered(folders: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const folder of folders) {
      for (const path of (await this.memory?.known(folder)) ?? []) {
        found.add(isAdvisoryPath(path) ? path : evidencePaths(path).bundle);
      }
    }
    return found;
  }

  private async remember(dataset: string, log: EvidenceLog, { standing }: LogState): Promise<void> {
    if (!this.memory || log.size === 0 || standing === 'removed') return;
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    await this.memory.remember(dataset, { ...log.checkpoint(), time });
  }
}

/** Who signed the last line under a checkpoint. */
function signerOf(
  log: EvidenceLog,
  checkpoint: SignedCheckpoint | ProvenanceError | undefined,
  statements: readonly StatementInScope[],
): LogSigner | undefined {
  if (!checkpoint || checkpoint instanceof ProvenanceError) return undefined;
  const line = log.lineOf(checkpoint.size - 1);
  const last = statements.find((statement) => statement.line === line);
  if (last?.publicKey === undefined || last.standing === 'invalid' || last.standing === 'unverifiable') {
    return undefined;
  }
  return {
    key: parseSshPublicKey(last.publicKey),
    ...(last.principal !== undefined && { principal: last.principal }),
    // What a role is not for says nothing against the key.
    trusted: last.standing === 'trusted' || last.refusal !== undefined,
  };
}

function unreadable(error: ProvenanceError): LogState {
  const problem = {
    code: 'invalid-checkpoint',
    template: 'The evidence log could not be checked: {reason}',
    args: { reason: error.message },
  } as const;
  return { standing: 'unreadable', size: 0, root: EMPTY_ROOT, problems: [problem] };
}

const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
