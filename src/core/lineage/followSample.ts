import { throwIfCancelled, type CancelSignal, type ProvenanceError } from '../errors.ts';
import { LEAF_BYTES } from '../evidence/leaves.ts';
import type { Pairing } from '../evidence/predicates.ts';
import type { Leaves } from '../trust/scope.ts';
import type { DerivationMap } from './derivationMap.ts';
import type { GraphIssue, GraphIssueKind, LineageGraph, StepNode } from './graph.ts';
import { datasetLabel } from './graphIssues.ts';
import type { LineageIndex } from './lineageIndex.ts';
import { rowsOfSample } from './rowsOfSample.ts';
import type { DatasetReference, SampleCommitment } from './step.ts';
import type { SampleTrace, TraceEdge, TraceNode } from './trace.ts';

/** What steps and dataset statements commit to, read and checked. What cannot be had is an error, not thrown. */
export interface SampleEvidence {
  /** The samples that hash to a root. */
  leaves(samples: SampleCommitment): Promise<Leaves | ProvenanceError>;
  /** The derivation map that a step names. */
  map(step: StepNode): Promise<DerivationMap | ProvenanceError>;
}

/** A sample in a dataset, by ids. */
export interface SamplePlace {
  /** Id of a DatasetNode. */
  readonly dataset: string;
  /** Sample digest, hex. */
  readonly digest: string;
}

/** A trace has up to so many nodes, and so many edges for each of them. */
export const MAX_TRACE_NODES = 5000;
const MAX_TRACE_EDGES = 4 * MAX_TRACE_NODES;

/**
 * The way of one sample, back to its sources or on to all that was made of it (docs/formats.md, "Lineage"). Each sample
 * of each dataset is visited once: evidence that goes round in circles ends.
 *
 * @param starts where the sample is; the leaves of these datasets hold it, or are missing
 * @throws ProvenanceError `cancelled`
 */
export async function followSample(
  direction: SampleTrace['direction'],
  starts: readonly SamplePlace[],
  graph: LineageGraph,
  index: LineageIndex,
  evidence: SampleEvidence,
  signal?: CancelSignal,
): Promise<SampleTrace> {
  const follower = new Follower(graph, index, evidence, signal);
  for (const start of starts) await follower.visit(start);
  const count = follower.nodes.length;
  for (let next = 0; next < follower.nodes.length; next++) {
    if (direction === 'back') await follower.back(next);
    else await follower.forward(next);
  }
  return {
    direction,
    nodes: follower.nodes,
    starts: count,
    edges: follower.edges,
    issues: follower.finish(),
  };
}

/** Leaves of so many bytes are looked through for a sample. */
const MAX_SEARCHED_LEAVES = 1 << 28;

/**
 * The datasets that hold a sample, of those whose samples are known; the smallest first, as far as that is little work.
 * @returns also how many datasets were not looked through
 * @throws ProvenanceError `cancelled`
 */
export async function datasetsHolding(
  digest: string,
  { datasets }: Pick<LineageGraph, 'datasets'>,
  evidence: SampleEvidence,
  signal?: CancelSignal,
): Promise<{ found: TraceNode[]; skipped: number }> {
  const known = [...datasets.values()].flatMap(({ id, samples }) => (samples ? [{ id, samples }] : []));
  known.sort((a, b) => a.samples.count - b.samples.count);
  const found: TraceNode[] = [];
  let bytes = 0;
  for (const [i, { id, samples }] of known.entries()) {
    throwIfCancelled(signal);
    bytes += samples.count * LEAF_BYTES;
    if (bytes > MAX_SEARCHED_LEAVES || found.length === MAX_TRACE_NODES) {
      return { found, skipped: known.length - i };
    }
    const place = await sampleIn({ dataset: id, digest }, samples, evidence);
    if (place && place.copies > 0) found.push(place);
  }
  return { found, skipped: 0 };
}

