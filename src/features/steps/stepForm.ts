import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { STEP_KINDS, type StepKind } from '../../core/evidence/predicates.ts';
import { isDatasetUri } from '../../host/datasets.ts';
import { tableColumns } from '../../host/tableColumns.ts';
import type { Services } from '../../host/services.ts';
import { pathOf } from '../../host/workspaceEvidence.ts';
import { fileName } from '../../language/explain.ts';
import type { PairingRequest } from '../../protocol/lineageWorker.ts';
import { untrustedText } from '../../protocol/untrustedText.ts';
import { keySuggestions, kindSentence, pairingChoices, parseParameter, pointerProblem } from './model.ts';

/** What the user says about a step. Paths are absolute, with `/`. */
export interface StepForm {
  readonly kind: StepKind;
  readonly inputs: readonly string[];
  readonly pairing?: PairingRequest;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly tool?: string;
  readonly note?: string;
}

const MAX_FOUND_FILES = 1000;
const DATASET_FILES = '**/*.{jsonl,ndjson,jsonlines,gz,zst,parquet,pq}';
/** Kinds of steps that may start from something else than a dataset. */
const SOURCE_KINDS: readonly StepKind[] = ['crawl', 'import', 'generate'];

/**
 * Asks what made a dataset: kind, inputs, how changed samples are paired, and what else is to be recorded.
 * @param before what was said before: offered again
 * @returns undefined when the user left
 */
export async function askStep(
  services: Services,
  output: vscode.Uri,
  before?: StepForm,
): Promise<StepForm | undefined> {
  const title = l10n.t('Record how {0} was made', fileName(output.path));
  const kind = await askKind(title, before?.kind);
  if (!kind) return undefined;
  const inputs = await askInputs(title, kind, output, before?.inputs ?? []);
  if (!inputs) return undefined;
  const pairing = inputs.length === 0 ? 'none' : await askPairing(services, title, kind, output);
  if (!pairing) return undefined;
  const details = await askDetails(title, before);
  return details && { kind, inputs, ...(pairing !== 'none' && { pairing }), ...details };
}

async function askKind(title: string, before: StepKind | undefined): Promise<StepKind | undefined> {
  const kinds = before ? [before, ...STEP_KINDS.filter((kind) => kind !== before)] : STEP_KINDS;
  const picked = await vscode.window.showQuickPick(
    kinds.map((step) => ({ label: step, detail: kindSentence(step), step })),
    { title, placeHolder: l10n.t('What was done?'), matchOnDetail: true, ignoreFocusOut: true },
  );
  return picked?.step;
}

