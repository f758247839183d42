import { DIGEST_LENGTH, DigestTable } from '../sample/digest.ts';
import { sha256, type Sha256 } from '../bytes/sha256.ts';
import type { FileStore } from '../bytes/fileStore.ts';
import {
  asProvenanceError,
  formatMessage,
  ProvenanceError,
  throwIfCancelled,
  type CancelSignal,
} from '../errors.ts';
import { MAX_BUNDLE_BYTES, parseBundle, type BundleEntry } from '../evidence/bundle.ts';
import { EvidenceStore } from '../evidence/evidenceStore.ts';
import { datasetOfBundle, evidencePaths, isAdvisoryPath } from '../evidence/layout.ts';
import { LEAF_BYTES, type MerkleRoot } from '../evidence/leaves.ts';
import {
  fingerprint,
  formatSshPublicKey,
  parseSshPublicKey,
  unsupportedInEnvelopes,
  verifySignature,
  type SshPublicKey,
  type VerifySignature,
} from '../evidence/sshKey.ts';
import { preAuthHead } from '../evidence/dsse.ts';
import type { DerivationMap } from '../lineage/derivationMap.ts';
import { loadTaint, type LoadedTaint, type TaintFiles } from '../lineage/loadTaint.ts';
import type { Taint } from '../lineage/taint.ts';
import { EvidenceLog } from '../log/evidenceLog.ts';
import type { LogMemory } from '../log/logMemory.ts';
import type { LogState } from '../log/logState.ts';
import type { NoteKey } from '../log/signedNote.ts';
import { timeOf } from '../evidence/statedTime.ts';
import type { ParsedStatement, Subject } from '../evidence/statement.ts';
import type { AllowedSigner } from './allowedSigners.ts';
import { isDataset, type DatasetInScope } from './baseline.ts';
import { LogReader, type LogBefore } from './logReader.ts';
import { ReviewTable } from './reviewTable.ts';
import { applyRevocations, type RevokedBy } from './revocations.ts';
import {
  gradeIdentity,
  type ReadSigstore,
  type SigstoreStatement,
  type SigstoreTrust,
} from './sigstoreStatements.ts';
import type { RoleRefusal, Roles, SignerRights } from '../policy/roles.ts';
import { signerOf } from './signerOf.ts';
import { STANDING_RANK, type Standing } from './status.ts';

/** A statement that may say something about the file in question, with what its signature is worth. */
export interface StatementInScope {
  /** Position in the scope. */
  readonly index: number;
  /** Path of the bundle it stands in, and its line there (1-based). */
  readonly bundle: string;
  readonly line: number;
  /** Path of the dataset whose evidence it is. */
  readonly dataset: string;
  /** Whether that dataset is the file in question. */
  readonly own: boolean;
  /** Whether it came with an advisory. */
  readonly advisory: boolean;
  readonly envelopeDigest: string;
  readonly statement: ParsedStatement;
  readonly standing: Standing;
  /** Of the signature that decides the standing. */
  readonly keyId: string;
  /** The OpenSSH public key line of that signature, when known. */
  readonly publicKey?: string;
  /** The signer's name, when `allowed_signers` gives one. */
  readonly principal?: string;
  /** Where its standing is `revoked`: who took it back. */
  readonly revocation?: RevokedBy;
  /** What the roles of its signer add up to, where a policy with roles is in force. */
  readonly rights?: SignerRights;
  /** Why it is `untrusted` although `allowed_signers` names its key: no role of its signer is for this. */
  readonly refusal?: RoleRefusal;
}

/** Something wrong with the evidence itself. */
export interface EvidenceProblem {
  readonly path: string;
  /** 1-based line in the bundle. */
  readonly line?: number;
  readonly error: ProvenanceError;
}

/** Looking leaves through takes about as long as putting one of so many into a table. */
const LEAVES_PER_ENTRY = 16;
/** Whoever looks them through more often than this would have done better to make the table. */
const MAX_PASSES = 8;

