import { stat } from 'node:fs/promises';
import { traceImpact, type ImpactData, type ImpactSource } from '../core/lineage/impact.ts';
import type { LogState } from '../core/log/logState.ts';
import { ReviewTable } from '../core/trust/reviewTable.ts';
import {
  impactedBy,
  impactedName,
  impactedRows,
  impactedSummary,
  impactMarkdown,
  impactSummary,
  impactTree,
  sourceName,
  type ImpactNode,
} from '../language/impactReport.ts';
import { explainNoFlag } from '../language/log.ts';
import type { Lineage } from '../platform/lineageReader.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneOf } from './command.ts';
import { datasetPath, readDataset, subjectsOfLines } from './dataset.ts';
import { Judge } from './judge.ts';
import { readLineage } from './lineageOf.ts';
import { sayIssues } from './lineageText.ts';
import { listLines, parseLines } from './lines.ts';
import { timeNow } from './signingKey.ts';
import { complain, say, sayJson, warn, type Io, type Output } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';
import { writeNew } from './writeNew.ts';

const FORMATS = ['text', 'markdown', 'json'] as const;

/** How many sources a heading names. */
const LISTED = 5;

/** What `provenance impact --format json` prints. Members may be added; what changes otherwise gets another `version`. */
export interface ImpactJson extends ImpactData {
  readonly version: 1;
  readonly sources: readonly ImpactSource[];
}

export const impact = defineCommand({
  summary: 'List everything that was made of suspicious samples, datasets or steps',
  help: `Usage: provenance impact [OPTIONS]
       provenance impact FILE:LINES [OPTIONS]
       provenance impact --dataset FILE [OPTIONS]
       provenance impact --step DIGEST [OPTIONS]

Lists every dataset of the workspace with the samples that are, or were made of, what has an open
flag here; or of the samples, the dataset or the step that you name. Follows recorded steps, also
into datasets that only their evidence knows. Rows are those of the signed order: lines, where a
file has no blank or malformed ones.

Options:
  --dataset FILE           All samples of this file, as it is now
  --step DIGEST            All that this step made: the digest of its envelope, or its first digits
  --format FORMAT          text (as it is without it), markdown (a report), or json
  -o, --output FILE        Write it to this file
      --replace            Replace FILE if it is there
${SCOPE_HELP.replace('--json                   Print one JSON object: complete and stable, for programs', '--json                   The same as --format json')}

Exit code: 0, also when something is affected; 1 when something could not be looked into.

Examples:
  provenance impact
  provenance impact train.jsonl:4,9-12
  provenance impact --dataset crawl.jsonl --format markdown --output impact.md
`,
  options: {
    ...SCOPE_OPTIONS,
    dataset: { type: 'string' },
    step: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    replace: { type: 'boolean' },
  },
  async run({ options, operands }, io) {
    if (options.json && options.format !== undefined && options.format !== 'json') {
      throw usageError('Give one of --json and --format {format}.', { format: options.format });
    }
    const format = options.json ? 'json' : oneOf('--format', options.format ?? 'text', FORMATS);
    const [target, ...others] = operands;
    if ([target, options.dataset, options.step].filter((given) => given !== undefined).length > 1) {
      throw usageError('Give one of FILE:LINES, --dataset and --step.');
    }
    if (others.length > 0) throw usageError('"{second}" is too much.', { second: others[0]! });
    const judge = await Judge.create(io, judgeOptions(options));
    for (const problem of judge.trust.problems) warn(io, problem.message);
    const samples = target === undefined ? undefined : await parseSamples(target);
    const given = samples?.file ?? options.dataset;
    const lineage = await readLineage(
      judge,
      io,
      given === undefined ? undefined : (await datasetPath(given)).path,
    );
    const sources = await sourcesOf({ samples, dataset: options.dataset, step: options.step }, lineage, io);
    const { graph, index, evidence, logs } = lineage;
    const data = await traceImpact(sources, graph, index, evidence, io.signal);
    const write = (output: Output) => {
      if (format === 'markdown') output.write(impactMarkdown(sources, data, timeNow()));
      else if (format === 'json') sayJson({ ...io, stdout: output }, { version: 1, sources, ...data });
      else sayImpact({ ...io, stdout: output }, sources, data, logs.values());
    };
    if (options.output === undefined) write(io.stdout);
    else {
      await writeNew(options.output, options.replace === true, write);
      complain(io, `wrote ${impactSummary(data)} to ${options.output}.`);
    }
    return data.issues.length > 0 ? 1 : 0;
  },
});

