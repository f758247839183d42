import { ProvenanceError } from '../core/errors.ts';
import { PAIRINGS, type Pairing } from '../core/evidence/predicates.ts';
import type { FieldChange } from '../core/lineage/fieldDiff.ts';
import type { StepNode } from '../core/lineage/graph.ts';
import { datasetLabel } from '../core/lineage/graphIssues.ts';
import type { SampleTrace, TraceEdge, TraceNode } from '../core/lineage/trace.ts';
import { sampleOnLine } from '../core/sample/digest.ts';
import { shortDigest } from '../language/explain.ts';
import { rowDigest } from '../platform/datasetService.node.ts';
import { SampleFinder } from '../platform/findSample.node.ts';
import type { Lineage } from '../platform/lineageReader.node.ts';
import { changeKey, traceSample, type TracedSample } from '../platform/sampleTrace.node.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneFile } from './command.ts';
import { readDataset, type DatasetFile } from './dataset.ts';
import { Judge } from './judge.ts';
import { readLineage } from './lineageOf.ts';
import { datasetSpans, pictureLines, sayIssues, stepSpans, type Lead, type Line } from './lineageText.ts';
import { countOf } from './lines.ts';
import { shownPath } from './report.ts';
import { parseTarget } from './sample.ts';
import { say, sayJson, warn, type Io } from './terminal.ts';
import { traceJson } from './traceJson.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';

/** How much of a value is shown, in UTF-16 code units; `--json` has more. */
const SHOWN_VALUE = 200;
/** How many changed members of a record are shown. */
const SHOWN_CHANGES = 8;
/** In so many places of a picture, the line of the file is looked up. */
const LOOKED_UP_LINES = 200;
/** How many datasets a list for people has. */
const LISTED = 10;

export const trace = defineCommand({
  summary: 'Follow one sample back to its sources, and on to all that was made of it',
  help: `Usage: provenance trace FILE:LINE [OPTIONS]
       provenance trace FILE --line LINE [OPTIONS]

Follows a sample through the steps that "provenance derive" and "provenance run" recorded: back to
its sources, with what each step did to it and who says so, and on to every dataset here that
contains it or something made of it. Unchanged samples are found by their digests in the leaves
files, changed ones through the derivation maps of the steps (both in .provenance). What cannot be
followed, and what contradicts itself, is said. FILE#LINE means the same as FILE:LINE.

Options:
  --line LINE              The line, where it does not stand behind the file's name
${SCOPE_HELP}

Examples:
  provenance trace train.jsonl:12
  provenance trace shards/0.parquet:7 --json
`,
  options: { ...SCOPE_OPTIONS, line: { type: 'string' } },
  async run({ options, operands }, io) {
    const { file, line } = targetOf(await parseTarget(oneFile(operands, 'trace')), options.line);
    const judge = await Judge.create(io, judgeOptions(options));
    for (const problem of judge.trust.problems) warn(io, problem.message);
    const dataset = await readDataset(file, io);
    const digest = digestOnLine(dataset, line);
    const lineage = await readLineage(judge, io, dataset.path);
    const { pool, cache, signal } = io;
    const traced = await traceSample(
      lineage,
      { path: dataset.path, sha256: dataset.samples.sha256, digest },
      { files: lineage.files, pool, cache, signal },
    );
    if (options.json) sayJson(io, traceJson({ path: file, line, digest }, traced, lineage));
    else await new TraceReport(io, lineage, traced).say(`${file}:${String(line)}`, digest);
    return 0;
  },
});

function targetOf(
  target: { file: string; line?: number },
  option: string | undefined,
): { file: string; line: number } {
  const { file, line } = target;
  if (option === undefined) {
    if (line !== undefined) return { file, line };
    throw usageError('Say which line: {file}:LINE.', { file });
  }
  if (line !== undefined)
    throw usageError('Give the line once: as {file}:{line}, or with --line.', { file, line });
  if (!/^[1-9]\d{0,14}$/.test(option))
    throw usageError('--line is a number from 1, not "{option}".', { option });
  return { file, line: Number(option) };
}

/** @throws ProvenanceError `sample-not-found` */
function digestOnLine({ samples, lineCount, given: file }: DatasetFile, line: number): string {
  const row = sampleOnLine(samples, line);
  const digest = row < 0 ? undefined : rowDigest(samples, row);
  if (digest !== undefined) return digest;
  const template =
    line > lineCount
      ? '{file} has {count} lines, so there is no line {line}.'
      : row < 0
        ? '{file}:{line} is blank, so there is no sample.'
        : '{file}:{line} is malformed, so it has no digest that evidence could know it by; correct it first.';
  throw new ProvenanceError('sample-not-found', template, { file, line, count: lineCount });
}

