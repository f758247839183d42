import { fromBase64 } from '../bytes/base64.ts';
import { toHex } from '../bytes/hex.ts';
import { timeOf } from '../evidence/statedTime.ts';
import type { ParsedStatement } from '../evidence/statement.ts';
import type { Standing } from './status.ts';

/** What takes a statement or a key back: who, when and why. */
export interface RevokedBy {
  /** Of the revocation. */
  readonly envelopeDigest: string;
  readonly keyId: string;
  /** The name of who takes it back, when `allowed_signers` gives one. */
  readonly principal?: string;
  /** RFC 3339: when the revocation was made, by its own account. */
  readonly time: string;
  readonly reason: string;
  /** RFC 3339: what was signed from then on is taken back. Without it, everything is. */
  readonly since?: string;
  /** Whether the key was taken back, and not this one statement. */
  readonly wholeKey: boolean;
}

/** The part of a statement in scope that says whether it is taken back. */
export interface Revocable {
  readonly envelopeDigest: string;
  readonly statement: ParsedStatement;
  readonly standing: Standing;
  readonly keyId: string;
  readonly publicKey?: string;
  readonly principal?: string;
  readonly revocation?: RevokedBy;
}

/**
 * The SHA-256 of a key's OpenSSH blob, hex, as revocations name it.
 * @param keyId the fingerprint: the same hash in base64
 * @returns undefined for what is no SHA-256 fingerprint
 */
export function keyDigestOf(keyId: string): string | undefined {
  const [, encoded] = /^SHA256:([A-Za-z0-9+/]{43})$/.exec(keyId) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(`${encoded}=`);
  return bytes && toHex(bytes);
}

/**
 * The revocations of a scope, and what they take back
 * (docs/formats.md, "Revocation: someone takes back a statement or a key").
 */
export class Revocations {
  private readonly byTarget = new Map<string, Revocable[]>();
  private readonly keyDigests = new Map<string, string | undefined>();
  /** Envelopes of revocations whose own key or envelope somebody takes back. */
  private readonly revokedThemselves = new Set<string>();

  /** @param statements all in scope: those that are no revocations are left alone */
  constructor(statements: readonly Revocable[]) {
    const revocations = statements.filter(
      ({ statement, standing }) =>
        statement.kind === 'revocation' && (standing === 'trusted' || standing === 'untrusted'),
    );
    for (const scoped of revocations) {
      if (scoped.statement.kind !== 'revocation') continue;
      for (const { sha256 } of scoped.statement.subjects) {
        const known = this.byTarget.get(sha256);
        if (known) known.push(scoped);
        else this.byTarget.set(sha256, [scoped]);
      }
    }
    for (const scoped of revocations) {
      if (this.hits(scoped).length > 0) this.revokedThemselves.add(scoped.envelopeDigest);
    }
  }

  /** What takes a statement back; a trusted signer's word goes before its signer's own. */
  of(scoped: Revocable): RevokedBy | undefined {
    // Who takes back a revocation would bring back what it took back.
    if (this.byTarget.size === 0 || scoped.statement.kind === 'revocation' || scoped.standing === 'invalid') {
      return undefined;
    }
    const hits = this.hits(scoped).filter(
      ({ by }) => !warns(scoped.statement) || !this.revokedThemselves.has(by.envelopeDigest),
    );
    const hit = hits.find(({ by }) => by.standing === 'trusted') ?? hits[0];
    return hit && describe(hit.by, hit.wholeKey);
  }

  /** What takes a key back: by a trusted signer, or by its own holder. */
  ofKey(keyId: string): RevokedBy | undefined {
    const hits = this.entitled(this.keyDigest(keyId), keyId);
    const hit = hits.find(({ standing }) => standing === 'trusted') ?? hits[0];
    return hit && describe(hit, true);
  }

  private hits(scoped: Revocable): { readonly by: Revocable; readonly wholeKey: boolean }[] {
    const { envelopeDigest, keyId, publicKey } = scoped;
    // A key that nobody has seen is only said to be this one.
    const key = publicKey === undefined ? undefined : this.keyDigest(keyId);
    const found = [
      ...this.entitled(envelopeDigest, keyId).map((by) => ({ by, wholeKey: false })),
      ...this.entitled(key, keyId).map((by) => ({ by, wholeKey: true })),
    ];
    if (found.length === 0) return found;
    const time = timeOf(scoped.statement);
    return found.filter(({ by: { statement } }) => {
      const since = statement.kind === 'revocation' ? statement.predicate.since : undefined;
      return since === undefined || time >= Date.parse(since);
    });
  }

  /** Evidence has many statements of few keys. */
  private keyDigest(keyId: string): string | undefined {
    if (!this.keyDigests.has(keyId)) this.keyDigests.set(keyId, keyDigestOf(keyId));
    return this.keyDigests.get(keyId);
  }

  /** A key's own holder may take back what it signed; anyone else has to be trusted. */
  private entitled(target: string | undefined, keyId: string): Revocable[] {
    const found = target === undefined ? undefined : this.byTarget.get(target);
    return (found ?? []).filter((by) => by.standing === 'trusted' || by.keyId === keyId);
  }
}

/**
 * Marks what was taken back as `revoked`, with who did it. Doing it again changes nothing.
 * @param statements all in scope
 */
export function applyRevocations<S extends Revocable>(statements: readonly S[]): S[] {
  const revocations = new Revocations(statements);
  return statements.map((scoped) => {
    const revocation = revocations.of(scoped);
    return revocation ? { ...scoped, standing: 'revoked' as const, revocation } : scoped;
  });
}

/**
 * Whether data looks better without a statement: flags, advisories, and steps, which carry flags on. Those stay unless
 * somebody takes them back whose own key stands.
 */
function warns(statement: ParsedStatement): boolean {
  switch (statement.kind) {
    case 'review':
      return statement.predicate.verdict === 'flagged';
    case 'advisory':
    case 'step':
      return true;
    default:
      return false;
  }
}

function describe({ statement, envelopeDigest, keyId, principal }: Revocable, wholeKey: boolean) {
  if (statement.kind !== 'revocation') return undefined;
  const { timeCreated, reason, since } = statement.predicate;
  return {
    envelopeDigest,
    keyId,
    ...(principal !== undefined && { principal }),
    time: timeCreated,
    reason,
    ...(since !== undefined && { since }),
    wholeKey,
  };
}
