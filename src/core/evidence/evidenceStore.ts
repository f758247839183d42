import type { FileStore } from '../bytes/fileStore.ts';
import { toHex } from '../bytes/hex.ts';
import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { formatMessage, ProvenanceError } from '../errors.ts';
import { DerivationMap, MAX_MAP_BYTES } from '../lineage/derivationMap.ts';
import { stepsOf, type DatasetStep, type MapReference, type SampleCommitment } from '../lineage/step.ts';
import { signCheckpoint } from '../log/checkpoint.ts';
import { EvidenceLog } from '../log/evidenceLog.ts';
import type { LogMemory } from '../log/logMemory.ts';
import { readCheckpoint, removedLines } from '../log/logState.ts';
import { MAX_NOTE_BYTES } from '../log/signedNote.ts';
import { merkleRoot } from '../merkle/tree.ts';
import { NAMESPACE } from '../trust/allowedSigners.ts';
import { MAX_BUNDLE_BYTES, parseBundle, type Bundle } from './bundle.ts';
import { serializeEnvelope, signEnvelope } from './dsse.ts';
import { evidencePaths } from './layout.ts';
import { checkLeaves, checkLeavesLength, LEAF_BYTES, type MerkleRoot } from './leaves.ts';
import { PAYLOAD_TYPE } from './predicates.ts';
import type { Signer } from './signer.ts';
import { signSshSig } from './sshSig.ts';
import { parseStatement, statementBytes, type Statement } from './statement.ts';

export interface AppendOptions {
  /** Whether to sign over a log of which lines are missing. */
  readonly acceptRemoved?: boolean;
}

/**
 * Reads and adds to the evidence beside datasets (docs/formats.md, "Where evidence lives"). It says nothing of trust:
 * signatures are verified by those who use the entries. Dataset paths are absolute, with `/`.
 */
export class EvidenceStore {
  private readonly merkleRoot: MerkleRoot;

  /**
   * @param sha256 a faster one where the platform has it; so `root`
   * @param memory what the user has seen of the logs
   */
  constructor(
    private readonly files: FileStore,
    private readonly sha256: Sha256 = portableSha256,
    root?: MerkleRoot,
    private readonly memory?: LogMemory,
  ) {
    this.merkleRoot = root ?? ((digests) => merkleRoot(digests, sha256));
  }

  /**
   * The statements about a dataset; none when it has no bundle. Lines that cannot be read are reported, not fatal.
   * @throws ProvenanceError `too-large`, `permission-denied`, `not-a-file`, `io`
   */
  async loadBundle(datasetPath: string): Promise<Bundle> {
    const bytes = await this.files.read(evidencePaths(datasetPath).bundle, MAX_BUNDLE_BYTES);
    return bytes ? parseBundle(bytes, this.sha256) : { entries: [], problems: [] };
  }

  /**
   * The leaves that a dataset statement commits to: packed sample digests, 32 bytes each.
   *
   * @param root `samples.root` of the statement, 64 hex digits
   * @param count `samples.count` of the statement
   * @returns undefined when the leaves file is missing
   * @throws ProvenanceError `invalid-leaves` when it is not what was signed; `permission-denied`, `not-a-file`, `io`
   */
  async loadLeaves(datasetPath: string, root: string, count: number): Promise<Uint8Array | undefined> {
    // Before reading: a signer's count bounds the memory, whatever size the file has.
    if (!(await this.hasLeaves(datasetPath, root, count))) return undefined;
    const bytes = await this.files.read(evidencePaths(datasetPath).leaves(root), count * LEAF_BYTES);
    return bytes && (await checkLeaves(bytes, root, count, this.merkleRoot));
  }

  /**
   * Whether there is a leaves file of the right length. What stands in it is not looked at.
   * @throws ProvenanceError `invalid-leaves` when the length is wrong; `permission-denied`, `not-a-file`, `io`
   */
  async hasLeaves(datasetPath: string, root: string, count: number): Promise<boolean> {
    const stat = await this.files.stat(evidencePaths(datasetPath).leaves(root));
    if (stat) checkLeavesLength(stat.size, root, count);
    return stat !== undefined;
  }