/** A trace for people. */
class TraceReport {
  private readonly finder: SampleFinder;
  /** By place: the line of the file that holds the sample there. */
  private readonly lines = new Map<string, number>();

  constructor(
    private readonly io: Io,
    private readonly lineage: Lineage,
    private readonly traced: TracedSample,
  ) {
    const { pool, cache, signal } = io;
    this.finder = new SampleFinder({ pool, cache, signal });
  }

  async say(target: string, digest: string): Promise<void> {
    const { io } = this;
    const { back, forward, elsewhere } = this.traced;
    await this.lookUpLines();
    say(io, { text: target, tone: 'strong' }, `  sample ${shortDigest(digest)}`);
    if (back.nodes.length === 0) {
      say(io, '  No evidence here knows this sample: no signed dataset and no recorded step holds it.');
      return;
    }
    say(io);
    say(io, { text: 'Where it came from', tone: 'strong' });
    this.sayPicture(back, backLeads(back));
    say(io);
    say(io, { text: 'What became of it', tone: 'strong' });
    if (forward.edges.length === 0) say(io, '  No recorded step used it.');
    else this.sayPicture(forward, forwardLeads(forward));
    if (elsewhere.length > 0) {
      say(io);
      say(io, { text: 'The same sample stands in', tone: 'strong' });
      for (const node of elsewhere.slice(0, LISTED))
        say(io, '  ', ...this.placeLine(node), ' – no step leads there');
      if (elsewhere.length > LISTED)
        say(io, `  and in ${countOf(elsewhere.length - LISTED, 'more dataset')}`);
    }
    sayIssues(io, [...back.issues, ...forward.issues]);
  }

  private async lookUpLines(): Promise<void> {
    const { back, forward, elsewhere } = this.traced;
    try {
      for (const node of [...back.nodes, ...forward.nodes, ...elsewhere].slice(0, LOOKED_UP_LINES)) {
        const dataset = this.lineage.graph.datasets.get(node.dataset);
        if (dataset?.presence !== 'present' || dataset.path === undefined) continue;
        const found = await this.finder.find(dataset.path, node.digest, node.rows);
        if (found) this.lines.set(placeKey(node), found.line);
      }
    } finally {
      await this.finder.close();
    }
  }

  private sayPicture(trace: SampleTrace, leads: ReadonlyMap<number, readonly Crossing[]>): void {
    const shown = new Set<number>();
    for (let start = 0; start < trace.starts; start++) {
      if (shown.has(start)) continue;
      const lines = pictureLines(
        start,
        (number) => this.placeLine(trace.nodes[number]!),
        (number) => (leads.get(number) ?? []).map((crossing) => this.lead(trace, crossing)),
        shown,
      );
      for (const line of lines) say(this.io, '  ', ...line);
    }
  }

  private placeLine(node: TraceNode): Line {
    const { rows, copies, end } = node;
    const line = this.lines.get(placeKey(node));
    const position = rows[0] === undefined ? '' : `#${String(rows[0] + 1)}`;
    const more = copies > 1 ? ` (${countOf(copies, 'time')})` : '';
    return [
      ...datasetSpans(
        this.lineage.graph.datasets.get(node.dataset),
        line === undefined ? position : `:${String(line)}`,
      ),
      more,
      ...(end === undefined ? [] : [ENDS[end]]),
    ];
  }

  private lead(trace: SampleTrace, { edge, without, to }: Crossing): Lead<number> {
    const step = this.lineage.graph.steps.get(edge.step);
    if (!step) return { line: ['an unknown step'] };
    if (edge.to === undefined) {
      const names = without.map((output) => this.nameOf(output));
      const list =
        names.slice(0, LISTED).join(', ') +
        (names.length > LISTED ? ` and ${String(names.length - LISTED)} more` : '');
      return { line: [{ text: `not in ${list}`, tone: 'quiet' }, ': ', ...stepSpans(step)] };
    }
    return {
      line: stepSpans(step, didText(edge, step)),
      notes: [...this.standInNotes(trace, edge, step), ...this.changeNotes(trace, edge)],
      ...(to !== undefined && { to }),
    };
  }

