import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProvenanceError } from '../core/errors.ts';
import { codeOf, fileError } from './fileErrors.node.ts';

/**
 * A file that is written piece by piece and appears under its name only when it is whole: temporary file beside it,
 * flushed, renamed. Whatever happens before, the old file or none is there.
 */
export class NewFile {
  private constructor(
    /** Where it will be. */
    readonly path: string,
    /** Where its bytes are until then. */
    readonly temporaryPath: string,
    private readonly handle: FileHandle,
    private readonly replace: boolean,
  ) {}

  /**
   * @param replace whether a file of that name is replaced; else it is an error
   * @throws ProvenanceError `file-exists`, `not-found`, `permission-denied`, `read-only`, `disk-full`, `io`
   */
  static async create(path: string, { replace }: { readonly replace: boolean }): Promise<NewFile> {
    const temporary = join(
      dirname(path),
      `.${basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}.tmp`,
    );
    try {
      if (!replace) await refuseExisting(path);
      return new NewFile(path, temporary, await open(temporary, 'wx'), replace);
    } catch (error) {
      throw fileError(error, path, 'write');
    }
  }

  /** Appends bytes. @throws ProvenanceError `disk-full`, `io` */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at);
        at += bytesWritten;
      }
    } catch (error) {
      throw fileError(error, this.path, 'write');
    }
  }

  /** Puts the file in its place. @throws ProvenanceError `file-exists`, `disk-full`, `permission-denied`, `io` */
  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      if (this.replace) {
        await rename(this.temporaryPath, this.path);
        return;
      }
      // Unlike a rename, a link never replaces what somebody else wrote meanwhile.
      await link(this.temporaryPath, this.path).catch(async (error: unknown) => {
        if (codeOf(error) === 'EEXIST') throw existsError(this.path);
        await refuseExisting(this.path);
        await rename(this.temporaryPath, this.path);
      });
    } catch (error) {
      throw fileError(error, this.path, 'write');
    } finally {
      await this.discard();
    }
  }

  /** Removes what was written; nothing after {@link commit}. */
  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(this.temporaryPath, { force: true }).catch(() => undefined);
  }
}

async function refuseExisting(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return;
  await handle.close();
  throw existsError(path);
}

function existsError(path: string): ProvenanceError {
  return new ProvenanceError(
    'file-exists',
    '{path} exists already; choose another name, or say that it may be replaced.',
    {
      path,
    },
  );
}
