import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import { TreeHasher } from '../merkle/tree.ts';
import { CanonicalScanner, type Malformed } from './canonicalJson.ts';
import type { ChunkDigester, ChunkDigests } from './chunkDigests.ts';
import { DIGEST_LENGTH } from './digest.ts';
import { isBlank } from './lines.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Integers of the kernel's table of deferred samples, for each. */
const DEFERRED_FIELDS = 3;

/**
 * Canonical forms of this length and more are hashed by the platform's SHA-256, if it has one. With SHA instructions it is
 * 2x faster than the kernel, but each call costs as much as 1,000 bytes.
 */
const LONG_FORM = 2048;

export interface SampleKernelOptions {
  /** The platform's own SHA-256, for long samples. */
  readonly nativeSha256?: Sha256 | undefined;
}

/**
 * Makes a kernel from the WebAssembly module that src/kernel is compiled to.
 * @returns undefined where the platform lacks WebAssembly SIMD; `JsChunkDigester` does the same then
 */
export function createSampleKernel(
  wasm: Uint8Array<ArrayBuffer>,
  options: SampleKernelOptions = {},
): SampleKernel | undefined {
  return WebAssembly.validate(wasm) ? new SampleKernel(wasm, options) : undefined;
}

/** What src/kernel/index.ts exports, and says more about. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly INPUT_LENGTH: WebAssembly.Global;
  readonly MAX_SAMPLES: WebAssembly.Global;
  readonly MAX_LEAVES: WebAssembly.Global;
  readonly input: WebAssembly.Global;
  readonly digests: WebAssembly.Global;
  readonly sampleLines: WebAssembly.Global;
  readonly deferredSamples: WebAssembly.Global;
  readonly lineCount: WebAssembly.Global;
  readonly sampleCount: WebAssembly.Global;
  readonly deferredCount: WebAssembly.Global;
  readonly longForm: WebAssembly.Global;
  digestLines(start: number, end: number): number;
  subtreeRoot(count: number): void;
}

/**
 * Digests samples about ten times as fast as `JsChunkDigester`, with the same results: src/kernel canonicalises lines
 * and hashes four at a time. Lines that it does not want to decide on are left to {@link CanonicalScanner}.
 *
 * Takes 6 MB of memory, and as much as the longest line. Not re-entrant; one for each thread.
 */
export class SampleKernel implements ChunkDigester {
  private readonly kernel: KernelExports;
  private readonly memory: Uint8Array<ArrayBuffer>;
  /** Lines are digested here. */
  readonly room: Uint8Array<ArrayBuffer>;
  private readonly digests: Uint8Array<ArrayBuffer>;
  private readonly sampleLines: Uint32Array<ArrayBuffer>;
  private readonly deferredSamples: Uint32Array<ArrayBuffer>;
  private readonly maxLeaves: number;
  private readonly sha256: Sha256;
  private readonly scanner = new CanonicalScanner();

  /** @throws WebAssembly.CompileError where {@link createSampleKernel} returns undefined */
  constructor(wasm: Uint8Array<ArrayBuffer>, { nativeSha256 }: SampleKernelOptions) {
    this.sha256 = nativeSha256 ?? portableSha256;
    const host = {
      formatNumber: (start: number, end: number, to: number) => formatNumber(this.memory, start, end, to),
      hashLong: (start: number, end: number, digest: number) => {
        this.memory.set(this.sha256(this.memory.subarray(start, end)), digest);
      },
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { host });
    const kernel = exports as unknown as KernelExports;
    this.kernel = kernel;
    if (nativeSha256) kernel.longForm.value = LONG_FORM;

    // The memory never grows, so these stay valid.
    const { buffer } = kernel.memory;
    const maxSamples = kernel.MAX_SAMPLES.value;
    this.memory = new Uint8Array(buffer);
    this.room = new Uint8Array(buffer, kernel.input.value, kernel.INPUT_LENGTH.value);
    this.digests = new Uint8Array(buffer, kernel.digests.value, maxSamples * DIGEST_LENGTH);
    this.sampleLines = new Uint32Array(buffer, kernel.sampleLines.value, maxSamples);
    this.deferredSamples = new Uint32Array(
      buffer,
      kernel.deferredSamples.value,
      maxSamples * DEFERRED_FIELDS,
    );
    this.maxLeaves = kernel.MAX_LEAVES.value;
  }

