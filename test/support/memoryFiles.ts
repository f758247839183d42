import type { FileContent, FileStore } from '../../src/core/bytes/fileStore.ts';

/** A file store in memory, for core's tests. `fail` makes reading a path throw. */
export class MemoryFiles implements FileStore {
  readonly files = new Map<string, Uint8Array>();
  readonly failing = new Map<string, Error>();
  private clock = 0;
  private readonly times = new Map<string, number>();

  read(path: string): Promise<Uint8Array | undefined> {
    const error = this.failing.get(path);
    return error ? Promise.reject(error) : Promise.resolve(this.files.get(path));
  }

  stat(path: string): Promise<{ size: number; mtime: number } | undefined> {
    const bytes = this.files.get(path);
    return Promise.resolve(bytes && { size: bytes.length, mtime: this.times.get(path) ?? 0 });
  }

  list(folder: string): Promise<string[]> {
    return Promise.resolve(
      [...this.files.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    );
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, bytes);
    this.times.set(path, ++this.clock);
    return Promise.resolve();
  }

  async appendLine(path: string, line: Uint8Array): Promise<void> {
    const before = this.files.get(path) ?? new Uint8Array(0);
    const after = new Uint8Array(before.length + line.length + 1);
    after.set(before);
    after.set(line, before.length);
    after[after.length - 1] = 0x0a;
    await this.write(path, after);
  }

  async appendLineWith(
    path: string,
    line: Uint8Array,
    _maxBytes: number,
    companions: (content: Uint8Array) => Promise<readonly FileContent[]>,
  ): Promise<void> {
    const beside = await companions(this.files.get(path) ?? new Uint8Array(0));
    await this.appendLine(path, line);
    for (const { path: other, bytes } of beside) await this.write(other, bytes);
  }
}
