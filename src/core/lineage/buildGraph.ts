import { isDataset } from '../trust/baseline.ts';
import { statedTime } from '../evidence/statedTime.ts';
import type { StatementInScope } from '../trust/scope.ts';
import type { Standing } from '../trust/status.ts';
import type { ClaimedDataset, LineageClaim } from './claims/claim.ts';
import { pathsByName, type FileState, type FileStates } from './fileStates.ts';
import type { DatasetNode, GraphIssue, LineageGraph, StepNode } from './graph.ts';
import { graphIssues } from './graphIssues.ts';
import { stepsOf, type DatasetReference, type DatasetStep, type SampleCommitment } from './step.ts';

/** What a graph is made of. */
export interface GraphInput {
  /** The evidence in scope, by its indices. */
  readonly statements: readonly StatementInScope[];
  readonly claims?: readonly LineageClaim[];
  /** Workspace folders: names of inputs are looked for below them only. Absolute, with `/`. */
  readonly folders?: readonly string[];
  readonly files?: FileStates;
  /** How many edges it holds; {@link MAX_GRAPH_EDGES} without it. */
  readonly maxEdges?: number;
}

/** A graph holds up to so many edges: statements that anyone may have written name up to millions of outputs. */
export const MAX_GRAPH_EDGES = 1_000_000;

/**
 * The graph of all datasets and steps that evidence knows (docs/formats.md, "Lineage"). A step whose signature is wrong
 * or was taken back is left out; the same envelope in two bundles is one step. Linear in the evidence.
 */
export function buildGraph(input: GraphInput): LineageGraph {
  const builder = new GraphBuilder(
    input.files ?? new Map(),
    input.folders ?? [],
    input.maxEdges ?? MAX_GRAPH_EDGES,
  );
  for (const scoped of byTime(input.statements)) {
    if (scoped.advisory || scoped.standing === 'invalid') continue;
    if (isDataset(scoped)) builder.addDataset(scoped);
    else if (scoped.statement.kind === 'step' && scoped.standing !== 'revoked') builder.addSteps(scoped);
  }
  for (const claim of input.claims ?? []) builder.addClaim(claim);
  return builder.finish();
}

/** The newest last, as names are; statements without a time first. */
function byTime(statements: readonly StatementInScope[]): StatementInScope[] {
  return statements
    .map((scoped) => ({ scoped, time: statedTime(scoped.statement) ?? '' }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ scoped }) => scoped);
}

/** What a signature must be worth for its word on which samples a dataset has to go before another's. */
const RANK: Readonly<Record<Standing, number>> = {
  trusted: 0,
  expired: 1,
  untrusted: 2,
  unverifiable: 3,
  revoked: 4,
  invalid: 5,
};

interface Node {
  readonly id: string;
  readonly names: Set<string>;
  readonly paths: Set<string>;
  /** Where it was, if the name that a step gives it is a path. */
  readonly usedAt: Set<string>;
  readonly statements: Set<number>;
  samples: SampleCommitment | undefined;
  rank: number;
  /** Another commitment to the same bytes, of a signer who is worth as much. */
  contradicted: boolean;
}

class GraphBuilder {
  private readonly nodes = new Map<string, Node>();
  private readonly steps = new Map<string, StepNode>();
  private edges = 0;
  private leftOut = 0;

  constructor(
    private readonly files: FileStates,
    private readonly folders: readonly string[],
    private readonly maxEdges: number,
  ) {}

  addDataset(scoped: StatementInScope & { readonly statement: { readonly kind: 'dataset' } }): void {
    const { statement, dataset, index, standing } = scoped;
    const [subject] = statement.subjects;
    if (!subject || !this.hasRoom(1)) return;
    const node = this.node(subject.sha256, subject.name);
    node.paths.add(dataset);
    node.statements.add(index);
    const { count, root } = statement.predicate.samples;
    if (standing !== 'revoked') commit(node, { count, root }, standing);
  }

  addSteps(scoped: StatementInScope): void {
    const { statement, dataset, envelopeDigest } = scoped;
    if (statement.kind !== 'step') return;
    const isOnly = statement.subjects.length === 1;
    for (const step of stepsOf(statement)) {
      const id = `${envelopeDigest}/${step.output.sha256}`;
      if (this.steps.has(id)) {
        // Evidence that was copied with its dataset.
        if (isOnly) this.nodes.get(step.output.sha256)?.paths.add(dataset);
        continue;
      }
      const inputs = new Map(step.inputs.map((input) => [input.sha256, input]));
      if (!this.hasRoom(1 + inputs.size)) return;
      const output = this.reference(step.output, scoped.standing);
      if (isOnly) output.paths.add(dataset);
      else this.usedAt(output, dataset, step.output);
      for (const input of inputs.values())
        this.usedAt(this.reference(input, scoped.standing), dataset, input);
      this.steps.set(id, {
        id,
        statement: scoped.index,
        standing: scoped.standing,
        signer: scoped.principal ?? scoped.keyId,
        step,
        inputs: [...inputs.keys()],
        output: step.output.sha256,
        evidenceOf: dataset,
      });
    }
  }

