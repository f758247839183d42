import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { toHex } from '../core/bytes/hex.ts';
import { DIGEST_LENGTH } from '../core/sample/digest.ts';
import { MalformedSamples } from '../core/sample/malformedSamples.ts';
import type { DigestedFile } from './digestFile.node.ts';

/** Entries together take at most so much room; the ones that were not used for longest go. */
const MAX_BYTES = 4 * 2 ** 30;
/** Changes with the layout of entries, and with what digests are of. */
const MAGIC = Buffer.from('DPDIGEST2\n');
const CHECKSUM_BYTES = 4;
/** So much of an entry is read at once where it is not needed as a whole. */
const PIECE_BYTES = 1 << 20;
/** What a writer that was killed left behind is removed after so many milliseconds. */
const ABANDONED = 24 * 60 * 60 * 1000;
const SUFFIX = '.digests';
const ROOT_SUFFIX = '.root';

/** What an entry says in its first line, as JSON; arrays of so many elements follow. */
interface Header {
  readonly size: number;
  readonly count: number;
  readonly lines: number;
  readonly lineCount: number;
  readonly malformed: number;
  /** Whether some lines are blank: else sample `i` stands on line `i + 1`. */
  readonly blank: boolean;
}

/**
 * The digests of files that were digested before, by the SHA-256 of their bytes: what has the same bytes has the same
 * digests, whatever it is called; and the Merkle roots of leaves. A checksum tells damaged entries; the folder is the
 * user's own, so none has to tell forged ones. A cache that cannot be read or written is no error.
 *
 * An entry: magic number, the length of the header (4 bytes, little-endian), header (JSON), then of all samples the
 * digests (32 bytes each) and, if lines are blank, the lines (4 each); of the malformed ones rows (4), offsets (4) and
 * codes (1); the CRC-32 of all this (4 bytes, little-endian).
 */
