import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import type { Io } from './terminal.ts';

/** How a command ended. */
export type CommandEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly exitCode: number }
  /** By a signal that it got, or that this program got meanwhile. */
  | { readonly kind: 'interrupted'; readonly exitCode: number; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly exitCode: 126 | 127; readonly reason: string };

/** Shells give these exit codes for what is not there, and for what cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** And for a signal its number on top of this. */
const SIGNALLED = 128;

/** What asks a program to end. An interrupt comes through `Io.takeInterrupts`. */
const END_SIGNALS = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command in the terminal of this program, with its input and output, and waits for its end. Signals are passed
 * on; an interrupt from a terminal reaches the command by itself.
 */
export async function runChild(command: readonly string[], io: Io): Promise<CommandEnd> {
  const [name = '', ...args] = command;
  const child = spawn(name, args, { stdio: 'inherit', env: io.env });
  let received: NodeJS.Signals | undefined;
  const passOn = (signal: NodeJS.Signals) => {
    received = signal;
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const release = io.takeInterrupts?.(() => {
    passOn('SIGINT');
  });
  for (const signal of END_SIGNALS) process.on(signal, passOn);
  try {
    return await new Promise<CommandEnd>((resolve) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        const exitCode = error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
        resolve({ kind: 'not-started', exitCode, reason: error.code ?? error.message });
      });
      child.on('exit', (code, signal) => {
        resolve(endOf(code, signal ?? received));
      });
    });
  } finally {
    for (const signal of END_SIGNALS) process.off(signal, passOn);
    release?.();
  }
}

/** @param signal that ended the command, or that came before its end */
function endOf(code: number | null, signal: NodeJS.Signals | undefined): CommandEnd {
  if (signal) {
    const exitCode = code === null || code === 0 ? SIGNALLED + constants.signals[signal] : code;
    return { kind: 'interrupted', exitCode, signal };
  }
  return code === 0 ? { kind: 'done' } : { kind: 'failed', exitCode: code ?? SIGNALLED };
}