  /** @throws ProvenanceError `too-large` for a line longer than `MAX_SAMPLE_BYTES` */
  digest(chunk: Uint8Array, spare?: Uint8Array<ArrayBuffer>): ChunkDigests {
    const result = new GrowingDigests(chunk.length, spare);
    if (chunk.length > 0 && chunk.buffer === this.memory.buffer) {
      if (this.digestInPlace(chunk, result)) return result.finish();
      chunk = chunk.slice();
    }
    const { room } = this;
    for (let at = 0; at < chunk.length;) {
      const window = chunk.subarray(at, at + room.length);
      room.set(window);
      let length = window.lastIndexOf(LF) + 1;
      if (length < window.length && window.length < room.length) {
        // The last line of the chunk has no line end; the kernel needs one.
        room[window.length] = LF;
        length = window.length + 1;
      }
      if (length > 0) {
        this.digestRoom(chunk, at, 0, length, result);
        at += length;
      } else {
        const lineEnd = chunk.indexOf(LF, at + window.length);
        const end = lineEnd < 0 ? chunk.length : lineEnd;
        const count = isBlank(chunk, at, end) ? 0 : 1;
        result.reserve(count, end);
        if (count > 0) this.digestDeferred(chunk, at, end, result.count, result);
        result.add(count, 1, [0]);
        at = end + 1;
      }
    }
    return result.finish();
  }

  /**
   * RFC 9162 §2.1.1: root of the tree over packed leaf data of 32 bytes each, as by `merkleRoot` of core/merkle.
   * @throws ProvenanceError `invalid-argument` when the length is no multiple of 32
   */
  merkleRoot(digests: Uint8Array): Uint8Array {
    const { kernel, room, maxLeaves } = this;
    if (digests.length % DIGEST_LENGTH !== 0) {
      throw new ProvenanceError(
        'invalid-argument',
        '{length} bytes are no whole number of {unit}-byte digests.',
        { length: digests.length, unit: DIGEST_LENGTH },
      );
    }
    // Full subtrees, and what is left over, are the leaves of the tree above them.
    const tree = new TreeHasher();
    for (let at = 0; at < digests.length; at += maxLeaves * DIGEST_LENGTH) {
      const leaves = digests.subarray(at, at + maxLeaves * DIGEST_LENGTH);
      room.set(leaves);
      kernel.subtreeRoot(leaves.length / DIGEST_LENGTH);
      tree.push(room.slice(0, DIGEST_LENGTH));
    }
    return tree.root();
  }

  /** Digests a chunk that stands in the room. @returns false where the kernel cannot take it as it is */
  private digestInPlace(chunk: Uint8Array, result: GrowingDigests): boolean {
    const { room } = this;
    const start = chunk.byteOffset - room.byteOffset;
    let end = start + chunk.length;
    if (room[end - 1] !== LF) {
      if (end === room.length) return false;
      room[end++] = LF;
    }
    this.digestRoom(chunk, -start, start, end, result);
    return true;
  }

