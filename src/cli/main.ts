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
import { existsSync } from 'node:fs';
import process from 'node:process';
import { DigestPool } from '../platform/digestPool.node.ts';
import { HashAhead } from '../platform/hashAhead.node.ts';
import { isDigestThread } from '../platform/digestThreadRole.node.ts';
import { startThreadsFor } from './threads.ts';

/** How long a write under way may take to end after an interrupt, in milliseconds. */
const GRACE = 1000;
const INTERRUPTED = 130;

// Where there is no script for threads, they are started from this one.
if (isDigestThread()) (await import('../platform/digestThread.node.ts')).startDigestThread();
else await main();

/** The small script for threads, which starts sooner, where it lies beside the program; else the program itself. */
function threadScript(): URL {
  const beside = new URL('digestWorker.node.cjs', import.meta.url);
  return existsSync(beside) ? beside : new URL(import.meta.url);
}

async function main(): Promise<void> {
  const [, , command = '', ...operands] = process.argv;
  const pool = new DigestPool(threadScript());
  const ahead = new HashAhead(pool);
  // Hashing goes on while the rest of the program is read: no other command begins with it.
  if (command === 'verify') void startThreadsFor(operands, pool, ahead);
  const [{ run }, { userDigestCache }] = await Promise.all([
    import('./program.ts'),
    import('../platform/digestCache.node.ts'),
  ]);
  const controller = new AbortController();
  let interruptHandler: (() => void) | undefined;
  process.on('SIGINT', () => {
    if (interruptHandler) {
      interruptHandler();
      return;
    }
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
    // Whoever waits for a lock, or for a slow disk, does not hear of the signal; nothing is half-written then.
    setTimeout(() => process.exit(INTERRUPTED), GRACE).unref();
  });

  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader (`| head`) has left: the command still runs to its end, for the sake of its exit code.
      if (error.code === 'EPIPE') return;
      process.exitCode = 2;
      if (stream === process.stdout)
        process.stderr.write(`provenance: the output could not be written (${error.code}).\n`);
    });
  }

  const code = await run(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: controller.signal,
    takeInterrupts: (handler) => {
      interruptHandler = handler;
      return () => {
        interruptHandler = undefined;
      };
    },
    pool,
    ahead,
    cache: userDigestCache(process.env),
  });
  process.exitCode ??= code;
  // What was begun for nothing does not hold the program.
  pool.dispose();
}
