import type { Stage } from '../evidence/predicates.ts';
import type { ParsedStatement } from '../evidence/statement.ts';
import type { Standing } from '../trust/status.ts';
import { allowsPath, allowsSource, namesSigner } from './patterns.ts';

/** What some signers may do (docs/formats.md, "Roles"). */
export interface Role {
  readonly name: string;
  /** Patterns of names in `allowed_signers`, or fingerprints. */
  readonly signers: readonly string[];
  /** Whether they vouch for datasets and samples, and record steps; for all, or for some. */
  readonly mayVouch: boolean | VouchLimits;
  /** Whether their reviews and advisories are trusted ones. */
  readonly mayReview: boolean;
  /** Whose flags they may clear beside their own: names of roles, `strangers`, or `anyone`. */
  readonly mayClear: readonly string[];
}

/** For what a role may vouch: all that is given has to fit. */
export interface VouchLimits {
  /** Patterns of the dataset's path. */
  readonly paths?: readonly string[];
  /** Patterns of `origin.source`, and stages, that a vouching has to state. Steps state neither. */
  readonly sources?: readonly string[];
  readonly stages?: readonly Stage[];
}

/** Whose flags: those of signers without any role, and all. No role may be called so. */
export const STRANGERS = 'strangers';
export const ANYONE = 'anyone';

/** What the roles of one signer add up to. Plain data. */
export interface SignerRights {
  readonly roles: readonly string[];
  readonly mayClear: readonly string[];
}

/**
 * Why a signature is not trusted although `allowed_signers` names its key: the signer has no role, no role of theirs may
 * do this, or none for a dataset at this path, from this source, of this stage.
 */
export type RoleRefusal = 'no-role' | 'may-not-vouch' | 'may-not-review' | 'path' | 'source' | 'stage';

/** The part of a statement in scope that roles look at. */
export interface Ruled {
  readonly statement: ParsedStatement;
  readonly standing: Standing;
  /** Path of the dataset whose evidence it is. */
  readonly dataset: string;
  readonly keyId: string;
  readonly principal?: string;
}

/** The roles of a policy, which narrow down what trusted signers may do. */
export class Roles {
  private readonly known = new Map<string, readonly Role[]>();
  private readonly rights = new Map<string, SignerRights>();

  /** @param folder which the paths in them are below; undefined where they are only absolute ones */
  constructor(
    readonly list: readonly Role[],
    private readonly folder: string | undefined,
  ) {}

  /** The roles of a signer whom `allowed_signers` names. */
  of(signer: { readonly principal?: string; readonly keyId: string }): readonly Role[] {
    const key = `${signer.keyId} ${signer.principal ?? ''}`;
    const known = this.known.get(key);
    if (known) return known;
    const roles = this.list.filter(({ signers }) => namesSigner(signers, signer));
    this.known.set(key, roles);
    return roles;
  }

  /**
   * What a statement is worth when its signer may do only what their roles say. A trusted one that goes beyond is
   * `untrusted`, with the reason: what it warns of still counts as a stranger's warning does. Only reviews, advisories and
   * what vouches need a role; revocations need none.
   */
  apply<S extends Ruled>(scoped: S): S & { readonly rights?: SignerRights; readonly refusal?: RoleRefusal } {
    if (scoped.standing !== 'trusted' && scoped.standing !== 'expired')
      return { ...scoped, rights: NO_RIGHTS };
    const roles = this.of(scoped);
    const rights = this.rightsOf(roles);
    const refusal = scoped.standing === 'trusted' ? this.refusalOf(scoped, roles) : undefined;
    return refusal === undefined
      ? { ...scoped, rights }
      : { ...scoped, standing: 'untrusted' as const, rights, refusal };
  }

  private rightsOf(roles: readonly Role[]): SignerRights {
    const names = roles.map(({ name }) => name);
    const key = names.join(' ');
    const rights = this.rights.get(key) ?? {
      roles: names,
      mayClear: [...new Set(roles.flatMap(({ mayClear }) => mayClear))],
    };
    this.rights.set(key, rights);
    return rights;
  }

  private refusalOf({ statement, dataset }: Ruled, roles: readonly Role[]): RoleRefusal | undefined {
    switch (statement.kind) {
      case 'review':
      case 'advisory':
        if (roles.length === 0) return 'no-role';
        return roles.some(({ mayReview }) => mayReview) ? undefined : 'may-not-review';
      case 'dataset':
      case 'sample': {
        const { source, stage } = statement.predicate.origin ?? {};
        return this.vouchRefusal(roles, (limits) => {
          if (!this.fitsPath(limits, dataset)) return 'path';
          if (limits.sources && !(source !== undefined && allowsSource(limits.sources, source)))
            return 'source';
          return limits.stages && !(stage !== undefined && limits.stages.includes(stage))
            ? 'stage'
            : undefined;
        });
      }
      case 'step':
        return this.vouchRefusal(roles, (limits) => (this.fitsPath(limits, dataset) ? undefined : 'path'));
      case 'other':
        // A signature over a file by another tool: it states no origin.
        if (!statement.file) return undefined;
        return this.vouchRefusal(roles, (limits) => {
          if (!this.fitsPath(limits, dataset)) return 'path';
          if (limits.sources) return 'source';
          return limits.stages ? 'stage' : undefined;
        });
      default:
        return undefined;
    }
  }

  /** Of several roles that do not let it pass, the one that comes nearest says why. */
  private vouchRefusal(
    roles: readonly Role[],
    refusalBy: (limits: VouchLimits) => RoleRefusal | undefined,
  ): RoleRefusal | undefined {
    if (roles.length === 0) return 'no-role';
    let nearest: RoleRefusal = 'may-not-vouch';
    for (const { mayVouch } of roles) {
      if (mayVouch === false) continue;
      const refusal = mayVouch === true ? undefined : refusalBy(mayVouch);
      if (refusal === undefined) return undefined;
      if (NEARNESS.indexOf(refusal) > NEARNESS.indexOf(nearest)) nearest = refusal;
    }
    return nearest;
  }

  private fitsPath({ paths }: VouchLimits, dataset: string): boolean {
    return !paths || allowsPath(paths, dataset, this.folder);
  }
}

const NO_RIGHTS: SignerRights = { roles: [], mayClear: [] };

const NEARNESS: readonly RoleRefusal[] = ['may-not-vouch', 'path', 'source', 'stage'];

/**
 * Whether who signed one review may clear or play down another: their own always; those of others if they are trusted
 * and, where roles are in force, may clear the flags of all roles that the other has.
 */
export function mayClear(answer: Reviewer, flag: Reviewer): boolean {
  if (answer.keyId === flag.keyId) return true;
  if (answer.standing !== 'trusted') return false;
  if (!answer.rights) return true;
  const allowed = answer.rights.mayClear;
  if (allowed.includes(ANYONE)) return true;
  const roles = flag.rights?.roles ?? [];
  return roles.length === 0 ? allowed.includes(STRANGERS) : roles.every((role) => allowed.includes(role));
}

/** The part of a review that says who signed it, and what they may do. */
export interface Reviewer {
  readonly keyId: string;
  readonly standing: Standing;
  readonly rights?: SignerRights;
}