/** A sample in a dataset, with no copies where it is not there; undefined where the leaves cannot be had. */
export async function sampleIn(
  { dataset, digest }: SamplePlace,
  samples: SampleCommitment,
  evidence: SampleEvidence,
): Promise<TraceNode | undefined> {
  const leaves = await evidence.leaves(samples);
  return isLeaves(leaves) ? { dataset, digest, ...rowsOfSample(leaves, digest) } : undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a step says about a sample on its other side. */
interface Crossing {
  readonly how: 'unchanged' | Pairing;
  readonly digest: string;
}

class Follower {
  readonly nodes: Writable<TraceNode>[] = [];
  readonly edges: TraceEdge[] = [];
  private readonly visited = new Map<string, number>();
  private readonly issues = new Map<string, GraphIssue>();
  private readonly steps = new Set<string>();

  constructor(
    private readonly graph: LineageGraph,
    private readonly index: LineageIndex,
    private readonly evidence: SampleEvidence,
    private readonly signal: CancelSignal | undefined,
  ) {}

  /** @returns the node's number; undefined where there are too many */
  async visit({ dataset, digest }: SamplePlace): Promise<number | undefined> {
    const key = `${dataset} ${digest}`;
    const known = this.visited.get(key);
    if (known !== undefined) return known;
    if (this.nodes.length >= MAX_TRACE_NODES) {
      this.tell('too-large', [dataset], [], TOO_LARGE, { limit: MAX_TRACE_NODES });
      return undefined;
    }
    const samples = this.graph.datasets.get(dataset)?.samples;
    const leaves = samples && (await this.leaves(dataset, samples));
    const number = this.nodes.length;
    this.visited.set(key, number);
    this.nodes.push({
      dataset,
      digest,
      ...(leaves ? rowsOfSample(leaves, digest) : { rows: [], copies: 0 }),
    });
    return number;
  }

  async back(number: number): Promise<void> {
    const node = this.nodes[number]!;
    const producers = this.index.producers(node.dataset);
    const isSource = producers.every(({ inputs }) => inputs.length > 0 && isItself(inputs, node.dataset));
    let passed = false;
    let unknown = false;
    for (const step of producers) {
      if (!this.goesOn()) return;
      this.steps.add(step.id);
      const { crossings, complete } = await this.inputsOf(step, node.digest);
      for (const { dataset, digest, how } of crossings) {
        const from = await this.visit({ dataset, digest });
        if (from === undefined) continue;
        // Through a dataset that the step left as it was, the sample came from elsewhere.
        passed ||= from !== number;
        this.edge({ step: step.id, from, to: number, how });
      }
      unknown ||= !complete;
    }
    if (isSource) node.end = 'source';
    else if (!passed) node.end = unknown ? 'unknown' : 'added';
  }

  async forward(number: number): Promise<void> {
    const { dataset, digest } = this.nodes[number]!;
    for (const step of this.index.consumers(dataset)) {
      if (!this.goesOn()) return;
      this.steps.add(step.id);
      const { crossings, complete } = await this.outputsOf(step, digest);
      for (const { how, digest: made } of crossings) {
        for (const output of this.index.outputs(step)) {
          const to = await this.visit({ dataset: output, digest: made });
          if (to !== undefined) this.edge({ step: step.id, from: number, to, how });
        }
      }
      if (crossings.length === 0 && complete) this.edge({ step: step.id, from: number, how: 'dropped' });
    }
  }

  /** The issues of the way, and those of the graph that its steps have part in. */
  finish(): GraphIssue[] {
    const shared = this.graph.issues.filter(
      ({ kind, steps }) =>
        (kind === 'cycle' || kind === 'conflicting-steps' || kind === 'untrusted-step') &&
        steps.some((step) => this.steps.has(step)),
    );
    return [...this.issues.values(), ...shared];
  }

  /** Where a step had an output sample from; `complete` where nothing that could tell of more is missing. */
  private async inputsOf(
    step: StepNode,
    output: string,
  ): Promise<{ crossings: (Crossing & SamplePlace)[]; complete: boolean }> {
    const map = await this.map(step);
    const made = map?.inputs(output) ?? [];
    const crossings: (Crossing & SamplePlace)[] = [];
    const found = new Set<string>();
    const unread: string[] = [];
    for (const input of step.step.inputs) {
      const leaves = await this.samplesOf(step, input);
      if (!leaves) {
        unread.push(input.sha256);
        continue;
      }
      if (holds(leaves, output)) {
        crossings.push({ dataset: input.sha256, digest: output, how: 'unchanged' });
      }
      for (const digest of made) {
        if (!holds(leaves, digest)) continue;
        found.add(digest);
        crossings.push({ dataset: input.sha256, digest, how: step.step.map!.pairing });
      }
    }
    const lost = made.filter((digest) => !found.has(digest));
    // The map itself says that it was in an input; which one is known where there is but one.
    const [only] = unread;
    if (only !== undefined && step.inputs.length === 1) {
      for (const digest of lost) crossings.push({ dataset: only, digest, how: step.step.map!.pairing });
    } else if (only === undefined && lost.length > 0) {
      this.contradiction(step, lost[0]!, 'no input holds');
    }
    return { crossings, complete: unread.length === 0 && this.mapIsKnown(step, map) };
  }

  private async outputsOf(
    step: StepNode,
    input: string,
  ): Promise<{ crossings: Crossing[]; complete: boolean }> {
    const map = await this.map(step);
    const made = map?.outputs(input) ?? [];
    const leaves = await this.samplesOf(step, step.step.output);
    const crossings: Crossing[] = [];
    if (leaves && holds(leaves, input)) crossings.push({ digest: input, how: 'unchanged' });
    for (const digest of made) {
      if (leaves && !holds(leaves, digest)) {
        this.contradiction(step, digest, 'its output does not hold');
        continue;
      }
      crossings.push({ digest, how: step.step.map!.pairing });
    }
    return { crossings, complete: leaves !== undefined && this.mapIsKnown(step, map) };
  }

  /** A step that says how many samples it changed, and names no map, does not say which. */
  private mapIsKnown({ step }: StepNode, map: DerivationMap | undefined): boolean {
    return step.map ? map !== undefined : (step.counts?.changed ?? 0) === 0;
  }

  private async map(step: StepNode): Promise<DerivationMap | undefined> {
    if (!step.step.map) {
      if (this.mapIsKnown(step, undefined)) return undefined;
      this.tell('map-missing', [step.output], [step], NO_MAP, {
        kind: step.step.kind,
        name: this.label(step.output),
        count: step.step.counts?.changed ?? 0,
      });
      return undefined;
    }
    const map = await this.evidence.map(step);
    if (!('code' in map)) return map;
    const kind = map.code === 'invalid-map' ? 'invalid-map' : 'map-missing';
    this.tell(kind, [step.output], [step], map.template, map.args);
    return undefined;
  }

  /** The samples of an input or the output, as the step itself states them, or else as other evidence does. */
  private async samplesOf(
    step: StepNode,
    { sha256, samples }: DatasetReference,
  ): Promise<Leaves | undefined> {
    const committed = samples ?? this.graph.datasets.get(sha256)?.samples;
    if (committed) return await this.leaves(sha256, committed, step);
    this.tell('leaves-missing', [sha256], [step], NO_SAMPLES, {
      kind: step.step.kind,
      name: this.label(sha256),
    });
    return undefined;
  }

  private async leaves(
    dataset: string,
    samples: SampleCommitment,
    step?: StepNode,
  ): Promise<Leaves | undefined> {
    const leaves = await this.evidence.leaves(samples);
    if (isLeaves(leaves)) return leaves;
    this.tell('leaves-missing', [dataset], step ? [step] : [], leaves.template, leaves.args);
    return undefined;
  }

  private contradiction(
    step: StepNode,
    digest: string,
    what: 'no input holds' | 'its output does not hold',
  ): void {
    const template =
      what === 'no input holds'
        ? 'The evidence of the step “{kind}” contradicts itself: its map names the sample {digest}, which none of its inputs holds. That pair is left out; ask {signer} to record the step again.'
        : 'The evidence of the step “{kind}” contradicts itself: its map names the sample {digest}, which {name} does not hold. That pair is left out; ask {signer} to record the step again.';
    this.tell('invalid-map', [step.output], [step], template, {
      kind: step.step.kind,
      digest: digest.slice(0, 12),
      name: this.label(step.output),
      signer: step.signer,
    });
  }

  private label(dataset: string): string {
    const node = this.graph.datasets.get(dataset);
    return node ? datasetLabel(node) : dataset.slice(0, 12);
  }

  /** @throws ProvenanceError `cancelled` */
  private goesOn(): boolean {
    throwIfCancelled(this.signal);
    return this.edges.length < MAX_TRACE_EDGES;
  }

  private edge(edge: TraceEdge): void {
    this.edges.push(edge);
    if (this.goesOn()) return;
    this.tell('too-large', [], [], TOO_LARGE, { limit: MAX_TRACE_NODES });
  }

  /** Each once, however many samples of the way meet it. */
  private tell(
    kind: GraphIssueKind,
    datasets: readonly string[],
    steps: readonly StepNode[],
    template: string,
    args: GraphIssue['args'],
  ): void {
    const ids = steps.map(({ id }) => id);
    const key = JSON.stringify([kind, datasets, ids, template]);
    if (!this.issues.has(key)) this.issues.set(key, { kind, datasets, steps: ids, template, args });
  }
}

const TOO_LARGE = 'The way of this sample is followed through {limit} places only; it goes on.';
const NO_MAP =
  'The step “{kind}” changed {count} samples of {name} and does not say which became which; a changed sample cannot be followed through it. Record the step again with --pair-by.';
const NO_SAMPLES =
  'Nothing says which samples {name} held, so that a sample cannot be followed through the step “{kind}”. Record the step again with “provenance derive”, or sign the dataset.';

function isItself(inputs: readonly string[], dataset: string): boolean {
  return inputs.every((input) => input === dataset);
}

function isLeaves(found: Leaves | ProvenanceError | undefined): found is Leaves {
  return found !== undefined && 'digests' in found;
}

function holds(leaves: Leaves, digest: string): boolean {
  return rowsOfSample(leaves, digest).copies > 0;
}
