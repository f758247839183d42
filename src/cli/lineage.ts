import { partAround, type ExportedGraph } from '../core/lineage/export/exportedGraph.ts';
import { toLineageJson } from '../core/lineage/export/lineageJson.ts';
import { toMermaid } from '../core/lineage/export/mermaid.ts';
import { toOpenLineage } from '../core/lineage/export/openLineage.ts';
import { toProvO } from '../core/lineage/export/provO.ts';
import type { DatasetNode, StepNode } from '../core/lineage/graph.ts';
import { graphData, wholeGraph } from '../platform/lineageGraph.node.ts';
import type { LineageFormat } from '../protocol/lineageWorker.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneOf } from './command.ts';
import { datasetPath } from './dataset.ts';
import { Judge } from './judge.ts';
import { readLineage } from './lineageOf.ts';
import { datasetSpans, pictureLines, sayIssues, stepSpans, type Lead, type Line } from './lineageText.ts';
import { countOf } from './lines.ts';
import { timeNow } from './signingKey.ts';
import { complain, say, warn, type Io, type Output } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';
import { writeNew } from './writeNew.ts';

const FORMATS = ['text', 'mermaid', 'prov', 'openlineage', 'json'] as const;

export const lineage = defineCommand({
  summary: 'Show which datasets were made of which, or write it for other tools',
  help: `Usage: provenance lineage [DATASET] [OPTIONS]

Draws the datasets and recorded steps that the evidence of the workspace knows: all of them, or what
leads to and from DATASET. What is only claimed by files beside the data (dataset cards, Croissant,
DVC, OpenLineage), and not signed, is marked. For single samples: provenance trace.

Options:
  --format FORMAT          text (as it is without it), mermaid (a flowchart for Markdown), prov (W3C
                           PROV-O as JSON-LD), openlineage (an array of run events), or json
  -o, --output FILE        Write it to this file
      --replace            Replace FILE if it is there
${SCOPE_HELP.replace('--json                   Print one JSON object: complete and stable, for programs', '--json                   The same as --format json')}

Examples:
  provenance lineage
  provenance lineage train.jsonl --format mermaid --output lineage.mmd
`,
  options: {
    ...SCOPE_OPTIONS,
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    replace: { type: 'boolean' },
  },
  async run({ options, operands }, io) {
    if (operands.length > 1) {
      throw usageError('One dataset at a time, please: "{second}" is too much.', { second: operands[1]! });
    }
    if (options.json && options.format !== undefined && options.format !== 'json') {
      throw usageError('Give one of --json and --format {format}.', { format: options.format });
    }
    const format = options.json ? 'json' : oneOf('--format', options.format ?? 'text', FORMATS);
    const [given] = operands;
    const dataset = given === undefined ? undefined : (await datasetPath(given)).path;
    const judge = await Judge.create(io, judgeOptions(options));
    for (const problem of judge.trust.problems) warn(io, problem.message);
    const read = await readLineage(judge, io, dataset);
    const whole = graphData(read, wholeGraph(read.graph));
    const graph = dataset === undefined ? whole : partAround(whole, dataset);
    for (const { error } of read.problems) warn(io, error.message);
    const write = (output: Output) => {
      if (format === 'text') sayGraph({ ...io, stdout: output }, graph);
      else output.write(exported(graph, format));
    };
    if (options.output === undefined) {
      write(io.stdout);
      return 0;
    }
    await writeNew(options.output, options.replace === true, write);
    complain(io, `wrote the lineage of ${countOf(graph.datasets.length, 'dataset')} to ${options.output}.`);
    return 0;
  },
});

function exported(graph: ExportedGraph, format: LineageFormat): string {
  switch (format) {
    case 'mermaid':
      return toMermaid(graph);
    case 'prov':
      return toProvO(graph);
    case 'openlineage':
      return toOpenLineage(graph, timeNow());
    case 'json':
      return toLineageJson(graph);
  }
}

/** What no step used, each with what it was made of; then what no step has part in. */
function sayGraph(io: Io, { datasets, steps, issues }: ExportedGraph): void {
  if (datasets.length === 0) {
    say(io, 'No evidence here: no dataset is signed, and no step is recorded. See "provenance help derive".');
    return;
  }
  const nodes = new Map(datasets.map((node) => [node.id, node]));
  const makers = new Map<string, StepNode[]>();
  const used = new Set<string>();
  for (const step of steps) {
    const known = makers.get(step.output);
    if (known) known.push(step);
    else makers.set(step.output, [step]);
    for (const input of step.inputs) if (input !== step.output) used.add(input);
  }
  const lineOf = (id: string): Line => datasetLine(nodes.get(id));
  const shown = new Set<string>();
  const ends = datasets.filter(({ id }) => !used.has(id) && makers.has(id)).map(({ id }) => id);
  // In a circle, everything is used.
  for (const id of [...ends, ...makers.keys()]) {
    if (shown.has(id)) continue;
    if (shown.size > 0) say(io);
    for (const line of pictureLines(id, lineOf, (place) => leadsOf(makers.get(place) ?? []), shown))
      say(io, ...line);
  }
  const alone = datasets.filter(({ id }) => !shown.has(id));
  if (alone.length > 0 && shown.size > 0) {
    say(io);
    say(io, { text: 'Without a recorded step', tone: 'strong' });
  }
  for (const node of alone) say(io, ...(shown.size > 0 ? ['  '] : []), ...datasetLine(node));
  sayIssues(io, issues);
}

function datasetLine(node: DatasetNode | undefined): Line {
  const samples = node?.samples;
  return [
    ...datasetSpans(node),
    ...(samples ? [{ text: ` – ${countOf(samples.count, 'sample')}`, tone: 'quiet' } as const] : []),
  ];
}

/** A step is written once, above its inputs. */
function leadsOf(steps: readonly StepNode[]): Lead<string>[] {
  return steps.flatMap((step): Lead<string>[] => {
    const [first, ...others] = step.inputs;
    const line = stepSpans(step, countsText(step));
    if (first === undefined) return [{ line }];
    return [
      { line, to: first },
      ...others.map((input) => ({
        line: [{ text: `${step.step.kind}: the same step`, tone: 'quiet' } as const],
        to: input,
      })),
    ];
  });
}

function countsText({ step: { counts } }: StepNode): string | undefined {
  if (!counts) return undefined;
  const parts = [
    `${String(counts.in)} → ${String(counts.out)} samples`,
    counts.changed > 0 && `${String(counts.changed)} changed`,
    counts.added > 0 && `${String(counts.added)} new`,
    counts.dropped > 0 && `${String(counts.dropped)} dropped`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}
