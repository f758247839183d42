import { usageError, type Arguments, type OptionSpecs } from './arguments.ts';
import type { Io } from './terminal.ts';

/** A command of the program. */
export interface Command<S extends OptionSpecs> {
  /** One line, for the overview. */
  readonly summary: string;
  /** The whole help text, with a line end. */
  readonly help: string;
  readonly options: S;
  /** @returns the exit code. @throws ProvenanceError */
  run(args: Arguments<S>, io: Io): Promise<number>;
}

export type AnyCommand = Command<OptionSpecs>;

export const HELP_OPTION = { help: { type: 'boolean', short: 'h' } } as const;

/** Keeps the types of a command's options together; in the table of commands they are not known. */
export function defineCommand<const S extends OptionSpecs>(command: Command<S>): AnyCommand {
  // Its arguments are parsed by its own options, so they have the types that it expects.
  return command;
}

/** The one operand of a command. @throws ProvenanceError `invalid-argument` */
export function oneFile(operands: readonly string[], command: string): string {
  const [file] = operands;
  if (file === undefined || file === '') throw usageError('Say which file to {command}.', { command });
  if (operands.length > 1) {
    throw usageError('One file at a time, please: "{second}" is too much.', { second: operands[1] ?? '' });
  }
  return file;
}

/** One of some words. @throws ProvenanceError `invalid-argument` */
export function oneOf<const T extends string>(
  option: string,
  value: string | undefined,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  const list = choices.join(', ');
  throw value === undefined
    ? usageError('Give {option}: one of {list}.', { option, list })
    : usageError('{option} is one of {list}, not "{value}".', { option, list, value });
}
