import { DigestTable } from '../sample/digest.ts';
import { sha256, type Sha256 } from '../bytes/sha256.ts';
import { toHex } from '../bytes/hex.ts';
import type { FileStore } from '../bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError, throwIfCancelled, type CancelSignal } from '../errors.ts';
import { MAX_BUNDLE_BYTES, parseBundle, type BundleEntry } from '../evidence/bundle.ts';
import { EvidenceStore } from '../evidence/evidenceStore.ts';
import { datasetOfBundle, evidencePaths } from '../evidence/layout.ts';
import { LEAF_BYTES, type MerkleRoot } from '../evidence/leaves.ts';
import {
  fingerprint,
  formatSshPublicKey,
  parseSshPublicKey,
  verifySignature,
  type SshPublicKey,
  type VerifySignature,
} from '../evidence/sshKey.ts';
import { preAuthHead } from '../evidence/dsse.ts';
import type { DerivationMap } from '../lineage/derivationMap.ts';
import { loadTaint, type LoadedTaint, type TaintFiles } from '../lineage/loadTaint.ts';
import type { Taint } from '../lineage/taint.ts';
import type { ParsedStatement, Subject } from '../evidence/statement.ts';
import { findSigner, type AllowedSigner } from './allowedSigners.ts';
import { isDataset, type DatasetInScope } from './baseline.ts';
import { ReviewTable } from './reviewTable.ts';
import type { Standing } from './status.ts';

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
}

/** Something wrong with the evidence itself. */
export interface EvidenceProblem {
  readonly path: string;
  /** 1-based line in the bundle. */
  readonly line?: number;
  readonly error: ProvenanceError;
}

/** The leaves of a dataset statement. */
export class Leaves {
  private made: DigestTable | undefined;

  /** @param digests 32 bytes a sample, in order; they hash to the root that was signed */
  constructor(readonly digests: Uint8Array) {}

  /** Finds them by digest. */
  get table(): DigestTable {
    return (this.made ??= new DigestTable(this.digests));
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
}

/** The evidence in scope, without the leaves that it commits to. */
export interface StatementScope {
  readonly statements: readonly StatementInScope[];
  /** What they flag and clear. */
  readonly reviews: ReviewTable;
  readonly problems: readonly EvidenceProblem[];
  readonly ownEvidenceReadable: boolean;
}

export interface Scope extends StatementScope {
  readonly leaves: LeavesLookup;
  /** What was made of something flagged; undefined where nothing was. */
  readonly taint: Taint | undefined;
  /** Whether all that flagged samples were made into could be followed. */
  readonly taintComplete: boolean;
}

const NO_LEAVES: LeavesLookup = { get: () => undefined };

/** For how many scopes their reviews are kept, and where they lead. */
const KEPT_SCOPES = 16;

/** Leaves of other datasets are held in memory up to this many bytes. */
export const MAX_FOREIGN_LEAF_BYTES = 1 << 29;

interface CachedBundle {
  readonly version: string;
  readonly entries: readonly BundleEntry[];
  readonly problems: readonly EvidenceProblem[];
  readonly readable: boolean;
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

  /** @param hash a faster one where the platform has it; so `root` and `verify` */
  constructor(
    private readonly files: FileStore,
    private readonly hash: Sha256 = sha256,
    root?: MerkleRoot,
    private readonly verify: VerifySignature = verifySignature,
  ) {
    this.store = new EvidenceStore(files, hash, root);
  }

  /** Statements and leaves. @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result. */
  async load(request: ScopeRequest, signal?: CancelSignal): Promise<Scope> {
    return await this.loadLeaves(await this.loadStatements(request, signal), signal);
  }

