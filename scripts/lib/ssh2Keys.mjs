/**
 * Leaves out of a bundle what ssh2 has for connections: only its parser of keys and its agent are used. Its native parts
 * cannot be bundled, and it does without; its WebAssembly is compiled as soon as it is loaded.
 * @type {import('esbuild').Plugin}
 */
export const ssh2Keys = {
  name: 'ssh2-keys',
  setup(build) {
    // An ES module has none; ssh2 looks there for a program that is not used.
    if (build.initialOptions.format === 'esm') {
      build.initialOptions.define = { ...build.initialOptions.define, __dirname: '""' };
    }
    build.onLoad({ filter: /\.node$/ }, () => ({ contents: '', loader: 'empty' }));
    build.onLoad({ filter: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto[\\/]poly1305\.js$/ }, () => ({
      // It is waited for, and a connection would fail without it.
      contents: 'module.exports = () => new Promise(() => undefined);',
    }));
  },
};
