import * as l10n from '@vscode/l10n';
import { isSha256Hex } from '../../core/bytes/hex.ts';
import {
  unknownDataset,
  type DatasetNode,
  type GraphIssue,
  type StepNode,
} from '../../core/lineage/graph.ts';
import type { SampleTrace, TraceNode } from '../../core/lineage/trace.ts';
import { fileName, signerName } from '../../language/explain.ts';
import type { StatementData } from '../../protocol/datasetWorker.ts';
import type {
  LineageBox,
  LineageDatasetBox,
  LineageGraphState,
  LineageIssue,
  LineageLine,
  LineageMoreBox,
  LineageSigner,
  LineageStepBox,
} from '../../protocol/lineagePanel.ts';
import type { GraphData, TraceData } from '../../protocol/lineageWorker.ts';
import { GraphIndex, surroundings, wholeGraph, type Subgraph } from './subgraph.ts';

/** Datasets and steps that are drawn at once. */
const MAX_DRAWN = 2000;
const MAX_ISSUES = 200;
/** What a card shows of a step. */
const MAX_FACTS = 40;
const MAX_FACT_LENGTH = 1000;

/** What the editor knows of a file beside the graph. */
export interface JudgedFile {
  /** Absolute path, with `/`. */
  readonly path: string;
  readonly sha256: string | undefined;
  readonly samples: number | undefined;
  readonly flagged: number;
  readonly upstream: number;
}

export interface DrawingContext {
  /** By path. */
  readonly files: ReadonlyMap<string, JudgedFile>;
  /** A path as it is shown: relative to the workspace. */
  readonly shownPath: (path: string) => string;
  /** A sentence in the user's language. */
  readonly describe: (issue: Pick<GraphIssue, 'template' | 'args'>) => string;
}

/**
 * The node that a file is: the state of these bytes, or, where it was changed since, the newest state that its evidence
 * knows.
 */
export function nodeOfFile(
  graph: GraphData,
  file: Pick<JudgedFile, 'path' | 'sha256'>,
  signedSha256: string | undefined,
): DatasetNode | undefined {
  const byId = new Map(graph.datasets.map((dataset) => [dataset.id, dataset]));
  for (const id of [file.sha256, signedSha256]) {
    const node = id === undefined ? undefined : byId.get(id);
    if (node) return node;
  }
  const ofPath = graph.datasets.filter(({ path, paths }) => path === file.path || paths.includes(file.path));
  return ofPath.findLast(({ id }) => !id.startsWith('claimed:')) ?? ofPath.at(-1);
}

/** Everything that leads to and from a dataset. */
export function datasetState(context: DrawingContext, graph: GraphData, dataset: string): LineageGraphState {
  const index = indexOf(graph);
  const drawn = surroundings(index, dataset, MAX_DRAWN);
  const alone = drawn.steps.length === 0;
  return {
    view: 'dataset',
    current: datasetBoxId(dataset),
    ...subgraphState(context, graph, drawn),
    ...note(
      alone
        ? l10n.t('No step that made this dataset, or that used it, is recorded here.')
        : tooMany(drawn, index.size),
    ),
  };
}

/** All datasets and steps that evidence knows. */
export function workspaceState(
  context: DrawingContext,
  graph: GraphData,
  current: string | undefined,
): LineageGraphState {
  const index = indexOf(graph);
  const drawn = wholeGraph(index, current, MAX_DRAWN);
  return {
    view: 'workspace',
    ...(current !== undefined && index.datasets.has(current) && { current: datasetBoxId(current) }),
    ...subgraphState(context, graph, drawn),
    ...note(
      index.size === 0
        ? l10n.t('There is no evidence in this workspace yet: sign a dataset, or record how it was made.')
        : tooMany(drawn, index.size),
    ),
  };
}

const indices = new WeakMap<GraphData, GraphIndex>();

/** The index of a graph, made once: the cursor asks again and again. */
function indexOf(graph: GraphData): GraphIndex {
  const index = indices.get(graph) ?? new GraphIndex(graph);
  indices.set(graph, index);
  return index;
}

