import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { DigestPool } from '../platform/digestPool.node.ts';
import { HashAhead } from '../platform/hashAhead.node.ts';
import { startThreadsFor } from './threads.ts';

/** How long a write under way may take to end after an interrupt, in milliseconds. */
const GRACE = 1000;
const INTERRUPTED = 130;

/**
 * Runs the program.
 * @param threadScript of the threads that digest
 * @param thread one that was started before
 */
export async function start(threadScript: URL, thread?: Worker): Promise<void> {
  const [, , command = '', ...operands] = process.argv;
  const pool = new DigestPool(threadScript, { started: thread });
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