/** The leaves of a dataset statement. */
export class Leaves {
  private made: DigestTable | undefined;
  private passes = 0;

  /** @param digests 32 bytes a sample, in order; they hash to the root that was signed */
  constructor(readonly digests: Uint8Array) {}

  /** Finds them by digest. */
  get table(): DigestTable {
    return (this.made ??= new DigestTable(this.digests));
  }

  /**
   * Tells whether digest `index` of packed digests is one of them. Makes no table where it takes longer than to look for
   * the few that are asked for.
   * @param asked holds all digests that are going to be asked for
   */
  lookup(asked: DigestTable): (digests: Uint8Array, index: number) => boolean {
    const few = asked.size * DIGEST_LENGTH * LEAVES_PER_ENTRY < this.digests.length;
    if (this.made || !few || this.passes === MAX_PASSES) {
      return (digests, index) => this.table.has(digests, index);
    }
    this.passes++;
    const found = new Set<number>();
    asked.eachFound(this.digests, (_, first) => found.add(first));
    return (digests, index) => found.has(asked.first(digests, index));
  }
}

/** Leaves by the index of their dataset statement. */
export interface LeavesLookup {
  get(statement: number): Leaves | undefined;
}

/** Which evidence to look at. */
export interface ScopeRequest {
  /** Path of the file in question; undefined for text that is not saved. */
  readonly dataset: string | undefined;
  /** Bundles of other datasets in the workspace. */
  readonly bundles: readonly string[];
  /** Bundles of advisories: reviews that apply to every dataset. */
  readonly advisories: readonly string[];
  readonly signers: readonly AllowedSigner[];
  /** The roles of the policy in force: without it, who is trusted may do everything. */
  readonly roles?: Roles | undefined;
  /** Folders below which all evidence that was seen before has to be there still: what is gone counts as removed. */
  readonly rememberedIn?: readonly string[];
  /** Cosignature keys of the witnesses that the user named. */
  readonly witnesses?: readonly NoteKey[];
  /** Who of Sigstore is trusted; without it, Sigstore signatures beside the file are not looked for. */
  readonly sigstore?: SigstoreTrust | undefined;
}

/** The evidence in scope, without the leaves that it commits to. */
export interface StatementScope {
  readonly statements: readonly StatementInScope[];
  /** What they flag and clear. */
  readonly reviews: ReviewTable;
  readonly problems: readonly EvidenceProblem[];
  readonly ownEvidenceReadable: boolean;
  /** What the logs show: of each bundle in scope, advisories included, by its path. */
  readonly logs: ReadonlyMap<string, LogState>;
}

export interface Scope extends StatementScope {
  readonly leaves: LeavesLookup;
  /** What was made of something flagged; undefined where nothing was. */
  readonly taint: Taint | undefined;
  /** Whether all that flagged samples were made into could be followed. */
  readonly taintComplete: boolean;
}

/** For how many scopes their reviews are kept, and where they lead. */
const KEPT_SCOPES = 16;

/** Leaves of other datasets are held in memory up to this many bytes. */
export const MAX_FOREIGN_LEAF_BYTES = 1 << 29;

interface CachedBundle {
  readonly version: string;
  readonly entries: readonly BundleEntry[];
  readonly problems: readonly EvidenceProblem[];
  readonly readable: boolean;
  /** The lines as a log, or why they are none. */
  readonly log: EvidenceLog | ProvenanceError;
}

/** A statement and where it stands. */
interface Found {
  readonly entry: BundleEntry | SigstoreStatement;
  readonly bundle: string;
  readonly dataset: string;
  readonly own: boolean;
  readonly advisory: boolean;
}

interface Checked {
  readonly signature: 'valid' | 'invalid' | 'unsupported' | 'unknown-key';
  readonly keyId: string;
  readonly key: SshPublicKey | undefined;
  readonly publicKey: string | undefined;
}

