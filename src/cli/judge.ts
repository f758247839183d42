import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { ProvenanceError } from '../core/errors.ts';
import { EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import { inputTree, type InputNode, type SignedStep } from '../core/lineage/inputs.ts';
import type { Roles } from '../core/policy/roles.ts';
import { assess, type Assessment } from '../core/trust/assess.ts';
import { comparedWith, intactBaseline } from '../core/trust/baseline.ts';
import type { NoteKey } from '../core/log/signedNote.ts';
import type { SigstoreTrust } from '../core/trust/sigstoreStatements.ts';
import type { Scope, ScopeLoader, StatementInScope, StatementScope } from '../core/trust/scope.ts';
import { toStatementData } from '../platform/datasetSessions.node.ts';
import { bundlesIn, findEvidence } from '../platform/evidenceFinder.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { configFolder } from '../platform/configFolder.node.ts';
import { nodeScopeLoader } from '../platform/scopeLoader.node.ts';
import type { DerivedFrom } from '../platform/formHints.node.ts';
import type { TrustRoots } from '../platform/trustRoots.node.ts';
import type { EvidenceFiles, SigstoreFiles, StatementData } from '../protocol/datasetWorker.ts';
import type { LineageScope } from '../protocol/lineageWorker.ts';
import { toSlashes } from '../platform/paths.node.ts';
import { readRolesOf } from '../platform/policyFile.node.ts';
import { readWitnesses, userWitnesses } from '../platform/witnesses.node.ts';
import { realFolder, type DatasetFile } from './dataset.ts';
import type { Io } from './terminal.ts';
import { readSigstore, readTrust } from './trust.ts';

/** A dataset with the evidence about it, judged. */
export interface Judged {
  readonly dataset: DatasetFile;
  readonly scope: Scope;
  readonly assessment: Assessment;
  /** The statements of the scope, by the same indices, without their subjects. */
  readonly statements: readonly StatementData[];
  /** Signed Parquet files that rows nobody vouches for were made of, where somebody looked. */
  readonly derivedFrom?: readonly DerivedFrom[];
}

/** What a dataset was made from, by the steps that evidence in the workspace records. */
export function inputsOfDataset({
  dataset,
  assessment,
  statements,
}: Judged): InputNode<SignedStep<StatementData>>[] {
  return inputTree({ statements, baseline: assessment.baseline, sha256: dataset.samples.sha256 });
}

export interface JudgeOptions {
  /** Files in the format of allowed_signers, beside those that are read anyway. */
  readonly allowedSigners?: readonly string[];
  /** Folders with evidence, beside the workspace. */
  readonly evidence?: readonly string[];
  /** In place of the user's own files about Sigstore. */
  readonly sigstore?: Partial<SigstoreFiles>;
  /** Files of witnesses, beside the user's own. */
  readonly witnesses?: readonly string[];
}

/**
 * Judges datasets by the evidence of the workspace: what lies below the folder of the nearest `.provenance`, seen from
 * the current directory, beside the dataset, and in the folders that the user names. Who is trusted never depends on
 * where the dataset lies (docs/formats.md, "Where evidence lives").
 */
export class Judge {
  private readonly loader: ScopeLoader;

  private constructor(
    /** The workspace: a folder, with `/`. */
    readonly workspace: string,
    readonly trust: TrustRoots & {
      readonly sigstore: SigstoreTrust;
      readonly witnesses: readonly NoteKey[];
      /** Of the policy in force here. */
      readonly roles: Roles | undefined;
    },
    private readonly evidence: EvidenceFiles,
    private readonly io: Io,
  ) {
    this.loader = nodeScopeLoader(nodeFileStore(), io.cache, io.env);
  }

  /** @throws ProvenanceError `not-found`, `not-a-file` for what the user named, `cancelled` */
  static async create(io: Io, options: JudgeOptions = {}): Promise<Judge> {
    const workspace = await workspaceFolder();
    const paths = options.allowedSigners ?? [];
    const [trust, sigstore, witnesses, inForce, found, named] = await Promise.all([
      readTrust(io, paths),
      readSigstore(io, options.sigstore),
      readWitnesses(userWitnesses(configFolder(io.env)), options.witnesses ?? [], nodeFileStore()),
      readRolesOf(process.cwd(), configFolder(io.env)),
      findEvidence([workspace], io.signal),
      namedEvidence(options.evidence ?? [], io),
    ]);
    const bundles = [...new Set([...found.bundles, ...named.bundles])];
    const advisories = [...new Set([...found.advisories, ...named.advisories])];
    const problems = [trust, sigstore, witnesses, inForce].flatMap((read) => read.problems);
    const all = {
      ...trust,
      problems,
      sigstore: sigstore.trust,
      witnesses: witnesses.witnesses,
      roles: inForce.roles,
    };
    return new Judge(toSlashes(workspace), all, { bundles, advisories }, io);
  }

  /** Judges a dataset that was read. @throws ProvenanceError `cancelled` */
  async judgeDataset(dataset: DatasetFile): Promise<Judged> {
    return judged(dataset, await this.wholeScope(await this.statementsAbout(dataset.path)));
  }

  /**
   * The statements in scope of the dataset at a path (absolute, with `/`), without looking at the dataset itself.
   * @throws ProvenanceError `cancelled`
   */
  async statementsAbout(path: string): Promise<StatementScope> {
    const beside = await bundlesIn(join(dirname(path), EVIDENCE_FOLDER));
    return await this.loader.loadStatements(
      {
        dataset: path,
        bundles: [...new Set([...this.evidence.bundles, ...beside])],
        advisories: this.evidence.advisories,
        signers: this.trust.entries,
        sigstore: this.trust.sigstore,
        witnesses: this.trust.witnesses,
        roles: this.trust.roles,
      },
      this.io.signal,
    );
  }

  /**
   * With the leaves that a file is compared with, if they were signed by somebody trusted and it is not as they were;
   * {@link wholeScope} has those of all others too, which tell where rows come from that are not among these. Without
   * anybody trusted, all.
   * @param sha256 of the file's bytes, hex
   */
  async scopeOf(found: StatementScope, sha256: string): Promise<Scope> {
    const { statements } = found;
    const compared = comparedWith(statements, sha256);
    if (compared?.standing !== 'trusted') return await this.wholeScope(found);
    const needed = intactBaseline(statements, sha256) ? undefined : compared.index;
    return await this.loader.loadLeaves(found, this.io.signal, (index) => index === needed);
  }

  /** With all leaves. @throws ProvenanceError `cancelled` */
  async wholeScope(found: StatementScope): Promise<Scope> {
    return await this.loader.loadLeaves(found, this.io.signal);
  }

  /** The statements of the workspace, about no file in particular. @throws ProvenanceError `cancelled` */
  async workspaceStatements(): Promise<StatementScope> {
    const { signal } = this.io;
    const { entries: signers, roles } = this.trust;
    const request = { dataset: undefined, ...this.evidence, signers, roles };
    return await this.loader.loadStatements(request, signal);
  }

  /** The statements in files of advisories, graded. @throws ProvenanceError `cancelled` */
  async advisoriesIn(paths: readonly string[]): Promise<readonly StatementInScope[]> {
    const { entries: signers, roles } = this.trust;
    const request = { dataset: undefined, bundles: [], advisories: paths, signers, roles };
    return (await this.loader.loadStatements(request, this.io.signal)).statements;
  }

  /**
   * Where to look for lineage: the evidence in scope of the dataset at a path (absolute, with `/`), or of the workspace.
   */
  async lineageScope(path?: string): Promise<Omit<LineageScope, 'allowedSigners'>> {
    const beside = path === undefined ? [] : await bundlesIn(join(dirname(path), EVIDENCE_FOLDER));
    const isOutside = path !== undefined && !path.startsWith(`${this.workspace}/`);
    return {
      bundles: [...new Set([...this.evidence.bundles, ...beside])],
      advisories: this.evidence.advisories,
      folders: [this.workspace, ...(isOutside ? [toSlashes(dirname(path))] : [])],
    };
  }
}

/** @param assessment where it was made before */
export function judged(dataset: DatasetFile, scope: Scope, assessment?: Assessment): Judged {
  const { samples } = dataset;
  return {
    dataset,
    scope,
    assessment: assessment ?? assess({ ...scope, rows: samples, sha256: samples.sha256 }),
    statements: scope.statements.map(toStatementData),
  };
}

/** The nearest folder with a `.provenance`, from the current directory upwards; else the current directory. */
async function workspaceFolder(): Promise<string> {
  const start = process.cwd();
  for (let folder = start; ; folder = dirname(folder)) {
    const found = await stat(join(folder, EVIDENCE_FOLDER)).catch(() => undefined);
    if (found?.isDirectory()) return folder;
    if (dirname(folder) === folder) return start;
  }
}

/** Evidence in or below folders that the user named; each may itself be a `.provenance` folder. */
async function namedEvidence(folders: readonly string[], io: Io): Promise<EvidenceFiles> {
  const bundles: string[] = [];
  const advisories: string[] = [];
  for (const given of folders) {
    const folder = await realFolder(given);
    if (!(await stat(folder)).isDirectory()) {
      throw new ProvenanceError('not-a-file', '{path} is not a folder; give one with evidence below it.', {
        path: given,
      });
    }
    const found = await findEvidence([folder], io.signal);
    bundles.push(...found.bundles);
    advisories.push(...found.advisories);
    if (basename(folder) === EVIDENCE_FOLDER) bundles.push(...(await bundlesIn(folder)));
  }
  return { bundles, advisories };
}
