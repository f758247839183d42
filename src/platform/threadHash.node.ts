import { throwIfCancelled } from '../core/errors.ts';
import type { DigestPool } from './digestPool.node.ts';
import type { HashOptions } from './fileHash.node.ts';
import type { TaskFile } from './lineRanges.node.ts';

/** The hash of a file by a thread, which may have begun before anybody waits for it. */
export class ThreadHash {
  private readonly cancelling = new AbortController();
  private readonly hash: Promise<string>;
  private waiting: HashOptions = {};

  constructor(pool: DigestPool, file: TaskFile) {
    this.hash = pool.call('hash', file, 1, {
      signal: this.cancelling.signal,
      onProgress: (length) => {
        if (this.waiting.signal?.aborted) this.cancel();
        this.waiting.onBytes?.(length as number);
      },
    });
    // Nobody may ever ask.
    this.hash.catch(() => undefined);
  }

  /** @returns SHA-256, hex. @throws ProvenanceError as `hashTask`. @throws ThreadsUnavailable */
  async wait(options: HashOptions): Promise<string> {
    this.waiting = options;
    const hash = await this.hash;
    throwIfCancelled(options.signal);
    return hash;
  }

  cancel(): void {
    this.cancelling.abort();
  }
}