/**
 * Reads the evidence in scope of a file and grades it. Keeps what it read: bundles by size and time, signatures by
 * envelope, leaves by root, so that looking again after a change costs only what changed.
 */
export class ScopeLoader {
  private readonly store: EvidenceStore;
  private readonly bundles = new Map<string, CachedBundle>();
  private readonly checks = new Map<string, readonly Checked[]>();
  private readonly leaves = new Map<string, Leaves>();
  /** Derivation maps, by SHA-256. */
  private readonly maps = new Map<string, DerivationMap>();
  /** Reviews of the scopes that were last asked for, by what stands in them, the newest last. */
  private readonly reviews = new Map<string, ReviewTable>();
  private readonly taints = new WeakMap<ReviewTable, LoadedTaint>();
  private readonly logs: LogReader;

  /**
   * @param hash a faster one where the platform has it; so `root` and `verify`
   * @param readSigstore where the platform can check Sigstore bundles
   * @param memory what the user has seen of the logs; what is read is remembered there
   */
  constructor(
    private readonly files: FileStore,
    private readonly hash: Sha256 = sha256,
    root?: MerkleRoot,
    private readonly verify: VerifySignature = verifySignature,
    private readonly readSigstore?: ReadSigstore,
    memory?: LogMemory,
  ) {
    this.store = new EvidenceStore(files, hash, root);
    this.logs = new LogReader(files, verify, memory);
  }

  /** Statements and leaves. @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result. */
  async load(request: ScopeRequest, signal?: CancelSignal): Promise<Scope> {
    return await this.loadLeaves(await this.loadStatements(request, signal), signal);
  }

  /** @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result. */
  async loadStatements(request: ScopeRequest, signal?: CancelSignal): Promise<StatementScope> {
    const problems: EvidenceProblem[] = [];
    const found: Found[] = [];
    const bundles = new Map<string, CachedBundle & { readonly before: LogBefore | ProvenanceError }>();
    const ownBundle = request.dataset === undefined ? undefined : evidencePaths(request.dataset).bundle;
    let ownEvidenceReadable = true;

    const add = async (bundle: string, own: boolean, advisory: boolean) => {
      throwIfCancelled(signal);
      const before = await this.logs.before(bundle);
      const cached = await this.loadBundle(bundle);
      bundles.set(bundle, { ...cached, before });
      problems.push(...cached.problems);
      if (own) ownEvidenceReadable = cached.readable;
      const dataset = own ? request.dataset! : (datasetOfBundle(bundle) ?? bundle);
      for (const entry of cached.entries) found.push({ entry, bundle, dataset, own, advisory });
    };
    // First: what stands in the bundle, in order and in a log, is newer.
    if (request.dataset !== undefined && request.sigstore && this.readSigstore) {
      const { dataset } = request;
      const beside = await this.readSigstore(dataset, request.sigstore.trustedRoot, signal);
      problems.push(...beside.problems);
      for (const entry of beside.statements)
        found.push({ entry, bundle: entry.path, dataset, own: true, advisory: false });
    }
    if (ownBundle !== undefined) await add(ownBundle, true, false);
    for (const bundle of [...request.bundles].sort())
      if (bundle !== ownBundle) await add(bundle, false, false);
    for (const bundle of [...request.advisories].sort()) await add(bundle, false, true);
    for (const bundle of await this.logs.remembered(request.rememberedIn ?? []))
      if (!bundles.has(bundle)) await add(bundle, false, isAdvisoryPath(bundle));

    const statements = this.grade(found, request, problems);
    const logs = await this.readLogs(bundles, statements, request.witnesses ?? []);
    for (const [path, { problems: ofLog }] of logs) {
      // What could not be read at all was said already.
      if (bundles.get(path)?.readable !== true) continue;
      for (const { code, template, args } of ofLog) {
        const reason = formatMessage(template, args);
        problems.push({ path, error: new ProvenanceError(code, '{path}: {reason}', { path, reason }) });
      }
    }
    return { statements, reviews: this.reviewsOf(statements), problems, ownEvidenceReadable, logs };
  }

