/**
 * The `provenance` program.
 *
 * Rules of its interface. They hold for every command:
 *
 * - stdout carries what was asked for, and nothing else; progress, warnings and errors go to stderr.
 * - It never asks but for the passphrase of a key, and whether to change who is trusted or to revoke; and that on a
 *   terminal only. What it needs and cannot find is an error that says how to give it.
 * - An error is one sentence, `provenance: …`, that says what to do next.
 * - Exit codes: 0 all is well; 1 `verify` found something, or `check` denies; 2 wrong use, or a file that could not be
 *   read or written; 130 interrupted; of `run`, those of the command that it runs. "Could not check" is a finding, never 0.
 * - Text of datasets and evidence is hostile: it is shown with control and invisible characters escaped.
 * - Colour only on a terminal, never as the only carrier of a meaning, and never with NO_COLOR; progress only on a
 *   terminal.
 * - What `--json` prints is whole and stable: members are added, never renamed, and lists are not cut short.
 * - Private keys and passphrases never reach stdout or stderr, nor the arguments of a process.
 * - An interrupt leaves files in their old or their new state.
 */
import { existsSync, statSync } from 'node:fs';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { DIGEST_THREAD, isDigestThread, LARGE_FILE } from '../platform/digestThreadRole.node.ts';

// Where there is no script for threads, they are started from this one.
if (isDigestThread()) (await import('../platform/digestThread.node.ts')).startDigestThread();
else await startProgram();

/** A thread takes as long to start as the program to load, so it is started first. */
async function startProgram(): Promise<void> {
  const [, , command, ...operands] = process.argv;
  const script = threadScript();
  const thread =
    command === 'verify' && operands.some(isLarge)
      ? new Worker(script, { workerData: DIGEST_THREAD })
      : undefined;
  // Whoever takes it over finds out that it has ended.
  thread?.on('error', () => undefined);
  const { start } = await import('./start.ts');
  await start(script, thread);
}

/** The small script for threads, which starts sooner, where it lies beside the program; else the program itself. */
function threadScript(): URL {
  const beside = new URL('digestWorker.node.cjs', import.meta.url);
  return existsSync(beside) ? beside : new URL(import.meta.url);
}

function isLarge(file: string): boolean {
  try {
    return statSync(file).size >= LARGE_FILE;
  } catch {
    // Whoever reads it says why it cannot be read.
    return false;
  }
}
