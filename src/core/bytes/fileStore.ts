export interface FileStat {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtime: number;
}

/**
 * The files that evidence lives in, as core sees them. Paths are absolute and use `/`.
 * Implemented by `platform/fileStore.node.ts`.
 */
export interface FileStore {
  /** The whole file, or undefined when there is none. @throws ProvenanceError `permission-denied`, `too-large`, `io` */
  read(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Size and time, or undefined when there is no such file. */
  stat(path: string): Promise<FileStat | undefined>;
  /** The names in a folder; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
  /**
   * Replaces the file atomically, making its folder where needed: temporary file beside it, flushed, renamed.
   * A crash leaves the old or the new content. @throws ProvenanceError `read-only`, `permission-denied`, `disk-full`, `io`
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Appends one line (given without its line end) atomically and under a lock, so that two writers both end up in the
   * file. What stands in the file is never rewritten; a torn last line is closed with a line end first. Resolves only
   * once the line is on disk.
   * @param links what to do where `path` is a symbolic link; `refuse` without it: a link in a downloaded folder could
   *   name any file of the user's
   * @throws ProvenanceError `locked`, `read-only`, `permission-denied`, `disk-full`, `io`
   */
  appendLine(path: string, line: Uint8Array, links?: LinkPolicy): Promise<void>;
  /**
   * As {@link appendLine}, together with files that say something about this one. Links are refused.
   * @param maxBytes of what stands in the file
   * @param companions is told what stands in the file, and says, under the lock, what to write beside it once the line is
   *   on disk; what it throws is thrown on, and nothing is written. It may be asked again.
   * @throws ProvenanceError also `too-large`
   */
  appendLineWith(
    path: string,
    line: Uint8Array,
    maxBytes: number,
    companions: (content: Uint8Array) => Promise<readonly FileContent[]>,
  ): Promise<void>;
}

export interface FileContent {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Whether a symbolic link is written through, for a file that is the user's own, or refused. */
export type LinkPolicy = 'follow' | 'refuse';