  private async readLogs(
    bundles: ReadonlyMap<
      string,
      Pick<CachedBundle, 'log'> & { readonly before: LogBefore | ProvenanceError }
    >,
    statements: readonly StatementInScope[],
    witnesses: readonly NoteKey[],
  ): Promise<ReadonlyMap<string, LogState>> {
    const byBundle = new Map<string, StatementInScope[]>();
    for (const scoped of statements) {
      const known = byBundle.get(scoped.bundle);
      if (known) known.push(scoped);
      else byBundle.set(scoped.bundle, [scoped]);
    }
    const logs = new Map<string, LogState>();
    for (const [path, { before, log }] of bundles) {
      logs.set(path, await this.logs.read(before, { log, statements: byBundle.get(path) ?? [] }, witnesses));
    }
    return logs;
  }

  /** The same table for the same statements: an editor asks after each edit, for each open file. */
  private reviewsOf(statements: readonly StatementInScope[]): ReviewTable {
    const key = statements
      .map(
        ({ bundle, envelopeDigest, standing, rights }) =>
          `${bundle} ${envelopeDigest} ${standing} ${rights ? `${rights.roles.join()} ${rights.mayClear.join()}` : ''}`,
      )
      .join('\n');
    const reviews = this.reviews.get(key) ?? new ReviewTable(statements);
    this.reviews.delete(key);
    this.reviews.set(key, reviews);
    const [oldest] = this.reviews.keys();
    if (this.reviews.size > KEPT_SCOPES && oldest !== undefined) this.reviews.delete(oldest);
    return reviews;
  }

  private async taintOf(
    { statements, reviews }: StatementScope,
    signal: CancelSignal | undefined,
  ): Promise<LoadedTaint> {
    const known = this.taints.get(reviews);
    if (known) return known;
    const used = new Set<string>();
    const files: TaintFiles = {
      map: async (dataset, reference) => {
        const map = this.maps.get(reference.sha256) ?? (await this.store.loadMap(dataset, reference));
        used.add(reference.sha256);
        if (map) this.maps.set(reference.sha256, map);
        return map;
      },
      leaves: async (dataset, { root, count }) => {
        const found = this.leaves.get(root);
        if (found) return found;
        const digests = await this.store.loadLeaves(dataset, root, count);
        return digests && new Leaves(digests);
      },
    };
    const loaded = await loadTaint(statements, reviews, files, signal);
    for (const sha256 of this.maps.keys()) if (!used.has(sha256)) this.maps.delete(sha256);
    // What is missing may be there the next time.
    if (loaded.problems.length === 0) this.taints.set(reviews, loaded);
    return loaded;
  }

  /**
   * Reads the leaves that dataset statements commit to. Those that cannot be read are problems in the result.
   *
   * @param needed tells, by its index, whether anybody is going to look into the leaves of a statement; of the others it
   *   only looks whether they are there
   * @throws ProvenanceError `cancelled`
   */
  async loadLeaves(
    scope: StatementScope,
    signal?: CancelSignal,
    needed: (statement: number) => boolean = () => true,
  ): Promise<Scope> {
    const problems = [...scope.problems];
    const found = new Map<number, Leaves>();
    let foreignBytes = 0;
    await this.eachLeaves(scope, problems, signal, async ({ index, dataset, own }, root, count) => {
      if (!needed(index)) {
        if (!(await this.store.hasLeaves(dataset, root, count))) throw leavesMissing(dataset, root);
        return;
      }
      if (!own && (foreignBytes += count * LEAF_BYTES) > MAX_FOREIGN_LEAF_BYTES) {
        throw new ProvenanceError(
          'too-large',
          '{dataset}: its {count} samples are too many to look up here beside the other datasets of the workspace.',
          { dataset, count },
        );
      }
      const leaves = this.leaves.get(root) ?? (await this.readLeaves(dataset, root, count));
      this.leaves.set(root, leaves);
      found.set(index, leaves);
    });
    const { taint, problems: unfollowed } = await this.taintOf(scope, signal);
    problems.push(...unfollowed);
    return { ...scope, problems, leaves: found, taint, taintComplete: unfollowed.length === 0 };
  }