async function askInputs(
  title: string,
  kind: StepKind,
  output: vscode.Uri,
  before: readonly string[],
): Promise<readonly string[] | undefined> {
  const found = await vscode.workspace.findFiles(
    DATASET_FILES,
    '**/{.provenance,node_modules,.git}/**',
    MAX_FOUND_FILES,
  );
  const folder = vscode.Uri.joinPath(output, '..').path;
  const others = found
    .filter((uri) => isDatasetUri(uri) && uri.toString() !== output.toString())
    .sort((a, b) => nearness(a, folder) - nearness(b, folder) || a.path.localeCompare(b.path));
  const paths = [...new Set([...before, ...others.map(pathOf)])];
  const items: (vscode.QuickPickItem & { path?: string })[] = [
    ...paths.map((path) => ({
      label: `$(database) ${fileName(path)}`,
      description: vscode.workspace.asRelativePath(path),
      picked: before.includes(path),
      path,
    })),
    { label: `$(folder-opened) ${l10n.t('Other files…')}`, alwaysShow: true },
  ];
  const placeHolder = SOURCE_KINDS.includes(kind)
    ? l10n.t('From which datasets was it made? None, if it comes from elsewhere.')
    : l10n.t('From which datasets was it made?');
  for (;;) {
    const picked = await vscode.window.showQuickPick(items, {
      title,
      placeHolder,
      canPickMany: true,
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    if (!picked) return undefined;
    const chosen = picked.flatMap(({ path }) => path ?? []);
    if (picked.length > chosen.length) chosen.push(...(await browse(output)));
    if (chosen.length > 0 || SOURCE_KINDS.includes(kind)) return [...new Set(chosen)];
    void vscode.window.showWarningMessage(l10n.t('Check at least one dataset that it was made from.'));
  }
}

/** Files beside the output come first. */
function nearness(uri: vscode.Uri, folder: string): number {
  return uri.path.startsWith(`${folder}/`) ? 0 : 1;
}

async function browse(output: vscode.Uri): Promise<string[]> {
  const opened = await vscode.window.showOpenDialog({
    title: l10n.t('Datasets that it was made from'),
    defaultUri: vscode.Uri.joinPath(output, '..'),
    canSelectMany: true,
  });
  return (opened ?? []).filter((uri) => uri.toString() !== output.toString()).map(pathOf);
}

async function askPairing(
  services: Services,
  title: string,
  kind: StepKind,
  output: vscode.Uri,
): Promise<PairingRequest | 'none' | undefined> {
  const picked = await vscode.window.showQuickPick([...pairingChoices(kind)], {
    title,
    placeHolder: l10n.t('How do changed samples find what they were made of?'),
    ignoreFocusOut: true,
  });
  if (!picked) return undefined;
  if (picked.by === 'none') return 'none';
  if (picked.by !== 'key') return { by: picked.by };
  const key = await askKey(services, title, output);
  return key === undefined ? undefined : { by: 'key', key };
}

async function askKey(services: Services, title: string, output: vscode.Uri): Promise<string | undefined> {
  const suggestions = keySuggestions(await tableColumns(services, output));
  const other = { label: `$(edit) ${l10n.t('Another field…')}`, pointer: undefined };
  const picked = await vscode.window.showQuickPick(
    [...suggestions.map((pointer) => ({ label: `$(key) ${untrustedText(pointer, 200)}`, pointer })), other],
    {
      title,
      placeHolder: l10n.t('Which field tells samples apart, before and after?'),
      ignoreFocusOut: true,
    },
  );
  if (picked !== other) return picked?.pointer;
  return vscode.window.showInputBox({
    title,
    prompt: l10n.t('The field’s JSON pointer'),
    value: '/id',
    ignoreFocusOut: true,
    validateInput: pointerProblem,
  });
}

/** A list whose first entry goes on at once; the others add what is worth recording. */
async function askDetails(
  title: string,
  before: StepForm | undefined,
): Promise<Pick<StepForm, 'parameters' | 'tool' | 'note'> | undefined> {
  const parameters = new Map(Object.entries(before?.parameters ?? {}));
  let { tool, note } = before ?? {};
  for (;;) {
    const added = (value: string | undefined) => (value === undefined ? {} : { description: value });
    const items: (vscode.QuickPickItem & { run: 'go' | 'tool' | 'note' | 'add' | { drop: string } })[] = [
      { label: `$(check) ${l10n.t('Compare the samples')}`, run: 'go' },
      { label: l10n.t('Worth recording (optional)'), kind: vscode.QuickPickItemKind.Separator, run: 'go' },
      { label: `$(tools) ${l10n.t('Tool')}`, ...added(tool), run: 'tool' },
      { label: `$(note) ${l10n.t('Note')}`, ...added(note), run: 'note' },
      ...Array.from(parameters, ([name, value]) => ({
        label: `$(settings-gear) ${name}`,
        description: typeof value === 'string' ? value : JSON.stringify(value),
        detail: l10n.t('Enter takes it away'),
        run: { drop: name },
      })),
      { label: `$(add) ${l10n.t('Parameter…')}`, run: 'add' },
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title,
      placeHolder: l10n.t('Enter goes on: nothing is signed yet'),
      ignoreFocusOut: true,
    });
    if (!picked) return undefined;
    switch (picked.run) {
      case 'go':
        return {
          parameters: Object.fromEntries(parameters),
          ...(tool !== undefined && { tool }),
          ...(note !== undefined && { note }),
        };
      case 'tool':
        tool = await askText(title, l10n.t('What did it: a program, its web page or repository'), tool);
        break;
      case 'note':
        note = await askText(title, l10n.t('Note'), note);
        break;
      case 'add': {
        const parameter = await askParameter(title);
        if (parameter) parameters.set(parameter.name, parameter.value);
        break;
      }
      default:
        parameters.delete(picked.run.drop);
    }
  }
}

/** @returns undefined where it is left empty; the old text where the user left */
async function askText(
  title: string,
  prompt: string,
  value: string | undefined,
): Promise<string | undefined> {
  const entered = await vscode.window.showInputBox({
    title,
    prompt,
    value: value ?? '',
    ignoreFocusOut: true,
    validateInput: (text) => (text.length > 1000 ? l10n.t('At most {0} characters.', 1000) : undefined),
  });
  if (entered === undefined) return value;
  return entered.trim() === '' ? undefined : entered.trim();
}

async function askParameter(title: string): Promise<ReturnType<typeof parseParameter>> {
  const entered = await vscode.window.showInputBox({
    title,
    prompt: l10n.t('A parameter of the step, as name=value'),
    placeHolder: l10n.t('For example {0}', 'min_length=200'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      parseParameter(text) ? undefined : l10n.t('Enter a name, an equals sign and a value.'),
  });
  return entered === undefined ? undefined : parseParameter(entered);
}
