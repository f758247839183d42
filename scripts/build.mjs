/**
 * Compiles the sample kernel, and bundles the extension, the command-line program, the webviews and the tests that run
 * inside VS Code.
 *
 *     node scripts/build.mjs [--production] [--watch]
 *
 * --production minifies and leaves out source maps and tests; --watch rebuilds on change.
 */
import * as esbuild from 'esbuild';
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { withDeferredControls } from './lib/deferredControls.mjs';
import { findFiles } from './lib/files.mjs';
import { cli, root, runNode, UserError } from './lib/run.mjs';
import { programBundle } from './lib/programBundle.mjs';
import { ssh2Keys } from './lib/ssh2Keys.mjs';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** @type {esbuild.BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: !production,
  sourcesContent: false,
  // jsonc-parser's UMD build, which `main` names, requires its parts in a way that no bundler follows.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [ssh2Keys],
};

// CommonJS has no import.meta.url, and a bundle needs it to find the worker beside itself.
/** @type {esbuild.BuildOptions} */
const commonJs = {
  ...shared,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** @type {esbuild.BuildOptions} */
const cliProgram = {
  ...shared,
  ...programBundle,
  plugins: [
    ssh2Keys,
    { name: 'executable', setup: (build) => build.onEnd(() => makeExecutable('dist/provenance.mjs')) },
  ],
};

/** @type {esbuild.BuildOptions} */
const webview = {
  ...shared,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  loader: { '.svg': 'dataurl', '.ttf': 'dataurl' },
};

const entries = [
  { from: 'src/extension.node.ts', to: 'dist/extension.node.cjs', options: commonJs },
  { from: 'src/platform/datasetWorker.node.ts', to: 'dist/datasetWorker.node.cjs', options: commonJs },
  { from: 'src/platform/digestWorker.node.ts', to: 'dist/digestWorker.node.cjs', options: commonJs },
  { from: 'src/platform/rowWorker.node.ts', to: 'dist/rowWorker.node.cjs', options: commonJs },
  { from: 'src/platform/lineageWorker.node.ts', to: 'dist/lineageWorker.node.cjs', options: commonJs },
  { from: 'src/platform/sshWorker.node.ts', to: 'dist/sshWorker.node.cjs', options: commonJs },
  { from: 'webview/lineage/main.ts', to: 'dist/webview/lineage.js', options: webview },
];

/** In several files: esbuild names those beside it. */
const program = { from: 'src/cli/main.ts', to: 'dist/provenance.mjs', options: cliProgram };

/** The suites that run in VS Code. Each is a bundle of its own, with its own copy of the code that it imports. */
function testOptions() {
  const suites = findFiles('test/vscode', '.test.ts');
  if (suites.length === 0) throw new UserError('There are no tests in test/vscode.');
  return {
    ...commonJs,
    entryPoints: [...suites, 'test/vscode/index.ts'],
    outbase: 'test',
    outdir: 'out/test',
    // The package is "type": "module", so that a .js file would be taken for an ES module.
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
  };
}

function makeExecutable(file) {
  if (existsSync(join(root, file))) chmodSync(join(root, file), 0o755);
}

/** The kernel's WebAssembly module: tests, which run from the sources, read it from here. */
const kernel = 'dist/sampleKernel.wasm';

/** Compiles src/kernel. @returns what bundles define, so that none depends on another file for it */
async function compileKernel() {
  const asc = ['node_modules/assemblyscript/bin/asc.js', 'index.ts', '--baseDir', 'src/kernel'];
  // No allocator, no garbage collector: the kernel only has static buffers.
  const options = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '-o', `../../${kernel}`];
  if ((await runNode([...asc, ...options])) !== 0) throw new UserError('build: the kernel does not compile');
  return { SAMPLE_KERNEL: JSON.stringify(readFileSync(join(root, kernel), 'base64')) };
}

cli(async () => {
  const define = await compileKernel();
  const table = await withDeferredControls(webview);
  const builds = [];
  const tablePage = { from: 'webview/table/main.ts', to: 'dist/webview/table.js', options: table };
  for (const { from, to, options } of [...entries, tablePage]) {
    if (existsSync(join(root, from))) builds.push({ ...options, entryPoints: [from], outfile: to });
    else console.warn(`build: left out ${to}, as there is no ${from}`);
  }
  builds.push({
    ...program.options,
    entryPoints: { [basename(program.to, '.mjs')]: program.from },
    outdir: dirname(program.to),
  });
  rmSync(join(root, 'dist/program'), { recursive: true, force: true }); // The names of its files change with them.
  if (production) {
    for (const map of findFiles('dist', '.map')) rmSync(join(root, map)); // Of an earlier build.
  } else {
    rmSync(join(root, 'out/test/vscode'), { recursive: true, force: true }); // Else deleted suites would still run.
    builds.push(testOptions());
  }
  for (const options of builds) options.define = { ...options.define, ...define };

  if (watch) {
    const contexts = await Promise.all(
      builds.map((options) => esbuild.context({ ...options, logLevel: 'info' })),
    );
    await Promise.all(contexts.map((context) => context.watch()));
    return; // The contexts keep the process alive.
  }
  const outcomes = await Promise.allSettled(builds.map((options) => esbuild.build(options)));
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected').length;
  if (failed > 0) throw new UserError(`build: ${failed} of ${builds.length} bundles failed`); // esbuild said why.
});
