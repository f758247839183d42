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
  /**
   * @param chunk without a byte order mark; not kept, and not changed
   * @returns arrays of its own, which may be transferred to another thread
   */
  digest(chunk: Uint8Array): ChunkDigests;
}