function tooMany({ datasets, steps, cut }: Subgraph, all: number): string | undefined {
  if (!cut) return undefined;
  return l10n.t(
    'Only the {0} nearest of {1} datasets and steps are drawn; “more” boxes lead on to the others.',
    datasets.length + steps.length,
    all,
  );
}

function note(text: string | undefined): Pick<LineageGraphState, 'note'> {
  return text === undefined ? {} : { note: text };
}

function subgraphState(
  context: DrawingContext,
  graph: GraphData,
  { datasets, steps, more }: Subgraph,
): Pick<LineageGraphState, 'boxes' | 'lines' | 'issues'> {
  const boxes: LineageBox[] = [
    ...datasets.map((dataset) => datasetBox(context, dataset, graph.statements)),
    ...steps.map((step) => stepBox(context, step, graph.statements)),
    ...more.map(({ node, side, count, at }): LineageMoreBox => ({
      kind: 'more',
      id: moreBoxId(node, side),
      count,
      at,
    })),
  ];
  const drawn = new Set(datasets.map(({ id }) => id));
  const drawnSteps = new Set(steps.map(({ id }) => id));
  const idOf = (node: string) => (drawnSteps.has(node) ? stepBoxId(node) : datasetBoxId(node));
  const lines: LineageLine[] = [
    ...steps.flatMap(({ id, inputs, output }) => [
      ...[...new Set(inputs)]
        .filter((input) => drawn.has(input))
        .map((input) => ({ from: datasetBoxId(input), to: stepBoxId(id) })),
      ...(drawn.has(output) ? [{ from: stepBoxId(id), to: datasetBoxId(output) }] : []),
    ]),
    ...more.map(({ node, side }) =>
      side === 'before'
        ? { from: moreBoxId(node, side), to: idOf(node) }
        : { from: idOf(node), to: moreBoxId(node, side) },
    ),
  ];
  const issues = graph.issues.filter(
    (issue) =>
      issue.datasets.length + issue.steps.length === 0 ||
      issue.datasets.some((id) => drawn.has(id)) ||
      issue.steps.some((id) => drawnSteps.has(id)),
  );
  return {
    boxes: distinctNames(boxes, context),
    lines,
    issues: issues
      .slice(0, MAX_ISSUES)
      .map((issue) =>
        issueOf(context, issue, [
          ...issue.datasets.filter((id) => drawn.has(id)).map(datasetBoxId),
          ...issue.steps.filter((id) => drawnSteps.has(id)).map(stepBoxId),
        ]),
      ),
  };
}