  /** @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result. */
  async loadStatements(request: ScopeRequest, signal?: CancelSignal): Promise<StatementScope> {
    const problems: EvidenceProblem[] = [];
    const found: { entry: BundleEntry; bundle: string; dataset: string; own: boolean; advisory: boolean }[] =
      [];
    const ownBundle = request.dataset === undefined ? undefined : evidencePaths(request.dataset).bundle;
    let ownEvidenceReadable = true;

    const add = async (bundle: string, own: boolean, advisory: boolean) => {
      throwIfCancelled(signal);
      const cached = await this.loadBundle(bundle);
      problems.push(...cached.problems);
      if (own) ownEvidenceReadable = cached.readable;
      const dataset = own ? request.dataset! : (datasetOfBundle(bundle) ?? bundle);
      for (const entry of cached.entries) found.push({ entry, bundle, dataset, own, advisory });
    };
    if (ownBundle !== undefined) await add(ownBundle, true, false);
    for (const bundle of [...request.bundles].sort())
      if (bundle !== ownBundle) await add(bundle, false, false);
    for (const bundle of [...request.advisories].sort()) await add(bundle, false, true);

    const statements = this.grade(found, request.signers, problems);
    return { statements, reviews: this.reviewsOf(statements), problems, ownEvidenceReadable };
  }

