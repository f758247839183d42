import { convertToParquet, describeMisfit } from '../platform/convertToParquet.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneFile } from './command.ts';
import { countOf } from './lines.ts';
import { progressOf, say, warn } from './terminal.ts';

/** How many reasons a list for people has. */
const LISTED = 10;

export const convert = defineCommand({
  summary: 'Write a JSONL dataset as Parquet, so that its samples stay verified',
  help: `Usage: provenance convert FILE.jsonl --output FILE.parquet [OPTIONS]

Writes each sample of a JSONL file as a row of a Parquet file, such that the row has the same
digest: whoever vouches for the samples then vouches for the rows. The columns are found from the
data, and the written file is read again and compared before it gets its name.

Samples that Parquet cannot hold as they are, because a member is missing in some of them or
holds values of different kinds, are an error that names the first of them. With --allow-changes
they are written all the same: null for what is missing, JSON text for what no column holds. Such
rows have another digest, and nobody vouches for them.

The other way round: provenance export.

Options:
  -o, --output FILE        The Parquet file to write
      --allow-changes      Write also rows that have another digest then
      --replace            Replace FILE if it is there

Examples:
  provenance convert train.jsonl --output train.parquet
`,
  options: {
    output: { type: 'string', short: 'o' },
    'allow-changes': { type: 'boolean' },
    replace: { type: 'boolean' },
  },
  async run({ options, operands }, io) {
    const source = oneFile(operands, 'convert');
    const target = options.output;
    if (target === undefined) throw usageError('Give --output: the Parquet file to write.');
    const progress = progressOf(io, source);
    try {
      const { rows, changed, misfits } = await convertToParquet(source, target, {
        allowChanges: options['allow-changes'] === true,
        replace: options.replace === true,
        signal: io.signal,
        onProgress: (share) => {
          progress.onProgress(share, 1);
        },
      });
      progress.done();
      say(io, `Wrote ${countOf(rows, 'row')} to ${target}.`);
      if (changed > 0) {
        warn(io, `${countOf(changed, 'row')} changed, so that no signature on ${source} covers them:`);
        for (const misfit of misfits.slice(0, LISTED))
          warn(io, `line ${misfit.line}: ${describeMisfit(misfit)}.`);
        if (misfits.length > LISTED) warn(io, `and ${misfits.length - LISTED} more places.`);
      }
      return 0;
    } finally {
      progress.done();
    }
  },
});
