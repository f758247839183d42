/**
 * An ESLint rule for who may import whom. docs and design speak of it as "the boundaries in the code".
 */
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { root } from './run.mjs';

/**
 * The first layer that matches a file applies. `modules` are the files of this repository that it may import,
 * `packages` those of npm; node:* counts as the package "node". Files that match none (tests) may import anything.
 */
const layers = [
  {
    files: /^src\/core\//,
    modules: /^src\/core\//,
    packages: /^(@noble\/[^/]+|jsonc-parser|hyparquet(-compressors|-writer)?|fzstd|yaml)$/,
  },
  { files: /^src\/protocol\//, modules: /^src\/(core|protocol)\//, packages: /^$/ },
  { files: /^src\/language\//, modules: /^src\/(core|protocol|language)\//, packages: /^@vscode\/l10n$/ },
  {
    files: /^src\/platform\//,
    modules: /^src\/(core|protocol|platform)\/|^package\.json$/,
    packages: /^(?!vscode$|@vscode\/webview-ui-toolkit$)/,
  },
  {
    files: /^src\/host\//,
    modules: /^src\/(core|protocol|platform|language|host)\/|^src\/commands\.ts$/,
    packages: /^(vscode|node|@vscode\/l10n)$/,
  },
  {
    files: /^src\/features\//,
    modules: /^src\/(core|protocol|platform|language|host|features)\/|^src\/commands\.ts$/,
    packages: /^(?!@vscode\/webview-ui-toolkit$)/,
  },
  {
    files: /^src\/cli\//,
    modules: /^src\/(core|protocol|platform|language|cli)\/|^package\.json$/,
    packages: /^(?!vscode$|@vscode\/webview-ui-toolkit$)/,
  },
  { files: /^src\/extension\./, modules: /^src\/(?!cli\/)/, packages: /^(?!@vscode\/webview-ui-toolkit$)/ },
  { files: /^src\//, modules: /^src\/(core|protocol)\//, packages: /^$/ },
  {
    files: /^webview\/ui\//,
    modules: /^(webview\/ui|src\/core|src\/protocol|src\/language)\//,
    packages: /^(?!vscode$|node$)/,
  },
  {
    files: /^webview\//,
    modules: /^(webview|src\/core|src\/protocol|src\/language)\//,
    packages: /^(?!vscode$|node$|@vscode\/webview-ui-toolkit$)/,
  },
];

/** Who may import more than types from *.node.ts files. */
const nodeOnly = /\.node\.ts$|^src\/cli\/|^test\//;

/**
 * Says what is wrong with an import, or nothing.
 * @param {string} file path from the repository's root
 * @param {string} source what stands after `from`
 * @param {boolean} [typesOnly] whether it is an `import type`, of which nothing is left at run time
 */
export function objection(file, source, typesOnly = false) {
  const layer = layers.find(({ files }) => files.test(file));
  if (!source.startsWith('.')) {
    const name = isBuiltin(source) ? 'node' : /^(@[^/]+\/)?[^/]+/.exec(source)?.[0];
    return layer && !layer.packages.test(name) ? `${place(file)} may not import "${name}".` : undefined;
  }
  const target = join(dirname(file), source).split(sep).join('/');
  if (/\.node(\.ts)?$/.test(target) && !nodeOnly.test(file) && !typesOnly) {
    return 'Only *.node.ts files, src/cli and tests may import *.node.ts files: others must also run in a browser.';
  }
  if (layer && !layer.modules.test(target)) return `${place(file)} may not import ${target}.`;
  const [from, to] = [featureOf(file), featureOf(target)];
  if (from && to && from !== to) return `Features do not import each other: ${from} must not know ${to}.`;
  return undefined;
}

const isTypesOnly = (node) => node.importKind === 'type' || node.exportKind === 'type';
const featureOf = (file) => /^src\/features\/([^/]+)\//.exec(file)?.[1];
const place = (file) => /^(src\/[^/]+|webview\/[^/]+)/.exec(file)?.[0] ?? file;

/** @type {import('eslint').Rule.RuleModule} */
export const boundaries = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/');
    const check = (node) => {
      const source = node.source?.value;
      const message = typeof source === 'string' ? objection(file, source, isTypesOnly(node)) : undefined;
      if (message) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
    };
  },
};
