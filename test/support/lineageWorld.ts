import { toHex } from '../../src/core/bytes/hex.ts';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { ProvenanceError } from '../../src/core/errors.ts';
import { CANONICALIZATION, type Pairing } from '../../src/core/evidence/predicates.ts';
import { buildGraph } from '../../src/core/lineage/buildGraph.ts';
import { DerivationMap, serializeDerivationMap } from '../../src/core/lineage/derivationMap.ts';
import type { FileState, FileStates } from '../../src/core/lineage/fileStates.ts';
import { followSample, type SampleEvidence } from '../../src/core/lineage/followSample.ts';
import type { LineageGraph } from '../../src/core/lineage/graph.ts';
import { LineageIndex } from '../../src/core/lineage/lineageIndex.ts';
import { stepPredicate, type DatasetReference, type DatasetStep } from '../../src/core/lineage/step.ts';
import type { SampleTrace } from '../../src/core/lineage/trace.ts';
import { merkleRoot } from '../../src/core/merkle/tree.ts';
import { Leaves, type StatementInScope } from '../../src/core/trust/scope.ts';
import type { Standing } from '../../src/core/trust/status.ts';

const encoder = new TextEncoder();

/** The digest of a sample that is called `word`; so of anything else. */
export function digestOf(word: string): string {
  const digest = digests.get(word) ?? toHex(sha256(encoder.encode(word)));
  digests.set(word, digest);
  return digest;
}

const digests = new Map<string, string>();

/** What a test says of a step. */
export interface StepOptions {
  readonly kind?: string;
  /** `out<in` pairs of words, separated by spaces. */
  readonly map?: string;
  readonly pairing?: Pairing;
  readonly standing?: Standing;
  readonly signer?: string;
  readonly time?: string;
  /** Leaves out what the samples of inputs and output are. */
  readonly bare?: boolean;
  /** The step says that it changed so many, whatever the map says. */
  readonly changed?: number;
  /** Of the bundle; the output's without it. */
  readonly dataset?: string;
}

/**
 * Evidence without files and signatures: datasets are lists of words, called by a name. The path of `a` is `/w/a`, its
 * bytes hash to `sha('a')`.
 */
export class LineageWorld implements SampleEvidence {
  readonly statements: StatementInScope[] = [];
  readonly files = new Map<string, FileState>();
  private readonly datasets = new Map<string, readonly string[]>();
  private readonly leavesByRoot = new Map<string, Leaves>();
  private readonly mapsByDigest = new Map<string, DerivationMap>();
  readonly broken = new Set<string>();
  private time = 0;

  /** Sets the samples of a dataset. */
  dataset(name: string, words: string): this {
    const list = words.split(' ').filter((word) => word !== '');
    this.datasets.set(name, list);
    this.leavesByRoot.set(this.root(name), new Leaves(packed(list)));
    this.files.set(`/w/${name}`, { sha256: sha(name) });
    return this;
  }

  words(name: string): readonly string[] {
    return this.datasets.get(name) ?? [];
  }

  root(name: string): string {
    return toHex(merkleRoot(packed(this.words(name))));
  }

  /** Someone vouches for a dataset. */
  sign(name: string, standing: Standing = 'trusted', root = this.root(name)): this {
    const samples = { count: this.words(name).length, root, canonicalization: CANONICALIZATION } as const;
    const timeCreated = this.nextTime();
    return this.add(name, standing, 'anna', {
      kind: 'dataset',
      subjects: [{ name, sha256: sha(name) }],
      predicate: { samples, mediaType: 'application/jsonl', timeCreated },
    });
  }