function sayImpact(
  io: Io,
  sources: readonly ImpactSource[],
  data: ImpactData,
  logs: Iterable<LogState>,
): void {
  if (sources.length === 0) {
    say(io, explainNoFlag(logs) ?? 'There is no evidence here, and so no flag.');
    return;
  }
  const names = sources.slice(0, LISTED).map(sourceName);
  const more = sources.length > LISTED ? ` and ${sources.length - LISTED} more` : '';
  say(io, { text: names.join(', ') + more, tone: 'strong' }, `: ${impactSummary(data)}`);
  const tree = impactTree(data);
  if (tree.length > 0) say(io);
  for (const node of tree) sayNode(io, node, '  ');
  sayIssues(io, data.issues);
}

function sayNode(io: Io, { impacted, derived }: ImpactNode, indent: string): void {
  const by = impactedBy(impacted);
  say(
    io,
    indent,
    { text: impactedName(impacted), tone: 'strong' },
    `${by === '' ? '' : `, ${by}`}: ${impactedSummary(impacted)}, ${rowList(impactedRows(impacted))}`,
  );
  for (const node of derived) sayNode(io, node, `${indent}  `);
}

function rowList(rows: readonly number[]): string {
  return `${rows.length === 1 ? 'row' : 'rows'} ${listLines(rows)}`;
}

/** `FILE:LINES`. A file of that whole name goes first, as names may hold colons. */
async function parseSamples(text: string): Promise<{ file: string; lines: string }> {
  const [, file, lines] = /^(.+)[:#]([\d,\s-]+)$/s.exec(text) ?? [];
  const whole = await stat(text).catch(() => undefined);
  if (file !== undefined && lines !== undefined && !whole) return { file, lines };
  throw usageError('Give the lines of samples, such as {text}:4,9; or --dataset {text}.', { text });
}

async function sourcesOf(
  {
    samples,
    dataset,
    step,
  }: {
    samples?: { file: string; lines: string } | undefined;
    dataset?: string | undefined;
    step?: string | undefined;
  },
  lineage: Lineage,
  io: Io,
): Promise<ImpactSource[]> {
  if (samples) {
    const subjects = subjectsOfLines(await readDataset(samples.file, io), parseLines(samples.lines));
    return subjects.map(({ name, sha256 }) => ({ kind: 'sample', digest: sha256, name }));
  }
  if (dataset !== undefined) {
    const { name, samples: read } = await readDataset(dataset, io);
    return [{ kind: 'dataset', sha256: read.sha256, name }];
  }
  return step === undefined ? flagged(lineage) : [stepSource(step, lineage)];
}

function stepSource(digest: string, { graph }: Lineage): ImpactSource {
  const found = new Map<string, string>();
  for (const { id, step, standing } of graph.steps.values()) {
    if (standing !== 'claimed' && id.startsWith(digest.toLowerCase()))
      found.set(id.split('/')[0]!, step.kind);
  }
  const [first] = found;
  if (digest.length >= 8 && first && found.size === 1) {
    return { kind: 'step', envelopeDigest: first[0], name: first[1] };
  }
  throw usageError(
    found.size > 1 || digest.length < 8
      ? 'Give more digits of the step’s digest than {digest}.'
      : 'The evidence here has no step {digest}; "provenance lineage --json" lists them.',
    { digest },
  );
}

/** All that has an open flag here. */
function flagged({ graph, statements }: Lineage): ImpactSource[] {
  const steps = new Set(Array.from(graph.steps.keys(), (id) => id.split('/')[0]));
  return Array.from(new ReviewTable(statements).flagged(), ({ digest, name }): ImpactSource => {
    if (steps.has(digest)) return { kind: 'step', envelopeDigest: digest, name };
    if (graph.datasets.has(digest)) return { kind: 'dataset', sha256: digest, name };
    return { kind: 'sample', digest, name };
  });
}
