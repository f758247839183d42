import type { SeenState } from './logState.ts';

/**
 * What a user has seen of the logs of datasets, so that evidence which vanishes between two looks is missed. It is the
 * user's own: nobody who hands on a dataset can change it.
 */
export interface LogMemory {
  /**
   * The newest state that was seen of the log of a dataset; of one that was never seen there, the newest state of the log
   * with that origin, wherever it was, so that a folder that moved is known.
   *
   * @param dataset absolute path, with `/`
   * @param origin of the log that stands there now; undefined where it has no line
   */
  recall(dataset: string, origin: string | undefined): Promise<SeenState | undefined>;
  /** The datasets below a folder of which something was seen: absolute paths, with `/`, in order. */
  known(folder: string): Promise<readonly string[]>;
  /**
   * Remembers a state. It has to extend what is remembered of the dataset, which is left as it is where it turns out to
   * be larger: another program may have seen more meanwhile.
   */
  remember(dataset: string, state: SeenState): Promise<void>;
  /** Remembers a state in the place of whatever is remembered of the dataset; without a state, forgets it. */
  replace(dataset: string, state: SeenState | undefined): Promise<void>;
}
