import { Worker } from 'node:worker_threads';
import { ProvenanceError } from '../core/errors.ts';
import { Rpc, type CallOptions, type Methods } from '../protocol/rpc.ts';
import { nodeTimers, workerPort } from './workerPort.node.ts';

/** A worker that dies this often in a row is not started again. */
const MAX_RESTARTS = 5;

/**
 * A worker thread and the conversation with it. Started at the first call, and again when it died (for want of memory,
 * say): what was open in it is gone then, and `onLost` tells the owner to open it anew.
 */
export class WorkerClient<Remote extends Methods> {
  private current: { worker: Worker; rpc: Rpc<Remote, Record<never, never>> } | undefined;
  private restarts = 0;
  private disposed = false;

  constructor(
    private readonly scriptPath: string,
    private readonly onLost: (reason: string) => void,
  ) {}

  /** @throws ProvenanceError what the method threw, `cancelled`, `timeout`, or `disposed` when the worker died */
  async call<Name extends keyof Remote & string>(
    method: Name,
    params: Parameters<Remote[Name]>[0],
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    return this.start().call(method, params, options);
  }

  dispose(): void {
    this.disposed = true;
    const current = this.current;
    this.current = undefined;
    current?.rpc.dispose();
    void current?.worker.terminate();
  }

  private start(): Rpc<Remote, Record<never, never>> {
    if (this.current) return this.current.rpc;
    if (this.disposed || this.restarts > MAX_RESTARTS) {
      throw new ProvenanceError(
        'disposed',
        'A background thread has stopped; reload the window to start it again.',
      );
    }
    const worker = new Worker(this.scriptPath);
    const rpc = new Rpc<Remote, Record<never, never>>(workerPort(worker), {}, nodeTimers);
    const lost = (reason: string) => {
      if (this.current?.worker !== worker) return;
      this.current = undefined;
      this.restarts++;
      rpc.dispose();
      if (!this.disposed) this.onLost(reason);
    };
    worker.on('error', (error) => {
      lost(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      lost(`exit code ${String(code)}`);
    });
    this.current = { worker, rpc };
    return rpc;
  }
}
