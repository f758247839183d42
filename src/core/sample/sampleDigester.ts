import { toHex } from '../bytes/hex.ts';
import { sha256Stream, type Sha256Stream } from '../bytes/sha256.ts';
import type { ChunkDigester } from './chunkDigests.ts';
import type { SampleDigests } from './digest.ts';
import { JsChunkDigester } from './jsChunkDigester.ts';
import { WholeLines } from './lines.ts';
import { packChunk, SampleCollector } from './sampleCollector.ts';

/**
 * Digests the samples of a JSONL file that comes in chunks of any size: push them in order, then finish.
 * A faster digester, and SHA-256 for the file as a whole, may be passed in.
 */
export class SampleDigester {
  private readonly digester: ChunkDigester;
  private readonly fileHash: Sha256Stream;
  private readonly collector: SampleCollector;
  private readonly lines = new WholeLines((bytes) => {
    this.collector.add(packChunk(this.digester.digest(bytes)), bytes.length);
  });
  private size = 0;

  /** @param options `expectedBytes` is the size of the file, where it is known */
  constructor(
    options: {
      digester?: ChunkDigester | undefined;
      fileHash?: Sha256Stream | undefined;
      expectedBytes?: number | undefined;
    } = {},
  ) {
    this.digester = options.digester ?? new JsChunkDigester();
    this.fileHash = options.fileHash ?? sha256Stream();
    this.collector = new SampleCollector(options.expectedBytes);
  }

  /** Lines so far, the last one included when the file has ended and it is not empty. */
  get lineCount(): number {
    return this.collector.lines;
  }

  /** The chunk may be reused once this has returned. @throws ProvenanceError `too-large` for an endless line */
  push(chunk: Uint8Array): void {
    this.size += chunk.length;
    this.fileHash.update(chunk);
    this.lines.push(chunk);
  }

  /** Ends the file. Call once. */
  finish(): SampleDigests {
    this.lines.finish();
    return this.collector.finish({ sha256: toHex(this.fileHash.digest()), size: this.size });
  }
}