  /**
   * The derivation map of a step.
   *
   * @param reference as the step names it
   * @returns undefined when the file is missing
   * @throws ProvenanceError `invalid-map` when it is not what was signed; `too-large`, `permission-denied`, `not-a-file`,
   *   `io`
   */
  async loadMap(
    datasetPath: string,
    { sha256, pairs }: Pick<MapReference, 'sha256' | 'pairs'>,
  ): Promise<DerivationMap | undefined> {
    const bytes = await this.files.read(evidencePaths(datasetPath).map(sha256), MAX_MAP_BYTES);
    if (!bytes) return undefined;
    const actual = toHex(this.sha256(bytes));
    if (actual !== sha256) {
      throw new ProvenanceError(
        'invalid-map',
        'The derivation map {sha256} hashes to {actual}, so it was changed; get it again from where the dataset came from.',
        { sha256, actual },
      );
    }
    const map = DerivationMap.parse(bytes);
    if (map.pairs !== pairs) {
      throw new ProvenanceError(
        'invalid-map',
        'The derivation map {sha256} has {actual} pairs, and its step says {pairs}; it is not used.',
        { sha256, actual: map.pairs, pairs },
      );
    }
    return map;
  }

  /**
   * Signs a statement and adds it to the dataset's bundle, and a checkpoint over all of it. The leaves file that a dataset
   * statement or a step names, and a step's map, must have been written before, with {@link writeLeaves} and
   * {@link writeMap}, so that no crash leaves a statement without them. Between the bundle and its checkpoint, one leaves
   * a bundle that is longer than its checkpoint, until something is added again.
   *
   * @param options `acceptRemoved`: also where evidence is missing, which is never signed over otherwise
   * @returns the SHA-256 of the new line, hex: how revocations and answers name it
   * @throws ProvenanceError `evidence-removed`, `too-large`, `invalid-key`, `unsupported-key`, `leaves-missing`,
   *   `map-missing`, and as {@link FileStore.appendLine}
   */
  append(
    datasetPath: string,
    statement: Statement,
    signer: Signer,
    options: AppendOptions = {},
  ): Promise<{ envelopeDigest: string }> {
    return this.appendPayload(datasetPath, statementBytes(statement), signer, options);
  }

  /**
   * As {@link append}, for a payload that was made elsewhere: by `statementBytes`, for example in a worker.
   * @throws ProvenanceError also `invalid-statement`
   */
  async appendPayload(
    datasetPath: string,
    payload: Uint8Array,
    signer: Signer,
    { acceptRemoved = false }: AppendOptions = {},
  ): Promise<{ envelopeDigest: string }> {
    const paths = evidencePaths(datasetPath);
    const statement = parseStatement(payload);
    if (statement.kind === 'dataset') await this.expectLeaves(datasetPath, statement.predicate.samples);
    if (statement.kind === 'step') await this.expectStepFiles(datasetPath, stepsOf(statement));
    const line = serializeEnvelope(await signEnvelope(payload, PAYLOAD_TYPE, signer));
    const size = ((await this.files.stat(paths.bundle))?.size ?? 0) + line.length + 1;
    if (size > MAX_BUNDLE_BYTES) {
      throw new ProvenanceError(
        'too-large',
        'With this statement {path} would have {size} bytes, more than the {limit} that are read; move old ' +
          'statements into another bundle.',
        { path: paths.bundle, size, limit: MAX_BUNDLE_BYTES },
      );
    }
    let extended: EvidenceLog | undefined;
    await this.files.appendLineWith(paths.bundle, line, MAX_BUNDLE_BYTES, async (bundle) => {
      const log = EvidenceLog.of(bundle, this.sha256);
      if (!acceptRemoved) await this.expectNothingRemoved(datasetPath, log);
      extended = log.with(line);
      const checkpoint = await signCheckpoint(extended.checkpoint(), signer);
      const signature = await signSshSig(signer, checkpoint, NAMESPACE);
      return [
        { path: paths.checkpoint, bytes: checkpoint },
        { path: paths.checkpointSignature, bytes: new TextEncoder().encode(signature) },
      ];
    });
    if (extended) await this.remember(datasetPath, extended, acceptRemoved);
    return { envelopeDigest: toHex(this.sha256(line)) };
  }

