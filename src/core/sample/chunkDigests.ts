import type { Malformed } from './canonicalJson.ts';

/** The digests of a chunk of whole lines. */
export interface ChunkDigests {
  /** Lines in the chunk; what follows the last line end counts where it is not empty. */
  readonly lines: number;
  /** Samples in the chunk: lines that are not blank. */
  readonly count: number;
  /** 32 bytes a sample, in order; zeros where it is malformed. */
  readonly digests: Uint8Array<ArrayBuffer>;
  /** The line of each sample, from 0, within the chunk; undefined when no line is blank. */
  readonly lineOfSample: Uint32Array<ArrayBuffer> | undefined;
  /** By index of the sample in the chunk, from 0. */
  readonly malformed: ReadonlyMap<number, Malformed>;
}

/**
 * Digests chunks of whole lines: from the start of a line to a line end, or to the end of the file.
 * Not re-entrant; one for each thread.
 */
export interface ChunkDigester {
  /** Where chunks may be put that are then digested without being copied first. A line end may be written behind them. */
  readonly room?: Uint8Array<ArrayBuffer>;

  /**
   * @param chunk without a byte order mark; not kept, and not changed
   * @param spare is used for the digests if there is room for them, so that memory that is there already is used again
   * @returns arrays that nobody else holds, so that they may be transferred to another thread
   */
  digest(chunk: Uint8Array, spare?: Uint8Array<ArrayBuffer>): ChunkDigests;
}
