/**
 * Compiling test files for Node. A file that is run from the sources compiles them, and what they import, in its own
 * process, which takes most of the time of a quick one.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './run.mjs';

/**
 * Compiles test files, with what they share only once.
 * @param {string[]} files paths from the repository's root
 * @param {string} folder where the compiled ones go: below the repository's root, as they import its packages
 * @returns {Promise<string[]>} the compiled files
 */
export async function compileTests(files, folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outbase: '.',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    define: { 'import.meta.dirname': 'sourceDirname', 'import.meta.url': 'sourceUrl' },
    plugins: [sourcePlaces],
    logLevel: 'warning',
    metafile: true,
  });
  return Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) => (entryPoint ? [path] : []));
}

/**
 * Lets files find what lies beside their sources.
 * @type {import('esbuild').Plugin}
 */
const sourcePlaces = {
  name: 'source-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.')) return undefined;
      const places = { sourceDirname: dirname(path), sourceUrl: pathToFileURL(path).href };
      const constants = Object.entries(places).map(
        ([name, place]) => `const ${name} = ${JSON.stringify(place)};`,
      );
      // On the first line, so that the others keep their numbers.
      return { contents: `${constants.join(' ')} ${code}`, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
};
