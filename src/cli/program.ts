import { version } from '../../package.json';
import { asProvenanceError } from '../core/errors.ts';
import { nearest, parseArguments, usageError } from './arguments.ts';
import { HELP_OPTION, type AnyCommand } from './command.ts';
import { flag } from './flag.ts';
import { keygen } from './keygen.ts';
import { show } from './show.ts';
import { sign } from './sign.ts';
import { complain, type Io } from './terminal.ts';
import { verify } from './verify.ts';

const COMMANDS: Readonly<Record<string, AnyCommand>> = { keygen, sign, verify, flag, show };

const EXIT = { fine: 0, usage: 2, interrupted: 130 } as const;

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
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

Evidence lies beside the data in the folder .provenance: hand it on with the dataset.
Exit codes: 0 all is well, 1 verify found something, 2 wrong use or a file error, 130 interrupted.
`;
}

/** Runs the program. @returns its exit code; never throws */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let helpFor = '';
  try {
    const [first, ...rest] = argv;
    if (first === undefined) {
      io.stderr.write(overview());
      return EXIT.usage;
    }
    if (!first.startsWith('-') && first !== 'help') {
      const command = commandOf(first);
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
    io.stdout.write(topic === undefined || topic === 'help' ? overview() : commandOf(topic).help);
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

function commandOf(name: string): AnyCommand {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return command;
  const meant = nearest(name, [...Object.keys(COMMANDS), 'help']);
  throw meant === undefined
    ? usageError('There is no command "{name}".', { name })
    : usageError('There is no command "{name}"; did you mean "{meant}"?', { name, meant });
}
