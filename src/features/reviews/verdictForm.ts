import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CATEGORIES, SEVERITIES, type Category, type Severity } from '../../core/evidence/predicates.ts';
import { MAX_REASON_LENGTH } from '../../core/evidence/statement.ts';
import { categoryWord, severityWord } from '../../language/words.ts';

/** What a flag says. */
export interface FlagForm {
  readonly category: Category;
  readonly severity: Severity;
  readonly reason: string;
}

/** Asks for category, severity and, unless it is given, the reason. @returns undefined when the user left */
export async function askFlag(title: string, givenReason?: string): Promise<FlagForm | undefined> {
  const category = await pickCategory(title);
  if (!category) return undefined;
  const severity = await pickSeverity(title);
  if (!severity) return undefined;
  const reason = await askReason(title, givenReason);
  return reason === undefined ? undefined : { category, severity, reason };
}

/** @param given a reason that was entered already; an empty one is asked for */
export async function askReason(title: string, given?: string): Promise<string | undefined> {
  if (given !== undefined && given.trim() !== '') return given.trim();
  const entered = await vscode.window.showInputBox({
    title,
    prompt: l10n.t('Why? The reason is signed and kept with the dataset.'),
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === '') return l10n.t('Enter a reason.');
      return text.length > MAX_REASON_LENGTH
        ? l10n.t('At most {0} characters.', MAX_REASON_LENGTH)
        : undefined;
    },
  });
  return entered?.trim();
}

async function pickCategory(title: string): Promise<Category | undefined> {
  const picked = await vscode.window.showQuickPick(
    CATEGORIES.map((category) => ({ label: categoryWord(category), category })),
    { title, placeHolder: l10n.t('What kind of problem is it?'), ignoreFocusOut: true },
  );
  return picked?.category;
}

async function pickSeverity(title: string): Promise<Severity | undefined> {
  const picked = await vscode.window.showQuickPick(
    SEVERITIES.map((severity) => ({ label: severityWord(severity), severity })).reverse(),
    { title, placeHolder: l10n.t('How bad is it?'), ignoreFocusOut: true },
  );
  return picked?.severity;
}

/** Says that a flag is not cleared by who just tried. */
export function warnThatFlagStays(): void {
  void vscode.window.showWarningMessage(
    l10n.t(
      'Your answer is recorded, but the flag stays: only a trusted signer, or the one who raised it, can clear it.',
    ),
  );
}