  addClaim(claim: LineageClaim): void {
    if (claim.restates !== undefined && this.steps.has(claim.restates)) return;
    if (!this.hasRoom(1 + claim.inputs.length)) return;
    const output = this.claimed(claim.output);
    const inputs = claim.inputs.map((input) => this.claimed(input));
    const id = `claimed:${claim.file}#${String(this.steps.size)}`;
    const step: DatasetStep = {
      output: claimedReference(output, claim.output),
      inputs: claim.inputs.map((input, i) => claimedReference(inputs[i]!, input)),
      kind: claim.kind,
      parameters: { ...claim.details },
      ...(claim.command !== undefined && { command: [claim.command] }),
      materials: [],
      tool: { id: claim.format },
      ...(claim.time !== undefined && { finishedOn: claim.time }),
    };
    this.steps.set(id, {
      id,
      standing: 'claimed',
      signer: claim.file,
      step,
      inputs: [...new Set(inputs.map((node) => node.id))],
      output: output.id,
      evidenceOf: claim.file,
    });
  }

  finish(): LineageGraph {
    const here = new Map<string, string>();
    for (const [path, state] of this.files) {
      if (typeof state === 'object' && !here.has(state.sha256)) here.set(state.sha256, path);
    }
    const datasets = new Map<string, DatasetNode>();
    for (const node of this.nodes.values()) datasets.set(node.id, this.datasetNode(node, here));
    const contradicted = [...this.nodes.values()].flatMap((node) => (node.contradicted ? [node.id] : []));
    const issues = graphIssues({ datasets, steps: this.steps }, contradicted);
    if (this.leftOut > 0) issues.push(tooLarge(this.maxEdges, this.leftOut));
    return { datasets, steps: this.steps, issues };
  }

  private datasetNode(node: Node, here: ReadonlyMap<string, string>): DatasetNode {
    const { id, names, paths, samples, statements } = node;
    return {
      id,
      names: [...names],
      paths: [...paths],
      ...(samples && { samples }),
      statements: [...statements],
      ...this.presence(node, here),
    };
  }

  private presence(
    { id, paths, usedAt }: Node,
    here: ReadonlyMap<string, string>,
  ): Pick<DatasetNode, 'presence' | 'path'> {
    const own = [...paths].find((path) => isOf(this.files.get(path), id));
    const present = own ?? here.get(id);
    if (present !== undefined) return { presence: 'present', path: present };
    // What its own evidence says goes before the name that a step gives.
    const where = paths.size > 0 ? [...paths] : [...usedAt];
    const states = where.map((path) => this.files.get(path) ?? 'unknown');
    const changed = where.find((_, i) => typeof states[i] === 'object');
    if (changed !== undefined) return { presence: 'changed', path: changed };
    const [first] = where;
    if (states.includes('unknown'))
      return { presence: 'unknown', ...(first !== undefined && { path: first }) };
    return { presence: 'absent', ...(first !== undefined && { path: first }) };
  }

  private node(id: string, name: string): Node {
    let node = this.nodes.get(id);
    if (!node) {
      node = {
        id,
        names: new Set(),
        paths: new Set(),
        usedAt: new Set(),
        statements: new Set(),
        samples: undefined,
        rank: Infinity,
        contradicted: false,
      };
      this.nodes.set(id, node);
    }
    // The newest last.
    node.names.delete(name);
    node.names.add(name);
    return node;
  }

  private reference({ sha256, name, samples }: DatasetReference, standing: Standing): Node {
    const node = this.node(sha256, name);
    if (samples) commit(node, samples, standing);
    return node;
  }

  private usedAt(node: Node, dataset: string, { name }: DatasetReference): void {
    for (const path of pathsByName(dataset, name, this.folders)) node.usedAt.add(path);
  }

  /** A claim has no digest as a rule: it is then about the file at its path, as it is. */
  private claimed({ name, uri, path, sha256 }: ClaimedDataset): Node {
    const state = path === undefined ? undefined : this.files.get(path);
    const id = sha256 ?? (typeof state === 'object' ? state.sha256 : `claimed:${uri ?? path ?? name}`);
    const node = this.node(id, name);
    if (path !== undefined) node.usedAt.add(path);
    return node;
  }

  private hasRoom(edges: number): boolean {
    if (this.edges + edges > this.maxEdges) {
      this.leftOut++;
      return false;
    }
    this.edges += edges;
    return true;
  }
}

function commit(node: Node, samples: SampleCommitment, standing: Standing): void {
  const rank = RANK[standing];
  const { samples: known } = node;
  if (rank > node.rank) return;
  const differs = known !== undefined && (known.root !== samples.root || known.count !== samples.count);
  node.contradicted = differs && rank === node.rank ? true : rank < node.rank ? false : node.contradicted;
  if (rank < node.rank) {
    node.samples = samples;
    node.rank = rank;
  }
}

function claimedReference({ id }: Node, { name }: ClaimedDataset): DatasetReference {
  return { name, sha256: id };
}

function isOf(state: FileState | undefined, sha256: string): boolean {
  return typeof state === 'object' && state.sha256 === sha256;
}

function tooLarge(limit: number, leftOut: number): GraphIssue {
  return {
    kind: 'too-large',
    datasets: [],
    steps: [],
    template:
      'The evidence here names more than {limit} datasets and inputs; {count} statements are left out. Open a folder with less.',
    args: { limit, count: leftOut },
  };
}