  /** As {@link loadLeaves}, for when nobody is going to look into any ({@link intactBaseline}). */
  async withoutLeaves(scope: StatementScope, signal?: CancelSignal): Promise<Scope> {
    return await this.loadLeaves(scope, signal, () => false);
  }

  private async loadBundle(path: string): Promise<CachedBundle> {
    try {
      const stat = await this.files.stat(path);
      const version = stat ? `${String(stat.size)}:${String(stat.mtime)}` : 'absent';
      const cached = this.bundles.get(path);
      if (cached?.version === version) return cached;
      // Also without a size: what stands there and is no file is not the same as nothing.
      const bytes = await this.files.read(path, MAX_BUNDLE_BYTES);
      const { entries, problems } = bytes ? parseBundle(bytes, this.hash) : { entries: [], problems: [] };
      const bundle: CachedBundle = {
        version,
        entries,
        problems: problems.map(({ line, error }) => ({ path, line, error })),
        readable: true,
        log: this.logOf(bytes),
      };
      this.bundles.set(path, bundle);
      return bundle;
    } catch (cause) {
      const error = asProvenanceError(cause);
      return {
        version: 'unreadable',
        entries: [],
        problems: [{ path, error }],
        readable: false,
        log: error,
      };
    }
  }

  private logOf(bytes: Uint8Array | undefined): EvidenceLog | ProvenanceError {
    try {
      return EvidenceLog.of(bytes ?? new Uint8Array(0), this.hash);
    } catch (cause) {
      return asProvenanceError(cause);
    }
  }

  private grade(
    found: readonly Found[],
    { signers, sigstore, roles }: ScopeRequest,
    problems: EvidenceProblem[],
  ): StatementInScope[] {
    const graded = found.map(({ entry, bundle, dataset, own, advisory }, index): StatementInScope => {
      const { refusal, ...best }: Grade =
        'identity' in entry
          ? gradeIdentity(entry, sigstore?.identities ?? [])
          : this.gradeEnvelope(entry, signers);
      if (refusal) problems.push({ path: bundle, line: entry.line, error: refusal });
      if (best.standing === 'invalid') {
        problems.push({
          path: bundle,
          line: entry.line,
          error: new ProvenanceError(
            'invalid-envelope',
            '{path}:{line}: the signature is wrong, so this statement does not count; it was changed or damaged since it was signed.',
            { path: bundle, line: entry.line },
          ),
        });
      }
      return {
        index,
        bundle,
        line: entry.line,
        dataset,
        own,
        advisory,
        envelopeDigest: entry.envelopeDigest,
        statement: entry.statement,
        ...best,
      };
    });
    return applyRevocations(roles ? graded.map((scoped) => roles.apply(scoped)) : graded);
  }

  /** The best signature of an envelope decides. */
  private gradeEnvelope(entry: BundleEntry, signers: readonly AllowedSigner[]): Grade {
    const time = timeOf(entry.statement);
    return this.check(entry, signers)
      .map((check) => gradeSignature(check, signers, time))
      .reduce((a, b) => (STANDING_RANK[b.standing] < STANDING_RANK[a.standing] ? b : a), UNSIGNED);
  }