  /** That a step made other bytes than these. */
  private standInNotes({ nodes }: SampleTrace, { to }: TraceEdge, { output }: StepNode): Line[] {
    const dataset = to === undefined ? undefined : nodes[to]?.dataset;
    if (dataset === undefined || dataset === output) return [];
    return [
      [
        {
          text: `made ${this.nameOf(output)}: the same samples in the same order, written otherwise`,
          tone: 'quiet',
        },
      ],
    ];
  }

  private changeNotes({ nodes }: SampleTrace, { step, from, to }: TraceEdge): Line[] {
    if (to === undefined) return [];
    const changes = this.traced.changes[changeKey(step, nodes[from]!.digest, nodes[to]!.digest)] ?? [];
    const notes = changes.slice(0, SHOWN_CHANGES).flatMap(changeLines);
    const left = changes.length - SHOWN_CHANGES;
    return left > 0 ? [...notes, [`and ${countOf(left, 'more member')}`]] : notes;
  }

  private nameOf(dataset: string): string {
    const node = this.lineage.graph.datasets.get(dataset);
    if (!node) return dataset.slice(0, 12);
    return untrustedText(node.path === undefined ? datasetLabel(node) : shownPath(node.path), SHOWN_VALUE);
  }
}

const ENDS: Readonly<Record<NonNullable<TraceNode['end']>, { text: string; tone: 'quiet' | 'warning' }>> = {
  source: { text: ' – a source: no recorded step made this file', tone: 'quiet' },
  added: { text: ' – new here: the step that made this file had it from no input', tone: 'warning' },
  unknown: { text: ' – where it came from is not known', tone: 'warning' },
};

function placeKey({ dataset, digest }: TraceNode): string {
  return `${dataset} ${digest}`;
}

/** An edge as it is shown at one of its ends. */
interface Crossing {
  readonly edge: TraceEdge;
  /** The node at its other end. */
  readonly to?: number;
  /** Of a dropped sample: outputs of the same kind of step that do not hold it. */
  readonly without: readonly string[];
}

function backLeads({ edges }: SampleTrace): Map<number, Crossing[]> {
  const leads = new Map<number, Crossing[]>();
  for (const edge of edges) {
    if (edge.to !== undefined) push(leads, edge.to, { edge, to: edge.from, without: [] });
  }
  return leads;
}

/** Steps that dropped the sample come last, those of one kind and signer in one line. */
function forwardLeads({ edges }: SampleTrace): Map<number, Crossing[]> {
  const leads = new Map<number, Crossing[]>();
  for (const edge of edges) {
    if (edge.to !== undefined) push(leads, edge.from, { edge, to: edge.to, without: [] });
  }
  const dropped = new Map<string, { edge: TraceEdge; without: string[] }>();
  for (const edge of edges) {
    if (edge.to !== undefined) continue;
    // A step's id ends with what it made.
    const [, output = ''] = edge.step.split('/');
    const key = String(edge.from);
    const known = dropped.get(key);
    if (known) known.without.push(output);
    else dropped.set(key, { edge, without: [output] });
  }
  for (const { edge, without } of dropped.values()) push(leads, edge.from, { edge, without });
  return leads;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function didText({ how }: TraceEdge, { step: { map } }: StepNode): string {
  const pairing = PAIRINGS.find((candidate) => candidate === how);
  if (!pairing) return 'unchanged';
  return `changed, paired ${pairedBy(pairing, map?.key)}`;
}

function pairedBy(pairing: Pairing, key: string | undefined): string {
  switch (pairing) {
    case 'key':
      return key === undefined ? 'by key' : `by ${untrustedText(key, 100)}`;
    case 'position':
      return 'by position';
    case 'similar':
      return 'by similar text';
  }
}

function changeLines({ pointer, change, before, after }: FieldChange): Line[] {
  const name = pointer === '' ? 'the whole record' : untrustedText(pointer, SHOWN_VALUE);
  return [
    [{ text: change === 'changed' ? name : `${name} (${change})`, tone: 'strong' }],
    ...(before === undefined
      ? []
      : [[{ text: `- ${untrustedText(before, SHOWN_VALUE)}`, tone: 'bad' } as const]]),
    ...(after === undefined
      ? []
      : [[{ text: `+ ${untrustedText(after, SHOWN_VALUE)}`, tone: 'good' } as const]]),
  ];
}