  /** Digests bytes `[start, end)` of the room, which stand `offset` further on in the chunk. */
  private digestRoom(
    chunk: Uint8Array,
    offset: number,
    start: number,
    end: number,
    result: GrowingDigests,
  ): void {
    const { kernel, digests, sampleLines, deferredSamples } = this;
    for (let at = start; at < end;) {
      at = kernel.digestLines(at, end);
      const count = kernel.sampleCount.value;
      const first = result.count;
      result.reserve(count, offset + at);
      result.digests.set(digests.subarray(0, count * DIGEST_LENGTH), first * DIGEST_LENGTH);
      const deferred = kernel.deferredCount.value * DEFERRED_FIELDS;
      for (let i = 0; i < deferred; i += DEFERRED_FIELDS) {
        const sample = first + deferredSamples[i]!;
        const start = offset + deferredSamples[i + 1]!;
        this.digestDeferred(chunk, start, offset + deferredSamples[i + 2]!, sample, result);
      }
      result.add(count, kernel.lineCount.value, sampleLines);
    }
  }

  /** @param lineEnd where the line feed stands, or the chunk ends */
  private digestDeferred(
    chunk: Uint8Array,
    start: number,
    lineEnd: number,
    sample: number,
    result: GrowingDigests,
  ): void {
    const end = lineEnd < chunk.length && chunk[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    const malformed = this.scanner.scan(chunk, start, end);
    const digest = result.digests.subarray(sample * DIGEST_LENGTH, (sample + 1) * DIGEST_LENGTH);
    if (malformed) {
      result.malformed.set(sample, malformed);
      digest.fill(0);
    } else {
      digest.set(this.sha256(this.scanner.canonical()));
    }
  }
}

/** The digests of a chunk of which nobody knows yet how many samples it has. */
class GrowingDigests {
  count = 0;
  lines = 0;
  digests: Uint8Array<ArrayBuffer>;
  readonly malformed = new Map<number, Malformed>();
  /** Made with the first blank line. */
  private lineOfSample: Uint32Array<ArrayBuffer> | undefined;

  constructor(
    private readonly chunkLength: number,
    spare = new Uint8Array(0),
  ) {
    this.digests = spare;
  }

  /** Makes room for `samples` more, with which `bytesRead` bytes of the chunk are done. */
  reserve(samples: number, bytesRead: number): void {
    const needed = this.count + samples;
    if (needed * DIGEST_LENGTH <= this.digests.length) return;
    // As many samples a byte as so far, and a few more.
    const capacity = Math.ceil(needed * (this.chunkLength / bytesRead) * 1.1);
    const { digests, lineOfSample } = this;
    this.digests = new Uint8Array(capacity * DIGEST_LENGTH);
    this.digests.set(digests.subarray(0, this.count * DIGEST_LENGTH));
    if (!lineOfSample) return;
    this.lineOfSample = new Uint32Array(capacity);
    this.lineOfSample.set(lineOfSample);
  }

  /** Counts samples, for which there is room, that stand on these of the next `lines` lines. */
  add(samples: number, lines: number, lineOfSample: ArrayLike<number>): void {
    if (samples < lines && !this.lineOfSample) {
      this.lineOfSample = new Uint32Array(this.digests.length / DIGEST_LENGTH);
      for (let i = 0; i < this.count; i++) this.lineOfSample[i] = i;
    }
    if (this.lineOfSample) {
      for (let i = 0; i < samples; i++) this.lineOfSample[this.count + i] = this.lines + lineOfSample[i]!;
    }
    this.count += samples;
    this.lines += lines;
  }

  finish(): ChunkDigests {
    const { count, lines, digests, lineOfSample, malformed } = this;
    return {
      lines,
      count,
      digests: digests.subarray(0, count * DIGEST_LENGTH),
      lineOfSample: lineOfSample?.slice(0, count),
      malformed,
    };
  }
}

/** Writes the JSON number in `bytes[start, end)` as ECMAScript does. @returns its length, or 0 when it is infinite */
function formatNumber(bytes: Uint8Array, start: number, end: number, to: number): number {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  const value = Number(text);
  if (!Number.isFinite(value)) return 0;
  // Writes a finite number as String does, but is a quarter faster.
  const canonical = JSON.stringify(value);
  for (let i = 0; i < canonical.length; i++) bytes[to + i] = canonical.charCodeAt(i);
  return canonical.length;
}
