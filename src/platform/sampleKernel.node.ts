import { readFileSync } from 'node:fs';
import { createSampleKernel, type SampleKernel } from '../core/sample/sampleKernel.ts';
import { fastSha256 } from './sha256.node.ts';

/** The WebAssembly module that src/kernel is compiled to, in base64. scripts/build.mjs defines it in every bundle. */
declare const SAMPLE_KERNEL: string | undefined;

/**
 * Makes a kernel; a thread needs one, as it is not re-entrant.
 * @returns undefined where the platform lacks WebAssembly SIMD
 */
export function sampleKernel(): SampleKernel | undefined {
  return createSampleKernel(kernelModule(), { nativeSha256: fastSha256 });
}

/** The module. Sources that are not bundled, as in tests, read what the build has left. */
function kernelModule(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    typeof SAMPLE_KERNEL === 'string'
      ? Buffer.from(SAMPLE_KERNEL, 'base64')
      : readFileSync(new URL('../../dist/sampleKernel.wasm', import.meta.url)),
  );
}
