import { ProvenanceError } from '../errors.ts';

/** What the zstd program decodes without being told to use more memory. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Type of a block that is one byte repeated (RFC 8878 §3.1.1.2.2). */
const RLE = 1;

/**
 * Follows the frames of Zstandard data (RFC 8878 §3.1) as it goes by, and stops it before a decoder gets to allocate
 * the memory that a hostile frame asks for. What is wrong in other ways is left to the decoder to find.
 */
export class ZstdFrames {
  /** The beginning of a header that has not come whole. */
  private pending: number[] = [];
  /** Bytes before the next header. */
  private toSkip = 0;
  private inFrame = false;
  private hasChecksum = false;
  private lost = false;

  /** @param path for messages */
  constructor(private readonly path: string) {}

  /** Takes the next piece of the file. @throws ProvenanceError `too-large` */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length && !this.lost;) {
      const skipped = Math.min(this.toSkip, piece.length - at);
      this.toSkip -= skipped;
      at += skipped;
      if (at === piece.length) break;
      this.pending.push(piece[at++]!);
      if (this.inFrame ? this.blockHeader() : this.frameHeader()) this.pending = [];
    }
  }

  /** @returns whether the block header has come whole */
  private blockHeader(): boolean {
    const [first, second, third] = this.pending;
    if (first === undefined || second === undefined || third === undefined) return false;
    const header = first | (second << 8) | (third << 16);
    this.toSkip = ((header >> 1) & 3) === RLE ? 1 : header >> 3;
    if ((header & 1) === 1) {
      this.inFrame = false;
      if (this.hasChecksum) this.toSkip += 4;
    }
    return true;
  }

  /** @returns whether the frame header has come whole */
  private frameHeader(): boolean {
    const { pending } = this;
    if (pending.length < 5) return false;
    const magic = littleEndian(pending, 0, 4);
    if (magic >= SKIPPABLE_MAGIC && magic <= SKIPPABLE_MAGIC + 15) {
      if (pending.length < 8) return false;
      this.toSkip = littleEndian(pending, 4, 4);
      return true;
    }
    this.lost = magic !== FRAME_MAGIC;
    if (this.lost) return true;

    const descriptor = pending[4]!;
    const singleSegment = (descriptor & 0x20) !== 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag > 0 ? 1 << sizeFlag : singleSegment ? 1 : 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeAt = (singleSegment ? 5 : 6) + dictionaryBytes;
    if (pending.length < sizeAt + sizeBytes) return false;
    const window = singleSegment ? littleEndian(pending, sizeAt, sizeBytes) : windowSize(pending[5]!);
    if (window > MAX_WINDOW_BYTES) {
      throw new ProvenanceError(
        'too-large',
        '{path} needs {window} bytes of memory to decompress, more than the {limit} allowed; compress it again without --long or --ultra.',
        { path: this.path, window, limit: MAX_WINDOW_BYTES },
      );
    }
    this.hasChecksum = (descriptor & 4) !== 0;
    this.inFrame = true;
    return true;
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function littleEndian(bytes: readonly number[], from: number, length: number): number {
  let value = 0;
  for (let i = from + length - 1; i >= from; i--) value = 256 * value + bytes[i]!;
  return value;
}
