/** What tests start: the command-line program, and a helper of theirs. */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';
import { ssh2Keys } from './ssh2Keys.mjs';

/**
 * Bundles the programs as scripts/build.mjs does, which must have compiled the kernel.
 * @param {string} folder where they go
 */
export async function buildTestPrograms(folder) {
  await build({
    absWorkingDir: root,
    entryPoints: { provenance: 'src/cli/main.ts', evidence: 'test/system/cli/evidence.child.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    alias: { '@vscode/l10n': '@vscode/l10n/dist/browser.js', yaml: './node_modules/yaml/browser/index.js' },
    plugins: [ssh2Keys],
    banner: {
      js: "import { createRequire as requireIn } from 'node:module'; const require = requireIn(import.meta.url);",
    },
    define: { SAMPLE_KERNEL: JSON.stringify(readFileSync(join(root, 'dist/sampleKernel.wasm'), 'base64')) },
    logLevel: 'error',
  });
}
