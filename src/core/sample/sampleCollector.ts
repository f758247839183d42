import type { ChunkDigests } from './chunkDigests.ts';
import { DIGEST_LENGTH, type SampleDigests } from './digest.ts';
import { MalformedCollector, MalformedSamples, type PackedMalformed } from './malformedSamples.ts';

/** {@link ChunkDigests} in typed arrays only, so that another thread can send them for nothing. */
export interface PackedChunk extends Omit<ChunkDigests, 'malformed'> {
  readonly malformed: PackedMalformed;
}

/** The digests of a chunk, with what is wrong with its malformed samples packed. */
export function packChunk(chunk: ChunkDigests): PackedChunk {
  const malformed = new MalformedCollector();
  for (const [row, problem] of chunk.malformed) malformed.add(row, problem);
  return { ...chunk, malformed: malformed.finish() };
}

/** Puts the digests of a file's chunks together, in the order of the file. */
export class SampleCollector {
  private digests = new Uint8Array(0);
  /** The line of each sample, from 1; made with the first one that stands behind a blank line. */
  private lineOfSample: Uint32Array | undefined;
  private readonly malformed = new MalformedCollector();
  private samples = 0;
  private bytes = 0;
  private lineCount = 0;

  /** @param expectedBytes the size of the file, where it is known: room is made for all its samples at once */
  constructor(private readonly expectedBytes = 0) {}

  /** Lines so far. */
  get lines(): number {
    return this.lineCount;
  }

  /** @param bytes length of the chunk */
  add(chunk: PackedChunk, bytes: number): void {
    const { samples, lineCount } = this;
    const count = samples + chunk.count;
    this.bytes += bytes;
    if (count * DIGEST_LENGTH > this.digests.length) this.grow(count);
    this.digests.set(chunk.digests, samples * DIGEST_LENGTH);
    if (!this.lineOfSample && isShifted(chunk, lineCount - samples)) {
      this.lineOfSample = lineNumbers(samples, this.capacity);
    }
    if (this.lineOfSample) {
      for (let i = 0; i < chunk.count; i++) {
        this.lineOfSample[samples + i] = lineCount + (chunk.lineOfSample?.[i] ?? i) + 1;
      }
    }
    this.malformed.addPacked(chunk.malformed, samples);
    this.samples = count;
    this.lineCount += chunk.lines;
  }

  /** Ends the file. Call once. @param file SHA-256 (hex) and size of its bytes */
  finish(file: { readonly sha256: string; readonly size: number }): SampleDigests {
    const count = this.samples;
    return {
      count,
      // What lies behind was never written to, so it takes no memory.
      digests: this.digests.subarray(0, count * DIGEST_LENGTH),
      lines: this.lineOfSample?.subarray(0, count),
      malformed: new MalformedSamples(this.malformed.finish()),
      sha256: file.sha256,
      size: file.size,
    };
  }

  /** Ends a part of a file. Call once. */
  finishChunk(): PackedChunk {
    const { samples: count, lineCount: lines } = this;
    return {
      lines,
      count,
      digests: this.digests.subarray(0, count * DIGEST_LENGTH),
      lineOfSample: this.lineOfSample?.slice(0, count).map((line) => line - 1),
      malformed: this.malformed.finish(),
    };
  }

  private get capacity(): number {
    return this.digests.length / DIGEST_LENGTH;
  }

  private grow(count: number): void {
    const expected = this.bytes > 0 ? (count * this.expectedBytes) / this.bytes : 0;
    const capacity = Math.ceil(Math.max(expected * 1.1, this.capacity * 1.5, count)) + 64;
    const digests = new Uint8Array(capacity * DIGEST_LENGTH);
    digests.set(this.digests.subarray(0, this.samples * DIGEST_LENGTH));
    this.digests = digests;
    if (!this.lineOfSample) return;
    const lines = new Uint32Array(capacity);
    lines.set(this.lineOfSample.subarray(0, this.samples));
    this.lineOfSample = lines;
  }
}

/** Whether samples of a chunk, before which so many lines are blank, stand behind a blank line. */
function isShifted({ count, lineOfSample }: PackedChunk, blankBefore: number): boolean {
  return count > 0 && (blankBefore > 0 || (lineOfSample?.[count - 1] ?? count - 1) !== count - 1);
}

/** The lines of `count` samples where no line is blank, from 1; with room for more. */
export function lineNumbers(count: number, capacity = count): Uint32Array {
  const lines = new Uint32Array(capacity);
  for (let i = 0; i < count; i++) lines[i] = i + 1;
  return lines;
}
