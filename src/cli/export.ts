import { resolve } from 'node:path';
import { cacheFolder } from '../platform/digestCache.node.ts';
import { exportJsonl } from '../platform/exportJsonl.node.ts';
import { openRowTable } from '../platform/rowTable.node.ts';
import { usageError } from './arguments.ts';
import { defineCommand, oneFile } from './command.ts';
import { countOf } from './lines.ts';
import { progressOf, say } from './terminal.ts';

export const exportCommand = defineCommand({
  summary: 'Write a Parquet dataset as JSONL, so that its rows stay verified',
  help: `Usage: provenance export FILE --output FILE.jsonl [OPTIONS]

Writes each row of a Parquet file as one line of JSON, exactly as its digest is made of it: what
was signed in the Parquet file is verified in the JSONL file, and in whatever is filtered,
shuffled or cut from it. Also unpacks .jsonl.gz and .jsonl.zst.

Other tools write some values otherwise (numbers with fewer digits, dates as milliseconds, nulls
left out), and such rows have another digest; "provenance verify" then says which columns differ.

The other way round: provenance convert.

Options:
  -o, --output FILE   The JSONL file to write
      --replace       Replace FILE if it is there

Examples:
  provenance export train.parquet --output train.jsonl
`,
  options: {
    output: { type: 'string', short: 'o' },
    replace: { type: 'boolean' },
  },
  async run({ options, operands }, io) {
    const source = oneFile(operands, 'export');
    const target = options.output;
    if (target === undefined) throw usageError('Give --output: the JSONL file to write.');
    const table = await openRowTable(resolve(source), cacheFolder(io.env));
    const progress = progressOf(io, source);
    try {
      const { rows } = await exportJsonl(table, target, {
        replace: options.replace === true,
        signal: io.signal,
        onProgress: progress.onProgress,
      });
      progress.done();
      say(io, `Wrote ${countOf(rows, 'row')} to ${target}.`);
      return 0;
    } finally {
      progress.done();
      await table.close();
    }
  },
});
