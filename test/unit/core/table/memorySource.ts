import type { TextSource } from '../../../../src/core/table/textFeed.ts';

/** A text in memory, that remembers how much of it was read. */
export function memorySource(bytes: Uint8Array): TextSource & { bytesRead: number } {
  return {
    size: bytes.length,
    bytesRead: 0,
    read(offset, length) {
      if (offset < 0 || offset + length > bytes.length) {
        return Promise.reject(new RangeError(`No bytes ${offset} to ${offset + length}`));
      }
      this.bytesRead += length;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}
