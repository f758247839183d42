import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ProvenanceError } from '../core/errors.ts';
import { Rpc, type CallOptions, type Transferable } from '../protocol/rpc.ts';
import type { DigestThreadMethods } from './digestThread.node.ts';
import { DIGEST_THREAD } from './digestThreadRole.node.ts';
import { nodeTimers, workerPort } from './workerPort.node.ts';

/** More threads than this read memory no faster. */
const MAX_THREADS = 8;
/** Threads that had nothing to do for so long are ended, in milliseconds. */
const IDLE_TIME = 5000;

interface Thread {
  readonly worker: Worker;
  readonly rpc: Rpc<DigestThreadMethods, Record<never, never>>;
  /** Tasks that are not answered yet. */
  tasks: number;
  answered: boolean;
  /** Why it died. */
  lost: string | undefined;
}

/** How many threads digest: one a core. */
export function digestThreads(): number {
  return Math.min(availableParallelism(), MAX_THREADS);
}

/** A pool could not start its threads: what they are for can be done without them. */
export class ThreadsUnavailable extends Error {}

/**
 * Threads that digest samples. They are started when there is work, and ended when there has been none for a while; they
 * keep no process alive that only has idle ones.
 */
export class DigestPool {
  /** How many threads there may be. */
  readonly size: number;
  private readonly threads: Thread[] = [];
  private idle: NodeJS.Timeout | undefined;
  private unavailable = false;

  /**
   * @param script the script of the threads, which calls `startDigestThread` when it is started as one
   * @param options how many threads, one a core unless told; and one of them, where it was started before
   */
  constructor(
    private readonly script: URL,
    options: { readonly size?: number; readonly started?: Worker | undefined } = {},
  ) {
    this.size = options.size ?? digestThreads();
    if (options.started) this.adopt(options.started);
  }

  /** Starts threads, all unless told, so that they are ready when the first task comes. */
  start(count = this.size): void {
    while (this.threads.length < count && !this.unavailable) this.startThread();
    this.endWhenIdle();
  }

  /**
   * Has a thread do a task, one that has little to do.
   *
   * @param among how many of the threads may be given it; others are not started
   * @param transfer what is moved to the thread instead of copied
   * @throws ProvenanceError what the task threw, `internal` when its thread died
   * @throws ThreadsUnavailable when threads cannot be started
   */
  async call<Name extends keyof DigestThreadMethods>(
    method: Name,
    params: Parameters<DigestThreadMethods[Name]>[0],
    among = this.size,
    options: CallOptions = {},
    transfer?: readonly Transferable[],
  ): Promise<ReturnType<DigestThreadMethods[Name]>> {
    this.start(among);
    const thread = this.threads
      .slice(0, among)
      .reduce<Thread | undefined>((a, b) => (a && a.tasks <= b.tasks ? a : b), undefined);
    if (!thread) throw new ThreadsUnavailable();
    if (thread.tasks++ === 0) thread.worker.ref();
    try {
      const result = await thread.rpc.call(method, params, options, transfer);
      thread.answered = true;
      return result;
    } catch (error) {
      // What died before it ever answered could not be started.
      if (this.unavailable) throw new ThreadsUnavailable();
      if (thread.lost === undefined) throw error;
      const template =
        'A thread that digests samples stopped ({reason}); make room in memory, and try again.';
      throw new ProvenanceError('internal', template, { reason: thread.lost }, { cause: error });
    } finally {
      if (--thread.tasks === 0) thread.worker.unref();
      this.endWhenIdle();
    }
  }

  /** Has all threads close the files that they have open. */
  closeFiles(): void {
    for (const { rpc } of this.threads) rpc.call('close', null).catch(() => undefined);
  }

  /** Ends all threads. What they were doing is rejected. */
  dispose(): void {
    clearTimeout(this.idle);
    this.endThreads();
  }

  private startThread(): void {
    try {
      this.adopt(new Worker(this.script, { workerData: DIGEST_THREAD }));
    } catch {
      this.unavailable = true;
    }
  }

  private adopt(worker: Worker): void {
    // It has ended before anybody listened.
    if (worker.threadId < 0) return;
    const rpc: Thread['rpc'] = new Rpc(workerPort(worker), {}, nodeTimers);
    const thread: Thread = { worker, rpc, tasks: 0, answered: false, lost: undefined };
    this.threads.push(thread);
    // After the RPC has begun to listen, which holds the process.
    worker.unref();
    const lost = (reason: string) => {
      const at = this.threads.indexOf(thread);
      if (at < 0) return;
      this.threads.splice(at, 1);
      thread.lost = reason;
      if (!thread.answered) this.unavailable = true;
      rpc.dispose();
    };
    worker.on('error', (error) => {
      lost(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      lost(`exit code ${String(code)}`);
    });
  }

  private endWhenIdle(): void {
    clearTimeout(this.idle);
    if (this.threads.some(({ tasks }) => tasks > 0)) return;
    this.idle = setTimeout(() => {
      this.endThreads();
    }, IDLE_TIME);
    this.idle.unref();
  }

  private endThreads(): void {
    // Taken out first: that they end is no loss.
    for (const { worker, rpc } of this.threads.splice(0)) {
      rpc.dispose();
      void worker.terminate();
    }
  }
}
