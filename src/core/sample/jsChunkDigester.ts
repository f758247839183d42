import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { CanonicalScanner, type Malformed } from './canonicalJson.ts';
import type { ChunkDigester, ChunkDigests } from './chunkDigests.ts';
import { DIGEST_LENGTH } from './digest.ts';
import { isBlank } from './lines.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Digests chunks of lines in plain JavaScript: the reference that faster ones are tested equal to, and what runs where
 * WebAssembly SIMD is missing.
 */
export class JsChunkDigester implements ChunkDigester {
  private readonly scanner = new CanonicalScanner();

  constructor(private readonly sha256: Sha256 = portableSha256) {}

  /** @throws ProvenanceError `too-large` for a line longer than `MAX_SAMPLE_BYTES` */
  digest(chunk: Uint8Array): ChunkDigests {
    let digests = new Uint8Array(0);
    let lineOfSample = new Uint32Array(0);
    const malformed = new Map<number, Malformed>();
    let lines = 0;
    let count = 0;
    for (let start = 0; start < chunk.length; lines++) {
      const lineEnd = chunk.indexOf(LF, start);
      const next = lineEnd < 0 ? chunk.length : lineEnd + 1;
      let end = lineEnd < 0 ? chunk.length : lineEnd;
      if (lineEnd > start && chunk[end - 1] === CR) end--;
      if (!isBlank(chunk, start, end)) {
        if (count === lineOfSample.length) {
          const capacity = capacityFor(chunk.length, next, count + 1);
          lineOfSample = grown(lineOfSample, new Uint32Array(capacity));
          digests = grown(digests, new Uint8Array(capacity * DIGEST_LENGTH));
        }
        const problem = this.scanner.scan(chunk, start, end);
        if (problem) malformed.set(count, problem);
        else digests.set(this.sha256(this.scanner.canonical()), count * DIGEST_LENGTH);
        lineOfSample[count++] = lines;
      }
      start = next;
    }
    return {
      lines,
      count,
      digests: digests.slice(0, count * DIGEST_LENGTH),
      lineOfSample: count === lines ? undefined : lineOfSample.slice(0, count),
      malformed,
    };
  }
}

/** Room for the samples of a chunk, as many a byte as so far and a few more. */
function capacityFor(bytes: number, bytesRead: number, samplesRead: number): number {
  return Math.ceil((bytes / bytesRead) * samplesRead * 1.25) + 16;
}

function grown<T extends Uint8Array | Uint32Array>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}
