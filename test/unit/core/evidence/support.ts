import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ProvenanceError, type ErrorCode } from '../../../../src/core/errors.ts';
import type { FileStat, FileStore } from '../../../../src/core/bytes/fileStore.ts';

/** The path of public test vectors, or undefined where they are not: tests then skip with {@link NO_VECTORS}. */
export function vectors(...path: string[]): string | undefined {
  const file = join(import.meta.dirname, '../../../../../shared/vectors', ...path);
  return existsSync(file) ? file : undefined;
}

export const NO_VECTORS = '../shared/vectors is absent';

/** False, or why a test that needs the program is skipped. */
export function missing(program: string): string | false {
  return spawnSync(program, ['--help']).error ? `${program} is not installed` : false;
}

/** For assert.throws and assert.rejects: one of our errors, with a code and words of its message. */
export function failure(code: ErrorCode, words: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof ProvenanceError)) throw error;
    if (error.code !== code || !words.test(error.message)) throw error;
    // A message in which an argument is missing shows its name in braces.
    if (/\{\w+\}/.test(error.message)) throw new Error(`Unfilled message: ${error.message}`);
    return true;
  };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Files in memory, and a record of what was written in which order. */
export class MemoryFiles implements FileStore {
  readonly contents = new Map<string, Uint8Array>();
  readonly writes: string[] = [];

  read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.contents.get(path);
    if (bytes && bytes.length > maxBytes) {
      return Promise.reject(new ProvenanceError('too-large', '{path} is too large.', { path }));
    }
    return Promise.resolve(bytes);
  }

  stat(path: string): Promise<FileStat | undefined> {
    const bytes = this.contents.get(path);
    return Promise.resolve(bytes && { size: bytes.length, mtime: 0 });
  }

  list(folder: string): Promise<string[]> {
    const names = [...this.contents.keys()].filter((path) => path.startsWith(`${folder}/`));
    return Promise.resolve(names.map((path) => path.slice(folder.length + 1)));
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    this.contents.set(path, bytes.slice());
    this.writes.push(path);
    return Promise.resolve();
  }

  appendLine(path: string, line: Uint8Array): Promise<void> {
    this.contents.set(
      path,
      Buffer.concat([this.contents.get(path) ?? new Uint8Array(), line, bytesOf('\n')]),
    );
    this.writes.push(path);
    return Promise.resolve();
  }
}
