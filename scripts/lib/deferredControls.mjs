/**
 * The controls of a page that shows its rows first: bundled on their own, as a function that the page calls once it has
 * drawn. In one bundle with the page they would run before it, and a webview's page is one script.
 */
import * as esbuild from 'esbuild';

/**
 * @param {import('esbuild').BuildOptions} options of the page
 * @returns {Promise<import('esbuild').BuildOptions>} those of the page with its controls: `globalThis.defineControls`
 */
export async function withDeferredControls(options) {
  const built = await esbuild.build({
    ...options,
    entryPoints: ['webview/ui/controls.ts'],
    outfile: undefined,
    sourcemap: false,
    write: false,
  });
  const [{ text }] = built.outputFiles;
  return { ...options, footer: { js: `globalThis.defineControls = () => {\n${text}};` } };
}
