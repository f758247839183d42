import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../src/extension.node.ts';
import { formatAllowedSigner } from '../../src/core/trust/allowedSigners.ts';
import type { Signer } from '../../src/core/evidence/signer.ts';
import type { Dataset } from '../../src/host/datasets.ts';

const EXTENSION = 'dataset-provenance.dataset-provenance';

/** The extension, started. */
export async function api(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>(EXTENSION);
  assert.ok(extension, `${EXTENSION} is not installed`);
  return extension.activate();
}

/** The folder that the window has open. */
export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return folder.uri.fsPath;
}

/** A new folder in the workspace for one test. */
export function testFolder(): string {
  mkdirSync(join(workspaceFolder(), 'tests'), { recursive: true });
  return mkdtempSync(join(workspaceFolder(), 'tests', 'case-'));
}

export function sample(text: string): string {
  return JSON.stringify({ text });
}

/**
 * Writes a dataset of these samples, each a text with its word. The texts differ from folder to folder: every dataset
 * of the workspace vouches for the samples of every other.
 */
export function writeDataset(folder: string, words: string[], name = 'data.jsonl'): vscode.Uri {
  const path = join(folder, name);
  writeFileSync(
    path,
    words
      .map((word) => `${word.startsWith('{') ? word : sample(`${word} of ${basename(folder)}`)}\n`)
      .join(''),
  );
  return vscode.Uri.file(path);
}

/** Uses a fresh allowed_signers file as the user's own one. @returns a function that adds a signer to it */
export async function userTrust(): Promise<
  (signer: Signer, principal: string, options?: string) => Promise<void>
> {
  const path = join(mkdtempSync(join(tmpdir(), 'provenance-trust-')), 'allowed_signers');
  writeFileSync(path, '');
  await vscode.workspace
    .getConfiguration('provenance')
    .update('allowedSignersFile', path, vscode.ConfigurationTarget.Global);
  let text = '';
  return async (signer, principal, options) => {
    const line = formatAllowedSigner({ principal, key: signer.publicKey });
    text += `${options === undefined ? line : line.replace(' ', ` ${options} `)}\n`;
    writeFileSync(path, text);
    (await api()).services.evidence.refresh();
  };
}

/** The dataset of a file, opened in an editor and judged. */
export async function opened(uri: vscode.Uri): Promise<{ editor: vscode.TextEditor; dataset: Dataset }> {
  const editor = await vscode.window.showTextDocument(uri);
  return { editor, dataset: await judged(uri) };
}

/** The dataset, once everything that was typed or changed on disk is accounted for. */
export async function judged(uri: vscode.Uri): Promise<Dataset> {
  const { services } = await api();
  await until(() => services.datasets.get(uri)?.assessment !== undefined, 'the dataset is judged');
  await services.datasets.settled(uri);
  const dataset = services.datasets.get(uri);
  assert.ok(dataset);
  return dataset;
}

/** "intact: verified verified(flagged)": what the editor shows, line by line; `-` where a line is no sample. */
export function picture(dataset: Dataset): string {
  const lines = dataset.document?.lineCount ?? dataset.assessment?.lineCount ?? 0;
  const shown = Array.from({ length: lines }, (_, i) => {
    const status = dataset.status(i + 1) ?? '-';
    const review = dataset.review(i + 1);
    return review ? `${status}(${review.state})` : status;
  });
  // The empty line after the last line end.
  if (shown.at(-1) === '-') shown.pop();
  return `${dataset.assessment?.verdict ?? 'none'}: ${shown.join(' ')}`;
}

/** Waits until the editor shows this. */
export async function shows(uri: vscode.Uri, expected: string): Promise<void> {
  let last = '';
  await until(
    async () => {
      last = picture(await judged(uri));
      return last === expected;
    },
    () => `shows "${expected}", not "${last}"`,
  );
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string),
  milliseconds = 15_000,
): Promise<void> {
  for (const deadline = Date.now() + milliseconds; ;) {
    if (await holds()) return;
    if (Date.now() > deadline)
      throw new Error(`did not come true: ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

type Answer =
  string | string[] | undefined | ((items: readonly { label: string }[]) => { label: string } | undefined);

/**
 * Answers the questions that commands ask, in turn: a text for an input box, the start of a label (icons left out) for a
 * list, several of them for a list of which several may be picked, undefined to leave. What is not asked in the end is a failure. Messages are recorded and not answered, but for
 * modal ones, whose first action is taken.
 */
export async function answering<T>(
  answers: Answer[],
  run: () => Thenable<T> | Promise<T>,
): Promise<{ result: T; messages: string[] }> {
  const window = vscode.window as unknown as Record<string, unknown>;
  const names = [
    'showQuickPick',
    'showInputBox',
    'showInformationMessage',
    'showWarningMessage',
    'showErrorMessage',
  ];
  const originals = new Map(names.map((name) => [name, window[name]]));
  const left = [...answers];
  const messages: string[] = [];
  const next = (question: string): Answer => {
    if (left.length === 0) throw new Error(`nobody expected the question: ${question}`);
    return left.shift();
  };
  window['showInputBox'] = async (options: vscode.InputBoxOptions) => {
    const answer = next(options.prompt ?? options.title ?? '');
    if (typeof answer === 'string') {
      const problem = await options.validateInput?.(answer);
      if (typeof problem === 'string') throw new Error(`the answer is refused: ${problem}`);
    }
    return answer;
  };
  window['showQuickPick'] = async (
    items: readonly (string | { label: string })[],
    options?: vscode.QuickPickOptions,
  ) => {
    const list = await Promise.resolve(items);
    const answer = next(options?.placeHolder ?? options?.title ?? '');
    if (answer === undefined) return undefined;
    const labels = list.map((item) => (typeof item === 'string' ? { label: item } : item));
    const pick = (wanted: string | Exclude<Answer, string | string[] | undefined>) => {
      const picked =
        typeof wanted === 'function'
          ? wanted(labels)
          : labels.find(({ label }) => label.replace(/\$\([\w-]+\) /g, '').startsWith(wanted));
      if (!picked)
        throw new Error(`no "${String(wanted)}" among: ${labels.map(({ label }) => label).join(', ')}`);
      return list[labels.indexOf(picked)];
    };
    assert.equal(Array.isArray(answer), options?.canPickMany === true, 'as many answers as may be picked');
    return Array.isArray(answer) ? answer.map(pick) : pick(answer);
  };
  for (const name of ['showInformationMessage', 'showWarningMessage', 'showErrorMessage']) {
    window[name] = (message: string, ...rest: unknown[]) => {
      messages.push(message);
      const [options, ...actions] = rest;
      const modal =
        typeof options === 'object' && options !== null && (options as vscode.MessageOptions).modal;
      return Promise.resolve(modal ? actions[0] : undefined);
    };
  }
  try {
    const result = await run();
    assert.deepEqual(left, [], 'every answer was asked for');
    return { result, messages };
  } finally {
    for (const [name, original] of originals) window[name] = original;
  }
}

/** The Markdown of the product's hover on a line (1-based). */
export async function hoverText(uri: vscode.Uri, line: number): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    uri,
    new vscode.Position(line - 1, 3),
  );
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
    .filter((text) => text.includes('command:provenance.'))
    .join('\n');
}

export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