  /**
   * Writes the leaves file of a dataset. An intact one is left alone: its name is the hash of its content. A damaged
   * one is replaced.
   *
   * @param digests the sample digests in order, packed, 32 bytes each
   * @returns the Merkle root, hex, which names the file
   * @throws ProvenanceError as {@link FileStore.write}
   */
  async writeLeaves(datasetPath: string, digests: Uint8Array): Promise<string> {
    const root = toHex(await this.merkleRoot(digests));
    const path = evidencePaths(datasetPath).leaves(root);
    if (!(await this.holds(path, digests))) await this.files.write(path, digests);
    return root;
  }

  /**
   * Writes a derivation map. An intact one is left alone, a damaged one replaced, as {@link writeLeaves} does.
   *
   * @param bytes as of `serializeDerivationMap`
   * @returns the SHA-256, hex, which names the file
   * @throws ProvenanceError as {@link FileStore.write}
   */
  async writeMap(datasetPath: string, bytes: Uint8Array): Promise<string> {
    const sha256 = toHex(this.sha256(bytes));
    const path = evidencePaths(datasetPath).map(sha256);
    if (!(await this.holds(path, bytes))) await this.files.write(path, bytes);
    return sha256;
  }

  /** A signature over what is left would make the loss look meant. @throws ProvenanceError `evidence-removed` */
  private async expectNothingRemoved(datasetPath: string, log: EvidenceLog): Promise<void> {
    const { checkpoint: path, bundle } = evidencePaths(datasetPath);
    const bytes = await this.files.read(path, MAX_NOTE_BYTES);
    const checkpoint = bytes && readCheckpoint(bytes);
    const seen = await this.memory?.recall(datasetPath, log.origin);
    const isUnreadable = checkpoint instanceof ProvenanceError;
    const problems = removedLines(log, isUnreadable ? undefined : checkpoint, seen);
    const [problem] = problems.map(({ template, args }) => formatMessage(template, args));
    const reason = problem ?? (isUnreadable ? checkpoint.message : undefined);
    if (reason === undefined) return;
    throw new ProvenanceError(
      'evidence-removed',
      '{bundle}: nothing was signed, because evidence is missing or was changed. {reason} Copy .provenance again from ' +
        'where it came from; or, once you know why, say so with "provenance log accept", or "provenance log forget".',
      { bundle, reason },
    );
  }

  private async remember(datasetPath: string, log: EvidenceLog, acceptRemoved: boolean): Promise<void> {
    if (!this.memory) return;
    const state = { ...log.checkpoint(), time: new Date().toISOString().replace(/\.\d+Z$/, 'Z') };
    // What was added is on disk: a memory that cannot be written is no reason to say otherwise.
    await (
      acceptRemoved ? this.memory.replace(datasetPath, state) : this.memory.remember(datasetPath, state)
    ).catch(() => undefined);
  }

  /** @throws ProvenanceError `leaves-missing`, `invalid-leaves` */
  private async expectLeaves(datasetPath: string, { root, count }: SampleCommitment): Promise<void> {
    if (await this.hasLeaves(datasetPath, root, count)) return;
    throw new ProvenanceError(
      'leaves-missing',
      'The leaves file of {path} is missing, so its statement was not written; sign the dataset again.',
      { path: datasetPath },
    );
  }

  /** @throws ProvenanceError `leaves-missing`, `invalid-leaves`, `map-missing` */
  private async expectStepFiles(datasetPath: string, steps: readonly DatasetStep[]): Promise<void> {
    for (const { inputs, output, map } of steps) {
      for (const { samples } of [...inputs, output]) {
        if (samples) await this.expectLeaves(datasetPath, samples);
      }
      if (!map || (await this.files.stat(evidencePaths(datasetPath).map(map.sha256)))) continue;
      throw new ProvenanceError(
        'map-missing',
        'The derivation map of {path} is missing, so its step was not written; record the step again.',
        { path: datasetPath },
      );
    }
  }

  private async holds(path: string, digests: Uint8Array): Promise<boolean> {
    if ((await this.files.stat(path))?.size !== digests.length) return false;
    const bytes = await this.files.read(path, digests.length);
    if (bytes?.length !== digests.length) return false;
    // A loop: a callback a byte takes ten times as long.
    for (let i = 0; i < digests.length; i++) if (bytes[i] !== digests[i]) return false;
    return true;
  }
}