export class DigestCache {
  constructor(
    private readonly folder: string,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /** @param sha256 of the file's bytes, hex */
  async get(sha256: string): Promise<DigestedFile | undefined> {
    const path = this.pathOf(sha256);
    try {
      const digested = decode(await readFile(path), sha256);
      const now = new Date();
      if (digested) await utimes(path, now, now);
      return digested;
    } catch {
      return undefined;
    }
  }

  /**
   * Whether no sample of a file has a digest that somebody looks for. The entry is read in pieces, as most of what it takes
   * to have all of a large one in memory is to get so much memory.
   *
   * @param sha256 of the file's bytes, hex
   * @param isLookedFor asked of the digest at `index` of the packed `digests`
   * @returns undefined where the file is not known
   */
  async holdsNone(
    sha256: string,
    isLookedFor: (digests: Uint8Array, index: number) => boolean,
  ): Promise<boolean | undefined> {
    try {
      const file = await open(this.pathOf(sha256));
      try {
        return await searchEntry(file, isLookedFor);
      } finally {
        await file.close();
      }
    } catch {
      return undefined;
    }
  }

  /** Keeps what was found in a file. Resolves when it is done, or could not be. */
  async put(digested: DigestedFile): Promise<void> {
    await this.write(this.pathOf(digested.samples.sha256), encode(digested));
  }

  /** The Merkle root of leaves that hash to `sha256`, if it was kept. */
  async getRoot(sha256: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readFile(this.rootPath(sha256));
      const root = bytes.subarray(sha256.length, sha256.length + DIGEST_LENGTH);
      return isChecked(bytes) && bytes.subarray(0, sha256.length).equals(sha256) ? viewOf(root) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a Merkle root by the SHA-256 of the leaves. Resolves when it is done, or could not be. */
  async putRoot(sha256: Uint8Array, root: Uint8Array): Promise<void> {
    await this.write(this.rootPath(sha256), [sha256, root]);
  }

  /** Writes an entry, with a checksum behind it. */
  private async write(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const bytes = parts.reduce((sum, part) => sum + part.length, CHECKSUM_BYTES);
    if (bytes > this.maxBytes) return;
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await this.makeRoom(bytes);
      const handle = await open(temporary, 'wx', 0o600);
      try {
        let checksum = 0;
        for (const part of parts) {
          // Of no bytes at all it would begin anew.
          if (part.length > 0) checksum = crc32(part, checksum);
          await handle.writeFile(part);
        }
        const end = Buffer.alloc(CHECKSUM_BYTES);
        end.writeUInt32LE(checksum);
        await handle.writeFile(end);
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** Drops entries, the ones that were not used for longest first, until `bytes` more fit. */
  private async makeRoom(bytes: number): Promise<void> {
    const entries: { path: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found?.isFile()) continue;
      if (name.endsWith(SUFFIX) || name.endsWith(ROOT_SUFFIX))
        entries.push({ path, size: found.size, used: found.mtimeMs });
      else if (name.endsWith('.tmp') && Date.now() - found.mtimeMs > ABANDONED)
        await rm(path, { force: true });
    }
    let total = entries.reduce((sum, { size }) => sum + size, bytes);
    for (const { path, size } of entries.sort((a, b) => a.used - b.used)) {
      if (total <= this.maxBytes) return;
      await rm(path, { force: true });
      total -= size;
    }
  }

  private pathOf(sha256: string): string {
    return join(this.folder, sha256 + SUFFIX);
  }

  private rootPath(sha256: Uint8Array): string {
    return join(this.folder, toHex(sha256) + ROOT_SUFFIX);
  }
}

/**
 * The cache of this user, in `digests` of the user's cache folder; undefined where the environment variable
 * `PROVENANCE_CACHE` is `off`.
 */
export function userDigestCache(env: NodeJS.ProcessEnv = process.env): DigestCache | undefined {
  if (env['PROVENANCE_CACHE'] === 'off') return undefined;
  return new DigestCache(join(cacheFolder(env), 'digests'));
}

/** The folder for what this user's programs may lose at any time. */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(cacheRoot(env, platform, home), 'dataset-provenance');
}

function cacheRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData/Local');
  if (platform === 'darwin') return join(home, 'Library/Caches');
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG specification: relative paths are to be ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.cache');
}

function encode({ samples, lines, lineCount }: DigestedFile): Uint8Array[] {
  const { count, size, malformed } = samples;
  const lineOfSample = samples.lines;
  const blank = lineOfSample !== undefined;
  const header: Header = { size, count, lines, lineCount, malformed: malformed.size, blank };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const { rows, offsets, codes } = malformed.packed;
  return [
    MAGIC,
    length,
    text,
    samples.digests,
    ...(lineOfSample ? [viewOf(lineOfSample)] : []),
    viewOf(rows),
    viewOf(offsets),
    codes,
  ];
}

/** @returns as {@link DigestCache.holdsNone}; also undefined for what is no entry of this version, or is damaged */
async function searchEntry(
  file: FileHandle,
  isLookedFor: (digests: Uint8Array, index: number) => boolean,
): Promise<boolean | undefined> {
  const { size } = await file.stat();
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const start = (await file.read(buffer, 0, PIECE_BYTES, 0)).bytesRead;
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const from = MAGIC.length + 4 + buffer.readUInt32LE(MAGIC.length);
  if (from > start) return undefined;
  const header = JSON.parse(buffer.toString('utf8', MAGIC.length + 4, from)) as Header;
  const digestsEnd = from + header.count * DIGEST_LENGTH;
  const end = size - CHECKSUM_BYTES;
  if (digestsEnd > end) return undefined;
  let checksum = crc32(buffer.subarray(0, from));
  let found = false;
  for (let at = from; at < end;) {
    const isDigests = at < digestsEnd;
    const length = Math.min(PIECE_BYTES, (isDigests ? digestsEnd : end) - at);
    const { bytesRead } = await file.read(buffer, 0, length, at);
    if (bytesRead < length) return undefined;
    const piece = viewOf(buffer.subarray(0, length));
    checksum = crc32(piece, checksum);
    for (let i = 0; isDigests && !found && i < length / DIGEST_LENGTH; i++) found = isLookedFor(piece, i);
    at += length;
  }
  await file.read(buffer, 0, CHECKSUM_BYTES, end);
  return checksum === buffer.readUInt32LE(0) ? !found : undefined;
}

/** @returns undefined for what is no entry of this version, or is damaged */
function decode(bytes: Buffer, sha256: string): DigestedFile | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || !isChecked(bytes)) return undefined;
  let at = MAGIC.length + 4;
  const take = (length: number) => bytes.subarray(at, (at += length));
  const header = JSON.parse(take(bytes.readUInt32LE(MAGIC.length)).toString()) as Header;
  const { size, count, lines, lineCount, malformed } = header;
  const digests = viewOf(take(count * DIGEST_LENGTH));
  const lineOfSample = header.blank ? numbersOf(take(4 * count)) : undefined;
  const packed = {
    rows: numbersOf(take(4 * malformed)),
    offsets: numbersOf(take(4 * malformed)),
    codes: new Uint8Array(take(malformed)),
  };
  const samples = {
    count,
    digests,
    lines: lineOfSample,
    malformed: new MalformedSamples(packed),
    sha256,
    size,
  };
  return { samples, lines, lineCount };
}

/** Whether the checksum at the end is right. */
function isChecked(bytes: Buffer): boolean {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 0) return false;
  return crc32(bytes.subarray(0, end)) === bytes.readUInt32LE(end);
}

function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A copy, as the bytes may stand where no number can. */
function numbersOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
