/** What tests start: the command-line program, and a helper of theirs. */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programBundle } from './programBundle.mjs';
import { root } from './run.mjs';

/**
 * Bundles the programs as scripts/build.mjs does, which must have compiled the kernel.
 * @param {string} folder where they go
 */
export async function buildTestPrograms(folder) {
  await build({
    ...programBundle,
    absWorkingDir: root,
    entryPoints: { provenance: 'src/cli/main.ts', evidence: 'test/system/cli/evidence.child.ts' },
    outdir: folder,
    define: { SAMPLE_KERNEL: JSON.stringify(readFileSync(join(root, 'dist/sampleKernel.wasm'), 'base64')) },
    logLevel: 'error',
  });
}
