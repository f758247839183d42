import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

describe('Texts in the user’s language', () => {
  it('are all in media/l10n/bundle.l10n.json', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/l10n.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 120_000,
    });
    assert.equal(status, 0, stderr);
  });

  it('never reach VS Code as bare literals', () => {
    const found = ['src/language', 'src/host', 'src/features'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => bareTexts(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8'))),
    );
    assert.deepEqual(found, []);
  });

  it('are looked for where they matter', () => {
    const code = `
      vscode.window.showInformationMessage('Signed it.', l10n.t('Open'), more ? 'Show' : undefined);
      void vscode.window.showQuickPick([{ label: \`$(key) \${name}\`, description: 'your key' }], { title: "Keys" });
      item.tooltip = count > 0 ? l10n.t('{0} flagged', count) : 'none flagged';
      item.text = \`$(sync~spin) \${l10n.t('Verifying…')}\`;
      markdown.appendText(' — by ' + signer);
      markdown.appendMarkdown(\`$(\${good ? 'pass' : 'error'}) &nbsp;**\${word}** · \`);
      showInputBox({ prompt: l10n.t('Why?'), validateInput: (text) => (text === '' ? 'Enter one.' : undefined) });
      const style = { color: 'red', label: l10n.t('Red') };
    `;
    assert.deepEqual(bareTexts('example.ts', code), [
      'example.ts:2: Signed it.',
      'example.ts:2: Show',
      'example.ts:3: your key',
      'example.ts:3: Keys',
      'example.ts:4: none flagged',
      'example.ts:6:  — by ',
      'example.ts:8: Enter one.',
    ]);
  });
});

/** Calls whose arguments users read. */
const CALLS = new Set([
  'showInformationMessage',
  'showWarningMessage',
  'showErrorMessage',
  'showQuickPick',
  'showInputBox',
  'setStatusBarMessage',
  'withProgress',
  'appendText',
  'appendMarkdown',
]);

/** Members whose values users read, in objects and in assignments. */
const MEMBERS = new Set([
  'label',
  'description',
  'detail',
  'title',
  'placeHolder',
  'prompt',
  'tooltip',
  'text',
  'name',
  'message',
  'validateInput',
]);

/** Names that are members of something that no user reads, or words that are the same in every language. */
const EXCEPTIONS = new Set(['Dataset Provenance']);

/** Words in the places above that do not come from `l10n.t`, as `file:line: text`. */
function bareTexts(path: string, contents: string): string[] {
  const file = ts.createSourceFile(path, contents, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const report = (node: ts.Node, text: string) => {
    if (!hasWords(text) || EXCEPTIONS.has(text)) return;
    found.push(`${path}:${String(file.getLineAndCharacterOfPosition(node.getStart()).line + 1)}: ${text}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && CALLS.has(calledName(node))) {
      for (const argument of node.arguments) readTexts(argument, report);
    }
    if (ts.isPropertyAssignment(node) && MEMBERS.has(node.name.getText()))
      readTexts(node.initializer, report);
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(node.left) &&
      MEMBERS.has(node.left.name.text)
    ) {
      readTexts(node.right, report);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...new Set(found)];
}

/** Literals that become part of the value of an expression; what a call makes of its arguments is that call's matter. */
function readTexts(node: ts.Node, report: (node: ts.Node, text: string) => void): void {
  const read = (part: ts.Node) => {
    readTexts(part, report);
  };
  if (ts.isStringLiteralLike(node)) report(node, node.text);
  else if (ts.isTemplateExpression(node)) {
    let before = node.head.text;
    report(node.head, before);
    for (const span of node.templateSpans) {
      report(span.literal, span.literal.text);
      // The name of an icon is no text.
      if (!before.endsWith('$(')) read(span.expression);
      before = span.literal.text;
    }
  } else if (ts.isBinaryExpression(node) && !isComparison(node.operatorToken.kind)) {
    read(node.left);
    read(node.right);
  } else if (ts.isConditionalExpression(node)) {
    read(node.whenTrue);
    read(node.whenFalse);
  } else if (ts.isParenthesizedExpression(node) || ts.isSpreadElement(node)) {
    read(node.expression);
  } else if (ts.isArrayLiteralExpression(node)) {
    node.elements.forEach(read);
  } else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
    read(node.body);
  }
}

function isComparison(operator: ts.SyntaxKind): boolean {
  return [
    ts.SyntaxKind.EqualsEqualsEqualsToken,
    ts.SyntaxKind.ExclamationEqualsEqualsToken,
    ts.SyntaxKind.LessThanToken,
    ts.SyntaxKind.GreaterThanToken,
    ts.SyntaxKind.InKeyword,
  ].includes(operator);
}

function calledName(call: ts.CallExpression): string {
  const called = call.expression;
  return ts.isPropertyAccessExpression(called) ? called.name.text : called.getText();
}

/** Whether anything is left to translate once icons, HTML entities and punctuation are gone. */
function hasWords(text: string): boolean {
  return /\p{L}{2}/u.test(text.replace(/\$\([a-z~-]*\)?|^\)|&[a-z]+;/g, ''));
}
