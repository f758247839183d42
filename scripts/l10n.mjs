/**
 * Collects every text that is shown in the user's language, for translators and for VS Code:
 *
 *     node scripts/l10n.mjs            writes media/l10n/bundle.l10n.json
 *     node scripts/l10n.mjs --check    fails when that file is not up to date
 *
 * The texts are the first arguments of `l10n.t(…)`, and the templates of errors and of a policy's sentences, which are
 * carried to wherever they are shown, and translated there.
 */
import { getL10nJson } from '@vscode/l10n-dev';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import ts from 'typescript';
import { findFiles } from './lib/files.mjs';
import { cli, root, UserError } from './lib/run.mjs';

const bundle = 'media/l10n/bundle.l10n.json';
const sources = [
  'src/core',
  'src/protocol',
  'src/platform',
  'src/language',
  'src/host',
  'src/features',
  'webview',
];

cli(async () => {
  const files = sources
    .flatMap((folder) => findFiles(folder, '.ts'))
    .filter((file) => !file.endsWith('.d.ts'))
    .map((path) => ({ path, contents: readFileSync(join(root, path), 'utf8') }));
  const texts = await getL10nJson(
    files.map(({ path, contents }) => ({ contents, extension: extname(path) })),
  );
  for (const { path, contents } of files) {
    const file = ts.createSourceFile(path, contents, ts.ScriptTarget.Latest, true);
    for (const template of errorTemplates(file)) texts[template] ??= template;
    for (const text of translated(file))
      if (!(text in texts)) throw new UserError(`l10n: ${path}: not found: "${text}"`);
  }
  const sorted = Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
  const json = `${JSON.stringify(sorted, undefined, 2)}\n`;

  const file = join(root, bundle);
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (process.argv.includes('--check')) {
    if (present !== json) {
      throw new UserError(
        `${bundle} is not up to date (${differences(present, sorted)}); run node scripts/l10n.mjs`,
      );
    }
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, json);
  console.log(`${bundle}: ${Object.keys(sorted).length} texts`);
});

function differences(present, wanted) {
  const old = present === '' ? {} : JSON.parse(present);
  const added = Object.keys(wanted).filter((key) => !(key in old));
  const gone = Object.keys(old).filter((key) => !(key in wanted));
  return [...added.map((key) => `missing "${key}"`), ...gone.map((key) => `unused "${key}"`)]
    .slice(0, 5)
    .join(', ');
}

/**
 * The templates of the errors and sentences that a file makes: the second arguments of `new ProvenanceError(…)`, and the
 * first ones of `sentence(…)` (core/policy/verdict.ts).
 * @param {ts.SourceFile} file
 * @returns {string[]}
 */
function errorTemplates(file) {
  const templates = [];
  visit(file, (node) => {
    const isError = ts.isNewExpression(node) && node.expression.getText() === 'ProvenanceError';
    const isSentence = ts.isCallExpression(node) && node.expression.getText() === 'sentence';
    if (!isError && !isSentence) return;
    const template = node.arguments?.[isError ? 1 : 0];
    if (template) templates.push(...textsOf(template, file));
  });
  return templates;
}

/**
 * The texts that a file translates, read a second time to be sure that none was missed: a text that is put together,
 * or a constant, would silently stay English.
 * @param {ts.SourceFile} file
 * @returns {string[]}
 */
function translated(file) {
  const texts = [];
  visit(file, (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== 'l10n.t') return;
    const [text] = node.arguments;
    if (text && ts.isStringLiteralLike(text)) texts.push(text.text);
    // An error's template, which is collected where the error is made.
    else if (!text?.getText().endsWith('.template')) throw unclear(text ?? node, file);
  });
  return texts;
}

/**
 * Every text that an expression may be, as far as the file itself says: constants, parameters (the arguments of all
 * calls in the file), tables, and pieces put together. A text that is translated already, or that came from an error,
 * is none.
 * @param {ts.Expression} expression
 * @param {ts.SourceFile} file
 * @returns {string[]}
 */
