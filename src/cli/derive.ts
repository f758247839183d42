import { defineCommand } from './command.ts';
import { usageError } from './arguments.ts';
import { timeNow } from './signingKey.ts';
import { describeStep, recordStep, sayRecorded, STEP_HELP, STEP_OPTIONS, stepKey } from './step.ts';

export const derive = defineCommand({
  summary: 'Record what a dataset was made of, after the fact',
  help: `Usage: provenance derive --from FILE --to FILE --step KIND [OPTIONS]

Records, with your signature, that a step made a dataset of others. Every sample of the output is
paired with what it was made of, and the statement, with what it needs to be followed, is added to
the output's evidence. Nothing else is written.

Rows that are unchanged are found by their digest, whatever their order and file format. Others
count as new unless you say with --pair-by how they are paired. What does not fit together is an
error, never a guess: a key that is not unique, rows that a filter cannot have made.

Options:
${STEP_HELP}

Examples:
  provenance derive --from crawl.jsonl --to clean.jsonl --step filter --param minScore=2
  provenance derive --from clean.jsonl --to train.jsonl --step map --pair-by /id
  provenance derive --from a.jsonl --from b.jsonl --to all.parquet --step merge
  provenance derive --from all.parquet --to part-0.jsonl --to part-1.jsonl --step split
`,
  options: STEP_OPTIONS,
  async run({ options, operands }, io) {
    const [operand] = operands;
    if (operand !== undefined) {
      throw usageError('Name files with --from and --to: "{operand}" is neither.', { operand });
    }
    const description = await describeStep(options);
    // Before the datasets, which may take long to read.
    const signer = await stepKey(options, io);
    const recorded = await recordStep(description, { finishedOn: timeNow() }, signer, io);
    await sayRecorded(recorded, signer, io, options.json === true);
    return 0;
  },
});
