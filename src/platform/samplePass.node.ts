import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfCancelled, type CancelSignal } from '../core/errors.ts';
import { SampleCollector, type PackedChunk } from '../core/sample/sampleCollector.ts';
import { ThreadsUnavailable, type DigestPool } from './digestPool.node.ts';
import { FileRanges, type RangeParams } from './fileRanges.node.ts';
import type { TaskFile } from './lineRanges.node.ts';

/** Tasks of each thread that wait for it, so that it always has one to go on with. */
const TASKS_A_THREAD = 2;

/** What there is to digest. */
export interface SampleParts {
  readonly format: RangeParams['format'];
  /** In order: bytes of a JSONL file, rows of a Parquet file. */
  readonly ranges: () => Iterator<{ readonly from: number; readonly to: number }>;
  /** Where they end. */
  readonly total: number;
}

export interface SamplePassOptions {
  readonly signal?: CancelSignal | undefined;
  /** Told of each part that was digested: what share of the file it was. */
  readonly onDigested: (share: number) => void;
}

/**
 * Digests the samples of a file, part by part: in the threads of a pool, or without one, in this thread. No more parts
 * are read ahead than keep the threads busy.
 */
export class SamplePass {
  private threads: number;
  private running: Promise<SampleCollector> | undefined;
  private failure: Error | undefined;
  private stopped = false;

  constructor(
    private readonly file: TaskFile,
    private readonly parts: SampleParts,
    private readonly pool: DigestPool | undefined,
    private readonly options: SamplePassOptions,
  ) {
    this.threads = Math.max(1, (pool?.size ?? 1) - 1);
  }

  /** Begins while the caller still uses a core. Without threads of its own it would only be in the way. */
  startBeside(): void {
    if (!this.pool) return;
    this.running = this.run(this.pool);
    this.running.catch((error: unknown) => {
      this.failure = error as Error;
    });
  }

  /** @throws ProvenanceError what stopped the threads, before {@link finish} is called */
  throwIfFailed(): void {
    if (this.failure && !(this.failure instanceof ThreadsUnavailable)) throw this.failure;
  }

  /** Goes on to the end of the file with all threads. @throws ProvenanceError as {@link FileRanges.digest}, `cancelled` */
  async finish(): Promise<SampleCollector> {
    this.threads = this.pool?.size ?? 1;
    try {
      return await (this.running ?? this.run(this.pool));
    } catch (error) {
      if (!(error instanceof ThreadsUnavailable)) throw error;
      return await this.run(undefined);
    }
  }

  /** Gives up what is not done yet. */
  stop(): void {
    this.stopped = true;
    this.pool?.closeFiles();
  }

  private async run(pool: DigestPool | undefined): Promise<SampleCollector> {
    const { options, parts } = this;
    const local = new FileRanges();
    const collector = new SampleCollector(parts.total);
    const waiting: { readonly length: number; readonly chunk: Promise<PackedChunk> }[] = [];
    const spares: Uint8Array<ArrayBuffer>[] = [];
    const ranges = parts.ranges();
    try {
      for (let next = ranges.next(); !next.done || waiting.length > 0;) {
        throwIfCancelled(options.signal);
        if (this.stopped) break;
        const ahead = pool ? TASKS_A_THREAD * this.threads : 1;
        for (; !next.done && waiting.length < ahead; next = ranges.next()) {
          const spare = spares.pop();
          const task = { file: this.file, format: parts.format, ...next.value, spare };
          const chunk = pool
            ? pool.call('digest', task, this.threads, {}, spare && [spare.buffer])
            : inTurn(() => local.digest(task));
          // Of several that fail, the first one is reported.
          chunk.catch(() => undefined);
          waiting.push({ length: task.to - task.from, chunk });
        }
        const { length, chunk } = waiting.shift()!;
        const digested = await chunk;
        collector.add(digested, length);
        spares.push(new Uint8Array(digested.digests.buffer));
        options.onDigested(length / parts.total);
      }
      return collector;
    } finally {
      await local.close();
    }
  }
}

/** Does something after others had their turn. */
async function inTurn<T>(action: () => Promise<T>): Promise<T> {
  await nextTurn();
  return await action();
}
