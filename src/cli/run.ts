import { stat } from 'node:fs/promises';
import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { hashFile } from '../platform/recordStep.node.ts';
import { usageError } from './arguments.ts';
import { runChild, type CommandEnd } from './childCommand.ts';
import { defineCommand } from './command.ts';
import type { DatasetPath } from './dataset.ts';
import { timeNow } from './signingKey.ts';
import { describeStep, recordStep, sayRecorded, STEP_HELP, STEP_OPTIONS, stepKey } from './step.ts';
import { complain, progressOf, type Io } from './terminal.ts';

export const runCommand = defineCommand({
  summary: 'Run a command, and record what it made of a dataset',
  help: `Usage: provenance run --from FILE --to FILE --step KIND [OPTIONS] -- COMMAND [ARGUMENTS]

Runs a command and records, with your signature, what it did, as "provenance derive" does; besides,
its command line, exit code, start and end, and the names of the environment variables. The
command has the terminal to itself; what is recorded is said on stderr once it is over.

Nothing is signed when the command fails or is interrupted, when it did not write the output, or
when an input changed meanwhile; what was written is left as it is, and the exit code is that of
the command.

The command line is signed and handed on with the dataset. Give no passwords or tokens on it, or
leave it out with --hide-command; environment variables are recorded by name only.

Options:
${STEP_HELP}
  --env NAME          Record the value of this environment variable, too; may be repeated
  --hide-command      Leave the command line out

Examples:
  provenance run --from raw.jsonl --to clean.jsonl --step filter -- python clean.py raw.jsonl
  provenance run --from clean.jsonl --to train.jsonl --step map --pair-by /id --env SEED -- make train
`,
  options: {
    ...STEP_OPTIONS,
    env: { type: 'string', multiple: true },
    'hide-command': { type: 'boolean' },
  },
  async run({ options, operands: command }, io) {
    const [name] = command;
    if (name === undefined) throw usageError('Write the command to run behind "--".');
    const description = await describeStep(options);
    const signer = await stepKey(options, io);
    const environment = environmentOf(io.env, options.env ?? []);
    const before = await hashesOf(description.inputs, io);
    const written = await Promise.all(description.outputs.map(({ path }) => fileState(path)));
    throwIfCancelled(io.signal);

    const startedOn = timeNow();
    const end = await runChild(command, io);
    const finishedOn = timeNow();
    if (end.kind !== 'done') {
      complain(io, `${sentenceOf(name, end)}, so no step was recorded; what it wrote is left as it is.`);
      return end.exitCode;
    }
    for (const [index, output] of description.outputs.entries()) {
      if ((await fileState(output.path)) === written[index]) throw notWritten(name, output);
    }
    const moment = {
      startedOn,
      finishedOn,
      environment: { exitCode: 0, environment },
      ...(!options['hide-command'] && { command }),
    };
    const recorded = await recordStep(description, moment, signer, io, (inputs) => {
      inputs.forEach(({ samples }, index) => {
        if (samples.sha256 !== before[index]) throw changedMeanwhile(description.inputs[index]!);
      });
    });
    // stdout is the command's own.
    const report = options.json ? io : { ...io, stdout: io.stderr };
    await sayRecorded(recorded, signer, report, options.json === true);
    return 0;
  },
});

/** Names of all variables, values only of those that are asked for. @throws ProvenanceError `invalid-argument` */
function environmentOf(env: NodeJS.ProcessEnv, shown: readonly string[]): object {
  const values = shown.map((name) => {
    const value = env[name];
    if (value !== undefined) return [name, value] as const;
    throw usageError('--env {name}: there is no such environment variable; give its name only.', { name });
  });
  return { names: Object.keys(env).sort(), values: Object.fromEntries(values) };
}

/** SHA-256 (hex) of the inputs as the command is going to find them. */
async function hashesOf(inputs: readonly DatasetPath[], io: Io): Promise<string[]> {
  const hashes: string[] = [];
  for (const { given } of inputs) {
    const progress = progressOf(io, given);
    try {
      hashes.push(await hashFile(given, { signal: io.signal, onProgress: progress.onProgress }));
    } finally {
      progress.done();
    }
  }
  return hashes;
}

/** Changes when somebody writes to the file, even if they set its time back. */
async function fileState(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found) return 'none';
  const { ino, size, mtimeNs, ctimeNs } = found;
  return [ino, size, mtimeNs, ctimeNs].join(':');
}

function sentenceOf(name: string, end: Exclude<CommandEnd, { kind: 'done' }>): string {
  switch (end.kind) {
    case 'failed':
      return `${name} ended with exit code ${end.exitCode}`;
    case 'interrupted':
      return `${name} was interrupted (${end.signal})`;
    case 'not-started':
      return end.exitCode === 127
        ? `there is no command ${name}`
        : `${name} could not be started (${end.reason})`;
  }
}

function notWritten(command: string, { given }: DatasetPath): ProvenanceError {
  return new ProvenanceError(
    'not-derived',
    '{command} did not write {output}, so no step was recorded; check --to, or record it with "provenance derive".',
    { command, output: given },
  );
}

function changedMeanwhile({ given }: DatasetPath): ProvenanceError {
  return new ProvenanceError(
    'changed-while-reading',
    '{input} was changed while the command ran, so it is not known what the command read, and no step was recorded; run it again once nothing writes to {input}.',
    { input: given },
  );
}