function textsOf(expression, file) {
  return valuesOf(expression, file).flatMap((node) => {
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      return combine(textsOf(node.left, file), textsOf(node.right, file));
    }
    if (ts.isTemplateExpression(node)) {
      return node.templateSpans.reduce(
        (texts, span) => combine(combine(texts, textsOf(span.expression, file)), [span.literal.text]),
        [node.head.text],
      );
    }
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'template') return [];
    if (ts.isCallExpression(node) && node.expression.getText() === 'l10n.t') return [];
    if (ts.isIdentifier(node) && node.text === 'undefined') return [];
    throw unclear(node, file);
  });
}

function unclear(node, file) {
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  const place = `${file.fileName}:${line + 1}`;
  return new UserError(
    `l10n: ${place}: cannot tell which texts "${node.getText()}" may be; write a literal.`,
  );
}

function combine(heads, tails) {
  return heads.flatMap((head) => tails.map((tail) => head + tail));
}

/**
 * Follows names to the expressions that they stand for.
 * @returns {ts.Expression[]}
 */
function valuesOf(node, file) {
  const all = (nodes) => nodes.flatMap((one) => valuesOf(one, file));
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
    return valuesOf(node.expression, file);
  }
  if (ts.isConditionalExpression(node)) return all([node.whenTrue, node.whenFalse]);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    return all([node.left, node.right]);
  }
  // Any member of a table may be meant.
  if (ts.isElementAccessExpression(node)) {
    return valuesOf(node.expression, file).flatMap((table) =>
      ts.isObjectLiteralExpression(table)
        ? all(table.properties.map((member) => member.initializer))
        : [table],
    );
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const declaration = declarationOf(node.expression.text, node, file);
    return declaration && ts.isFunctionDeclaration(declaration) ? all(returnsOf(declaration)) : [node];
  }
  if (!ts.isIdentifier(node)) return [node];
  const declaration = declarationOf(node.text, node, file);
  if (!declaration) return [node];
  if (ts.isParameter(declaration)) return all(argumentsFor(declaration, file));
  if (ts.isVariableDeclaration(declaration) && declaration.initializer) {
    return valuesOf(declaration.initializer, file);
  }
  if (ts.isBindingElement(declaration) && ts.isArrayBindingPattern(declaration.parent)) {
    const index = declaration.parent.elements.indexOf(declaration);
    return valuesOf(declaration.parent.parent.initializer, file).flatMap((list) =>
      ts.isArrayLiteralExpression(list) ? valuesOf(list.elements[index], file) : [list],
    );
  }
  return [node];
}

/** What declares a name where it is used: in the nearest enclosing block or function. */
function declarationOf(name, use, file) {
  const found = [];
  visit(file, (node) => {
    const named =
      ts.isParameter(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node);
    if (!named || !node.name || !ts.isIdentifier(node.name) || node.name.text !== name) return;
    const scope = ts.isParameter(node) ? node.parent : enclosingBlock(node.parent);
    if (isWithin(use, scope)) found.push({ node, size: scope.getWidth() });
  });
  return found.sort((a, b) => a.size - b.size)[0]?.node;
}

function enclosingBlock(node) {
  let block = node;
  while (!ts.isBlock(block) && !ts.isSourceFile(block)) block = block.parent;
  return block;
}

function isWithin(node, scope) {
  return node.getStart() >= scope.getStart() && node.getEnd() <= scope.getEnd();
}

/** The arguments that calls in the file give for a parameter. */
function argumentsFor(parameter, file) {
  const owner = parameter.parent;
  const index = owner.parameters.indexOf(parameter);
  const name = ts.isFunctionDeclaration(owner) ? owner.name.text : owner.parent.name?.text;
  const given = [];
  visit(file, (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== name) return;
    if (node.arguments[index]) given.push(node.arguments[index]);
  });
  return given;
}

function returnsOf(declaration) {
  const returned = [];
  visit(declaration.body, (node) => {
    if (ts.isReturnStatement(node) && node.expression) returned.push(node.expression);
  });
  return returned;
}

function visit(node, act) {
  act(node);
  ts.forEachChild(node, (child) => visit(child, act));
}