/** The way of one sample, back to its sources and on to everything that was made of it. */
export function sampleState(context: DrawingContext, trace: TraceData): LineageGraphState {
  const { graph, back, forward, elsewhere } = trace;
  const index = new GraphIndex(graph);
  const boxes = new Map<string, LineageBox>();
  const lines = new Map<string, LineageLine>();
  const line = (from: string, to: string) => lines.set(`${from} ${to}`, { from, to });
  const addSample = (node: TraceNode) => {
    const id = sampleBoxId(node.dataset, node.digest);
    if (boxes.has(id)) return;
    const dataset = index.datasets.get(node.dataset) ?? unknownDataset(node.dataset);
    const [row] = node.rows;
    boxes.set(id, {
      ...datasetBox(context, dataset, graph.statements),
      id,
      sample: {
        digest: node.digest,
        ...(row !== undefined && { row: row + 1 }),
        copies: node.copies,
        ...(node.end && { end: node.end }),
      },
    });
  };
  for (const { nodes, edges } of [back, forward]) {
    const shown = nodes.slice(0, MAX_DRAWN / 2);
    shown.forEach(addSample);
    for (const edge of edges) {
      const [from, to] = [shown[edge.from], edge.to === undefined ? undefined : shown[edge.to]];
      const step = index.steps.get(edge.step);
      if (!step || !from || (edge.to !== undefined && !to)) continue;
      const fromId = sampleBoxId(from.dataset, from.digest);
      const toId = to && sampleBoxId(to.dataset, to.digest);
      const id = `s:${edge.step}>${toId ?? `dropped ${fromId}`}`;
      const changes = (to && trace.changes[`${edge.step} ${from.digest} ${to.digest}`]) ?? [];
      const known = boxes.get(id);
      boxes.set(id, {
        ...stepBox(context, step, graph.statements),
        id,
        sample: {
          how: edge.how,
          changes: known?.kind === 'step' ? [...(known.sample?.changes ?? []), ...changes] : changes,
        },
      });
      line(fromId, id);
      if (toId !== undefined && toId !== fromId) line(id, toId);
    }
  }
  elsewhere.slice(0, MAX_DRAWN / 2).forEach(addSample);
  const [start] = back.nodes;
  const issues = uniqueIssues([graph, back, forward]);
  const boxesOf = (matches: (box: LineageBox) => boolean) =>
    [...boxes.values()].filter(matches).map(({ id }) => id);
  return {
    view: 'sample',
    ...(start && { current: sampleBoxId(start.dataset, start.digest) }),
    boxes: distinctNames([...boxes.values()], context),
    lines: [...lines.values()],
    issues: issues
      .slice(0, MAX_ISSUES)
      .map((issue) =>
        issueOf(context, issue, [
          ...boxesOf((box) => box.kind === 'dataset' && issue.datasets.includes(box.dataset)),
          ...boxesOf(
            (box) => box.kind === 'step' && issue.steps.some((step) => box.id.startsWith(`s:${step}>`)),
          ),
        ]),
      ),
    ...note(
      back.edges.length + forward.edges.length === 0
        ? l10n.t('No step that made this sample, or that used it, is recorded here.')
        : back.nodes.length > MAX_DRAWN / 2 || forward.nodes.length > MAX_DRAWN / 2
          ? l10n.t(
              'This sample stands at {0} places; the nearest are drawn.',
              back.nodes.length + forward.nodes.length,
            )
          : undefined,
    ),
  };
}

/** Id of the dataset in {@link loneState}. */
export function loneId({ sha256, path }: JudgedFile): string {
  return sha256 ?? path;
}

/** A dataset that no evidence knows, alone. */
export function loneState(context: DrawingContext, file: JudgedFile): LineageGraphState {
  const node: DatasetNode = {
    ...unknownDataset(loneId(file)),
    names: [fileName(file.path)],
    presence: 'present',
    path: file.path,
  };
  const box = datasetBox(context, node, []);
  return {
    view: 'dataset',
    current: box.id,
    boxes: [{ ...box, ...(file.samples !== undefined && { samples: file.samples }) }],
    lines: [],
    issues: [],
    note: l10n.t(
      'No evidence here is about this dataset: nobody signed it, and no step that made it is recorded.',
    ),
  };
}

function datasetBoxId(id: string): string {
  return `d:${id}`;
}

function sampleBoxId(dataset: string, digest: string): string {
  return `d:${dataset}#${digest}`;
}

function stepBoxId(id: string): string {
  return `s:${id}`;
}

function moreBoxId(node: string, side: string): string {
  return `m:${side}:${node}`;
}

function datasetBox(
  context: DrawingContext,
  { id, names, samples, statements, presence, path }: DatasetNode,
  all: readonly StatementData[],
): LineageDatasetBox {
  const claimed = id.startsWith('claimed:');
  const file = path !== undefined && presence === 'present' ? context.files.get(path) : undefined;
  const newestFirst = [
    ...new Set([...(path === undefined ? [] : [fileName(path)]), ...[...names].reverse()]),
  ];
  return {
    kind: 'dataset',
    id: datasetBoxId(id),
    dataset: id,
    names: newestFirst.length > 0 ? newestFirst : [id],
    ...(isSha256Hex(id) && { sha256: id }),
    ...(claimed && { claimed }),
    ...(samples && { samples: samples.count, root: samples.root }),
    presence,
    ...(path !== undefined && { path: context.shownPath(path) }),
    vouchers: statements.flatMap((statement) => {
      const signed = all[statement];
      return signed ? [signerOf(signed)] : [];
    }),
    ...(file && { flagged: file.flagged, upstream: file.upstream }),
  };
}

