import { version } from '../../package.json';
import { asProvenanceError } from '../core/errors.ts';
import { nearest, parseArguments, usageError } from './arguments.ts';
import { HELP_OPTION, type AnyCommand } from './command.ts';
import { complain, type Io } from './terminal.ts';

/** The commands. Each is loaded when it is used: what one needs, others need not wait for. */
const COMMANDS: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  keygen: async () => (await import('./keygen.ts')).keygen,
  keys: async () => (await import('./keys.ts')).keys,
  sign: async () => (await import('./sign.ts')).sign,
  verify: async () => (await import('./verify.ts')).verify,
  check: async () => (await import('./check.ts')).check,
  flag: async () => (await import('./flag.ts')).flag,
  show: async () => (await import('./show.ts')).show,
  trace: async () => (await import('./trace.ts')).trace,
  lineage: async () => (await import('./lineage.ts')).lineage,
  derive: async () => (await import('./derive.ts')).derive,
  run: async () => (await import('./run.ts')).runCommand,
  impact: async () => (await import('./impact.ts')).impact,
  log: async () => (await import('./log.ts')).log,
  advisory: async () => (await import('./advisory.ts')).advisory,
  signers: async () => (await import('./signers.ts')).signers,
  trust: async () => (await import('./trustKey.ts')).trust,
  distrust: async () => (await import('./distrust.ts')).distrust,
  rotate: async () => (await import('./rotate.ts')).rotate,
  revoke: async () => (await import('./revoke.ts')).revoke,
  export: async () => (await import('./export.ts')).exportCommand,
  convert: async () => (await import('./convert.ts')).convert,
};

const EXIT = { fine: 0, usage: 2, interrupted: 130 } as const;

async function overview(): Promise<string> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(8)} ${(await load()).summary}`),
  );
  return `provenance: who vouches for every sample of your training data, and where it came from.

Usage: provenance COMMAND [ARGUMENTS]

Commands:
${commands.join('\n')}
  help     Explain a command: provenance help sign

Options:
  -h, --help     Show this text, or with a command that command's
  --version      Show the version

First steps:
  provenance keygen --trust          make a signing key, and trust it on this machine
  provenance sign train.jsonl        vouch for every sample of a dataset
  provenance verify train.jsonl      see what is still as it was signed
  provenance run --from raw.jsonl --to train.jsonl --step filter -- python clean.py
                                     record where the samples come from

Evidence lies beside the data in the folder .provenance: hand it on with the dataset.
Exit codes: 0 all is well, 1 verify found something or check denies, 2 wrong use or a file error, 130 interrupted;
of run, those of the command that it runs.
`;
}

/** Runs the program. @returns its exit code; never throws */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let helpFor = '';
  try {
    const [first, ...rest] = argv;
    if (first === undefined) {
      io.stderr.write(await overview());
      return EXIT.usage;
    }
    if (!first.startsWith('-') && first !== 'help') {
      const command = await commandOf(first);
      helpFor = ` ${first}`;
      return await runCommand(command, rest, io);
    }
    const options = { ...HELP_OPTION, version: { type: 'boolean' } } as const;
    const parsed = parseArguments(options, first === 'help' ? rest : argv);
    if (parsed.options.version) {
      io.stdout.write(`${version}\n`);
      return EXIT.fine;
    }
    const [topic] = parsed.operands;
    const isOverview = topic === undefined || topic === 'help';
    io.stdout.write(isOverview ? await overview() : (await commandOf(topic)).help);
    return EXIT.fine;
  } catch (cause) {
    const error = asProvenanceError(cause);
    if (error.code === 'cancelled') return EXIT.interrupted;
    const hint = error.code === 'invalid-argument' ? ` See "provenance help${helpFor}".` : '';
    complain(io, error.message + hint);
    return EXIT.usage;
  }
}

async function runCommand(command: AnyCommand, argv: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments({ ...command.options, ...HELP_OPTION }, argv);
  if (parsed.options.help) {
    io.stdout.write(command.help);
    return EXIT.fine;
  }
  return await command.run(parsed, io);
}

async function commandOf(name: string): Promise<AnyCommand> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return await command();
  const meant = nearest(name, [...Object.keys(COMMANDS), 'help']);
  throw meant === undefined
    ? usageError('There is no command "{name}".', { name })
    : usageError('There is no command "{name}"; did you mean "{meant}"?', { name, meant });
}