  /** Records that `output` was made of `inputs`: names, separated by spaces. */
  step(output: string, inputs: string, options: StepOptions = {}): this {
    const {
      kind = 'filter',
      standing = 'trusted',
      signer = 'anna',
      bare = false,
      time = this.nextTime(),
    } = options;
    const pairs = (options.map ?? '')
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split('<').map(digestOf))
      .map(([made, from]) => ({ output: made!, input: from! }));
    const bytes = serializeDerivationMap(pairs);
    const map = toHex(sha256(bytes));
    this.mapsByDigest.set(map, DerivationMap.parse(bytes));
    const changed = options.changed ?? pairs.length;
    const step: DatasetStep = {
      output: this.reference(output, bare),
      inputs: inputs
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => this.reference(name, bare)),
      kind,
      parameters: {},
      materials: [],
      tool: { id: 'urn:test' },
      finishedOn: time,
      counts: { in: 0, out: 0, unchanged: 0, changed, added: 0, dropped: 0 },
      ...(pairs.length > 0 && {
        map: { sha256: map, pairs: pairs.length, pairing: options.pairing ?? 'key' },
      }),
    };
    return this.add(options.dataset ?? output, standing, signer, {
      kind: 'step',
      subjects: [{ name: output, sha256: sha(output) }],
      predicate: stepPredicate(step, digestOf('leaves')),
    });
  }

  graph(files: FileStates = this.files): LineageGraph {
    return buildGraph({ statements: this.statements, folders: ['/w'], files });
  }

  async trace(direction: SampleTrace['direction'], dataset: string, word: string): Promise<SampleTrace> {
    const graph = this.graph();
    const start = { dataset: sha(dataset), digest: digestOf(word) };
    return await followSample(direction, [start], graph, new LineageIndex(graph), this);
  }

  /** A trace in one line: `c:x <filter= b:x <map~ a:y*` (`=` unchanged, `~` changed, `*` a source, `+` added, `?` unknown). */
  async picture(direction: SampleTrace['direction'], dataset: string, word: string): Promise<string> {
    const { nodes, edges } = await this.trace(direction, dataset, word);
    const graph = this.graph();
    const shown = nodes.map(
      ({ dataset: id, digest, end }) => `${this.nameOf(id)}:${this.wordOf(digest)}${end ? ENDS[end] : ''}`,
    );
    const lines = edges.map(({ step, from, to, how }) => {
      const mark = how === 'unchanged' ? '=' : how === 'dropped' ? '!' : '~';
      const { kind } = graph.steps.get(step)!.step;
      return `${shown[from]!} ${kind}${mark} ${to === undefined ? '' : shown[to]!}`.trim();
    });
    return lines.length > 0 ? lines.sort().join(', ') : shown.join(', ');
  }

  leaves({ root }: { root: string }): Promise<Leaves | ProvenanceError> {
    const leaves = this.broken.has(root) ? undefined : this.leavesByRoot.get(root);
    return Promise.resolve(leaves ?? new ProvenanceError('leaves-missing', 'No leaves.'));
  }

  map({ step }: { step: DatasetStep }): Promise<DerivationMap | ProvenanceError> {
    const { sha256: name = '' } = step.map ?? {};
    if (this.broken.has('maps')) return Promise.resolve(new ProvenanceError('invalid-map', 'A bad map.'));
    return Promise.resolve(this.mapsByDigest.get(name) ?? new ProvenanceError('map-missing', 'No map.'));
  }

  nameOf(id: string): string {
    return [...this.datasets.keys()].find((name) => sha(name) === id) ?? id.slice(0, 6);
  }

  private wordOf(digest: string): string {
    for (const words of this.datasets.values())
      for (const word of words) if (digestOf(word) === digest) return word;
    return digest.slice(0, 6);
  }

  private reference(name: string, bare: boolean): DatasetReference {
    const words = this.datasets.get(name);
    const samples = bare || !words ? undefined : { count: words.length, root: this.root(name) };
    return { name, sha256: sha(name), ...(samples && { samples }) };
  }

  private add(
    dataset: string,
    standing: Standing,
    signer: string,
    statement: StatementInScope['statement'],
  ): this {
    const index = this.statements.length;
    this.statements.push({
      index,
      bundle: `/w/.provenance/${dataset}.intoto.jsonl`,
      line: 1,
      dataset: `/w/${dataset}`,
      own: false,
      advisory: false,
      envelopeDigest: digestOf(`envelope ${String(index)}`),
      statement,
      standing,
      keyId: `SHA256:${signer}`,
      principal: signer,
    });
    return this;
  }

  private nextTime(): string {
    return new Date(Date.UTC(2026, 0, 1, 0, this.time++)).toISOString().replace('.000Z', 'Z');
  }
}

const ENDS = { source: '*', added: '+', unknown: '?' } as const;

/** SHA-256 of the bytes of the dataset of this name. */
export function sha(name: string): string {
  return digestOf(`dataset ${name}`);
}

function packed(words: readonly string[]): Uint8Array {
  const digests = new Uint8Array(words.length * 32);
  words.forEach((word, i) => {
    digests.set(sha256(encoder.encode(word)), i * 32);
  });
  return digests;
}
