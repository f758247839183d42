import type { LogMemory } from '../../src/core/log/logMemory.ts';
import type { SeenState } from '../../src/core/log/logState.ts';

/** A memory of logs for core's tests, as `NodeLogMemory` but gone with the process. */
export class SeenLogs implements LogMemory {
  readonly datasets = new Map<string, SeenState>();
  readonly logs = new Map<string, SeenState>();

  recall(dataset: string, origin: string | undefined): Promise<SeenState | undefined> {
    const elsewhere = origin === undefined ? undefined : this.logs.get(origin);
    return Promise.resolve(this.datasets.get(dataset) ?? elsewhere);
  }

  known(folder: string): Promise<readonly string[]> {
    return Promise.resolve([...this.datasets.keys()].filter((path) => path.startsWith(`${folder}/`)).sort());
  }

  remember(dataset: string, state: SeenState): Promise<void> {
    if ((this.datasets.get(dataset)?.size ?? 0) < state.size) this.datasets.set(dataset, state);
    if ((this.logs.get(state.origin)?.size ?? 0) < state.size)
      this.logs.set(state.origin, { ...state, elsewhere: dataset });
    return Promise.resolve();
  }

  replace(dataset: string, state: SeenState | undefined): Promise<void> {
    const old = this.datasets.get(dataset);
    if (old) this.logs.delete(old.origin);
    this.datasets.delete(dataset);
    return state ? this.remember(dataset, state) : Promise.resolve();
  }
}
