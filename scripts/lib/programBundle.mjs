import { ssh2Keys } from './ssh2Keys.mjs';

/**
 * How the command-line program is bundled: as it is shipped, and as tests start it.
 * @type {import('esbuild').BuildOptions}
 */
export const programBundle = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Most commands need little of it, and reading the rest takes time.
  splitting: true,
  chunkNames: 'program/[name]-[hash]',
  outExtension: { '.js': '.mjs' },
  // jsonc-parser's UMD build, which `main` names, requires its parts in a way that no bundler follows.
  mainFields: ['module', 'main'],
  // Packages in CommonJS call require(), which an ES module does not have.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as requireIn } from 'node:module';\nconst require = requireIn(import.meta.url);",
  },
  // Their builds for Node.js call require(), which an ES module does not have.
  alias: { '@vscode/l10n': '@vscode/l10n/dist/browser.js', yaml: './node_modules/yaml/browser/index.js' },
  plugins: [ssh2Keys],
};