function stepBox(
  context: DrawingContext,
  { id, statement, standing, signer, step }: StepNode,
  all: readonly StatementData[],
): LineageStepBox {
  const signed = statement === undefined ? undefined : all[statement];
  return {
    kind: 'step',
    id: stepBoxId(id),
    step: step.kind,
    by:
      standing === 'claimed'
        ? { claimedBy: context.shownPath(signer) }
        : signed
          ? signerOf(signed)
          : { signer, standing },
    ...(step.counts && { counts: step.counts }),
    facts: factsOf(step),
    ...(signed && { envelope: signed.envelopeDigest }),
    ...(step.startedOn !== undefined && { startedOn: step.startedOn }),
    ...(step.finishedOn !== undefined && { finishedOn: step.finishedOn }),
  };
}

function signerOf(statement: StatementData): LineageSigner {
  return {
    signer: signerName(statement),
    keyId: statement.keyId,
    standing: statement.standing,
    ...(statement.time !== undefined && { time: statement.time }),
  };
}

/** How a step was done: parameters, command, code, tool, environment. */
function factsOf({
  parameters,
  command,
  materials,
  tool,
  environment,
  map,
}: StepNode['step']): [string, string][] {
  const version = Object.entries(tool.version ?? {}).map(([name, value]) => `${name} ${value}`);
  const facts: [string, string][] = [
    ...Object.entries(parameters).map(([name, value]): [string, string] => [name, shortJson(value)]),
    ...(command ? [[l10n.t('Command'), command.map(quoted).join(' ')] as [string, string]] : []),
    ...materials.map(({ name, uri, digest }): [string, string] => {
      const commit = digest['gitCommit'] ?? digest['sha1'];
      return commit === undefined
        ? [l10n.t('Used'), name ?? uri ?? Object.values(digest)[0] ?? '']
        : [l10n.t('Git commit'), [commit, uri ?? name].filter((text) => text !== undefined).join(' ')];
    }),
    ...(map ? [[l10n.t('Changed rows paired by'), pairedBy(map)] as [string, string]] : []),
    ...(tool.id === '' ? [] : [[l10n.t('Tool'), [tool.id, ...version].join(', ')] as [string, string]]),
    ...Object.entries(environment ?? {}).map(([name, value]): [string, string] => [name, shortJson(value)]),
  ];
  return facts.slice(0, MAX_FACTS).map(([label, value]) => [label, value.slice(0, MAX_FACT_LENGTH)]);
}

function pairedBy({ pairing, key }: NonNullable<StepNode['step']['map']>): string {
  switch (pairing) {
    case 'key':
      return key === undefined ? l10n.t('key') : l10n.t('key {0}', key);
    case 'position':
      return l10n.t('position');
    case 'similar':
      return l10n.t('near-duplicate text');
  }
}

function shortJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** As a shell would take it, to be read. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function issueOf(context: DrawingContext, issue: GraphIssue, boxes: readonly string[]): LineageIssue {
  return { kind: issue.kind, text: context.describe(issue), boxes };
}

function uniqueIssues(traces: readonly Pick<SampleTrace, 'issues'>[]): GraphIssue[] {
  return [
    ...new Map(
      traces.flatMap(({ issues }) => issues).map((issue) => [JSON.stringify(issue), issue]),
    ).values(),
  ];
}

/** Files of one name in several folders are told apart by their folders. */
function distinctNames(boxes: readonly LineageBox[], { shownPath }: DrawingContext): LineageBox[] {
  const datasetsOf = new Map<string, Set<string>>();
  for (const box of boxes) {
    if (box.kind !== 'dataset') continue;
    const name = box.names[0] ?? '';
    datasetsOf.set(name, (datasetsOf.get(name) ?? new Set()).add(box.path ?? ''));
  }
  return boxes.map((box) => {
    if (box.kind !== 'dataset' || box.path === undefined) return box;
    const several = (datasetsOf.get(box.names[0] ?? '')?.size ?? 0) > 1;
    return several ? { ...box, names: [shownPath(box.path), ...box.names] } : box;
  });
}
