import { statedTime } from '../evidence/statedTime.ts';
import type { Roles } from '../policy/roles.ts';
import type { PredicateKind } from '../evidence/predicates.ts';
import { formatSshPublicKey } from '../evidence/sshKey.ts';
import { findSigner, matchPatternList, NAMESPACE, type AllowedSigner } from './allowedSigners.ts';
import { Revocations, type Revocable, type RevokedBy } from './revocations.ts';
import type { Standing } from './status.ts';

/** How long before its end a key's validity is called ending soon, in milliseconds. */
export const ENDING_SOON_MS = 30 * 24 * 60 * 60 * 1000;

/** Evidence may name any number of keys; so many signers are told apart, those that count first. */
export const MAX_SIGNERS = 2000;

/**
 * What a key is worth now, whatever its statements were worth when they were made.
 *
 * - `trusted`: `allowed_signers` names it for the product's namespace, and it is valid
 * - `ended`, `not-yet`: it is named, and its validity has ended or not begun
 * - `revoked`: it was taken back by a trusted signer or by its holder
 * - `untrusted`: its signatures are valid, and it is not named
 * - `unverifiable`: the key itself is not known, or of a type that cannot be checked
 */
export const SIGNER_STATES = ['revoked', 'ended', 'trusted', 'not-yet', 'untrusted', 'unverifiable'] as const;
export type SignerState = (typeof SIGNER_STATES)[number];

/** A line of an allowed_signers file about a key, and what it does for it now. */
export interface SignerLine {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly principals: string;
  readonly namespaces?: string;
  /** Milliseconds since the epoch. */
  readonly validAfter?: number;
  readonly validBefore?: number;
  readonly effect: 'trusts' | 'ended' | 'not-yet' | 'other-namespace' | 'authority';
}

/** What a key signed in the evidence of one dataset. */
export interface SignedDataset {
  readonly dataset: string;
  readonly statements: number;
  /** Of the newest statement: its bundle, and its line there (1-based). */
  readonly bundle: string;
  readonly line: number;
}

/** A key that signed something here, or that is trusted. */
export interface SignerSummary {
  /** Fingerprint; of a key that nobody has seen, what the envelope says. */
  readonly keyId: string;
  /** OpenSSH public key line, when known. */
  readonly publicKey?: string;
  /** For example `ssh-ed25519`. */
  readonly keyType?: string;
  /** The names that allowed_signers files give it, each once. */
  readonly names: readonly string[];
  readonly state: SignerState;
  readonly lines: readonly SignerLine[];
  /** Where a policy with roles is in force: those of the signer. One without any vouches for nothing. */
  readonly roles?: readonly string[];
  /** Milliseconds since the epoch: when no line trusts it any more. Only of a trusted key, and if that ever comes. */
  readonly ends?: number;
  readonly endsSoon: boolean;
  readonly revocation?: RevokedBy;
  readonly statements: number;
  readonly byKind: Readonly<Partial<Record<PredicateKind | 'other', number>>>;
  readonly byStanding: Readonly<Partial<Record<Standing, number>>>;
  /** In order of their paths. */
  readonly datasets: readonly SignedDataset[];
  /** The newest and the oldest time that its statements claim, RFC 3339. */
  readonly lastSeen?: string;
  readonly firstSeen?: string;
}

/** The part of a statement in scope that tells of its signer. */
export type SignedStatement = Revocable & {
  readonly dataset: string;
  readonly bundle: string;
  readonly line: number;
};

interface Collected {
  publicKey: string | undefined;
  /** The names under which statements were trusted: those of a certificate stand in no line of its key. */
  readonly principals: Set<string>;
  statements: number;
  readonly byKind: Partial<Record<PredicateKind | 'other', number>>;
  readonly byStanding: Partial<Record<Standing, number>>;
  readonly datasets: Map<string, SignedDataset & { readonly time: string }>;
  firstSeen: string | undefined;
  lastSeen: string | undefined;
}

/**
 * Who signed what, and what their keys are worth now: those that signed something first, by name; then those that are
 * trusted and signed nothing here. Statements with wrong signatures are nobody's.
 *
 * @param statements all in scope, graded; the same envelope in several bundles counts once
 * @param entries who is trusted
 * @param now milliseconds since the epoch
 * @param roles of the policy in force, if it has roles
 */
export function signersOf(
  statements: readonly SignedStatement[],
  entries: readonly AllowedSigner[],
  now: number,
  roles?: Pick<Roles, 'of'>,
): SignerSummary[] {
  const revocations = new Revocations(statements);
  const collected = collect(statements);
  for (const { keyId, certAuthority } of entries) {
    if (!certAuthority && !collected.has(keyId)) collected.set(keyId, nothing());
  }
  const linesByKey = new Map<string, AllowedSigner[]>();
  for (const entry of entries) {
    const lines = linesByKey.get(entry.keyId);
    if (lines) lines.push(entry);
    else linesByKey.set(entry.keyId, [entry]);
  }
  return [...collected]
    .map(([keyId, found]) => summary(keyId, found, linesByKey.get(keyId) ?? [], revocations, now))
    .map((signer) => (roles ? { ...signer, roles: rolesOf(signer, roles) } : signer))
    .sort(inOrder)
    .slice(0, MAX_SIGNERS);
}