  /** The signature checks of an envelope, which do not depend on who is trusted unless the key had to be looked up. */
  private check(entry: BundleEntry, signers: readonly AllowedSigner[]): readonly Checked[] {
    const known = this.checks.get(entry.envelopeDigest);
    if (known?.every((check) => check.signature !== 'unknown-key')) return known;
    const { payload, payloadType, signatures, preAuth } = entry.envelope;
    const message = preAuth ? [preAuth] : [preAuthHead(payloadType, payload.length), payload];
    const checks = signatures.map(({ keyid, sig, publicKey }): Checked => {
      const named = publicKey === undefined ? undefined : parseKey(publicKey);
      const key =
        named && fingerprint(named) === keyid
          ? named
          : signers.find((signer) => signer.keyId === keyid && !signer.certAuthority)?.key;
      if (!key) return { signature: 'unknown-key', keyId: keyid, key, publicKey: undefined };
      return {
        signature: this.verify(key, sig, ...message),
        keyId: keyid,
        key,
        // Of a key that allowed_signers gives as well: leaving it out of an envelope must not evade its revocation.
        publicKey: formatSshPublicKey(key),
      };
    });
    this.checks.set(entry.envelopeDigest, checks);
    return checks;
  }

  /** Does something with the leaves of each dataset statement; what it throws becomes a problem. */
  private async eachLeaves(
    { statements }: StatementScope,
    problems: EvidenceProblem[],
    signal: CancelSignal | undefined,
    action: (scoped: DatasetInScope, root: string, count: number) => Promise<void>,
  ): Promise<void> {
    const used = new Set<string>();
    for (const scoped of statements) {
      if (!isDataset(scoped) || scoped.standing === 'invalid') continue;
      throwIfCancelled(signal);
      const { root, count } = scoped.statement.predicate.samples;
      used.add(root);
      try {
        await action(scoped, root, count);
      } catch (cause) {
        problems.push({ path: evidencePaths(scoped.dataset).leaves(root), error: asProvenanceError(cause) });
      }
    }
    for (const root of this.leaves.keys()) if (!used.has(root)) this.leaves.delete(root);
  }

  private async readLeaves(dataset: string, root: string, count: number): Promise<Leaves> {
    const digests = await this.store.loadLeaves(dataset, root, count);
    if (!digests) throw leavesMissing(dataset, root);
    return new Leaves(digests);
  }
}

function leavesMissing(dataset: string, root: string): ProvenanceError {
  return new ProvenanceError(
    'leaves-missing',
    '{path} is missing, so changes cannot be told sample by sample; copy it back from where the dataset came from, or sign the dataset again.',
    { path: evidencePaths(dataset).leaves(root) },
  );
}

interface Grade extends Pick<StatementInScope, 'standing' | 'keyId' | 'publicKey' | 'principal'> {
  /** Why its key cannot be checked, or its certificate does not count although its authority is trusted. */
  readonly refusal?: ProvenanceError | undefined;
}

const UNSIGNED: Grade = { standing: 'invalid', keyId: '' };

function gradeSignature(check: Checked, signers: readonly AllowedSigner[], time: number): Grade {
  const { keyId } = check;
  const publicKey = check.publicKey === undefined ? {} : { publicKey: check.publicKey };
  switch (check.signature) {
    case 'invalid':
      return { standing: 'invalid', keyId };
    case 'unknown-key':
      return { standing: 'unverifiable', keyId };
    case 'unsupported':
      return {
        standing: 'unverifiable',
        keyId,
        ...publicKey,
        refusal: check.key && unsupportedInEnvelopes(check.key),
      };
    case 'valid': {
      const signer = signerOf(check.key, keyId, signers, time);
      return {
        standing: signer.standing,
        keyId,
        ...publicKey,
        ...('principal' in signer && { principal: signer.principal }),
        ...(signer.standing === 'untrusted' && signer.signer && { refusal: signer.refusal }),
      };
    }
  }
}

/** The subjects of a statement; those of other predicates are no business of ours. */
export function subjectsOf(statement: ParsedStatement): readonly Subject[] {
  return statement.kind === 'other' ? [] : statement.subjects;
}

function parseKey(line: string): SshPublicKey | undefined {
  try {
    return parseSshPublicKey(line);
  } catch {
    return undefined;
  }
}
