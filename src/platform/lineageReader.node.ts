import type { FileStore } from '../core/bytes/fileStore.ts';
import { asProvenanceError, ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { EvidenceStore } from '../core/evidence/evidenceStore.ts';
import { evidencePaths } from '../core/evidence/layout.ts';
import { buildGraph } from '../core/lineage/buildGraph.ts';
import type { DerivationMap } from '../core/lineage/derivationMap.ts';
import { pathsInQuestion, type FileStates } from '../core/lineage/fileStates.ts';
import type { SampleEvidence } from '../core/lineage/followSample.ts';
import type { LineageGraph, StepNode } from '../core/lineage/graph.ts';
import { LineageIndex } from '../core/lineage/lineageIndex.ts';
import { stepsOf, type SampleCommitment } from '../core/lineage/step.ts';
import type { AllowedSigner } from '../core/trust/allowedSigners.ts';
import {
  Leaves,
  type EvidenceProblem,
  type ScopeLoader,
  type ScopeRequest,
  type StatementInScope,
  type StatementScope,
} from '../core/trust/scope.ts';
import type { LineageScope } from '../protocol/lineageWorker.ts';
import { ClaimFinder, type FoundClaims } from './claims.node.ts';
import type { DigestCache } from './digestCache.node.ts';
import { cachedMerkleRoot } from './merkleRoot.node.ts';
import { PresentFiles, type Patience } from './presentFiles.node.ts';
import { readRoles } from './policyFile.node.ts';
import { fastSha256 } from './sha256.node.ts';
import { readAllowedSigners } from './trustRoots.node.ts';

/** All evidence in scope, read as one graph. */
export interface Lineage {
  readonly graph: LineageGraph;
  readonly index: LineageIndex;
  /** The scope that the graph refers to by index. */
  readonly statements: readonly StatementInScope[];
  readonly problems: readonly EvidenceProblem[];
  /** What the logs show, by the path of the bundle. */
  readonly logs: StatementScope['logs'];
  /** What files beside the data state without a signature. */
  readonly claims: FoundClaims['claims'];
  /** Leaves and maps, which are read when they are asked for. */
  readonly evidence: SampleEvidence;
  /** How many files nobody has looked into yet. */
  readonly pending: number;
}

/** Leaves and maps are kept between calls up to so many bytes; those that were not used for longest go. */
const MAX_KEPT_BYTES = 1 << 29;
/** Of a map in memory, a pair takes about so many. */
const PAIR_BYTES = 80;

/**
 * Reads the evidence of a workspace as one graph, and what samples are followed by. Keeps what it read between calls:
 * asked again after a change, it costs what changed.
 */
export class LineageReader {
  readonly files: PresentFiles = new PresentFiles();
  private readonly store: EvidenceStore;
  private readonly kept = new KeptEvidence();
  private readonly claims: ClaimFinder;

  /** @param loader keeps bundles and checked signatures */
  constructor(
    store: FileStore,
    private readonly loader: ScopeLoader,
    cache: DigestCache | undefined,
  ) {
    this.store = new EvidenceStore(store, fastSha256, cachedMerkleRoot(cache));
    this.claims = new ClaimFinder(store);
  }

  /** As {@link readFor}, with those trusted whom the scope's files name. */
  async read(scope: LineageScope, patience: Patience): Promise<Lineage> {
    const { entries } = await readAllowedSigners(scope.allowedSigners);
    const { roles } = await readRoles(scope.policies ?? []);
    return await this.readFor(entries, scope, patience, { roles });
  }

  /**
   * @param signers who is trusted
   * @param patience how long to look which files are here; what is not known then is `unknown` in the graph
   * @param trust what else decides what signatures are worth
   * @throws ProvenanceError `cancelled` only: what cannot be read is a problem in the result
   */
  async readFor(
    signers: readonly AllowedSigner[],
    { bundles, advisories, folders }: Omit<LineageScope, 'allowedSigners'>,
    patience: Patience,
    trust: Pick<ScopeRequest, 'roles' | 'witnesses' | 'rememberedIn'> = {},
  ): Promise<Lineage> {
    const { signal } = patience;
    const { statements, problems, logs } = await this.loader.loadStatements(
      { dataset: undefined, bundles, advisories, signers, ...trust },
      signal,
    );
    throwIfCancelled(signal);
    const { claims, problems: claimProblems } = await this.claims.find(folders, signal);
    const paths = pathsInQuestion(statements, folders);
    for (const { output, inputs } of claims) {
      for (const { path } of [output, ...inputs]) if (path !== undefined) paths.add(path);
    }
    const files = await this.files.states(paths, patience);
    let graph = buildGraph({ statements, claims, folders, files });
    const missing = missingInputs(graph);
    if (missing.size > 0) {
      const found = await this.files.search(missing, folders, patience);
      if (found.size > 0) graph = buildGraph({ statements, claims, folders, files: merged(files, found) });
    }
    return {
      graph,
      index: new LineageIndex(graph),
      statements,
      problems: [...problems, ...claimProblems],
      logs,
      claims,
      evidence: this.evidenceOf(statements),
      pending: this.files.pending,
    };
  }

  private evidenceOf(statements: readonly StatementInScope[]): SampleEvidence {
    const holders = holdersOfRoots(statements);
    const bundles = new Map<string, Set<string>>();
    for (const { envelopeDigest, dataset, statement } of statements) {
      if (statement.kind === 'step') push(bundles, envelopeDigest, dataset);
    }
    return {
      leaves: (samples) =>
        this.kept.get(`leaves ${samples.root} ${String(samples.count)}`, () =>
          this.readLeaves([...(holders.get(samples.root) ?? [])], samples),
        ),
      map: (step) =>
        this.kept.get(`map ${step.step.map?.sha256 ?? ''} ${String(step.step.map?.pairs)}`, () =>
          this.readMap([...(bundles.get(step.id.split('/')[0]!) ?? [])], step),
        ),
    };
  }

  /** From the first evidence folder that has an intact one. */
  private async readLeaves(
    datasets: readonly string[],
    { root, count }: SampleCommitment,
  ): Promise<Leaves | ProvenanceError> {
    let failure: ProvenanceError | undefined;
    for (const dataset of datasets) {
      try {
        const digests = await this.store.loadLeaves(dataset, root, count);
        if (digests) return new Leaves(digests);
      } catch (error) {
        failure ??= asProvenanceError(error);
      }
    }
    const [first] = datasets;
    return (
      failure ??
      new ProvenanceError(
        'leaves-missing',
        '{path} is missing, so that samples cannot be followed there; copy it back from where the dataset came from.',
        { path: first === undefined ? `leaves/${root}` : evidencePaths(first).leaves(root) },
      )
    );
  }

  private async readMap(
    datasets: readonly string[],
    { step: { map } }: StepNode,
  ): Promise<DerivationMap | ProvenanceError> {
    let failure: ProvenanceError | undefined;
    for (const dataset of map ? datasets : []) {
      try {
        const found = await this.store.loadMap(dataset, map!);
        if (found) return found;
      } catch (error) {
        failure ??= asProvenanceError(error);
      }
    }
    const [first] = datasets;
    return (
      failure ??
      new ProvenanceError(
        'map-missing',
        '{path} is missing, so that changed samples cannot be followed through this step; copy it back from where the dataset came from.',
        { path: first === undefined || !map ? 'maps' : evidencePaths(first).map(map.sha256) },
      )
    );
  }
}

/** Leaves and maps by what they are named by. What is missing is looked for again the next time. */
class KeptEvidence {
  private readonly items = new Map<string, { value: Leaves | DerivationMap; bytes: number }>();
  private bytes = 0;

  async get<T extends Leaves | DerivationMap>(
    key: string,
    read: () => Promise<T | ProvenanceError>,
  ): Promise<T | ProvenanceError> {
    const known = this.items.get(key);
    if (known) {
      this.items.delete(key);
      this.items.set(key, known);
      return known.value as T;
    }
    const value = await read();
    if (value instanceof ProvenanceError) return value;
    const bytes = value instanceof Leaves ? value.digests.length * 1.4 : value.pairs * PAIR_BYTES;
    if (this.items.has(key)) return value;
    this.items.set(key, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, item] of this.items) {
      if (this.bytes <= MAX_KEPT_BYTES || oldest === key) break;
      this.items.delete(oldest);
      this.bytes -= item.bytes;
    }
    return value;
  }
}

/** By root: the datasets in whose evidence a statement commits to it. */
function holdersOfRoots(statements: readonly StatementInScope[]): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  for (const { statement, dataset, advisory } of statements) {
    if (advisory) continue;
    if (statement.kind === 'dataset') push(holders, statement.predicate.samples.root, dataset);
    if (statement.kind !== 'step') continue;
    for (const { output, inputs } of stepsOf(statement).slice(0, 1)) {
      for (const { samples } of [output, ...inputs]) if (samples) push(holders, samples.root, dataset);
    }
  }
  return holders;
}

/** Inputs of which no file was found where they should be, by digest with their names. */
function missingInputs({ datasets, steps }: LineageGraph): Map<string, string> {
  const missing = new Map<string, string>();
  for (const { inputs, standing } of steps.values()) {
    if (standing === 'claimed') continue;
    for (const input of inputs) {
      const node = datasets.get(input)!;
      if (node.presence !== 'present' && node.presence !== 'unknown')
        missing.set(input, node.names.at(-1) ?? '');
    }
  }
  return missing;
}

function merged(a: FileStates, b: FileStates): FileStates {
  return new Map([...a, ...b]);
}

function push(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}
