import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { ProvenanceError } from '../core/errors.ts';
import { EVIDENCE_FOLDER, evidencePaths } from '../core/evidence/layout.ts';
import { inputTree, type InputNode, type SignedStep } from '../core/lineage/inputs.ts';
import type { Roles } from '../core/policy/roles.ts';
import { assess, type Assessment } from '../core/trust/assess.ts';
import { baselineOf, intactBaseline, settledBy } from '../core/trust/baseline.ts';
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
import { datasetPath, isSignedSince, readDataset, realFolder, type DatasetFile } from './dataset.ts';
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

/** Evidence of more bytes takes longer to read than a thread takes to start. */
const LARGE_EVIDENCE = 1 << 20;

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

  /**
   * Reads a dataset and judges it. A file that evidence knows by its bytes, where no more is needed, is not digested.
   * @throws ProvenanceError as `digestFile`
   */
  async judge(given: string): Promise<Judged> {
    const { path } = await datasetPath(given);
    const statements = this.statementsAbout(path);
    // Whoever is told of the file's failure does not wait for this one.
    statements.catch(() => undefined);
    let scope: { readonly of: string; readonly is: Promise<Scope> } | undefined;
    // The rest of the evidence is read while the file is.
    const begin = (found: StatementScope, sha256: string) => {
      if (scope?.of === sha256) return;
      scope = { of: sha256, is: this.scopeOf(found, sha256) };
      scope.is.catch(() => undefined);
    };
    const expected = async () => {
      const found = await statements;
      const sha256 = baselineOf(found.statements)?.statement.subjects[0]?.sha256;
      if (sha256 === undefined || settledBy(found.statements, sha256)) return undefined;
      begin(found, sha256);
      return sha256;
    };
    const recognise = async (sha256: string) => {
      const found = await statements;
      begin(found, sha256);
      return settledBy(found.statements, sha256)?.statement.predicate.samples.count;
    };
    const hashFirst = await isSignedSince(path);
    const hashBeside = (await this.evidenceSize(path)) > LARGE_EVIDENCE;
    const dataset = await readDataset(given, this.io, { recognise, expected, hashFirst, hashBeside });
    begin(await statements, dataset.samples.sha256);
    return this.judged(dataset, await scope!.is);
  }

  /** Bytes of the evidence that is going to be read for a dataset: its own and advisories; other datasets' is small. */
  private async evidenceSize(path: string): Promise<number> {
    const sizes = [evidencePaths(path).bundle, ...this.evidence.advisories].map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** Judges a dataset that was read. @throws ProvenanceError `cancelled` */
  async judgeDataset(dataset: DatasetFile): Promise<Judged> {
    return this.judged(dataset, await this.wholeScope(await this.statementsAbout(dataset.path)));
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

  /** The leaves too, unless nobody is going to look into them. */
  private async scopeOf(found: StatementScope, sha256: string): Promise<Scope> {
    return intactBaseline(found.statements, sha256)
      ? await this.loader.withoutLeaves(found, this.io.signal)
      : await this.wholeScope(found);
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

  private async wholeScope(found: StatementScope): Promise<Scope> {
    return await this.loader.loadLeaves(found, this.io.signal);
  }

  private judged(dataset: DatasetFile, scope: Scope): Judged {
    const { samples } = dataset;
    const assessment = assess({ ...scope, rows: samples, sha256: samples.sha256 });
    return { dataset, scope, assessment, statements: scope.statements.map(toStatementData) };
  }
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