function collect(statements: readonly SignedStatement[]): Map<string, Collected> {
  const collected = new Map<string, Collected>();
  const counted = new Set<string>();
  for (const scoped of statements) {
    const { keyId, publicKey, standing, statement, dataset, bundle, line, principal } = scoped;
    if (standing === 'invalid' || keyId === '') continue;
    let found = collected.get(keyId);
    if (!found) collected.set(keyId, (found = nothing()));
    found.publicKey ??= publicKey;
    if (principal !== undefined) found.principals.add(principal);
    const time = statedTime(statement) ?? '';
    const known = found.datasets.get(dataset);
    const newest = known && known.time > time ? known : { bundle, line, time };
    found.datasets.set(dataset, { ...newest, dataset, statements: (known?.statements ?? 0) + 1 });
    if (counted.has(scoped.envelopeDigest)) continue;
    counted.add(scoped.envelopeDigest);
    found.statements++;
    found.byKind[statement.kind] = (found.byKind[statement.kind] ?? 0) + 1;
    found.byStanding[standing] = (found.byStanding[standing] ?? 0) + 1;
    if (time === '') continue;
    if (found.lastSeen === undefined || time > found.lastSeen) found.lastSeen = time;
    if (found.firstSeen === undefined || time < found.firstSeen) found.firstSeen = time;
  }
  return collected;
}

function nothing(): Collected {
  return {
    publicKey: undefined,
    principals: new Set(),
    statements: 0,
    byKind: {},
    byStanding: {},
    datasets: new Map(),
    firstSeen: undefined,
    lastSeen: undefined,
  };
}

function summary(
  keyId: string,
  found: Collected,
  entries: readonly AllowedSigner[],
  revocations: Revocations,
  now: number,
): SignerSummary {
  const lines = entries.map((entry) => signerLine(entry, now));
  const [entry] = entries;
  const publicKey = found.publicKey ?? (entry && formatSshPublicKey(entry.key));
  const keyType = entry?.key.type ?? found.publicKey?.split(' ', 1)[0];
  const revocation = revocations.ofKey(keyId);
  const state = stateOf(keyId, found, entries, revocation, now);
  const trusting = lines.filter(({ effect }) => effect === 'trusts');
  const end = Math.max(...trusting.map(({ validBefore }) => validBefore ?? Infinity));
  const ends = state === 'trusted' && trusting.length > 0 && Number.isFinite(end) ? end : undefined;
  return {
    keyId,
    ...(publicKey !== undefined && { publicKey }),
    ...(keyType !== undefined && { keyType }),
    names: [...new Set([...named(lines), ...found.principals])],
    state,
    lines,
    ...(ends !== undefined && { ends }),
    endsSoon: ends !== undefined && ends - now <= ENDING_SOON_MS,
    ...(revocation && { revocation }),
    statements: found.statements,
    byKind: found.byKind,
    byStanding: found.byStanding,
    datasets: [...found.datasets.values()]
      .map(({ dataset, statements, bundle, line }) => ({ dataset, statements, bundle, line }))
      .sort((a, b) => compare(a.dataset, b.dataset)),
    ...(found.lastSeen !== undefined && { lastSeen: found.lastSeen }),
    ...(found.firstSeen !== undefined && { firstSeen: found.firstSeen }),
  };
}

function rolesOf({ keyId, names }: SignerSummary, roles: Pick<Roles, 'of'>): string[] {
  const found = names.flatMap((principal) => roles.of({ keyId, principal }));
  return [...new Set(found.map(({ name }) => name))];
}

function named(lines: readonly SignerLine[]): string[] {
  return lines.filter(({ effect }) => effect !== 'authority').map(({ principals }) => principals);
}

function signerLine(entry: AllowedSigner, now: number): SignerLine {
  const { path, line, principals, namespaces, validAfter, validBefore } = entry;
  return {
    path,
    line,
    principals,
    ...(namespaces !== undefined && { namespaces }),
    ...(validAfter !== undefined && { validAfter }),
    ...(validBefore !== undefined && { validBefore }),
    effect: effectOf(entry, now),
  };
}

function effectOf(entry: AllowedSigner, now: number): SignerLine['effect'] {
  if (entry.certAuthority) return 'authority';
  if (entry.namespaces !== undefined && !matchPatternList(NAMESPACE, entry.namespaces))
    return 'other-namespace';
  const alone = findSigner([entry], entry.keyId, now).standing;
  if (alone === 'trusted') return 'trusts';
  return entry.validAfter !== undefined && now < entry.validAfter ? 'not-yet' : 'ended';
}

function stateOf(
  keyId: string,
  found: Collected,
  entries: readonly AllowedSigner[],
  revocation: RevokedBy | undefined,
  now: number,
): SignerState {
  if (revocation && (revocation.since === undefined || Date.parse(revocation.since) <= now)) return 'revoked';
  const { standing } = findSigner(entries, keyId, now);
  if (standing === 'trusted') return 'trusted';
  if (standing === 'expired') {
    return entries.some((entry) => effectOf(entry, now) === 'not-yet') ? 'not-yet' : 'ended';
  }
  // Trusted by a certificate: no line names the key itself.
  if ((found.byStanding.trusted ?? 0) > 0) return 'trusted';
  const { untrusted = 0, revoked = 0, expired = 0, unverifiable = 0 } = found.byStanding;
  return unverifiable > 0 && untrusted + revoked + expired === 0 ? 'unverifiable' : 'untrusted';
}

function inOrder(a: SignerSummary, b: SignerSummary): number {
  return (
    Number(a.statements === 0) - Number(b.statements === 0) ||
    SIGNER_STATES.indexOf(a.state) - SIGNER_STATES.indexOf(b.state) ||
    compare(a.names[0] ?? '\uffff', b.names[0] ?? '\uffff') ||
    compare(a.keyId, b.keyId)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
