import * as l10n from '@vscode/l10n';
import type { Sentence } from '../core/policy/verdict.ts';

/**
 * A sentence of a verdict in the user's language. It may hold text that others wrote.
 * @param shownPath how a path in it is shown
 */
export function sentenceText(
  sentence: Sentence,
  shownPath: (path: string) => string = (path) => path,
): string {
  const shown: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(sentence.args)) {
    shown[name] = typeof value === 'string' && isAbsolutePath(value) ? shownPath(value) : value;
  }
  return l10n.t(sentence.template, shown);
}

/** No other argument of a sentence starts so. */
function isAbsolutePath(text: string): boolean {
  return /^(?:\/|[A-Za-z]:\/)/.test(text);
}
