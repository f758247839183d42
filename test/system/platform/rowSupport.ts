import { MessageChannel } from 'node:worker_threads';
import type {
  OpenedTable,
  RowWorkerMethods,
  SearchParams,
  SearchProgress,
} from '../../../src/protocol/rowWorker.ts';
import { Rpc, type CallOptions } from '../../../src/protocol/rpc.ts';
import { startRowWorker } from '../../../src/platform/rowTables.node.ts';
import { nodeTimers, workerPort } from '../../../src/platform/workerPort.node.ts';

/** The row worker's end of a channel in this thread, and calls to it for one table. */
export class RowWorkerHere {
  private readonly channel = new MessageChannel();
  private readonly stop = startRowWorker(workerPort(this.channel.port1));
  private readonly rpc = new Rpc<RowWorkerMethods, Record<never, never>>(
    workerPort(this.channel.port2),
    {},
    nodeTimers,
  );

  constructor(private readonly cacheFolder: string) {}

  open(path: string, table = 't'): Promise<OpenedTable> {
    return this.rpc.call('open', { table, path, cacheFolder: this.cacheFolder });
  }

  call<Name extends keyof RowWorkerMethods>(
    method: Name,
    params: Omit<Parameters<RowWorkerMethods[Name]>[0], 'table'>,
    options?: CallOptions,
  ): Promise<Awaited<ReturnType<RowWorkerMethods[Name]>>> {
    return this.rpc.call(method, { table: 't', ...params }, options);
  }

  /** The texts of some columns of these lines. */
  async texts(lines: readonly number[], ...columns: string[]): Promise<string[][]> {
    const rows = await this.call('rows', { lines, columns });
    return rows.map(({ cells }) => cells.map(({ text }) => text));
  }

  /** The lines that match. */
  async search(params: Omit<SearchParams, 'table'>): Promise<number[]> {
    const found: number[] = [];
    await this.call('search', params, {
      onProgress: (value) => found.push(...(value as SearchProgress).matches),
    });
    return found;
  }

  dispose(): void {
    this.rpc.dispose();
    this.stop();
    this.channel.port1.close();
  }
}
