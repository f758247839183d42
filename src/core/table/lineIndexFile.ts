import type { Sha256 } from '../bytes/sha256.ts';
import { LineIndex } from './lineIndex.ts';

/** Which state of which file an index belongs to. */
export interface FileIdentity {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtime: number;
  /** Digest of pieces of the first `size` bytes. */
  readonly probe: string;
}

/** `DPLI` and the version of the layout, as numbers of the machine's byte order: files do not wander between machines. */
const MAGIC = 0x494c5044;
const VERSION = 1;
const FIXED_BYTES = 16;
const CHECKSUM_BYTES = 32;

interface Header extends FileIdentity {
  readonly count: number;
  readonly lineStart: number;
  readonly lineCount: number;
  readonly indexed: number;
}

/**
 * A complete line index as a file: magic, version, length of the header (uint32 each) and 4 bytes free; the header as
 * JSON, padded with spaces to 8 bytes; offsets (float64) and line numbers (uint32) of the checkpoints; SHA-256 of all
 * that.
 */
export function encodeLineIndex(index: LineIndex, identity: FileIdentity, sha256: Sha256): Uint8Array {
  const { offsets, lineNumbers, lineStart, lineCount, size } = index.snapshot();
  const fields: Header = { ...identity, count: offsets.length, lineStart, lineCount, indexed: size };
  const json = new TextEncoder().encode(JSON.stringify(fields));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const arrays = FIXED_BYTES + headerBytes;
  const end = arrays + offsets.byteLength + lineNumbers.byteLength;

  const bytes = new Uint8Array(end + CHECKSUM_BYTES);
  new Uint32Array(bytes.buffer, 0, 3).set([MAGIC, VERSION, headerBytes]);
  bytes.fill(0x20, FIXED_BYTES, arrays);
  bytes.set(json, FIXED_BYTES);
  new Float64Array(bytes.buffer, arrays, offsets.length).set(offsets);
  new Uint32Array(bytes.buffer, arrays + offsets.byteLength, lineNumbers.length).set(lineNumbers);
  bytes.set(sha256(bytes.subarray(0, end)), end);
  return bytes;
}

/** The index in a file and what it belongs to; undefined for anything but an undamaged file of this version. */
export function decodeLineIndex(
  file: Uint8Array,
  sha256: Sha256,
): { index: LineIndex; identity: FileIdentity } | undefined {
  if (file.length < FIXED_BYTES + CHECKSUM_BYTES) return undefined;
  const bytes = new Uint8Array(file); // Arrays of numbers need an aligned start.
  const [magic, version, headerBytes = 0] = new Uint32Array(bytes.buffer, 0, 3);
  const end = bytes.length - CHECKSUM_BYTES;
  const arrays = FIXED_BYTES + headerBytes;
  if (magic !== MAGIC || version !== VERSION || arrays > end) return undefined;
  const checksum = sha256(bytes.subarray(0, end));
  for (let i = 0; i < CHECKSUM_BYTES; i++) if (bytes[end + i] !== checksum[i]) return undefined;

  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(FIXED_BYTES, arrays))) as Header;
  const { count, lineStart, lineCount, indexed, path, size, mtime, probe } = header;
  if (arrays + 12 * count !== end) return undefined;
  const index = LineIndex.restore({
    offsets: new Float64Array(bytes.buffer, arrays, count),
    lineNumbers: new Uint32Array(bytes.buffer, arrays + 8 * count, count),
    lineStart,
    lineCount,
    size: indexed,
    finished: true,
  });
  return index && { index, identity: { path, size, mtime, probe } };
}
