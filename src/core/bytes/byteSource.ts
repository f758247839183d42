/**
 * Bytes that can be read at any place, of any size: a local file, a blob in a browser, an array in a test. So the same
 * code reads all of them, and nothing has to hold a file whole.
 */
export interface ByteSource {
  /** In bytes; does not change. */
  readonly size: number;
  /**
   * Exactly the bytes `[offset, offset + length)`.
   * @throws ProvenanceError `changed-while-reading` when the file ends before, `permission-denied`, `io`
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}