  /** The same table for the same statements: an editor asks after each edit, for each open file. */
  private reviewsOf(statements: readonly StatementInScope[]): ReviewTable {
    const key = statements
      .map(({ bundle, envelopeDigest, standing }) => `${bundle} ${envelopeDigest} ${standing}`)
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
   * @throws ProvenanceError `cancelled`
   */
  async loadLeaves(scope: StatementScope, signal?: CancelSignal): Promise<Scope> {
    const problems = [...scope.problems];
    const found = new Map<number, Leaves>();
    let foreignBytes = 0;
    await this.eachLeaves(scope, problems, signal, async ({ index, dataset, own }, root, count) => {
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

  /**
   * As {@link loadLeaves}, for when nobody is going to look into the leaves: looks whether they are there.
   * @throws ProvenanceError `cancelled`
   */
  async withoutLeaves(scope: StatementScope, signal?: CancelSignal): Promise<Scope> {
    const problems = [...scope.problems];
    await this.eachLeaves(scope, problems, signal, async ({ dataset }, root, count) => {
      if (!(await this.store.hasLeaves(dataset, root, count))) throw leavesMissing(dataset, root);
    });
    return { ...scope, problems, leaves: NO_LEAVES, taint: undefined, taintComplete: true };
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
      };
      this.bundles.set(path, bundle);
      return bundle;
    } catch (cause) {
      return {
        version: 'unreadable',
        entries: [],
        problems: [{ path, error: asProvenanceError(cause) }],
        readable: false,
      };
    }
  }

  private grade(
    found: readonly {
      entry: BundleEntry;
      bundle: string;
      dataset: string;
      own: boolean;
      advisory: boolean;
    }[],
    signers: readonly AllowedSigner[],
    problems: EvidenceProblem[],
  ): StatementInScope[] {
    const graded = found.map(({ entry, bundle, dataset, own, advisory }, index): StatementInScope => {
      const time = timeOf(entry.statement);
      const best = this.check(entry, signers)
        .map((check) => gradeSignature(check, signers, time))
        .reduce((a, b) => (RANK[b.standing] < RANK[a.standing] ? b : a), UNSIGNED);
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
    return applyRevocations(graded, this.hash);
  }

  /** The signature checks of an envelope, which do not depend on who is trusted unless the key had to be looked up. */
  private check(entry: BundleEntry, signers: readonly AllowedSigner[]): readonly Checked[] {
    const known = this.checks.get(entry.envelopeDigest);
    if (known?.every((check) => check.signature !== 'unknown-key')) return known;
    const { payload, payloadType, signatures } = entry.envelope;
    const head = preAuthHead(payloadType, payload.length);
    const checks = signatures.map(({ keyid, sig, publicKey }): Checked => {
      const named = publicKey === undefined ? undefined : parseKey(publicKey);
      const key =
        named && fingerprint(named) === keyid
          ? named
          : signers.find((signer) => signer.keyId === keyid && !signer.certAuthority)?.key;
      if (!key) return { signature: 'unknown-key', keyId: keyid, key, publicKey: undefined };
      return {
        signature: this.verify(key, sig, head, payload),
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

type Grade = Pick<StatementInScope, 'standing' | 'keyId' | 'publicKey' | 'principal'>;

/** The best signature of an envelope decides. */
const RANK: Readonly<Record<Standing, number>> = {
  trusted: 0,
  expired: 1,
  untrusted: 2,
  revoked: 3,
  unverifiable: 4,
  invalid: 5,
};

const UNSIGNED: Grade = { standing: 'invalid', keyId: '' };

function gradeSignature(check: Checked, signers: readonly AllowedSigner[], time: number): Grade {
  const { keyId } = check;
  const publicKey = check.publicKey === undefined ? {} : { publicKey: check.publicKey };
  switch (check.signature) {
    case 'invalid':
      return { standing: 'invalid', keyId };
    case 'unknown-key':
    case 'unsupported':
      return { standing: 'unverifiable', keyId, ...publicKey };
    case 'valid': {
      const signer = findSigner(signers, keyId, time);
      return {
        standing: signer.standing,
        keyId,
        ...publicKey,
        ...('principal' in signer && { principal: signer.principal }),
      };
    }
  }
}

function applyRevocations(statements: readonly StatementInScope[], hash: Sha256): StatementInScope[] {
  const byTarget = new Map<string, StatementInScope[]>();
  for (const scoped of statements) {
    if (scoped.statement.kind !== 'revocation') continue;
    if (scoped.standing !== 'trusted' && scoped.standing !== 'untrusted') continue;
    for (const { sha256: target } of scoped.statement.subjects) {
      byTarget.set(target, [...(byTarget.get(target) ?? []), scoped]);
    }
  }
  if (byTarget.size === 0) return [...statements];
  const keyDigests = new Map<string, string>();
  const keyDigest = (publicKey: string): string => {
    const known = keyDigests.get(publicKey);
    if (known !== undefined) return known;
    const key = parseKey(publicKey);
    const digest = key ? toHex(hash(key.blob)) : '';
    keyDigests.set(publicKey, digest);
    return digest;
  };
  return statements.map((scoped) => {
    if (scoped.statement.kind === 'revocation' || scoped.standing === 'invalid') return scoped;
    const targets = [scoped.envelopeDigest];
    if (scoped.publicKey !== undefined) targets.push(keyDigest(scoped.publicKey));
    const revoked = targets
      .flatMap((target) => byTarget.get(target) ?? [])
      .some((revocation) => {
        if (revocation.statement.kind !== 'revocation') return false;
        // A key's own holder may take back what it signed; anyone else has to be trusted.
        if (revocation.standing !== 'trusted' && revocation.keyId !== scoped.keyId) return false;
        const { since } = revocation.statement.predicate;
        return since === undefined || timeOf(scoped.statement) >= Date.parse(since);
      });
    return revoked ? { ...scoped, standing: 'revoked' } : scoped;
  });
}

/** When the signer says they signed, in milliseconds; now where the statement says nothing. */
function timeOf(statement: ParsedStatement): number {
  const stated = statedTime(statement);
  const time = stated === undefined ? Number.NaN : Date.parse(stated);
  return Number.isNaN(time) ? Date.now() : time;
}

/** The subjects of a statement; those of other predicates are no business of ours. */
export function subjectsOf(statement: ParsedStatement): readonly Subject[] {
  return statement.kind === 'other' ? [] : statement.subjects;
}

/** When the signer says they signed: RFC 3339, or undefined. */
export function statedTime(statement: ParsedStatement): string | undefined {
  switch (statement.kind) {
    case 'dataset':
    case 'sample':
    case 'review':
    case 'revocation':
    case 'advisory':
      return statement.predicate.timeCreated;
    case 'step':
      return statement.predicate.runDetails.metadata?.finishedOn;
    case 'other':
      return undefined;
  }
}

function parseKey(line: string): SshPublicKey | undefined {
  try {
    return parseSshPublicKey(line);
  } catch {
    return undefined;
  }
}
