import { createHash } from 'node:crypto';
import { access, constants, readdir, rm, stat, statfs, utimes } from 'node:fs/promises';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { ProvenanceError } from '../core/errors.ts';
import type { LineIndex } from '../core/table/lineIndex.ts';
import { decodeLineIndex, encodeLineIndex } from '../core/table/lineIndexFile.ts';
import type { FileSource } from './fileSource.node.ts';
import { makeFolder, nodeFileStore } from './fileStore.node.ts';
import { fastSha256 } from './sha256.node.ts';

/** Indexing a smaller file again is faster than one would notice. */
const MIN_INDEXED_BYTES = 16 * 1024 * 1024;
const MAX_INDEX_BYTES = 1024 * 1024 * 1024;
/** What all files of the cache may have together; decompressed copies are nearly all of it. */
const MAX_CACHE_BYTES = 32 * 1024 * 1024 * 1024;
/** What is left free on the disk. */
export const RESERVED_BYTES = 1024 * 1024 * 1024;
/** A copy that nobody has added to for so long was left behind by a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const INDEX_SUFFIX = '.lines';
const COPY_SUFFIX = '.jsonl';
const PART_SUFFIX = '.part';

/**
 * The folder that keeps line indexes and decompressed copies of datasets. All in it can be made again: nothing here
 * fails for want of it, and the longest unused files go when there are too many.
 */
export class TableCache {
  private readonly files = nodeFileStore();

  constructor(readonly folder: string) {}

  /** Why nothing can be kept, if so: `permission-denied`, `disk-full`. Does not throw. */
  async trouble(): Promise<ProvenanceError | undefined> {
    const { folder } = this;
    try {
      await makeFolder(nodeFs, folder);
      await access(folder, constants.W_OK);
    } catch (error) {
      return new ProvenanceError(
        'permission-denied',
        '{folder} cannot be written, so that large files are indexed anew each time; check its permissions.',
        { folder },
        { cause: error },
      );
    }
    if ((await this.freeBytes()) >= RESERVED_BYTES) return undefined;
    return new ProvenanceError(
      'disk-full',
      'The disk of {folder} is nearly full, so that large files are indexed anew each time; make room on it.',
      { folder },
    );
  }

  /** Bytes that may still be written without filling the disk; 0 where nobody knows. */
  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.folder);
      return bavail * bsize;
    } catch {
      return 0;
    }
  }

  /**
   * The index that was kept of a file: complete if the file is as it was then; to be continued if it has grown and its
   * beginning is as it was. Undefined where there is none that fits.
   */
  async loadIndex(source: FileSource): Promise<LineIndex | undefined> {
    try {
      const bytes = await this.files.read(this.indexPath(source), MAX_INDEX_BYTES);
      const kept = bytes && decodeLineIndex(bytes, fastSha256);
      if (!kept) return undefined;
      const { index, identity } = kept;
      if (identity.path !== source.path || identity.size > source.size || index.bytes !== identity.size) {
        return undefined;
      }
      const grown = identity.size < source.size;
      if (!grown && identity.mtime !== source.mtime) return undefined;
      if ((await source.probeOf(identity.size)) !== identity.probe) return undefined;
      if (grown) index.reopen();
      return index;
    } catch {
      return undefined;
    }
  }

  /** Keeps the complete index of a file, if it is worth it and there is room. */
  async saveIndex(index: LineIndex, source: FileSource): Promise<void> {
    if (source.size < MIN_INDEXED_BYTES || (await this.freeBytes()) < RESERVED_BYTES) return;
    const { path, size, mtime, probe } = source;
    try {
      const bytes = encodeLineIndex(index, { path, size, mtime, probe }, fastSha256);
      await this.files.write(this.indexPath(source), bytes);
      await this.prune();
    } catch {
      // The table works without; `trouble` said so when it was opened.
    }
  }

  /** Where the decompressed copy of a file as it is now belongs. */
  copyPath({ path, size, mtime, probe }: FileSource): string {
    return join(this.folder, `${sha256Hex(JSON.stringify([path, size, mtime, probe]))}${COPY_SUFFIX}`);
  }

  /** A new name for a copy that is being written. */
  partPath(copyPath: string): string {
    return `${copyPath}.${String(process.pid)}-${String(Date.now())}${PART_SUFFIX}`;
  }

  /** Marks a file as used, so that it stays longer. Its own time, which indexes are checked by, does not change. */
  async touch(path: string): Promise<void> {
    try {
      await utimes(path, new Date(), (await stat(path)).mtime);
    } catch {
      // Then it goes a little earlier.
    }
  }

  /** Removes what was left behind, and the longest unused files until the others fit. */
  async prune(limit = MAX_CACHE_BYTES): Promise<void> {
    const now = Date.now();
    const kept: { path: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (![INDEX_SUFFIX, COPY_SUFFIX, PART_SUFFIX].some((suffix) => name.endsWith(suffix))) continue;
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found?.isFile()) continue;
      if (!name.endsWith(PART_SUFFIX)) {
        kept.push({ path, size: found.size, used: Math.max(found.atimeMs, found.mtimeMs) });
      } else if (now - found.mtimeMs > ABANDONED_MS) {
        await rm(path, { force: true }).catch(() => undefined);
      }
    }
    let total = kept.reduce((sum, { size }) => sum + size, 0);
    kept.sort((a, b) => a.used - b.used);
    // The newest is what it was all done for.
    for (const { path, size } of kept.slice(0, -1)) {
      if (total <= limit) break;
      await rm(path, { force: true }).catch(() => undefined);
      total -= size;
    }
  }

  private indexPath({ path }: FileSource): string {
    return join(this.folder, `${sha256Hex(path)}${INDEX_SUFFIX}`);
  }
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
