import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import * as nodeFs from 'node:fs/promises';
import { ProvenanceError } from '../core/errors.ts';
import type { Compression } from '../core/table/datasetFormat.ts';
import type { TextFeed } from '../core/table/textFeed.ts';
import { decompressed } from './decompress.node.ts';
import { codeOf, fileError } from './fileErrors.node.ts';
import { readError, readExactly, type FileSource } from './fileSource.node.ts';
import { makeFolder } from './fileStore.node.ts';
import { RESERVED_BYTES, type TableCache } from './tableCache.node.ts';

/** How often the room on the disk is looked at. */
const CHECK_BYTES = 64 * 1024 * 1024;

/**
 * The text of a compressed file: decompressed as it is asked for, into a file of the cache that it can be read from
 * again. Once it is whole, the copy gets the name by which the cache finds it.
 */
export class DecompressedCopy implements TextFeed {
  private written = 0;
  private checkAt = 0;
  private finished = false;
  private readonly pieces: AsyncGenerator<Uint8Array, void, undefined>;

  private constructor(
    private readonly source: FileSource,
    private readonly counted: { position: number },
    compression: Compression,
    private readonly cache: TableCache,
    private readonly partPath: string,
    private readonly handle: FileHandle,
  ) {
    this.pieces = decompressed(
      {
        size: source.size,
        read: async (offset, length) => {
          counted.position = offset + length;
          return source.read(offset, length);
        },
      },
      compression,
      source.path,
    );
  }

  /** @throws ProvenanceError `permission-denied`, `read-only`, `disk-full`, `io` */
  static async start(
    source: FileSource,
    compression: Compression,
    cache: TableCache,
  ): Promise<DecompressedCopy> {
    const path = cache.partPath(cache.copyPath(source));
    try {
      await makeFolder(nodeFs, cache.folder);
      const handle = await open(path, 'wx+');
      return new DecompressedCopy(source, { position: 0 }, compression, cache, path, handle);
    } catch (error) {
      throw fileError(error, path, 'write');
    }
  }

  /** Bytes of the compressed file that were read. */
  get position(): number {
    return this.counted.position;
  }

  /** Whether the copy is complete and has its name in the cache. */
  get whole(): boolean {
    return this.finished;
  }

  /** @throws ProvenanceError as {@link decompressed}, and `disk-full`, `io` */
  async next(): Promise<Uint8Array | undefined> {
    const { value: piece } = await this.pieces.next();
    if (!piece) {
      await this.finish();
      return undefined;
    }
    await this.expectRoom(piece.length);
    try {
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await this.handle.write(
          piece,
          done,
          piece.length - done,
          this.written + done,
        );
        done += bytesWritten;
      }
    } catch (error) {
      throw codeOf(error) === 'EBADF'
        ? readError(error, this.partPath)
        : fileError(error, this.partPath, 'write');
    }
    this.written += piece.length;
    return piece;
  }

  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    try {
      return await readExactly(this.handle, this.partPath, offset, length, into);
    } catch (error) {
      throw readError(error, this.partPath);
    }
  }

  /** Removes what is not whole. */
  async close(): Promise<void> {
    await this.pieces.return();
    await this.handle.close();
    if (!this.finished) await rm(this.partPath, { force: true }).catch(() => undefined);
  }

  private async finish(): Promise<void> {
    if (this.finished) return;
    try {
      await rename(this.partPath, this.cache.copyPath(this.source));
      this.finished = true;
    } catch {
      // It serves this table, and is removed with it.
    }
  }

  private async expectRoom(length: number): Promise<void> {
    if (this.written + length <= this.checkAt) return;
    const free = (await this.cache.freeBytes()) - RESERVED_BYTES;
    if (free < CHECK_BYTES + length) {
      const { path } = this.source;
      throw new ProvenanceError(
        'disk-full',
        '{path} cannot be shown beyond {written} bytes of its text, because its decompressed copy fills the disk of {folder}; make room there.',
        { path, written: this.written, folder: this.cache.folder },
      );
    }
    this.checkAt = this.written + length + CHECK_BYTES;
  }
}
