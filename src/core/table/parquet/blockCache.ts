import type { ByteSource } from '../../bytes/byteSource.ts';

const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCKS = 64;

/**
 * A source that reads in blocks and keeps the last ones: page headers, and pages of files with thousands of small columns,
 * stand close to each other. What is larger than a block is read as it is asked for.
 */
export class BlockCache implements ByteSource {
  private readonly blocks = new Map<number, Promise<Uint8Array>>();

  constructor(private readonly source: ByteSource) {}

  get size(): number {
    return this.source.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (length > BLOCK_BYTES) return this.source.read(offset, length);
    const first = Math.floor(offset / BLOCK_BYTES);
    const start = offset - first * BLOCK_BYTES;
    const head = await this.block(first);
    if (start + length <= head.length) return head.subarray(start, start + length);
    const tail = await this.block(first + 1);
    const bytes = new Uint8Array(length);
    bytes.set(head.subarray(start));
    bytes.set(tail.subarray(0, length - (head.length - start)), head.length - start);
    return bytes;
  }

  private block(number: number): Promise<Uint8Array> {
    const kept = this.blocks.get(number);
    if (kept !== undefined) {
      // The map's order is that of use.
      this.blocks.delete(number);
      this.blocks.set(number, kept);
      return kept;
    }
    const start = number * BLOCK_BYTES;
    const block = this.source.read(start, Math.min(BLOCK_BYTES, this.size - start));
    this.blocks.set(number, block);
    block.catch(() => this.blocks.delete(number));
    if (this.blocks.size > MAX_BLOCKS) this.blocks.delete(this.blocks.keys().next().value!);
    return block;
  }
}
