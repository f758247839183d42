import type { InputNode, SignedStep } from '../core/lineage/inputs.ts';
import { explainVerdict, fullSignerName, statusCounts } from '../language/explain.ts';
import { claimedRows } from '../language/history.ts';
import { originRows } from '../language/originRows.ts';
import { standingWord } from '../language/words.ts';
import type { StatementData } from '../protocol/datasetWorker.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { defineCommand, oneFile } from './command.ts';
import { readDataset } from './dataset.ts';
import { inputsOfDataset, Judge, type Judged } from './judge.ts';
import { judgeFile } from './judgeFile.ts';
import { logRows, problemRows, reviewText, statementText, upstreamText } from './report.ts';
import { parseTarget, sampleOf, type Sample } from './sample.ts';
import { showDatasetJson, showSampleJson } from './showJson.ts';
import { say, sayJson, sayRows, warn, type Io, type Row } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';

export const show = defineCommand({
  summary: 'Show what is known about one sample, or about a file',
  help: `Usage: provenance show FILE:LINE [OPTIONS]
       provenance show FILE [OPTIONS]

Of a sample: its status and why, its digest, where it came from, who vouches for it, its reviews,
and the recorded steps back to its sources. Of a file: the statements in its evidence, and what it
was made from. FILE#LINE means the same as FILE:LINE.

Options:
${SCOPE_HELP}

Examples:
  provenance show train.jsonl:12
  provenance show train.jsonl --json
`,
  options: SCOPE_OPTIONS,
  async run({ options, operands }, io) {
    const { file, line } = await parseTarget(oneFile(operands, 'show'));
    const judge = await Judge.create(io, judgeOptions(options));
    for (const problem of judge.trust.problems) warn(io, problem.message);
    if (line === undefined) {
      const judged = await judgeFile(file, io, () => Promise.resolve(judge));
      if (options.json) sayJson(io, showDatasetJson(judged));
      else sayDataset(io, judged);
      return 0;
    }
    const judged = await judge.judgeDataset(await readDataset(file, io));
    const sample = await sampleOf(judged, line, judge.workspace, io);
    if (options.json) sayJson(io, showSampleJson(judged, sample));
    else saySample(io, judged, sample);
    return 0;
  },
});

function saySample(io: Io, judged: Judged, sample: Sample): void {
  const { dataset, statements, assessment } = judged;
  const tone = sample.status === 'verified' ? 'good' : 'warning';
  say(io, { text: `${dataset.given}:${sample.line}`, tone: 'strong' }, ': ', { text: sample.status, tone });
  say(io, `  ${sample.explanation}`);
  const threads = assessment.reviews.get(sample.row)?.threads ?? [];
  const upstream = assessment.upstream.get(sample.row);
  const rows: Row[] = [
    ...(sample.digest === undefined ? [] : [{ label: 'digest', text: sample.digest }]),
    ...(sample.canonicalLength === undefined
      ? []
      : [{ label: 'canonical form', text: `${sample.canonicalLength} bytes` }]),
    ...originRows(sample.origin).map(([label, value]) => ({
      label: 'origin',
      text: `${label}: ${untrustedText(value, 500)}`,
    })),
    ...claimedRows(sample.claimed).map(([label, value]) => ({
      label: 'claimed',
      text: `${label}: ${untrustedText(value, 500)} (says the record itself, not signed)`,
    })),
    ...sample.coveredBy.map((index) => ({ label: 'covered by', text: statementText(statements[index]!) })),
    ...threads.flatMap(({ reviews }) =>
      reviews.map((review, nth) => ({
        label: 'reviews',
        text: `${nth > 0 ? '  ' : ''}${review.verdict}: ${reviewText(review, statements[review.statement])}`,
      })),
    ),
    ...(upstream
      ? [{ label: 'upstream', tone: 'bad' as const, text: upstreamText([upstream], statements) }]
      : []),
    ...inputRows(inputsOfDataset(judged)),
    ...logRows(judged),
    ...problemRows(judged),
  ];
  if (rows.length > 0) say(io);
  sayRows(io, rows);
}

function sayDataset(io: Io, judged: Judged): void {
  const { dataset, assessment, statements } = judged;
  const own = statements.filter((statement) => statement.own).reverse();
  say(io, { text: dataset.given, tone: 'strong' }, `: ${assessment.verdict}`);
  say(io, `  ${explainVerdict({ ...assessment, statements }, fullSignerName)}`);
  say(io);
  sayRows(io, [
    { label: 'samples', text: `${dataset.samples.count}: ${statusCounts(assessment)}` },
    { label: 'sha256', text: dataset.samples.sha256 },
    ...own.map((statement) => ({ label: 'statements', text: statementText(statement) })),
    ...(own.length === 0 ? [{ label: 'statements', text: 'none of its own' }] : []),
    ...inputRows(inputsOfDataset(judged)),
    ...logRows(judged),
    ...problemRows(judged),
  ]);
}

/** The inputs as an indented list, each with the step that used it. */
function inputRows(inputs: readonly InputNode<SignedStep<StatementData>>[], depth = 0): Row[] {
  return inputs.flatMap((input) => {
    const { statement, kind } = input.step;
    const time = statement.time === undefined ? '' : `, ${statement.time}`;
    const who = `${fullSignerName(statement)} (${standingWord(statement.standing)})${time}`;
    const text = `${untrustedText(input.name, 200)}, by the step “${untrustedText(kind, 100)}”, says ${who}`;
    return [{ label: 'made from', text: '  '.repeat(depth) + text }, ...inputRows(input.inputs, depth + 1)];
  });
}
